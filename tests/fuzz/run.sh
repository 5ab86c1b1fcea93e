#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Run the fuzz targets: libFuzzer with the address and undefined-behaviour
# sanitizers, which clang brings.
#
#   run.sh TARGET SECONDS       one target for so long, or "all"
#   run.sh twins [TARGET]       each target must find what breaks when one
#                               check is taken out of the sources
#   run.sh replay TARGET FILE   one input once more
#   run.sh long [EXECUTIONS]    so many (1e9) on all processors, of the targets
#                               that make no system call, and longer runs of
#                               the others
#
#   LEAT_FUZZ_DIR  where what was built is kept; else it is built each time
#   LEAT_FUZZ_OUT  where inputs that found something are put ($PWD)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
targets='header message ring part link text status'

usage() {
	sed -n 's/^#   //p' "$here/run.sh" >&2
	exit 2
}

[ $# -ge 1 ] || usage
work=$(mktemp -d "${TMPDIR:-/tmp}/leat-fuzz.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
# Targets make their sockets below.
mkdir -m 700 "$work/run"
XDG_RUNTIME_DIR=$work/run
export XDG_RUNTIME_DIR

# ---- building ----

checks='-fsanitize=address,undefined -fno-sanitize-recover=all'
flags="-std=gnu11 -O1 -g -fno-omit-frame-pointer -D_GNU_SOURCE -Wall -Wextra"

# What is fuzzed, as it lies in a tree.
library='src/ringbuf/fdring.c src/ringbuf/mapping.c src/ringbuf/ring.c
src/ringbuf/shm.c src/ringbuf/signal.c src/link/error.c
src/link/event_log.c src/link/frames.c src/link/guest.c src/link/histogram.c
src/link/host.c src/link/host_taps.c src/link/load.c src/link/load_cycles.c
src/link/load_part.c src/link/part.c src/link/positions.c
src/link/proto.c src/link/rundir.c src/link/side.c src/link/socket.c
src/link/stamp.c src/link/status.c src/link/tap.c src/link/tap_link.c
src/link/tap_log.c src/link/tap_next.c src/link/tap_read.c src/link/tap_wait.c
src/link/tap_window.c src/link/tap_wire.c src/link/wire.c src/cli/options.c
src/tools/common/json.c src/tools/common/links.c src/tools/status/metrics.c src/tools/status/status_json.c
src/tools/common/load.c src/tools/common/status_text.c'

# leat.conf is read with a header of PipeWire's.
spa=$(pkg-config --cflags libspa-0.2 2>/dev/null | sed 's/-I/-isystem /g')
if [ -n "$spa" ]; then
	targets="$targets config"
	library="$library src/tools/common/nearest.c src/tools/config/balance.c
	src/tools/config/config.c src/tools/config/settings.c
	src/tools/config/show.c"
	flags="$flags $spa"
elif [ "$1" = config ]; then
	echo "skipped: libspa-0.2-dev is not here"
	exit 77
fi

can_build() {
	echo 'int LLVMFuzzerTestOneInput(const char *b, unsigned long n);
	int LLVMFuzzerTestOneInput(const char *b, unsigned long n)
	{ return b && n > 4096; }' >"$work/try.c"
	# shellcheck disable=SC2086 # a list
	clang $checks -fsanitize=fuzzer "$work/try.c" -o "$work/try" \
		2>"$work/log" && "$work/try" -runs=1 2>"$work/log"
}

# compile TREE DIR FILE...: objects of a tree's files.
compile() {
	tree=$1 dir=$2
	shift 2
	for file in "$@"; do
		object=${file#src/}
		echo "$tree/$file -o $dir/$(echo "${object%.c}" | tr / -).o"
	done >"$dir/list"
	# shellcheck disable=SC2086 # a list
	xargs -P "$(nproc)" -L 1 clang $flags $checks \
		-fsanitize=fuzzer-no-link -I"$tree/include" -I"$tree/src" -c \
		<"$dir/list"
}

# link TREE DIR OBJECTS TARGET: a program. The target comes first, so that
# what it includes is taken from there.
link() {
	# shellcheck disable=SC2086 # a list
	clang $flags $checks -fsanitize=fuzzer -I"$1/include" -I"$1/src" \
		"$here/fuzz_$4.c" "$3/all.a" "$3/common.a" -o "$2/$4" -lm
}

archive() {
	rm -f "$1/all.a"
	ar rc "$1/all.a" "$1"/*.o
}

# What all targets have in common, and no twin changes.
compile_common() {
	mkdir "$1/common"
	for name in fuzz peer; do
		# shellcheck disable=SC2086 # a list
		clang $flags $checks -fsanitize=fuzzer-no-link \
			-I"$top/include" -I"$top/src" -c "$here/$name.c" \
			-o "$1/common/$name.o"
	done
	ar rc "$1/common.a" "$1/common"/*.o
}

# All programs and their seeds, in a directory.
build() {
	rm -rf "$1"
	mkdir -p "$1"
	# shellcheck disable=SC2086 # a list
	compile "$top" "$1" $library
	archive "$1"
	compile_common "$1"
	for target in $targets; do
		link "$top" "$1" "$1" "$target"
		mkdir "$1/seeds-$target"
		"$1/$target" --seeds "$1/seeds-$target"
	done
	touch "$1/made"
}

is_made() {
	[ -e "$1/made" ] &&
		[ -z "$(find "$top/include" "$top/src" "$here" -newer "$1/made")" ]
}

# Several of this script may want the same programs at once.
build_once() {
	bin=$work/bin
	if [ -n "${LEAT_FUZZ_DIR-}" ]; then
		mkdir -p "$LEAT_FUZZ_DIR"
		bin=$LEAT_FUZZ_DIR/bin
		exec 9>"$LEAT_FUZZ_DIR/lock"
		flock 9
	fi
	is_made "$bin" || build "$bin"
	exec 9>&-
}

# ---- running ----

options='-timeout=20 -rss_limit_mb=2048 -print_final_stats=1'

# Bytes of an input: a system call or more for each is slow.
length_of() {
	case $1 in
	link | part | ring) echo 200 ;;
	*) echo 1200 ;;
	esac
}

# fuzz PROGRAM TARGET OPTION...: an empty corpus, the seeds, a log. It takes what
# processor time others leave.
fuzz() {
	program=$1 target=$2
	shift 2
	rm -rf "$work/found" "$work/corpus"
	mkdir "$work/found" "$work/corpus"
	dict=$here/fuzz_$target.dict
	[ ! -e "$dict" ] || set -- "-dict=$dict" "$@"
	# shellcheck disable=SC2086 # a list
	nice "$program" $options -max_len="$(length_of "$target")" \
		-artifact_prefix="$work/found/" "$@" \
		"$work/corpus" "$bin/seeds-$target" >"$work/log" 2>&1
}

# Say what was found, and keep the input where it does not go away.
show() {
	grep -v '^#' "$work/log" | tail -n 60
	for found in "$work/found"/*; do
		[ -e "$found" ] || continue
		kept=${LEAT_FUZZ_OUT:-$PWD}/fuzz-$1-$(basename "$found")
		cp "$found" "$kept"
		echo "To replay it: tests/fuzz/run.sh replay $1 $kept"
		echo "or, where that file is not:"
		echo "  echo $(base64 -w 0 "$found") | base64 -d >input"
		echo "  tests/fuzz/run.sh replay $1 input"
	done
}

stat_of() {
	sed -n "s/^stat::$1: *//p" "$work/log" | awk '{ n += $1 } END { print n + 0 }'
}

run_one() {
	if fuzz "$bin/$1" "$1" -max_total_time="$2"; then
		echo "$1: $(stat_of number_of_executed_units) executions in $2 s," \
			"$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$work/log" |
				tail -n 1) edges, nothing found"
	else
		show "$1"
		echo "$1: FOUND, see above"
		return 1
	fi
}

run_all() {
	failed=0
	for target in $targets; do
		run_one "$target" "$1" || failed=1
	done
	return $failed
}

replay() {
	"$bin/$1" "$2"
}

# ---- twins ----

n_twins=0 n_wrong=0
only=

# make_twin FILE TARGET: with what FILE is now.
make_twin() {
	case $1 in
	*.h) changed=src/ringbuf/ring.c ;;
	*) changed=$1 ;;
	esac
	cp "$bin"/*.o "$bin/common.a" "$twin/bin" &&
		compile "$twin" "$twin/bin" "$changed" &&
		archive "$twin/bin" &&
		link "$twin" "$twin/bin" "$twin/bin" "$2"
}

# without NAME TARGET FILE SED: the target must find that FILE lacks what SED
# takes out.
without() {
	name=$1 target=$2 file=$3
	[ -z "$only" ] || [ "$only" = "$target" ] || return 0
	n_twins=$((n_twins + 1))
	twin=$work/twin
	rm -rf "$twin"
	mkdir -p "$twin/bin"
	cp -r "$top/include" "$top/src" "$twin"
	sed -z -i "$4" "$twin/$file"
	if cmp -s "$twin/$file" "$top/$file"; then
		n_wrong=$((n_wrong + 1))
		echo "  twin $name: there is no such line any more"
		return
	fi
	make_twin "$file" "$target" >"$work/log" 2>&1 || {
		cat "$work/log"
		n_wrong=$((n_wrong + 1))
		echo "  twin $name: does not build"
		return
	}
	start=$(date +%s%N)
	if fuzz "$twin/bin/$target" "$target" -seed=1 -max_total_time=15; then
		n_wrong=$((n_wrong + 1))
		printf '  %-8s %-38s NOT FOUND\n' "$target" "$name"
		return
	fi
	ms=$((($(date +%s%N) - start) / 1000000))
	printf '  %-8s %-38s %6d ms  %s\n' "$target" "$name" $ms "$(what_was_found)"
}

what_was_found() {
	sed -n 's/.*: not true: /not true: /p;s/.*SUMMARY: [A-Za-z]*: //p' \
		"$work/log" | head -n 1 | sed 's| /[^ ]*/| |' | cut -c 1-60
}

refute_twins() {
	only=${1-}
	. "$here/twins.sh"
	echo "$n_twins twins, $n_wrong wrong"
	[ "$n_wrong" = 0 ]
}

# ---- long ----

# Targets that make no system call, and how many of 100 executions each does:
# a thousand million of them are minutes.
shares='header:50 message:45 ring:3 text:2'

# One process of it, on a corpus of its own.
run_share() {
	mkdir -p "$work/$1-$2/found" "$work/$1-$2/corpus"
	status=0
	# shellcheck disable=SC2086 # a list
	"$bin/$1" $options -max_len="$(length_of "$1")" -runs="$3" \
		-artifact_prefix="$work/$1-$2/found/" \
		"$work/$1-$2/corpus" "$bin/seeds-$1" \
		>"$work/$1-$2/log" 2>&1 || status=$?
	echo $status >"$work/$1-$2/status"
}

run_target_long() {
	n_processes=$(nproc) runs=$(($2 / $(nproc) + 1)) n=0
	start=$(date +%s)
	while [ $n -lt "$n_processes" ]; do
		n=$((n + 1))
		run_share "$1" $n $runs &
	done
	wait
	cat "$work/$1"-*/log >"$work/log"
	count=$(stat_of number_of_executed_units)
	n_total=$((n_total + count))
	echo "$1: $count executions in $(($(date +%s) - start)) s," \
		"$n_processes processes"
	for process in "$work/$1"-*; do
		[ "$(cat "$process/status")" = 0 ] && continue
		n_wrong=$((n_wrong + 1))
		cp "$process/log" "$work/log"
		rm -rf "$work/found"
		cp -r "$process/found" "$work/found"
		show "$1"
	done
}

run_long() {
	n_total=0
	for share in $shares; do
		run_target_long "${share%:*}" $(($1 / 100 * ${share#*:}))
	done
	# The others make system calls.
	for target in part link status; do
		run_one $target 300 || n_wrong=$((n_wrong + 1))
	done
	echo "$n_total executions, $n_wrong wrong"
	[ $n_wrong = 0 ] && [ $n_total -ge "$1" ]
}

command -v clang >/dev/null || {
	echo "skipped: clang is not here: install clang and libclang-rt-dev"
	exit 77
}
can_build || {
	cat "$work/log"
	echo "skipped: this clang has no libFuzzer: install libclang-rt-dev"
	exit 77
}
build_once
case $1 in
all) [ $# = 2 ] && run_all "$2" ;;
twins) refute_twins "${2-}" ;;
replay) [ $# = 3 ] && replay "$2" "$3" ;;
long) run_long "${2-1000000000}" ;;
*)
	case " $targets " in
	*" $1 "*) ;;
	*) usage ;;
	esac
	[ $# = 2 ] || usage
	run_one "$1" "$2"
	;;
esac
