#!/usr/bin/env bash
# check_completion.sh ROOT DLT_DAEMON [DLT_BENCH]: what bash offers for the beginnings of command lines.
set -euo pipefail
root=$1 daemon=$2 bench=${3:-}
failed=0
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

options() { "$1" --help | grep -oE '^ +(-[a-z], )?--[a-z-]+' | grep -oE -- '--.*'; }
compopt() { :; }  # works only while bash completes

# Bash splits at '=' and ':' before a completion sees the words; `complete_line` is given them so.
complete_line() {
  local function=$1
  shift
  COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
  "$function" "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
}

# expect 'REPLY REPLY...' FUNCTION WORD...: exactly these, in any order.
expect() {
  local wanted=$1 got
  shift
  complete_line "$@"
  wanted=$(tr ' ' '\n' <<<"$wanted" | sort)
  got=$(printf '%s\n' "${COMPREPLY[@]}" | sort)
  [ "$got" = "$wanted" ] || { printf 'after "%s": wanted\n%s\ngot\n%s\n' "${*:2}" "$wanted" "$got" && failed=1; }
}

# offers WORD FUNCTION WORD...: this one among others.
offers() {
  local wanted=$1
  shift
  complete_line "$@"
  printf '%s\n' "${COMPREPLY[@]}" | grep -xF -- "$wanted" >/dev/null ||
    { printf 'after "%s": %s is not offered\n' "${*:2}" "$wanted" && failed=1; }
}

# shellcheck source=/dev/null
. "$root/dlt-daemon/completion/dlt-daemon"
complete -p dlt-daemon | grep _dlt_daemon >/dev/null

touch "$dir/some.conf" && mkdir "$dir/some.dir"
expect '--status' _dlt_daemon "$daemon" --stat
expect '--config --control-socket' _dlt_daemon "$daemon" --con
expect 'table json' _dlt_daemon "$daemon" --status --format ''
expect 'json' _dlt_daemon "$daemon" --status --format j
expect 'json' _dlt_daemon "$daemon" --format = j
expect 'table json' _dlt_daemon "$daemon" --format =
expect 'root' _dlt_daemon "$daemon" --user roo
expect 'RingbufferMaxSize= RingbufferReplay=' _dlt_daemon "$daemon" --set Ring
expect 'unread always' _dlt_daemon "$daemon" --set RingbufferReplay =
expect 'second' _dlt_daemon "$daemon" -s OfflineTraceSync = s
expect "$dir/some.conf $dir/some.dir" _dlt_daemon "$daemon" -c "$dir/so"
expect "$dir/some.dir" _dlt_daemon "$daemon" --storage-dir "$dir/so"
expect '' _dlt_daemon "$daemon" --port ''
for option in $(options "$daemon"); do
  offers "$option" _dlt_daemon "$daemon" ''
done
expect 'receive' _dlt_daemon "$daemon" rec
expect 'cat control' _dlt_daemon "$daemon" c
expect '--merge' _dlt_daemon "$daemon" cat --mer
expect 'csv cbor' _dlt_daemon "$daemon" cat --format c
expect 'table' _dlt_daemon "$daemon" control --format t
expect 'warn' _dlt_daemon "$daemon" receive --level = w
expect 'debug default' _dlt_daemon "$daemon" control -l d
expect "$dir/some.conf $dir/some.dir" _dlt_daemon "$daemon" cat "$dir/so"
expect "$dir/some.conf $dir/some.dir" _dlt_daemon "$daemon" receive -o "$dir/so"
for tool in receive cat control; do
  for option in $("$daemon" "$tool" --help | grep -oE '^ +(-[a-z], )?--[a-z-]+' | grep -oE -- '--.*'); do
    offers "$option" _dlt_daemon "$daemon" "$tool" -
  done
done
keys=$(sed -n 's/^\([A-Za-z0-9]*\) =.*$/\1=/p' "$root/config/dlt-daemon.conf" | paste -sd' ')
expect "$keys" _dlt_daemon "$daemon" --set ''

if [ -n "$bench" ]; then
  # shellcheck source=/dev/null
  . "$root/dlt-bench/completion/dlt-bench"
  complete -p dlt-bench | grep _dlt_bench >/dev/null
  expect 'quick' _dlt_bench "$bench" qui
  expect 'list' _dlt_bench "$bench" lis
  expect 'latency' _dlt_bench "$bench" throughput lat
  expect '--json' _dlt_bench "$bench" quick --js
  expect 'drops dlt' _dlt_bench "$bench" --logger d
  expect "$dir/some.conf $dir/some.dir" _dlt_bench "$bench" --json "$dir/so"
  expect '' _dlt_bench "$bench" --threads ''
  cases=$("$bench" list | awk '{ print $1 }' | paste -sd' ')
  expect "$cases" _dlt_bench "$bench" --case ''
  expect "$cases list case" _dlt_bench "$bench" ''
  for option in $(options "$bench"); do
    offers "$option" _dlt_bench "$bench" -
  done
fi
[ "$failed" = 0 ] && echo "completions are right"
exit "$failed"
