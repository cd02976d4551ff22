#!/bin/sh
# check.sh FILE COMPILER FLAGS...: FILE must not compile, the compiler must say what its first line expects; with
# -DFIXED, where only the mistake is taken out, it must compile.
file=$1
shift
words=$(sed -n '1s,^// expect: ,,p' "$file")
[ -n "$words" ] || { echo "$file does not say what to expect"; exit 1; }

if said=$("$@" -fsyntax-only "$file" 2>&1); then
  echo "$file compiles, it should not"
  exit 1
fi
if ! printf '%s' "$said" | grep -qF "$words"; then
  printf '%s\nThe compiler does not say: %s\n' "$said" "$words"
  exit 1
fi
"$@" -DFIXED -fsyntax-only "$file"
