/* SPDX-License-Identifier: MIT */
/*
 * An end dies at any moment, asleep or between any two steps.
 *
 * Either another one attaches to the same words and goes on at the index that
 * it finds: it raises the survivor's descriptor once, since the dead one may
 * have published without coming to that. N items still arrive in order, those
 * twice whose room the dead consumer had not given back.
 *
 * Or (NEW_RING, as <leat/link.h> does) the kernel closes the descriptor, which
 * ends the survivor's sleep; it takes what was published and gives up the ring.
 *
 * VICTIM: P or C; DEATHS: how many.
 *
 * Twins: NO_RAISE (attaches silently), TOO_EARLY (attaches before the dead
 * one's stores are in memory), NO_CLOSE (nobody tells the survivor),
 * NO_LAST_LOOK (the survivor gives up when it is told).
 */
#ifndef FIRST
#define FIRST 0
#endif
#ifndef DEATHS
#define DEATHS 1
#endif

#include "tso.pml"

bool killed[2];
bool closed[2]; /* the descriptor that this side sleeps on */
bool gone[2];	/* this side will not do anything any more */

inline attach(side, other)
{
#ifdef TOO_EARLY
	now = index[side];
#else
	atomic { DRAINED(side) -> now = index[side] };
#endif
#ifdef NO_RAISE
	skip
#else
	RAISE(side, other)
#endif
}

/* After it, `told` says that there is nobody left to wait for. */
inline sleep(side)
{
	atomic {
		DRAINED(side) && (raised[side] || closed[side]);
		if
		:: raised[side]
		:: else -> told = true
		fi
	}
}

inline die(side, other)
{
	killed[side] = false;
	told = false;
#ifdef NEW_RING
	DRAINED(side);
#ifndef NO_CLOSE
	closed[other] = true;
#endif
	goto over
#else
	goto born
#endif
}

inline publish(side, other)
{
	STORE(side, INDEX, (now + 1) & MASK);
	DRAINED(side);
	mark = wake_at[other];
	now++;
	if
	:: mark == now -> RAISE(side, other)
	:: else
	fi
}

proctype Producer()
{
	byte now, seen, mark;
	bool told;
born:
	{
		attach(P, C);
		do
		:: now == N -> goto over
		:: else ->
			seen = index[C];
			assert(DISTANCE(seen, now) <= CAP);
			if
			:: DISTANCE(seen, now) < CAP ->
				STORE(P, CELL + now % CAP, now + 1);
				publish(P, C)
			:: else ->
				CLEAR(P);
				STORE(P, WAKE_AT, (now + 1 - CAP) & MASK);
				DRAINED(P);
				seen = index[C];
				if
				:: DISTANCE(seen, now) < CAP
				:: else ->
					if
					:: told -> goto over
					:: else -> sleep(P)
					fi
#ifdef NO_LAST_LOOK
					;
					if
					:: told -> goto over
					:: else
					fi
#endif
				fi
			fi;
			mark = 0;
			seen = 0
		od
	} unless { killed[P] -> die(P, C) };
over:
	gone[P] = true
}

proctype Consumer()
{
	byte now, seen, mark;
	bool told;
born:
	{
		attach(C, P);
		do
		:: now == N -> goto over
		:: else ->
			seen = index[P];
			assert(DISTANCE(now, seen) <= CAP);
			if
			:: seen != now ->
				assert(cell[now % CAP] == now + 1);
				publish(C, P)
			:: else ->
				CLEAR(C);
				STORE(C, WAKE_AT, (now + 1) & MASK);
				DRAINED(C);
				seen = index[P];
				if
				:: seen != now
				:: else ->
					if
					:: told -> break
					:: else -> sleep(C)
					fi
#ifdef NO_LAST_LOOK
					;
					if
					:: told -> break
					:: else
					fi
#endif
				fi
			fi;
			mark = 0;
			seen = 0
		od;
		/* Told that the producer died: all that it left was taken. */
		assert(now == index[P])
	} unless { killed[C] -> die(C, P) };
over:
	gone[C] = true
}

proctype Killer()
{
	byte n;

	do
	:: n < DEATHS && !killed[VICTIM] && !gone[VICTIM] ->
		killed[VICTIM] = true;
		n++
	:: break
	od
}

init {
	atomic {
		run Memory(P);
		run Memory(C);
		run Producer();
		run Consumer();
		run Killer()
	}
}
