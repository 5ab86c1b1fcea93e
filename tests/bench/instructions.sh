#!/bin/sh
# SPDX-License-Identifier: MIT
#
# How many instructions a send of 512 bytes takes over the memcpy in it:
#
#     tests/bench/instructions.sh BUILD/tests/bench/bench-instructions
#
# Counted by callgrind, functions called included. Without valgrind it is
# skipped (exit code 77). It says whether the goal of 30 is reached, and does
# not fail if not.
set -eu

program=${1:?usage: instructions.sh PROGRAM}
goal=30
n_sends=6400

command -v callgrind_annotate >/dev/null && command -v valgrind >/dev/null || {
	echo "instructions.sh: no valgrind: skipped" >&2
	exit 77
}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT INT TERM

# count MODE...: instructions per send and per memcpy.
count() {
	LD_BIND_NOW=1 valgrind --tool=callgrind \
		--callgrind-out-file="$dir/out" "$program" "$n_sends" "$@" \
		>"$dir/log" 2>&1 || {
		cat "$dir/log" >&2
		exit 1
	}
	callgrind_annotate --inclusive=yes --threshold=100 "$dir/out" |
		awk -v n="$n_sends" -v goal="$goal" -v mode="${1:-wake}" '
		/counted_(send|memcpy)/ {
			gsub(",", "", $1)
			if (/counted_send/ && !send) send = $1 / n
			if (/counted_memcpy/ && !copy) copy = $1 / n
		}
		END {
			if (!send || !copy) exit 1
			over = send - copy
			printf "%s mode: send %.1f, memcpy %.1f: %.1f over" \
				" (goal <= %d: %s)\n", mode, send, copy, over,
				goal, over <= goal ? "reached" : "not reached"
		}'
}

count
count poll
