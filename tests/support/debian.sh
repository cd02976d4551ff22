# shellcheck shell=bash
# To be sourced by tests that need a Debian of their own, with `set -euo pipefail`, as root, in a mount namespace of theirs:
#
#   debian_packages     our packages are in "${debs[@]}": those of the folder $DLT_PACKAGES, else `./dev package` makes them
#   debian_make         a minimal Debian is in $debian, made by debootstrap from the mirrors of this machine, or copied from
#                       $DEBIAN_BASE, what debootstrap has made before
#   inside COMMAND...   runs in it; apt ARGUMENTS... runs apt-get in it and shows what it says only if it fails
#   debian_remove       takes all of it away again: for the trap at the end
say() { printf '== %s\n' "$*"; }
fail() { printf '%s: %s\n' "${0##*/}" "$*" >&2 && exit 1; }

dir=$(mktemp -d /tmp/dlt-debian-XXXXXX)
debian=$dir/debian

debian_packages() {
  local root
  root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
  [ -n "${DLT_PACKAGES:-}" ] || "$root/dev" package
  debs=("${DLT_PACKAGES:-$root/build/packages}"/*.deb)
  [ ${#debs[@]} = 4 ] || fail "there are ${#debs[@]} packages, not 4"
}

debian_make() {
  local mirror
  mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Codename: bookworm' | head -1)
  if [ -n "${DEBIAN_BASE:-}" ]; then
    cp -a "$DEBIAN_BASE" "$debian"
  else
    [ -n "$mirror" ] || fail "apt knows no mirror of bookworm"
    debootstrap --variant=minbase bookworm "$debian" "$mirror" >"$dir/log" 2>&1 ||
      { tail -20 "$dir/log" && fail "debootstrap"; }
  fi
  cp /etc/resolv.conf /etc/hosts "$debian/etc/" 2>/dev/null || true
  ! compgen -G '/etc/apt/apt.conf.d/*proxy*' >/dev/null || cp /etc/apt/apt.conf.d/*proxy* "$debian/etc/apt/apt.conf.d/"
  mount -t proc proc "$debian/proc"
  mount --bind /dev "$debian/dev"
  printf '#!/bin/sh\nexit 101\n' >"$debian/usr/sbin/policy-rc.d" # nothing is started by an installation
  chmod 755 "$debian/usr/sbin/policy-rc.d"
}

debian_remove() {
  umount -l "$debian/proc" "$debian/dev" 2>/dev/null || true
  rm -rf --one-file-system "$dir"
}

inside() { env -i PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C DEBIAN_FRONTEND=noninteractive http_proxy="${http_proxy:-}" \
  chroot "$debian" "$@"; }
apt() { inside apt-get -qq -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 "$@" >"$dir/log" 2>&1 || { tail -30 "$dir/log" && fail "apt-get $*"; }; }
