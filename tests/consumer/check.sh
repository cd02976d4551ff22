#!/bin/sh
# check.sh BUILD_FOLDER COMPILER FLAGS: installs the build into an empty prefix, moves the prefix, then builds and runs
# the program here and the READMEs' examples against it, by find_package and by pkg-config. Nothing else of this tree is
# visible to them.
set -eu
build=$1 compiler=$2 flags=$3
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

cmake --install "$build" --prefix "$dir/first" >"$dir/log" || { cat "$dir/log"; exit 1; }
mv "$dir/first" "$dir/prefix"
prefix=$dir/prefix
lib=$(dirname "$(find "$prefix" -name 'libdlt-user.so')")

try() {
  said=$(env -u DLT_DAEMON_ADDRESS LD_LIBRARY_PATH="$lib" "$1")
  echo "$2: $said"
  [ "$said" = "accepted 2 queued 2 closes 1 level info" ]
}

cmake -G Ninja -S "$here" -B "$dir/by-cmake" -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_CXX_FLAGS="$flags" \
  -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_BUILD_TYPE=Release >"$dir/log" || { cat "$dir/log"; exit 1; }
cmake --build "$dir/by-cmake" >"$dir/log" || { cat "$dir/log"; exit 1; }
try "$dir/by-cmake/consumer" "find_package"

export PKG_CONFIG_PATH="$lib/pkgconfig"
[ "$(pkg-config --modversion dlt-user)" = 0.1.0 ]
# shellcheck disable=SC2046,SC2086 # words on purpose
"$compiler" -std=c++20 $flags "$here/main.cpp" -o "$dir/by-pkg-config" $(pkg-config --cflags --libs dlt-user)
try "$dir/by-pkg-config" "pkg-config"

# The examples of the READMEs: every block of C++ compiles as it stands, with main() it also runs.
root=$(cd "$here/../.." && pwd)
for readme in "$root/README.md" "$root/libdlt-user/README.md"; do
  [ -f "$readme" ] || continue
  awk -v to="$dir/example" '/^```cpp$/ { n++; on = 1; next } /^```$/ { on = 0 } on { print > (to "-" n ".cpp") }' "$readme"
  for example in "$dir"/example-*.cpp; do
    [ -f "$example" ] || continue
    # shellcheck disable=SC2046,SC2086
    if grep -q 'int main(' "$example"; then
      "$compiler" -std=c++20 $flags -Wall -Wextra -Werror "$example" -o "$dir/example" $(pkg-config --cflags --libs dlt-user)
      env LD_LIBRARY_PATH="$lib" DLT_DAEMON_ADDRESS=unix:/nonexistent/app.sock "$dir/example"
    else
      "$compiler" -std=c++20 $flags -Wall -Wextra -Werror -fsyntax-only "$example" $(pkg-config --cflags dlt-user)
    fi
    rm "$example"
    echo "$readme: an example compiles"
  done
done

readelf -d "$dir/by-pkg-config" | grep -qF 'libdlt-user.so.0' || { echo "not linked by the SONAME"; exit 1; }

# Each installed header compiles alone.
for header in $(cd "$prefix/include" && find dlt -name '*.hpp'); do
  echo "#include <$header>" | "$compiler" -std=c++20 $flags -Wall -Wextra -Werror -I"$prefix/include" -fsyntax-only -x c++ - ||
    { echo "$header does not compile alone"; exit 1; }
done

# The library shows nothing but its own names.
foreign=$(nm -DC --defined-only "$lib/libdlt-user.so" | awk '$2 ~ /[TDBRWVui]/ && $3 !~ /^dlt::/')
[ -z "$foreign" ] || { echo "exported, not ours: $foreign"; exit 1; }
