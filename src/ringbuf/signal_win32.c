/* SPDX-License-Identifier: MIT */
/*
 * The signals of <leat/fdring.h> on Windows: an event object that is reset by
 * hand, which is what an eventfd is elsewhere. Its handle is kept as an int,
 * as only the lower 32 bits of a handle are significant and LongToHandle()
 * extends the sign (Win32 documentation, "Interprocess Communication Between
 * 32-bit and 64-bit Applications").
 */
#include <leat/fdring.h>

#include <errno.h>
#include <windows.h>

int leat_signal_init(struct leat_signal *signal, int fd)
{
	DWORD flags;

	*signal = (struct leat_signal){ .fd = fd };
	if (fd >= 0 && !GetHandleInformation(LongToHandle(fd), &flags))
		return -EBADF;
	return 0;
}

/* Setting an event that is set already is no failure, and needs no room. */
bool leat_signal_raise(struct leat_signal *signal)
{
	if (signal->fd < 0)
		return true;
	signal->n_calls++;
	signal->n_raised += SetEvent(LongToHandle(signal->fd)) != 0;
	return true;
}

void leat_signal_clear(struct leat_signal *signal)
{
	if (signal->fd >= 0)
		(void)ResetEvent(LongToHandle(signal->fd));
}
