#!/bin/sh
# SPDX-License-Identifier: MIT
#
# How many instructions recording the load adds to each callback:
#
#     tests/bench/callback.sh BUILD/tests/bench/bench-callback
#
# Counted by callgrind, functions called included; what the kernel's memory has
# for the clock is not among them, as valgrind asks the kernel instead. Without
# valgrind it is skipped (exit code 77).
set -eu

program=${1:?usage: callback.sh PROGRAM}
n_cycles=2000

command -v callgrind_annotate >/dev/null && command -v valgrind >/dev/null || {
	echo "callback.sh: no valgrind: skipped" >&2
	exit 77
}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT INT TERM

# count with|without: "FUNCTION INSTRUCTIONS" per cycle.
count() {
	LD_BIND_NOW=1 valgrind --tool=callgrind \
		--callgrind-out-file="$dir/out" "$program" "$n_cycles" "$1" \
		>"$dir/log" 2>&1 || {
		cat "$dir/log" >&2
		exit 1
	}
	callgrind_annotate --inclusive=yes --threshold=100 "$dir/out" |
		awk -v n="$n_cycles" '
		match($0, /leat_(jack_process_callback|pw_process_(source|sink))/) {
			name = substr($0, RSTART, RLENGTH)
			gsub(",", "", $1)
			if (!(name in seen)) print name, $1 / n
			seen[name] = 1
		}' | sort
}

count without >"$dir/without"
count with >"$dir/with"
join "$dir/without" "$dir/with" | awk '
	{ printf "%-28s %6.0f, recorded %6.0f: %4.0f more\n", $1, $2, $3, $3 - $2 }
	END { exit NR != 3 }'
