#!/bin/sh
# SPDX-License-Identifier: MIT
#
# cross.sh aarch64|armhf|i686 SOURCE_ROOT BUILD_ROOT: build the library and the
# examples for another processor, where the layout of what is shared is asserted
# as it compiles; run them, on qemu where the processor is a foreign one; and
# have a producer and a consumer of both kinds of processor meet, which share
# memory then. Exits with 77, and says why, where the compiler is missing.
set -eu
arch=$1
root=$2
native=$3/doc/examples
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

skip() {
	echo "skipped: $*"
	exit 77
}

case $arch in
aarch64)
	cc=aarch64-linux-gnu-gcc
	packages="gcc-aarch64-linux-gnu libc6-dev-arm64-cross"
	libraries=/usr/aarch64-linux-gnu
	runner=qemu-aarch64
	;;
armhf)
	cc=arm-linux-gnueabihf-gcc
	packages="gcc-arm-linux-gnueabihf libc6-dev-armhf-cross"
	libraries=/usr/arm-linux-gnueabihf
	runner=qemu-arm
	;;
i686)
	cc=i686-linux-gnu-gcc
	packages="gcc-i686-linux-gnu libc6-dev-i386-cross"
	libraries=/usr/i686-linux-gnu
	runner=
	;;
*)
	echo "cross.sh: unknown processor '$arch'" >&2
	exit 2
	;;
esac
command -v "$cc" >/dev/null || skip "$cc is not here (packages $packages)"

compile() {
	"$cc" -std=gnu11 -O2 -g -D_GNU_SOURCE -DLEAT_VERSION='"0"' -Wall \
		-Wextra -Wconversion -Wshadow -Wundef -Wvla -Wwrite-strings \
		-Werror -I"$root/include" -I"$root/src" "$@"
}

build_library() {
	# shellcheck disable=SC2046 # a list
	compile -shared -fPIC -fvisibility=hidden -Wl,--no-undefined \
		-o "$dir/libleat.so" $(find "$root/src/ringbuf" \
			"$root/src/link" -name '*.c' ! -name signal_win32.c \
			! -name fade.c ! -name latency.c ! -name 'clock_*.c' \
			! -name 'resampler*.c' ! -name slip.c ! -name splice.c \
			! -name target.c)
}

# What the bridges and tools link in beside it.
compile_rest() {
	for source in "$root"/src/link/*.c "$root"/src/cli/*.c; do
		compile -c "$source" -o "$dir/rest.o"
	done
}

# build_program NAME SOURCE: a program, and beside it a script by its name that runs it here.
build_program() {
	compile -o "$dir/$1.$arch" "$root/$2" -L"$dir" -lleat -lm -pthread
	case $runner in
	'') run="$libraries/lib/ld-linux.so.2 --library-path $dir:$libraries/lib" ;;
	*) run="$runner -L $libraries -E LD_LIBRARY_PATH=$dir" ;;
	esac
	printf '#!/bin/sh\nexec %s %s "$@"\n' "$run" "$dir/$1.$arch" \
		>"$dir/foreign/$1"
	chmod +x "$dir/foreign/$1"
}

# meet NAME PRODUCER CONSUMER: the two folders that the programs are from.
meet() {
	mkdir "$dir/$1"
	ln -s "$2/example_producer" "$3/example_consumer" "$dir/$1"
	sh "$root/doc/examples/pair.sh" producer "$dir/$1" >/dev/null
	echo "$arch: $1: met, streamed, and all was there"
}

mkdir "$dir/foreign"
build_library
compile_rest
echo "$arch: the library compiles, with its assertions"
for example in fdring many mirror positions ring shm producer consumer; do
	build_program "example_$example" "doc/examples/$example.c"
done
build_program limits tests/portability/limits.c
if [ -n "$runner" ]; then
	command -v "$runner" >/dev/null || {
		echo "$arch: nothing was run: $runner is not here" \
			"(package qemu-user)"
		exit 0
	}
fi
for example in fdring many mirror positions ring shm; do
	"$dir/foreign/example_$example" >/dev/null
	echo "$arch: $example: run"
done
"$dir/foreign/limits"
meet "$arch-with-$arch" "$dir/foreign" "$dir/foreign"
meet "$arch-to-native" "$dir/foreign" "$native"
meet "native-to-$arch" "$native" "$dir/foreign"
