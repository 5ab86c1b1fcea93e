#!/bin/sh
# SPDX-License-Identifier: MIT
#
# run.sh static|run|twins: show that what is marked LEAT_RT is realtime-safe,
# with clang (from 20 on; tests/proof/chroot.sh has one).
#
#   static  -Wfunction-effects: nothing marked calls anything unmarked, in the
#           library and in both bridges; trusted.h lists what is believed
#   run     the unit tests under the realtime sanitizer, which sees through
#           pointers and into the C library, but only what runs
#   twins   a fault planted into each of several functions: must be found by
#           the one and by the other
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../../.." && pwd)
chroot=$here/../chroot.sh

case ${1-} in
static | run | twins) ;;
*)
	echo "usage: $0 static|run|twins" >&2
	exit 2
	;;
esac

"$chroot" has clang || {
	echo "skipped: clang 22 is not here: tests/proof/chroot.sh make clang"
	exit 77
}
"$chroot" run clang "$top" sh tests/proof/realtime/inside.sh "$1"
