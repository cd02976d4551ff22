#!/usr/bin/env bash
# check_readmes.sh ROOT: each folder's README.md begins with a heading, its code blocks end, and the rows of a table have the
# columns of its head (what a formatter for another language or a bad merge breaks). Each folder that holds sources has a
# README.md of its own, or is one of those for which its parent speaks. Works without .git as well, as in a source archive.
set -euo pipefail
root=${1%/}
failed=0 seen=0 folders=0

# These folders have no README.md because the README.md above them says it all.
spoken_for() {
  case $1 in
    # Mirrors of source folders, whose own README.md tells what is in them; and what their tests share.
    tests/dlt-daemon/* | tests/dlt-bench/* | tests/libdlt-user/support) ;;
    # Parts of single tests: applications, a plugin, a preloaded library, units.
    tests/faults/* | tests/packages/app | tests/service/boot) ;;
    # proto/README.md is that of its headers.
    proto/include/dlt/proto) ;;
    # Headers that users do not name: the inside of those beside them.
    libdlt-user/include/dlt/detail) ;;
    *) return 1 ;;
  esac
}

# Every file that git knows or would add; without git all but what is built.
files() {
  if [ -e "$root/.git" ] && git -C "$root" ls-files -z --cached --others --exclude-standard 2>/dev/null | tr '\0' '\n'; then return; fi
  (cd "$root" && find . \( -path ./build -o -name .git -o -name .cache \) -prune -o -type f -print | sed 's,^\./,,')
}

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

while IFS= read -r folder; do
  [ -d "$root/$folder" ] || continue # git knows it still
  folders=$((folders + 1))
  if [ ! -f "$root/$folder/README.md" ] && ! spoken_for "$folder"; then
    echo "$folder: sources, and no README.md"
    failed=1
  fi
done < <(files | sed -nE 's,/[^/]*\.(cpp|hpp|c|h|sh|py)$,,p' | sort -u)
[ "$folders" -gt 20 ] || { echo "only $folders folders with sources under $root"; failed=1; }
exit $failed
