#!/bin/sh
# SPDX-License-Identifier: MIT
#
# inside.sh static|run|twins: the part of run.sh that runs where clang is, in
# the top folder of the sources.
set -eu
here=tests/proof/realtime
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
n_done=0 n_wrong=0

library=
for source in src/ringbuf/*.c src/link/*.c; do
	case $source in
	*_win32.c) ;;
	*) library="$library $source" ;;
	esac
done

clang() {
	clang-22 -std=gnu11 -D_GNU_SOURCE '-DLEAT_VERSION="proof"' -I include \
		-I src -isystem /usr/include/pipewire-0.3 \
		-isystem /usr/include/spa-0.2 "$@"
}

# ---- by the compiler ----

# trust SOURCE: which part of trusted.h is for it.
trust() {
	case $1 in
	*/signal.c) echo TRUST_SIGNAL ;;
	src/jack_bridge/process.c) echo TRUST_JACK ;;
	src/jack_bridge/sync_wait.c) echo TRUST_SYNC_WAIT ;;
	src/rt_guard/*) echo TRUST_GUARD ;;
	src/jack_bridge/client.c) echo TRUST_NOTICE ;;
	src/pw_bridge/process.c | src/pw_bridge/follow.c) echo TRUST_PIPEWIRE ;;
	src/pw_bridge/rest.c) echo TRUST_REST ;;
	src/pw_bridge/load.c | src/pw_bridge/pace.c) echo TRUST_CLOCK ;;
	*) echo TRUST_NOTHING ;;
	esac
}

# check SOURCE ARG...: 0 if nothing marked does what it must not.
check() {
	source=$1
	shift
	clang -fsyntax-only -Wall -Wextra -Werror -Wfunction-effects \
		-include "$here/trusted.h" -D"$(trust "$source")" "$@" \
		>"$work/log" 2>&1
}

check_all() {
	for source in $library src/jack_bridge/*.c src/pw_bridge/*.c \
		src/tools/verify/tape.c; do
		n_done=$((n_done + 1))
		check "$source" "$source" || {
			n_wrong=$((n_wrong + 1))
			cat "$work/log"
		}
	done
	# The list is needed: without it the same check complains.
	if clang -fsyntax-only -Werror -Wfunction-effects \
		src/ringbuf/signal.c 2>/dev/null; then
		n_wrong=$((n_wrong + 1))
		echo "send() was not found where it is not trusted"
	fi
	echo "$n_done sources checked, $n_wrong wrong"
}

# ---- by the sanitizer ----

# object SOURCE ARG...: compile it, as its own name has it.
object() {
	source=$1
	shift
	clang -fsanitize=realtime -g -O1 -w -c -include "$here/trusted.h" \
		-D"$(trust "$source")" "$@" \
		-o "$work/$(echo "$source" | tr / _).o"
}

# An assertion that fails prints, as it should: it is not for the sanitizer.
library_object() {
	object "$@" -DNDEBUG
}

# All that tests are linked from, tests apart.
build_base() {
	for source in $library src/jack_bridge/process.c \
		src/jack_bridge/sync_wait.c src/rt_guard/*.c \
		src/pw_bridge/process.c src/pw_bridge/clock.c \
		src/pw_bridge/follow.c \
		src/pw_bridge/load.c \
		src/pw_bridge/pace.c \
		src/pw_bridge/rest.c \
		src/pw_bridge/adaptive*.c; do
		library_object "$source" "$source"
	done
	for source in helpers node pair runner circle graph; do
		object $source "tests/unit/$source.c"
	done
}

# link_test NAME
link_test() {
	object "test_$1" "tests/unit/test_$1.c"
	mv "$work/test_$1.o" "$work/$1.test"
	clang -fsanitize=realtime -o "$work/$1" -x none "$work"/*.o \
		-Wl,"$work/$1.test" -lcunit -lpthread -lm
}

# run_test NAME: 0 passed, 43 the sanitizer found something.
run_test() {
	status=0
	RTSAN_OPTIONS=halt_on_error=true:exitcode=43 "$work/$1" \
		>"$work/log" 2>&1 || status=$?
	return "$status"
}

run_all() {
	build_base
	for name in ring_index ring ring_wake ring_poison ring_timed \
		ring_threads ring_race fdring frames frames_parts \
		frames_processes status link traps jack_process jack_syscalls pw_process \
		sync_wait; do
		link_test "$name"
		n_done=$((n_done + 1))
		if run_test "$name"; then
			printf '%-14s %s\n' "$name" \
				"$(grep '^cunit: ' "$work/log")"
		else
			n_wrong=$((n_wrong + 1))
			echo "$name: status $status"
			tail -n 40 "$work/log"
		fi
	done
	echo "$n_done programs under the realtime sanitizer, $n_wrong wrong"
}

# ---- planted faults ----

# planted SOURCE FUNCTION: the source, with a fault in that function.
planted() {
	sed "/^[a-z].*\<$2(/,/^{/ s/^{/{\n\tplant();/" "$1" >"$work/planted.c"
	grep -q 'plant();' "$work/planted.c" || {
		echo "$1: there is no $2() any more"
		exit 1
	}
}

verdict() {
	n_done=$((n_done + 1))
	printf '  twin %-56s %s\n' "$1" "$2"
	case $2 in
	found*) ;;
	*) n_wrong=$((n_wrong + 1)) ;;
	esac
}

plant_name() {
	case $1 in
	1) echo 'malloc()' ;;
	2) echo 'pthread_mutex_lock()' ;;
	3) echo 'write()' ;;
	4) echo 'eventfd_write()' ;;
	esac
}

# check_planted SOURCE FAULT
check_planted() {
	check "$1" -include "$here/plant.h" -DPLANT="$2" \
		-I "$(dirname "$1")" "$work/planted.c"
}

# find_static SOURCE FUNCTION: each fault, by the compiler.
find_static() {
	planted "$1" "$2"
	for n in 1 2 3 4; do
		found='NOT FOUND'
		check_planted "$1" $n ||
			! grep -q Wfunction-effects "$work/log" ||
			found="found: $(sed -n "s/.*because it calls \
non-'nonblocking' function '\(.*\)'.*/\1()/p" "$work/log" | tail -n 1)"
		verdict "compiler: $(plant_name $n) in $2" "$found"
	done
	# It is the fault that was found, and not what surrounds it.
	check_planted "$1" 0 || {
		cat "$work/log"
		verdict "compiler: nothing in $2" 'WRONG'
	}
}

# find_running TEST SOURCE FUNCTION: each fault, by the sanitizer. It does not
# know eventfd_write(): that one is the compiler's to find.
find_running() {
	planted "$2" "$3"
	for n in 1 2 3; do
		library_object "$2" -include "$here/plant.h" -DPLANT=$n \
			-I "$(dirname "$2")" "$work/planted.c"
		link_test "$1"
		found='NOT FOUND'
		run_test "$1" || [ "$status" != 43 ] ||
			found="found: $(sed -n \
				's/.*Intercepted call to .* function `\(.*\)` in.*/\1()/p' \
				"$work/log" | head -n 1)"
		verdict "sanitizer: $(plant_name $n) in $3" "$found"
	done
	library_object "$2" "$2"
}

find_all() {
	find_static src/ringbuf/ring.c leat_producer_look
	find_static src/link/frames.c leat_frames_recv_at
	find_static src/link/fade.c leat_fade_silence
	find_static src/jack_bridge/process.c count_missing
	find_static src/jack_bridge/sync_wait.c missing
	find_static src/pw_bridge/follow.c count_passed_over
	find_static src/pw_bridge/process.c fill_block
	find_static src/pw_bridge/process.c has_frames
	find_static src/pw_bridge/clock.c leat_pw_clock_write
	build_base
	find_running ring src/ringbuf/ring.c leat_producer_look
	find_running frames src/link/frames.c leat_frames_recv_at
	find_running jack_process src/link/fade.c leat_fade_silence
	find_running jack_process src/jack_bridge/process.c count_missing
	find_running jack_process src/jack_bridge/process.c copy_in
	find_running pw_process src/pw_bridge/follow.c count_passed_over
	find_running pw_process src/pw_bridge/process.c fill_block
	find_running pw_process src/pw_bridge/clock.c leat_pw_clock_write
	echo "$n_done twins, $n_wrong wrong"
}

case $1 in
static) check_all ;;
run) run_all ;;
twins) find_all ;;
esac
[ "$n_wrong" = 0 ]
