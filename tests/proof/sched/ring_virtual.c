/* SPDX-License-Identifier: MIT */
/*
 * The shipped ring.c and fdring.c, compiled for the machine of machine.h.
 *
 * Nothing in them is changed. What they include is: the atomics and the test
 * for a crossing (both in include/), and poll().
 */
#include "machine.h"

#include <poll.h>

#include "ringbuf/ring.c"

/* Only ever called to sleep on one descriptor, for ever. */
static int virtual_poll(struct pollfd *pfd, nfds_t n, int timeout_ms)
{
	(void)n;
	(void)timeout_ms;
	if (machine.twin == TWIN_CLEAR_LATE)
		machine_clear((unsigned)pfd->fd);
	machine_sleep((unsigned)pfd->fd);
	return 1;
}

#define poll virtual_poll
#include "ringbuf/fdring.c"
#undef poll

/* ---- what src/ringbuf/signal.c does on a real machine ---- */

int leat_signal_init(struct leat_signal *signal, int fd)
{
	*signal = (struct leat_signal){ .fd = fd };
	return 0;
}

bool leat_signal_raise(struct leat_signal *signal)
{
	machine_raise((unsigned)signal->fd);
	signal->n_raised++;
	return true;
}

void leat_signal_clear(struct leat_signal *signal)
{
	if (machine.twin != TWIN_CLEAR_LATE)
		machine_clear((unsigned)signal->fd);
}
