#!/usr/bin/env bash
# become_init.sh ROOT CGROUP: the process 1 of new namespaces becomes the systemd of the Debian in ROOT, with CGROUP (in a
# mounted cgroup2) as its root of control groups. boot.sh starts it:
#   unshare --pid --fork --mount --uts --ipc --net become_init.sh ROOT CGROUP
# As systemd.io/CONTAINER_INTERFACE wants it: /proc, /sys (read-only), /dev, /run, /sys/fs/cgroup are mounted, $container is set.
set -euo pipefail
root=$1
if [ "${2:-}" != "" ]; then
  echo 0 >"$2/cgroup.procs"
  exec unshare --cgroup "$0" "$root"
fi

# 192.0.2.1 stands for an address of this machine in a network: systemd/examples/network.conf names that one.
ip address add 192.0.2.1/24 dev lo
ip link set lo up

mount --make-rprivate /
mount --bind "$root" "$root"
cd "$root"
mount -t proc -o nosuid,nodev,noexec proc proc
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs sys
mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 sys/fs/cgroup
mount -t tmpfs -o nosuid,nodev,mode=755 tmpfs run
mount -t tmpfs -o nosuid,mode=755 tmpfs dev
for device in null:3 zero:5 full:7 random:8 urandom:9; do mknod -m 666 "dev/${device%:*}" c 1 "${device#*:}"; done
mknod -m 666 dev/tty c 5 0
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
mount -t tmpfs -o nosuid,nodev tmpfs dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd

mkdir -p mnt
pivot_root . mnt
exec chroot . env -i container=dlt-test PATH=/usr/sbin:/usr/bin:/sbin:/bin \
  sh -c 'umount -l /mnt && exec /lib/systemd/systemd' <>/dev/null >&0 2>&0
