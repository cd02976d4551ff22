#!/usr/bin/env bash
# check_pages.sh ROOT DLT_DAEMON [DLT_BENCH]: the manual pages tell each option, key, case and variable that there is, with its
# default where it has one, and none that there is not; and they are good pages.
set -euo pipefail
root=$1 daemon=$2 bench=${3:-}
failed=0

# compare WHAT HAVE PAGE: two lists, one item a line.
compare() {
  local difference
  if difference=$(diff <(sort -u <<<"$2") <(sort -u <<<"$3")); then
    echo "$1: $(sort -u <<<"$2" | wc -l) of them, all in the page"
  else
    printf '%s: < is missing in the page, > is only in the page\n%s\n' "$1" "$difference"
    failed=1
  fi
}

# Without what groff wants written differently.
plain() { sed 's/\\-/-/g; s/\\f[BIR]//g' "$1"; }

# Of the lines after .TP, which are the terms that the page explains.
terms() { plain "$1" | awk 'on { print; on = 0 } /^\.TP$/ { on = 1 }'; }

options_of_help() { "$1" --help | grep -oE '^ +(-[a-z], )?--[a-z-]+' | grep -oE -- '--.*'; }
options_of_page() { terms "$1" | { grep -oE -- '--[a-z][a-z-]*' || true; }; }

compare "options of dlt-daemon" "$(options_of_help "$daemon")" "$(options_of_page "$root/dlt-daemon/man/dlt-daemon.8")"

compare "tools of dlt-daemon" "$("$daemon" --help | sed -n 's/^  dlt-daemon \([a-z]*\) .*/\1/p')" \
  "$(terms "$root/dlt-daemon/man/dlt-daemon.8" | sed -n 's/^\.B dlt-daemon \([a-z]*\)$/\1/p')"

# "Key = value" lines: what the shipped file says is compared with the code by another test.
compare "keys of the configuration, with defaults" "$(sed -n 's/^\([A-Za-z0-9]* =.*\)$/\1/p' "$root/config/dlt-daemon.conf" | sed 's/ *$//')" \
  "$(terms "$root/dlt-daemon/man/dlt-daemon.conf.5" | sed -n 's/^\.B "\([A-Za-z0-9]* =.*\)"$/\1/p')"

if [ -n "$bench" ]; then
  page=$root/dlt-bench/man/dlt-bench.1
  compare "options of dlt-bench" "$(options_of_help "$bench")" "$(options_of_page "$page")"
  compare "cases of dlt-bench" "$("$bench" list | awk '{ print $1 }')" \
    "$(terms <(awk '/^\.SH / { on = $2 == "CASES" } on' "$page") | sed -n 's/^\.B //p')"
fi

# DLT_X_<n> in the source is DLT_X_N in the page.
compare "variables of the library" \
  "$(grep -oE '"DLT_[A-Z_]+"' "$root/libdlt-user/src/environment.cpp" | tr -d '"' | sed 's/_$/_N/')" \
  "$(terms "$root/libdlt-user/man/dlt-user.7" | grep -oE 'DLT_[A-Z_]+( N)?' | tr -d ' ')"

for page in "$root"/*/man/*; do
  complaints=$(groff -man -ww -Tutf8 -z "$page" 2>&1)
  [ -z "$complaints" ] || { printf '%s\n' "$complaints" && failed=1; }
done
exit "$failed"
