#!/bin/sh
# SPDX-License-Identifier: MIT
#
# drift.sh BUILD DIR [SECONDS [AT_ONCE [SET...]]]: adaptive mode on real
# servers, JACK's clock drifting, for as long as told in each case (600), so
# many cases at once (4). SETs: sine, latency, upsets, cpu; all of them.
#
# A line for each case goes to DIR/SET.tsv (`leat-drift-measure --header` names
# the columns), and one for each window of a tenth of a second to
# DIR/CASE.windows. What is worse than it may be on any machine is said at the
# end, and the exit status is 1; 77, and why, where this cannot run.
set -eu

[ $# -ge 2 ] || {
	sed -n '3,14s/^# \{0,1\}//p' "$0" >&2
	exit 2
}
build=$(cd "$1" && pwd)
mkdir -p "$2"
dir=$(cd "$2" && pwd)
seconds=${3:-600}
at_once=${4:-4}
[ $# -le 4 ] && sets='sine latency upsets cpu' || { shift 4 && sets=$*; }

export LEAT_JACK_DIR=$build/src/jack_bridge
export LEAT_PW_DIR=$build/src/pw_bridge
export LEAT_TOOLS_DIR=$build/src/tools
export LEAT_DRIFT_LIBRARY=$build/tests/support/libdrift.so
measure=$build/tests/integration/leat-drift-measure

# JACK's rate and period, PipeWire's quantum, ppm, and what else to say.
sine_cases() {
	for quantum in 256 1024; do
		for ppm in 0 200 -200 1000; do
			echo 48000 256 $quantum $ppm
		done
	done
	for ppm in 0 200 -200 1000; do
		echo 44100 256 256 $ppm
	done
}

latency_cases() {
	for ppm in 200 -200; do
		for sizes in '64 64' '128 128' '256 256' '128 1024' '1024 128'; do
			echo 48000 $sizes $ppm
		done
	done
}

upsets_cases() {
	echo 48000 256 256 200 --stall-every 60 --stall-us 8000
	echo 44100 256 1024 -200 --stall-every 60 --stall-us 20000
	echo 48000 256 256 0 --ramp 100
}

# These are a minute each, one at a time, whatever was asked for. In follow mode
# a period wakes four threads of the bridge: JACK's one, and the data loop of the
# PipeWire side to drive, for the node from JACK, and at the end.
cpu_cases() {
	echo 48000 128 128 0 --wakes 4
	echo 48000 128 128 0 --no-bridge --mode follow
	echo 48000 128 128 0 --plain --mode follow
	echo 48000 128 128 200 --plain
	echo 48000 128 128 200 --no-bridge
}

# run SET RATE P Q PPM ARGUMENT...: one case.
run() {
	set=$1 name=$1-$2-$3-$4-$5 rate=$2 period=$3 quantum=$4 ppm=$5
	shift 5
	case "$*" in
	*--wakes*) name=$name-wakes ;;
	*--no-bridge*) name=$name-servers ;;
	*--mode*) name=$name-follow ;;
	*--ramp*) name=$name-ramp ;;
	esac
	$measure --jack-rate $rate --period $period --quantum $quantum \
		--ppm=$ppm --seconds $seconds --dump "$dir/$name.windows" \
		"$@" >"$dir/$name.line" 2>"$dir/$name.log" || {
		status=$?
		cat "$dir/$name.log" >&2
		echo "$name: exit status $status" >>"$dir/broken"
		[ $status != 77 ] || cp "$dir/$name.log" "$dir/skipped"
	}
}

# The cases of a set, some at a time.
run_set() {
	n=0
	while read -r line; do
		run $1 $line </dev/null &
		n=$((n + 1))
		[ $((n % at_once)) != 0 ] || wait
	done
	wait
	{
		$measure --header
		cat "$dir/$1"-*.line
	} >"$dir/$1.tsv"
}

# What no noise of a machine excuses: windows judged are those long after an
# upset of the servers. Columns: 15 are common, then 11 for each leg.
judge() {
	awk -F '\t' -v set=$1 'FNR > 1 {
		for (leg = 0; leg < 3 && NF > 14; leg++) {
			at = 15 + 11 * leg
			if ($at < 100)
				continue
			name = set " " $1 " " $2 " " $4 " " $5 " leg " leg ": "
			if ($(at + 1) < 105)
				print name "SINAD in 0.1 s " $(at + 1) " dB"
			if ($(at + 3) < 85)
				print name "SINAD in 1 s " $(at + 3) " dB"
			if ($(at + 7) > $1 / 1000)
				print name $(at + 7) " frames off the target"
		}
	}' "$dir/$1.tsv" >>"$dir/broken"
}

rm -f "$dir/broken" "$dir/skipped"
for set in $sets; do
	[ $set != cpu ] || { at_once=1 && seconds=60; }
	${set}_cases >"$dir/$set.cases"
	run_set $set <"$dir/$set.cases"
	cat "$dir/$set.tsv"
	judge $set
done
[ ! -f "$dir/skipped" ] || { cat "$dir/skipped" && exit 77; }
[ ! -s "$dir/broken" ] || { cat "$dir/broken" && exit 1; }
