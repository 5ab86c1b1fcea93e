#!/bin/sh
# SPDX-License-Identifier: MIT
#
# pair.sh FIRST DIR: start producer and consumer, which are in DIR, FIRST
# before the other; both must succeed. With "status" or "load" as FIRST, that is
# asked about the link between the two. With "tap", tap waits for the link before there
# is one, and hears of it to its end: 480000 frames.
set -u
first=$1
PATH=$2:$PATH
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
XDG_RUNTIME_DIR=$dir
export XDG_RUNTIME_DIR

# The second one, while the first one runs.
second() {
	timeout 30 "$1" && return
	kill $!
	exit 1
}

case $first in
consumer)
	timeout 30 example_consumer &
	sleep 0.2
	second example_producer
	;;
producer)
	timeout 30 example_producer &
	sleep 0.2
	second example_consumer
	;;
status | load)
	timeout 30 example_producer &
	until "example_$first"; do
		kill -0 $! || exit 1
		sleep 0.1
	done
	second example_consumer
	;;
tap)
	timeout 30 example_tap >"$dir/heard" &
	tap=$!
	sleep 0.2
	timeout 30 example_producer &
	second example_consumer
	wait $! && wait $tap || exit 1
	tail -n 1 "$dir/heard"
	grep -q '^480000: the end' "$dir/heard"
	exit
	;;
*)
	echo "pair.sh: unknown argument '$first'" >&2
	exit 2
	;;
esac
wait $!
