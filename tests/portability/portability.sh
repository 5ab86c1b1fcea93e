#!/bin/sh
# SPDX-License-Identifier: MIT
#
# portability.sh musl|mingw SOURCE_ROOT: build the bare ring and the fd ring
# with another C library, and run a small program on them where that is
# possible. Exits with 77, and says why, where the compiler is missing.
set -eu
root=$2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

skip() {
	echo "skipped: $*"
	exit 77
}

# build COMPILER SOURCE... -- LINKER_FLAG...: $dir/small.exe
build() {
	cc=$1
	shift
	objects=
	while [ "$1" != -- ]; do
		"$cc" -std=gnu11 -O2 -Wall -Wextra -Werror -I"$root/include" \
			-I"$root/src" -c "$root/$1" -o "$dir/${1##*/}.o"
		objects="$objects $dir/${1##*/}.o"
		shift
	done
	shift
	"$cc" "$@" -o "$dir/small.exe" $objects
}

case $1 in
musl)
	command -v musl-gcc >/dev/null ||
		skip "musl-gcc is not here (package musl-tools)"
	build musl-gcc src/ringbuf/ring.c src/ringbuf/fdring.c \
		src/ringbuf/signal.c tests/portability/small.c -- -static
	"$dir/small.exe"
	;;
mingw)
	command -v x86_64-w64-mingw32-gcc >/dev/null ||
		skip "x86_64-w64-mingw32-gcc is not here" \
			"(package gcc-mingw-w64-x86-64)"
	build x86_64-w64-mingw32-gcc src/ringbuf/ring.c src/ringbuf/fdring.c \
		src/ringbuf/signal_win32.c tests/portability/small.c -- -static
	if command -v wine >/dev/null; then
		WINEPREFIX=$dir/wine WINEDEBUG=-all wine "$dir/small.exe"
	else
		echo "built and linked, but not run: wine is not here"
	fi
	;;
*)
	echo "portability.sh: unknown system '$1'" >&2
	exit 2
	;;
esac
