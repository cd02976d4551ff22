#!/usr/bin/env bash
# check_readmes.sh ROOT: each folder's README.md begins with a heading, its code blocks end, and the rows of a table have the
# columns of its head (what a formatter for another language or a bad merge breaks).
set -euo pipefail
root=$1
failed=0 seen=0
while IFS= read -r file; do
  seen=$((seen + 1))
  awk -v file="${file#"$root"/}" '
    function wrong(text) { printf "%s:%d: %s\n", file, NR, text; bad = 1 }
    function columns(line) { gsub(/`[^`]*`/, "x", line); gsub(/\\\|/, "", line); return gsub(/\|/, "", line) }
    NR == 1 && !/^# / { wrong("does not begin with a heading") }
    /^```/ { block = !block; table = 0; next }
    block { next }
    /^[ \t]+\|/ { wrong("a row of a table that is indented") }
    /^\|/ { n = columns($0); if (table && n != table) wrong("a row of " n - 1 " columns in a table of " table - 1); table = n; next }
    { table = 0 }
    END { if (block) wrong("a block of code does not end"); exit bad }
  ' "$file" || failed=1
done < <(find "$root" -name README.md -not -path "$root/build/*" -not -path '*/.git/*')
[ "$seen" -gt 10 ] || { echo "only $seen README.md under $root"; failed=1; }
exit $failed
