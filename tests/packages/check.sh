#!/usr/bin/env bash
# check.sh: builds the Debian packages, has lintian judge them, then installs, uses and removes them in a minimal Debian of
# their own, made by debootstrap from the mirrors of this machine (support/debian.sh). Needs root and a network; 77: not root.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
[ "$(id -u)" = 0 ] || { echo "needs root" && exit 77; }
# What is mounted here is gone with this script.
[ "${IN_NAMESPACE:-}" = yes ] || IN_NAMESPACE=yes exec unshare --mount --propagation private "$0" "$@"

# shellcheck source=../support/debian.sh
. "$here/../support/debian.sh"
daemon=
trap '[ -z "$daemon" ] || kill "$daemon" 2>/dev/null || true; debian_remove' EXIT

say "packages"
debian_packages
lintian --fail-on error --suppress-tags-from-file "$here/lintian-explained" "${debs[@]}"

say "a minimal Debian"
debian_make
installed() { [ "$(inside dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }
# Each file with its owner and mode; not what dpkg, apt and ldconfig keep for themselves.
files() {
  inside find / -xdev \( -path /proc -o -path /dev -o -path /tmp -o -path /root -o -path /var/lib/dpkg -o -path /var/lib/apt \
    -o -path /var/cache -o -path /var/log/apt -o -path /debs -o -path /run/systemd \) -prune -o -printf '%p %U %G %m\n' | sort
}

apt update
# COVESA's daemon and tools, and what ours need, so that what is compared later is what ours bring.
apt install -y --no-install-recommends dlt-daemon dlt-tools g++ make cmake pkg-config systemd
mkdir "$debian/debs" && cp "${debs[@]}" "$debian/debs/"
mapfile -t needed < <(for deb in "${debs[@]}"; do dpkg-deb -f "$deb" Depends; done | tr ',' '\n' |
  sed 's/[(|].*//; s/ //g' | grep -vE '^(libdlt-user0|$)' | sort -u)
apt install -y --no-install-recommends "${needed[@]}"
apt purge -y dlt-daemon
files >"$dir/before"
apt install -y --no-install-recommends dlt-daemon

say "ours take the place of COVESA's daemon, and nothing else's"
inside sh -c 'apt-get -s install /debs/dlt-daemon-ng_*.deb' 2>/dev/null | grep -E '^(Inst|Remv)' || true
names=("${debs[@]##*/}")
apt install -y --no-install-recommends "${names[@]/#//debs/}"
! installed dlt-daemon || fail "COVESA's daemon is still there"
for package in dlt-tools libdlt2 libdlt-user0 libdlt-user-dev dlt-daemon-ng dlt-bench; do installed "$package" || fail "$package is not installed"; done
[ "$(inside dlt-daemon --version)" = "dlt-daemon 0.1.0" ] || fail "not our daemon"
inside dpkg --verify libdlt-user0 libdlt-user-dev dlt-daemon-ng dlt-bench
inside dpkg-query -W -f='${Conffiles}\n' dlt-daemon-ng | grep /etc/dlt-daemon.conf >/dev/null || fail "no conffile"
user=$(awk -F: '$1 == "dlt" { print $3 }' "$debian/etc/passwd")
group=$(awk -F: '$1 == "dlt" { print $3 }' "$debian/etc/group")
[ "$(stat -c '%a %u %g' "$debian/run/dlt")" = "755 $user $group" ] || fail "/run/dlt is $(stat -c '%a %u %g' "$debian/run/dlt")"
[ -L "$debian/etc/systemd/system/multi-user.target.wants/dlt-daemon.service" ] || fail "the service is not enabled"
[ ! -e "$debian/etc/systemd/system/sockets.target.wants/dlt-daemon.socket" ] || fail "the socket is enabled"
inside systemd-analyze verify --man=no dlt-daemon.service dlt-daemon.socket dlt-daemon-app.socket 2>&1 | grep dlt-daemon && fail "units"
inside ldconfig -p | grep 'libdlt-user.so.0 ' >/dev/null || fail "ldconfig does not know the library"

say "an application is built against the -dev package and logs; a tool of COVESA's reads it"
cp -r "$here/app" "$debian/root/app"
inside sh -ec 'cd /root/app
  c++ -std=c++20 -Wall -Werror main.cpp -o by-pkg-config $(pkg-config --cflags --libs dlt-user)
  cmake -S . -B build >/dev/null && cmake --build build >/dev/null
  cp by-pkg-config build/by-cmake /usr/local/bin/'
inside install -d -o dlt -g dlt -m 0750 /var/log/dlt # as LogsDirectory= does
# As the service is started, as far as that goes without systemd.
env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot "$debian" setpriv --reuid=dlt --regid=dlt --clear-groups --no-new-privs --bounding-set=-all \
  dlt-daemon --config /etc/dlt-daemon.conf --set BindAddress=127.0.0.1 --port 0 --port-file /run/dlt/port --storage-dir /var/log/dlt \
  2>"$dir/daemon.log" &
daemon=$!
for _ in {1..600}; do
  [ ! -s "$debian/run/dlt/port" ] || break
  kill -0 "$daemon" 2>/dev/null || { cat "$dir/daemon.log" && fail "the daemon ended"; }
  sleep 0.1
done
port=$(cat "$debian/run/dlt/port")
[ "$(stat -c '%a %u %g' "$debian/run/dlt/app.sock")" = "660 $user $group" ] || fail "the socket for applications is open to others than the group"
env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot "$debian" timeout 120 stdbuf -oL dlt-receive -a -p "$port" 127.0.0.1 >"$dir/received" 2>&1 &
receiver=$!
as_other() { inside setpriv --reuid=65534 --regid=65534 "$@"; }
as_other --groups="$group" by-pkg-config "by pkg-config"
as_other --groups="$group" by-cmake "by find_package"
! as_other --clear-groups by-pkg-config "from outside" 2>/dev/null || fail "who is not in the group may log"
as_other --groups="$group" by-cmake "of the killed" 500 2>/dev/null || true
# received WORDS: dlt-receive has printed them.
received() {
  for _ in {1..600}; do
    ! grep -aqF "$1" "$dir/received" || return 0
    sleep 0.1
  done
  cat "$dir/received" && fail "dlt-receive did not print '$1'"
}
received 'by pkg-config'
received 'by find_package'
received 'of the killed 499'
kill "$receiver" 2>/dev/null || true
grep -aE 'PACK MAIN .*(by |of the killed 499)' "$dir/received" || fail "not by the application PACK, context MAIN"
[ "$(grep -aoE 'of the killed [0-9]+' "$dir/received" | sort -u | wc -l)" = 500 ] || fail "a killed application lost messages"
! grep -q 'from outside' "$dir/received" || fail "a message of who is not in the group"
inside dlt-daemon --status --app-socket /run/dlt/app.sock | sed -n 1,3p
compgen -G "$debian/var/log/dlt/*.dlt*" >/dev/null || fail "nothing is stored"
kill "$daemon"
wait "$daemon" || fail "the daemon's exit code is $?"
daemon=
[ ! -e "$debian/run/dlt/app.sock" ] || fail "the socket is still there"
inside dlt-bench list >/dev/null

say "a changed conffile survives a new installation"
echo '# changed' >>"$debian/etc/dlt-daemon.conf"
inside sh -c 'dpkg -i /debs/dlt-daemon-ng_*.deb' >"$dir/log" 2>&1 || { cat "$dir/log" && fail "dpkg -i"; }
tail -1 "$debian/etc/dlt-daemon.conf" | grep -qx '# changed' || fail "the conffile was overwritten"

say "removed, purged"
apt remove -y dlt-daemon-ng libdlt-user0
for package in libdlt-user-dev dlt-bench; do ! installed "$package" || fail "$package stays without the library"; done
[ -f "$debian/etc/dlt-daemon.conf" ] || fail "the conffile went with remove"
[ ! -e "$debian/usr/bin/dlt-daemon" ] || fail "the program stays"
[ -n "$(ls "$debian/var/log/dlt")" ] || fail "stored messages went with remove"
apt purge -y dlt-daemon-ng dlt-daemon # the others had nothing to keep; what COVESA's left is not ours
rm -f "$debian"/usr/local/bin/by-*
rm -rf "$debian/debs"
files >"$dir/after"
left=$(diff "$dir/before" "$dir/after" | grep '^[<>]' | grep -vE '^[<>] /(usr/sbin/policy-rc.d|etc/(passwd|group|g?shadow)-?) |^[<>] /(etc|var/log|debs)? ' || true)
left=$(grep -vE '^[<>] /(etc/ld.so.cache|var/log/dpkg.log|var/log/alternatives.log) ' <<<"$left" || true)
[ -z "$left" ] || { echo "$left" && fail "this is left or changed"; }
apt install -y --no-install-recommends dlt-daemon
installed dlt-daemon || fail "COVESA's daemon does not come back"
say "good"
