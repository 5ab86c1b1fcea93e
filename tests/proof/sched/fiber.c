/* SPDX-License-Identifier: MIT */
#include "fiber.h"

#include <stddef.h>
#include <string.h>

/* For the first call on a new stack; makecontext() passes only integers. */
static struct fiber *being_made;

static void on_own_stack(void)
{
	struct fiber *volatile fiber = being_made;

	if (_setjmp(fiber->begin) == 0)
		swapcontext(&fiber->context, &fiber->made_by);
	for (;;) {
		fiber->body();
		fiber->done = true;
		fiber_leave(fiber);
	}
}

static void make(struct fiber *fiber)
{
	getcontext(&fiber->context);
	fiber->context.uc_stack.ss_sp = fiber->stack;
	fiber->context.uc_stack.ss_size = sizeof(fiber->stack);
	fiber->context.uc_link = NULL;
	makecontext(&fiber->context, on_own_stack, 0);
	being_made = fiber;
	swapcontext(&fiber->made_by, &fiber->context);
	fiber->made = true;
}

void fiber_start(struct fiber *fiber, void (*body)(void))
{
	if (!fiber->made)
		make(fiber);
	fiber->body = body;
	fiber->done = false;
	/* Whatever it was in the middle of is forgotten. */
	memcpy(fiber->here, fiber->begin, sizeof(fiber->here));
}

void fiber_enter(struct fiber *fiber)
{
	if (_setjmp(fiber->caller) == 0)
		_longjmp(fiber->here, 1);
}

void fiber_leave(struct fiber *fiber)
{
	if (_setjmp(fiber->here) == 0)
		_longjmp(fiber->caller, 1);
}
