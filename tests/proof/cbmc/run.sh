#!/bin/sh
# SPDX-License-Identifier: MIT
#
# run.sh hostile|twins|wake|long: prove the shipped ring.c with CBMC.
#
#   hostile  one end against a peer that writes anything (hostile.c)
#   twins    the same without one of its checks: must fail
#   wake     no wake-up is lost under TSO and PSO (wake.c), nor found under SC
#            what the others find without a barrier
#   long     the pointers handed out, for larger items and rings
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../../.." && pwd)
chroot=$here/../chroot.sh

"$chroot" has cbmc || {
	echo "skipped: cbmc is not here: tests/proof/chroot.sh make cbmc"
	exit 77
}

# All that is proven is a copy, of which twins change a line.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fresh() {
	rm -rf "$work/tree"
	mkdir -p "$work/tree"
	cp -r "$top/include" "$top/src/ringbuf" "$here"/*.c "$here/hostile" \
		"$here/wake" "$work/tree"
}

n_proofs=0 n_checks=0 n_twins=0 n_wrong=0

# cbmc ARG...: 0 proven, 1 refuted; anything else is trouble.
cbmc() {
	status=0
	"$chroot" run cbmc "$work/tree" --drop-unused-functions \
		--unwind 3 --unwinding-assertions \
		"$@" -I include -I . >"$work/log" 2>&1 || status=$?
	case $status in
	0 | 10) ;;
	*)
		cat "$work/log"
		exit 1
		;;
	esac
	return "$status"
}

# proof NAME ARG...: must be proven.
proof() {
	name=$1
	shift
	n_proofs=$((n_proofs + 1))
	if cbmc "$@"; then
		n=$(sed -n 's/^\*\* 0 of \([0-9]*\) failed.*/\1/p' "$work/log")
		n_checks=$((n_checks + n))
		printf '%-34s %5s checks  ok\n' "$name" "$n"
	else
		n_wrong=$((n_wrong + 1))
		grep ': FAILURE$' "$work/log" || :
		printf '%-34s WRONG\n' "$name"
	fi
}

# refuted NAME ARG...: must not be.
refuted() {
	name=$1
	shift
	n_twins=$((n_twins + 1))
	if cbmc "$@"; then
		n_wrong=$((n_wrong + 1))
		printf '  twin %-29s NOT FOUND\n' "$name"
	else
		printf '  twin %-29s found: %s\n' "$name" \
			"$(sed -n 's/^  \([^ ].*\)$/\1/p' "$work/log" | tail -n 1)"
	fi
}

# ---- hostile, twins ----

# The atomics of the folder named first stand for those that are shipped.
checks='-I hostile --bounds-check --pointer-check --pointer-overflow-check
	--div-by-zero-check --signed-overflow-check --conversion-check
	--undefined-shift-check'

prove_hostile() {
	fresh
	for end in producer consumer; do
		for what in init begin begin_at commit arm rest; do
			# shellcheck disable=SC2086 # a list
			proof "${end}_$what" $checks \
				-DFUNCTION="${end}_$what" hostile.c
		done
	done
	# shellcheck disable=SC2086
	proof consumer_pass $checks -DFUNCTION=consumer_pass hostile.c
	prove_memory
}

# prove_memory ARG...
prove_memory() {
	for end in producer consumer; do
		# shellcheck disable=SC2086 # a list
		proof "${end}_in_memory${*:+, $*}" $checks "$@" \
			-DFUNCTION="${end}_in_memory" memory.c
	done
}

# without NAME FUNCTION SED: the sources lack what SED takes out.
without() {
	fresh
	sed -z -i "$3" "$work/tree/ringbuf"/* "$work/tree/include/leat/inline"/*
	if diff -r "$work/tree/ringbuf" "$top/src/ringbuf" >/dev/null &&
		diff -r "$work/tree/include" "$top/include" >/dev/null; then
		n_wrong=$((n_wrong + 1))
		echo "  twin $1: there is no such line any more"
		return
	fi
	case $2 in
	*_in_memory) file=memory.c ;;
	*) file=hostile.c ;;
	esac
	# shellcheck disable=SC2086 # a list
	refuted "$1" --stop-on-fail $checks -DFUNCTION="$2" "$file"
}

refute_twins() {
	without 'no capacity of 0' producer_init 's/config->capacity == 0 ||//'
	without 'no largest capacity' producer_init \
		's/||[ \n\t]*config->capacity > LEAT_RING_CAPACITY_MAX//'
	without 'words may be missing' consumer_init 's/!config->own ||//'
	without 'peer words may be missing' consumer_init \
		's/!config->peer ||//'
	without 'consumer anywhere at the start' producer_init \
		's/end->index - end->seen > end->capacity/0/'
	without 'producer anywhere at the start' consumer_init \
		's/end->seen - end->index > end->capacity/0/'
	for function in producer_begin producer_arm consumer_begin \
		consumer_arm consumer_rest; do
		without "peer anywhere, $function" $function \
			's/leat_index_between(end->seen, now, furthest)/1/'
	done
	without 'producer ahead by any amount' consumer_begin \
		's/end->index + end->capacity);/end->seen + INT64_MAX);/'
	without 'consumer ahead of producer' producer_begin \
		's/look(end, now, end->index)/look(end, now, end->index + 1)/'
	without 'room beyond the limit' producer_begin \
		's/used < end->limit ? \([^:]*\) : 0/\1/'
	without 'poisoned producer' producer_begin \
		's/if (end->poisoned)\n\t*return 0;//g'
	without 'poisoned consumer' consumer_begin \
		's/if (end->poisoned)\n\t*return 0;//g'
	without 'poisoned consumer, at' consumer_begin_at \
		's/ && !end->poisoned &&/ \&\&/'
	without 'more begun than room' producer_begin \
		's/n_items < room ? n_items : room/n_items/'
	without 'more begun than room is seen' producer_begin \
		's/|| used + n_items > end->limit//'
	without 'more begun than there is' consumer_begin \
		's/n_items < fill ? n_items : fill/n_items/'
	without 'more begun than is seen' consumer_begin \
		's/|| n_items > fill//'
	without 'more begun than the capacity' producer_begin_at \
		's/|| n_items > end->capacity//'
	without 'begun at on any ring' producer_begin_at 's/!end->timed ||//'
	without 'begun in the past' producer_begin_at \
		's/||[ \n\t]*leat_index_before(index, end->index)//'
	without 'read at on any ring' consumer_begin_at \
		's/there = end->timed &&/there =/'
	without 'read what is not there' consumer_begin_at \
		's/!leat_index_before(newest, index + n_items) &&//'
	without 'read what is overwritten' consumer_begin_at \
		's/ &&[ \n\t]*newest - index <= end->capacity//'
	without 'overtaken consumer' consumer_begin \
		's/fill <= end->capacity ? (uint32_t)fill : 0/(uint32_t)fill/'
	without 'more committed than room' producer_commit \
		's/n_items <= room ? n_items[ \n\t]*: (uint32_t)room/n_items/'
	without 'more committed than there is' consumer_commit \
		's/n_items <= fill ? n_items[ \n\t]*: (uint32_t)fill/n_items/'
	without 'committed twice' consumer_commit 's/end->begun = 0;//g'
	without 'pass on any ring' consumer_pass \
		's/if (!end->timed)\n\t*return;\n\t*jump/jump/'
	without 'commit on a poisoned ring' producer_commit \
		's/if (!end->timed)\n\t*return;\n\t*if/if/'
	without 'limit of 0' producer_rest \
		's/if (limit == 0)\n\t*limit = 1;//'
	without 'limit beyond the capacity' producer_rest \
		's/limit < end->capacity ? limit : end->capacity/limit/'
	without 'waits for too much room' producer_arm \
		's/if (n_items > end->limit)\n\t*n_items = end->limit;//'
	without 'waits for too many items' consumer_arm \
		's/if (n_items > end->capacity)\n\t*n_items = end->capacity;//'
	without 'span beyond the end' producer_begin \
		's/n_items < to_end ? n_items : to_end/n_items/'
	without 'mirror where there is none' producer_in_memory \
		's/config->flags & LEAT_RING_MIRRORED ?/1 ?/'
	without 'offset beyond the end' producer_commit \
		's/end->turn += end->capacity;/;/'
	without 'offset at the end' producer_commit \
		's/now - end->turn >= end->capacity/now - end->turn > end->capacity/'
	without 'jump beyond the end' producer_begin_at \
		's/sum < capacity ? sum : sum - capacity/sum/'
	without 'jump to the end' producer_begin_at \
		's/sum < capacity ?/sum <= capacity ?/'
	without 'poisoned is not plain' producer_begin \
		's/end->plain = false;/;/'
	without 'timed is not plain' producer_init \
		's/end->plain = !end->timed;/end->plain = true;/'
	without 'offset behind the beginning' consumer_pass \
		's/offset >= back ? offset - back :[^;]*/offset - back/'
	without 'distance of many rounds' consumer_pass \
		's/distance % capacity/distance/;s/distance %= capacity;/;/'
	for end in producer consumer; do
		without "span beyond the end, $end" "${end}_in_memory" \
			's/n_items < to_end ? n_items : to_end/n_items/'
		without "pointer beyond the end, $end" "${end}_in_memory" \
			"s/offset \* $end->item_size_bytes/& + 1/"
	done
	without 'intact though poisoned' consumer_rest \
		's/ &&[ \n\t]*!end->poisoned;/;/'
}

# ---- wake ----

prove_wake() {
	fresh
	# hostile.c has seen to the rest.
	plain='-I wake --no-standard-checks'
	for who in CONSUMER PRODUCER; do
		for model in sc tso pso; do
			proof "$who sleeps, $model" $plain --mm $model \
				-D${who}_SLEEPS wake.c
		done
		for model in tso pso; do
			for side in PUBLISH SLEEP; do
				refuted "$who sleeps, $model, no $side" \
					--stop-on-fail $plain --mm $model \
					-D${who}_SLEEPS -DNO_${side}_BARRIER \
					wake.c
			done
		done
		# Interleaving alone does not show it: the models are needed.
		proof "$who sleeps, sc, no barriers" $plain --mm sc -D${who}_SLEEPS \
			-DNO_PUBLISH_BARRIER -DNO_SLEEP_BARRIER wake.c
		refuted "$who sleeps, sc, no recheck" --stop-on-fail $plain --mm sc \
			-D${who}_SLEEPS -DNO_RECHECK wake.c
	done
}

case ${1-} in
hostile) prove_hostile ;;
twins) refute_twins ;;
wake) prove_wake ;;
long)
	fresh
	# Large enough that the lines of the next block are touched.
	prove_memory -DCAPACITY_MAX=64 -DITEM_MAX=16 \
		--unwindset leat_touch.0:6 --unwindset leat_touch.1:6
	;;
*)
	echo "usage: $0 hostile|twins|wake|long" >&2
	exit 2
	;;
esac
echo "$n_proofs proofs, $n_checks checks; $n_twins twins; $n_wrong wrong"
[ "$n_wrong" = 0 ]
