#!/usr/bin/env bash
# boot.sh: our packages in a minimal Debian whose systemd is process 1 of namespaces of its own; the service there is used,
# reloaded, killed, held still, stopped, started by its sockets. Packages and Debian: support/debian.sh. Needs root, the
# mirrors, a writable cgroup2 hierarchy; 77: not here, and why.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
skip() { echo "skipped: $*" && exit 77; }
[ "$(id -u)" = 0 ] || skip "needs root"
# What is mounted here is gone with this script.
[ "${IN_NAMESPACE:-}" = yes ] || IN_NAMESPACE=yes exec unshare --mount --propagation private "$0" "$@"
unified=$(findmnt -rno TARGET -t cgroup2 | head -1)
[ -n "$unified" ] || skip "no cgroup2 is mounted"
cgroup=$unified/dlt-boot-$$
mkdir "$cgroup" 2>/dev/null || skip "no control group can be made in $unified"
unshare --pid --fork --mount --uts --ipc --net --cgroup ip address add 192.0.2.1/24 dev lo ||
  { rmdir "$cgroup" && skip "namespaces or addresses in them are not to be had"; }

# shellcheck source=../support/debian.sh
. "$here/../support/debian.sh"
starter='' init=''
end() {
  [ $? = 0 ] || [ -z "$init" ] || { journal -u dlt-daemon -n 40 >&2 || true; }
  [ -z "$init" ] || kill -KILL "$init" 2>/dev/null || true # and with process 1 all of its namespace
  [ -z "$starter" ] || wait "$starter" 2>/dev/null || true
  for _ in {1..100}; do
    ! find "$cgroup" -depth -type d -exec rmdir {} + 2>/dev/null || break
    sleep 0.1
  done
  debian_remove
}
trap end EXIT
trap 'exit 1' INT TERM HUP

# system COMMAND...: in the booted system, as root; navigation COMMAND...: as the user of that name.
system() { nsenter -t "$init" -m -p -n -u -i -C -r -w env -i PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C SYSTEMD_PAGER= "$@"; }
navigation() { system setpriv --reuid=navigation --regid=navigation --init-groups "$@"; }
service() { system systemctl "$1" dlt-daemon.service "${@:2}"; }
property() { system systemctl show -P "$1" "${2:-dlt-daemon.service}"; }
journal() { system journalctl -q -o cat "$@"; }
wait_for() { # WHAT COMMAND...
  local limit=$((SECONDS + 120))
  while ((SECONDS < limit)); do
    ! "${@:2}" >/dev/null 2>&1 || return 0
    sleep 0.2
  done
  fail "no $1"
}
is() { [ "$("${@:2}")" = "$1" ] || fail "'${*:2}' is '$("${@:2}")', not '$1'"; }
has() { [[ "$("${@:2}" 2>&1 || true)" = *"$1"* ]]; } # WORDS COMMAND...: prints them, whatever its exit code
active() { [ "$(property ActiveState)" = active ] && [ "$(property SubState)" = running ]; }
another_than() { active && [ "$(property MainPID)" != "$1" ]; } # PID
# set_key KEY VALUE: in the configuration.
set_key() {
  grep -q "^$1 =" "$debian/etc/dlt-daemon.conf" || fail "no key $1"
  sed -i "s|^$1 =.*|$1 = $2|" "$debian/etc/dlt-daemon.conf"
}
# receive FILE: COVESA's dlt-receive, connected.
receive() {
  system timeout 900 stdbuf -oL dlt-receive -a 127.0.0.1 >"$dir/$1" 2>&1 &
  wait_for "client" has 127.0.0.1: system dlt-daemon --status
}
# numbers ID: of the stored messages of the application, as they come.
numbers() { system sh -c "dlt-daemon cat --app $1 --level warn /var/log/dlt/*.dlt*" 2>/dev/null | grep -aoP 'number \K[0-9]+'; }
# ID: how many messages it has logged, which it says at its end; the journal is not always there at once.
said() { journal -u "numbers@$1" | grep '^numbers: logged '; }
logged() { wait_for "count of numbers@$1 in the journal" said "$1" && said "$1" | sed 's/^numbers: logged //'; }
complete() { [ "$(numbers "$1" | sort -un | tail -1)" = $(($2 - 1)) ] && [ "$(numbers "$1" | sort -un | wc -l)" = "$2" ]; } # ID COUNT
once() { [ "$(numbers "$1" | wc -l)" = "$2" ] || fail "$1: $(numbers "$1" | wc -l) messages are stored, not $2"; }

say "a minimal Debian with our packages"
debian_packages
debian_make
apt update
mkdir "$debian/debs" && cp "${debs[@]}" "$debian/debs/"
names=("${debs[@]##*/}")
apt install -y --no-install-recommends systemd dlt-tools libdlt-examples "${names[@]/#//debs/}"
umount "$debian/proc" "$debian/dev"
rm -rf "$debian/usr/sbin/policy-rc.d" "$debian/debs"
for deb in "${debs[@]}"; do dpkg-deb -x "$deb" "$dir/unpacked"; done
c++ -std=c++20 -Wall -Werror "$here/boot/numbers.cpp" -o "$debian/usr/local/bin/numbers" -I"$dir/unpacked/usr/include" \
  -L"$(dirname "$(find "$dir/unpacked" -name libdlt-user.so)")" -ldlt-user -pthread
inside useradd navigation
inside usermod -aG dlt navigation
cp "$here"/boot/*.service "$debian/etc/systemd/system/"
inside systemctl -q enable before.service after.service
set_key OfflineTraceDirectory /var/log/dlt
set_key BindAddress '127.0.0.1;192.0.2.1'
set_key LegacyFifo 1
drop_ins=$debian/etc/systemd/system/dlt-daemon.service.d
mkdir "$drop_ins"
cp "$debian/usr/share/doc/dlt-daemon-ng/examples/legacy-fifo.conf" "$drop_ins/"

say "boots"
unshare --pid --fork --kill-child --mount --uts --ipc --net "$here/boot/become_init.sh" "$debian" "$cgroup" >"$dir/init.log" 2>&1 </dev/null &
starter=$!
is_systemd() { init=$(pgrep -P "$starter") && [ "$(cat "/proc/$init/comm")" = systemd ]; }
for _ in {1..600}; do
  ! is_systemd || break
  kill -0 "$starter" 2>/dev/null || { cat "$dir/init.log" && fail "no systemd"; }
  sleep 0.1
done
wait_for "end of the boot" has running system systemctl is-system-running
system systemctl --version | head -1
is enabled service is-enabled
wait_for "service" active
is "755 dlt dlt" system cat /run/before # as dlt-daemon.tmpfiles says, before the service has run
is active property ActiveState after.service
service status | sed -n '/Active:/p; /Status:/p'
has applications: property StatusText || fail "no status text"

say "counts as started once it is ready"
system systemctl log-level debug
service restart
system systemctl log-level info
steps() { journal _PID=1 | sed -nE 's/^dlt-daemon.service: (Got notification message from PID [0-9]+ \((READY|RELOADING|STOPPING)=1|Changed [a-z-]+ -> [a-z-]+).*/\1/p'; }
steps | tail -2
[ "$(steps | tail -2 | sed 's/PID [0-9]*/PID/' | tr '\n' ' ')" = "Got notification message from PID (READY=1 Changed start -> running " ] || fail "it was started without READY=1"

say "confined"
pid=$(property MainPID)
is dlt system stat -c %U "/proc/$pid"
user=$(system id -u dlt)
of_process() { system sed -n "s/^$1:\\t//p" "/proc/$pid/status"; }
is "$user"$'\t'"$user"$'\t'"$user"$'\t'"$user" of_process Uid
is 1 of_process NoNewPrivs
is 2 of_process Seccomp
for set in Inh Prm Eff Bnd Amb; do is 0000000000000000 of_process "Cap$set"; done
as_daemon_sees() { system nsenter -t "$pid" -m "$@"; }
for place in /usr /etc /var/lib /root /home /run /run/lock /dev/shm; do
  has "Read-only file system" as_daemon_sees touch "$place/x" || fail "$place can be written to"
done
as_daemon_sees sh -c 'for d in /var/log/dlt /var/lib/dlt /run/dlt; do touch $d/x && rm $d/x || exit; done' || fail "its own directories cannot be written to"
has subset=pid as_daemon_sees cat /proc/self/mountinfo || fail "/proc shows more than processes"
for kind in mnt ipc; do
  [ "$(system readlink "/proc/$pid/ns/$kind")" != "$(system readlink "/proc/1/ns/$kind")" ] || fail "no $kind namespace of its own"
done
connects() { system timeout 3 bash -c "</dev/tcp/$1/3490"; }
connects 127.0.0.1 || fail "this machine does not reach it"
! connects 192.0.2.1 2>/dev/null || fail "a network reaches it without network.conf"
cp "$debian/usr/share/doc/dlt-daemon-ng/examples/network.conf" "$drop_ins/"
system systemctl daemon-reload
wait_for "connection from the network of network.conf" connects 192.0.2.1
system systemd-analyze security dlt-daemon.service | tail -1

say "applications log, dlt-receive reads"
receive received
navigation numbers OURS 100
navigation /usr/lib/libdlt-examples/dlt-example-user -n 3 -d 10 "by the FIFO" >/dev/null
wait_for "message of ours" grep -a 'OURS NUMB .*number 99' "$dir/received"
wait_for "message by the FIFO" grep -a 'by the FIFO' "$dir/received"
grep -aE 'OURS NUMB .*number 99|by the FIFO' "$dir/received" | cut -c1-150 | tail -2
! system setpriv --reuid=65534 --regid=65534 --clear-groups test -w /run/dlt/app.sock || fail "who is not in the group may log"

say "reload"
system systemctl start numbers@RELO
wait_for "numbers" grep -a 'RELO NUMB .*number 100' "$dir/received"
! grep -qa 'RELO NUMB .*also' "$dir/received" || fail "debug messages before they are asked for"
pid=$(property MainPID)
set_key ContextLogLevel 5
system systemctl log-level debug
service reload
wait_for "change by the reload" grep -a 'RELO NUMB .*also' "$dir/received"
wait_for "READY after the reload" active
system systemctl log-level info
steps | tail -4
for step in 'RELOADING=1' 'Changed running -> reload' 'Changed reload -> running'; do has "$step" steps || fail "systemd did not see '$step'"; done
is "$pid" property MainPID
set_key ContextLogLevel 4711
! service reload 2>/dev/null || fail "the reload of a wrong configuration succeeds"
wait_for "error in the journal" has "ContextLogLevel = '4711'" journal -u dlt-daemon -p err
journal -u dlt-daemon -p err | grep 4711
active && is "$pid" property MainPID
service kill -s HUP # without the check before it
wait_for "status that tells" has "configuration has errors" property StatusText
errors() { journal -u dlt-daemon -p err | grep -c "'4711'"; }
is 2 errors
set_key ContextLogLevel 4
service reload
wait_for "serving in the journal" has "serving applications" journal _SYSTEMD_UNIT=dlt-daemon.service PRIORITY=6
system systemctl stop numbers@RELO
wait_for "stored numbers" complete RELO "$(logged RELO)"
once RELO "$(logged RELO)"
echo "RELO logged $(logged RELO), stored once each"

# back PID COUNT: the service runs again as another process, restarted by systemd for the COUNT-th time.
back() {
  wait_for "restart" another_than "$1"
  is "$2" property NRestarts
}

say "killed"
service reset-failed
system systemctl start numbers@KILL
wait_for "numbers" grep -a 'KILL NUMB .*number 500' "$dir/received"
pid=$(property MainPID)
service kill -s KILL
back "$pid" 1
wait_for "application that came back" has KILL system dlt-daemon --status
receive received-after-kill
wait_for "numbers after the kill" grep -a 'KILL NUMB' "$dir/received-after-kill"
system systemctl stop numbers@KILL
count=$(logged KILL)
wait_for "each number that was logged around the kill" complete KILL "$count"
echo "KILL logged $count, stored $(numbers KILL | wc -l), of them twice $(numbers KILL | sort | uniq -d | wc -l), missing 0"

say "held still"
printf '[Service]\nWatchdogSec=3\n' >"$drop_ins/watchdog.conf"
set_key OfflineTraceFlushInterval 5000 # so that much is queued when it is stopped later
system systemctl daemon-reload
service restart
service reset-failed
pid=$(property MainPID)
restarts=$(property NRestarts)
service kill -s STOP
back "$pid" $((restarts + 1))
wait_for "watchdog in the journal" has "Failed with result 'watchdog'" journal -u dlt-daemon
journal _PID=1 -u dlt-daemon | grep -i watchdog | tail -2

say "stopped"
service reset-failed
receive received-before-stop
system systemctl start numbers@LAST
for attempt in 1 2 3; do # the machine may be slow
  system sh -c "setpriv --reuid=navigation --regid=navigation --init-groups numbers STO$attempt 20000 && systemctl stop dlt-daemon"
  is success property Result
  is inactive property ActiveState
  took=$(system journalctl -q -u dlt-daemon -o short-unix | awk '/Stopping dlt-daemon/ { from = $1; took = "" }
    /Deactivated successfully/ { took = int(($1 - from) * 1000) } END { print took }')
  [ -n "$took" ] || fail "it did not end by itself"
  complete "STO$attempt" 20000 || fail "what was queued is not stored"
  once "STO$attempt" 20000
  echo "it took $took ms, 20000 of 20000 stored"
  [ $took -gt 2000 ] || break
  [ $attempt -lt 3 ] || fail "it never ended within 2 s"
  service start
done

say "started by its sockets"
service reset-failed
is active property ActiveState numbers@LAST # it has outlived the daemon
system systemctl -q enable --now dlt-daemon-app.socket dlt-daemon.socket
wait_for "start by an application" active
is "660 dlt dlt" system stat -c '%a %U %G' /run/dlt/app.sock
wait_for "application" has LAST system dlt-daemon --status
system systemctl stop numbers@LAST
wait_for "each number that was logged before, without and after the daemon" complete LAST "$(logged LAST)"
service stop 2>/dev/null
is inactive property ActiveState
receive received-by-socket
active || fail "the client did not start it"
navigation numbers SOCK 10
wait_for "message by the socket" grep -a 'SOCK NUMB .*number 9]' "$dir/received-by-socket"
journal -u dlt-daemon | grep "from systemd" | tail -3
is running system systemctl is-system-running
say "good"
