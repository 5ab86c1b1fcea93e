/* SPDX-License-Identifier: MIT */
/*
 * Two ends that both sleep: the protocol of doc/wakeup.md with store buffers.
 *
 * N items go through a ring of CAP, of which the producer uses LIMIT (or now
 * this, now that many: LIMIT_CHANGES). It writes any number at once, waits for
 * 1 to ROOM free ones when there are none, and the consumer waits for 1 to MARK
 * items. No end may be left asleep, items come in order, and neither end sees
 * an index that cannot be.
 *
 * Twins: P_PUBLISHES, P_SLEEPS, C_PUBLISHES, C_SLEEPS (no barrier there),
 * NO_RECHECK, CROSS_LATE, CROSS_STEP, CLEAR_LAST, MARK_FAR, SIGNAL_LOST.
 */
#ifndef LIMIT
#define LIMIT CAP
#endif
#ifndef ROOM
#define ROOM 1
#endif
#ifndef MARK
#define MARK 1
#endif
#ifndef FIRST
#define FIRST 0
#endif

#include "tso.pml"

/* ---- barriers, each with a twin that has none ---- */

#ifdef P_PUBLISHES
#define P_PUBLISH_BARRIER false
#else
#define P_PUBLISH_BARRIER true
#endif
#ifdef P_SLEEPS
#define P_SLEEP_BARRIER false
#else
#define P_SLEEP_BARRIER true
#endif
#ifdef C_PUBLISHES
#define C_PUBLISH_BARRIER false
#else
#define C_PUBLISH_BARRIER true
#endif
#ifdef C_SLEEPS
#define C_SLEEP_BARRIER false
#else
#define C_SLEEP_BARRIER true
#endif
#define BARRIER(side, is_there) (!is_there || DRAINED(side))

/* ---- a crossing: old < mark <= now ---- */

#if defined(CROSS_LATE)
#define CROSSES(old, now, mark) \
	(DISTANCE(mark, now) < DISTANCE(old, now) && mark != now)
#elif defined(CROSS_STEP)
#define CROSSES(old, now, mark) (mark == now && old != now)
#else
#define CROSSES(old, now, mark) (DISTANCE(mark, now) < DISTANCE(old, now))
#endif

#ifdef MARK_FAR
#define TOO_FAR 1
#else
#define TOO_FAR 0
#endif

/* Store the index, then see whether the other end sleeps on it. */
inline publish(side, other, amount, barrier)
{
	STORE(side, INDEX, (now + amount) & MASK);
	BARRIER(side, barrier);
	mark = wake_at[other];
	due = (due || CROSSES(now, ((now + amount) & MASK), mark));
	now = (now + amount) & MASK
}

inline raise_if_due(side, other)
{
	if
	:: due -> RAISE(side, other)
	:: else
	fi;
	due = false
}

/* Any number from 1 to `most`. */
inline any(number, most)
{
	number = 1;
	do
	:: number < most -> number++
	:: break
	od
}

inline least(result, a, b)
{
	if
	:: a < b -> result = a
	:: else -> result = b
	fi
}

/* What was seen may not be as good as it was when it was asked for. */
#ifdef NO_RECHECK
#define LOOK_AGAIN(other) skip
#else
#define LOOK_AGAIN(other) seen = index[other]
#endif

#ifdef CLEAR_LAST
#define CLEAR_FIRST(side) skip
#define CLEAR_AFTER(side) CLEAR(side)
#else
#define CLEAR_FIRST(side) CLEAR(side)
#define CLEAR_AFTER(side) skip
#endif

/* ---- the two ends ---- */

proctype Producer()
{
	byte now = FIRST, seen = FIRST, offset, sent, n, k, mark;
	byte limit = LIMIT;
	bool due;

	do
	:: sent == N -> break
	:: else ->
#ifdef LIMIT_CHANGES
		if
		:: limit = 1
		:: limit = CAP
		fi;
#endif
		seen = index[C];
		assert(DISTANCE(seen, now) <= CAP);
		if
		:: DISTANCE(seen, now) < limit ->
			least(k, (limit - DISTANCE(seen, now)), (N - sent));
			any(n, k);
			k = 0;
			do
			:: k < n ->
				sent++;
				STORE(P, CELL + offset, sent);
				offset = (offset + 1) % CAP;
				k++
			:: else -> break
			od;
#ifdef SIGNAL_LOST
			/* In two, of which only the last one's signal counts. */
			if
			:: n > 1 ->
				publish(P, C, 1, P_PUBLISH_BARRIER);
				n--;
				due = false
			:: else
			fi;
#endif
			publish(P, C, n, P_PUBLISH_BARRIER);
			raise_if_due(P, C)
		:: else ->
			least(k, ROOM, limit);
			least(k, k, (N - sent));
			any(n, k);
			CLEAR_FIRST(P);
			STORE(P, WAKE_AT, (now + n - limit + TOO_FAR) & MASK);
			BARRIER(P, P_SLEEP_BARRIER);
			LOOK_AGAIN(C);
			if
			:: DISTANCE(seen, now) + n <= limit
			:: else ->
				CLEAR_AFTER(P);
				SLEEP(P)
			fi
		fi;
		n = 0;
		k = 0;
		mark = 0;
		seen = 0
	od
}

proctype Consumer()
{
	byte now = FIRST, seen = FIRST, offset, got, n, k, mark;
	bool due;

	do
	:: got == N -> break
	:: else ->
		seen = index[P];
		assert(DISTANCE(now, seen) <= CAP);
		if
		:: seen != now ->
			k = DISTANCE(now, seen);
			any(n, k);
			k = 0;
			do
			:: k < n ->
				got++;
				assert(cell[offset] == got);
				offset = (offset + 1) % CAP;
				k++
			:: else -> break
			od;
			publish(C, P, n, C_PUBLISH_BARRIER);
			raise_if_due(C, P)
		:: else ->
			least(k, MARK, (N - got));
			any(n, k);
			CLEAR_FIRST(C);
			STORE(C, WAKE_AT, (now + n + TOO_FAR) & MASK);
			BARRIER(C, C_SLEEP_BARRIER);
			LOOK_AGAIN(P);
			if
			:: DISTANCE(now, seen) >= n
			:: else ->
				CLEAR_AFTER(C);
				SLEEP(C)
			fi
		fi;
		n = 0;
		k = 0;
		mark = 0;
		seen = 0
	od
}

init {
	atomic {
		run Memory(P);
		run Memory(C);
		run Producer();
		run Consumer()
	}
}
