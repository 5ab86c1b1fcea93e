#!/bin/sh
# SPDX-License-Identifier: MIT
#
# pair.sh FIRST DIR: start producer and consumer, which are in DIR, FIRST
# before the other; both must succeed. With "status" as FIRST, status is asked
# about the link between the two.
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
status)
	timeout 30 example_producer &
	until example_status; do
		kill -0 $! || exit 1
		sleep 0.1
	done
	second example_consumer
	;;
*)
	echo "pair.sh: unknown argument '$first'" >&2
	exit 2
	;;
esac
wait $!
