/* SPDX-License-Identifier: MIT */
/*
 * Functions that run in turns on stacks of their own, in one thread.
 *
 * makecontext() makes the stack; from then on setjmp and longjmp change between
 * them, as swapcontext() would make a system call each time. A fiber that was
 * left in the middle can be started afresh.
 */
#ifndef LEAT_PROOF_FIBER_H
#define LEAT_PROOF_FIBER_H

#include <setjmp.h>
#include <stdbool.h>
#include <ucontext.h>

struct fiber {
	bool done;	    /* its function has returned */
	bool made;	    /* it has a stack */
	void (*body)(void); /* what it runs */
	jmp_buf begin, here, caller;
	ucontext_t context, made_by;
	char stack[65536];
};

/* The next fiber_enter() calls body. */
void fiber_start(struct fiber *fiber, void (*body)(void));

/* Run it until it leaves or is done. */
void fiber_enter(struct fiber *fiber);

/* From inside: back to whoever entered. */
void fiber_leave(struct fiber *fiber);

#endif
