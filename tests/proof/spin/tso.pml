/* SPDX-License-Identifier: MIT */
/*
 * Shared memory as x86 has it: the stores of each side wait in a first-in
 * first-out buffer and reach memory at any time, while its loads go straight
 * there. (Neither side loads what it stores itself.) Sewell et al., "x86-TSO",
 * 2010.
 *
 * To be included. CAP: items that the ring holds; FIRST: the first index.
 */
#define P 0 /* the producer */
#define C 1 /* the consumer */

/* Indices wrap at 16, as the real ones do at 2^64. */
#define MASK 15
#define DISTANCE(from, to) (((to) - (from)) & MASK)

/* What may be stored to. */
#define INDEX 0
#define WAKE_AT 1
#define CELL 2

byte index[2] = FIRST;
byte wake_at[2] = FIRST;
byte cell[CAP];
bool raised[2]; /* the descriptor that this side sleeps on */

chan buffer[2] = [6] of { byte, byte };

#define STORE(side, place, value) buffer[side]!(place), (value)

/* A full barrier is passed with an empty buffer, and so is a system call. */
#define DRAINED(side) (len(buffer[side]) == 0)

proctype Memory(byte side)
{
	byte place, value;
end:
	do
	:: atomic {
		buffer[side]?place, value;
		if
		:: place == INDEX -> index[side] = value
		:: place == WAKE_AT -> wake_at[side] = value
		:: else -> cell[place - CELL] = value
		fi;
		place = 0;
		value = 0
	}
	od
}

#define RAISE(side, other) \
	atomic { DRAINED(side) -> raised[other] = true }

#define CLEAR(side) \
	atomic { DRAINED(side) -> raised[side] = false }

#define SLEEP(side) \
	atomic { DRAINED(side) && raised[side] -> skip }
