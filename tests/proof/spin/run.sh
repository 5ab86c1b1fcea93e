#!/bin/sh
# SPDX-License-Identifier: MIT
#
# run.sh [--long]: let spin search the models here. No state may be one in
# which an end sleeps for ever or an assertion fails; each twin, with one thing
# left out, must have such a state.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
long=false
[ "${1-}" != --long ] || long=true

for tool in spin gcc; do
	command -v "$tool" >/dev/null || {
		echo "skipped: $tool is not here (package $tool)"
		exit 77
	}
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$here"/*.pml "$work"
cd "$work"
n_models=0 n_twins=0 n_wrong=0 n_states=0

# search MODEL OPTION...: sets errors, states and found. A twin is found before
# optimizing would pay.
search() {
	model=$1
	shift
	spin -a "$@" "$model" >spin.log 2>&1 || {
		cat spin.log
		exit 1
	}
	# shellcheck disable=SC2086 # empty or one word
	gcc $optimize -DSAFETY -w -o pan pan.c
	./pan -m1000000 >pan.log 2>&1 || :
	errors=$(sed -n 's/.*errors: \([0-9]*\)$/\1/p' pan.log)
	states=$(sed -n 's/ *\([0-9]*\) states, stored.*/\1/p' pan.log)
	found=$(sed -n 's/^pan:1: //p' pan.log)
	# A search that was cut short shows nothing.
	if grep -q 'max search depth too small\|out of memory' pan.log; then
		errors=cut
	fi
}

# holds NAME MODEL OPTION...
holds() {
	name=$1
	optimize=-O1
	shift
	search "$@"
	n_models=$((n_models + 1))
	n_states=$((n_states + ${states:-0}))
	verdict=ok
	[ "$errors" = 0 ] || {
		verdict="WRONG: ${found:-$errors}"
		n_wrong=$((n_wrong + 1))
	}
	printf '%-26s %9s states  %s\n' "$name" "$states" "$verdict"
}

# fails NAME MODEL OPTION...
fails() {
	name=$1
	optimize=
	shift
	search "$@"
	n_twins=$((n_twins + 1))
	verdict="found: $found"
	[ "$errors" = 1 ] && [ -n "$found" ] || {
		verdict='NOT FOUND'
		n_wrong=$((n_wrong + 1))
	}
	printf '  twin %-19s %9s states  %s\n' "$name" "$states" "$verdict"
}

# Both ends may have to sleep on each other's next step.
both='ring.pml -DN=4 -DCAP=1'
holds 'both asleep' $both
fails p-publishes $both -DP_PUBLISHES
fails p-sleeps $both -DP_SLEEPS
fails c-publishes $both -DC_PUBLISHES
fails c-sleeps $both -DC_SLEEPS
fails no-recheck $both -DNO_RECHECK
fails cross-late $both -DCROSS_LATE
fails clear-last $both -DCLEAR_LAST
fails mark-far $both -DMARK_FAR

# The ring wraps, and the indices do, in the middle of a block.
wrap='ring.pml -DN=6 -DCAP=3 -DFIRST=14'
holds 'wrap' $wrap
fails signal-lost $wrap -DSIGNAL_LOST
fails cross-step $wrap -DCROSS_STEP
fails p-publishes $wrap -DP_PUBLISHES
fails c-sleeps $wrap -DC_SLEEPS

mark='ring.pml -DN=6 -DCAP=4 -DMARK=3'
holds 'watermark' $mark
fails p-publishes $mark -DP_PUBLISHES
fails c-sleeps $mark -DC_SLEEPS
fails cross-step $mark -DCROSS_STEP
fails mark-far $mark -DMARK_FAR

room='ring.pml -DN=6 -DCAP=4 -DROOM=3'
holds 'room for many' $room
fails c-publishes $room -DC_PUBLISHES
fails p-sleeps $room -DP_SLEEPS

holds 'limit' ring.pml -DN=5 -DCAP=4 -DLIMIT=2 -DMARK=2
# The consumer does not know the limit: a rule for the caller, not a mistake.
fails watermark-over-limit ring.pml -DN=5 -DCAP=4 -DLIMIT=2 -DMARK=3

limits='ring.pml -DN=5 -DCAP=3 -DLIMIT_CHANGES'
holds 'limit change' $limits
fails p-sleeps $limits -DP_SLEEPS
fails c-publishes $limits -DC_PUBLISHES

again='attach.pml -DN=3 -DCAP=1'
holds 'consumer attaches again' $again -DVICTIM=C
holds 'producer attaches again' $again -DVICTIM=P
fails no-raise $again -DVICTIM=C -DNO_RAISE
fails no-raise $again -DVICTIM=P -DNO_RAISE
fails too-early $again -DVICTIM=C -DTOO_EARLY
fails too-early $again -DVICTIM=P -DTOO_EARLY

end='attach.pml -DN=3 -DCAP=2 -DNEW_RING'
holds 'consumer dies' $end -DVICTIM=C
holds 'producer dies' $end -DVICTIM=P
fails no-close $end -DVICTIM=C -DNO_CLOSE
fails no-close $end -DVICTIM=P -DNO_CLOSE
fails no-last-look $end -DVICTIM=P -DNO_LAST_LOOK

if $long; then
	holds 'both asleep, 10 items' ring.pml -DN=10 -DCAP=2
	holds 'wrap, 9 items' ring.pml -DN=9 -DCAP=3 -DFIRST=10
	holds 'watermark, 10 items' ring.pml -DN=10 -DCAP=4 -DMARK=3 -DROOM=2
	holds 'limit change, 8 items' ring.pml -DN=8 -DCAP=4 -DLIMIT_CHANGES
	holds 'consumer dies twice' $again -DVICTIM=C -DDEATHS=2
	holds 'producer dies twice' $again -DVICTIM=P -DDEATHS=2
	holds 'four deaths' attach.pml -DN=6 -DCAP=2 -DVICTIM=C -DDEATHS=4
fi

echo "$n_models models, $n_states states; $n_twins twins; $n_wrong wrong"
[ "$n_wrong" = 0 ]
