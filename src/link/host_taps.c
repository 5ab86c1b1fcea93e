/* SPDX-License-Identifier: MIT */
#include "host_taps.h"

#include "socket.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * What the kernel keeps for a tap that does not read, some ten messages: their
 * descriptors count against all of this user's.
 */
#define UNREAD_MAX_BYTES 8192

void leat_host_taps_init(struct leat_host_taps *taps)
{
	taps->n_fds = 0;
	taps->part_fds[0] = taps->part_fds[1] = -1;
}

static void forget_wire(struct leat_host_taps *taps)
{
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		if (taps->part_fds[d] >= 0)
			close(taps->part_fds[d]);
		taps->part_fds[d] = -1;
	}
}

void leat_host_taps_finish(struct leat_host_taps *taps)
{
	forget_wire(taps);
	for (uint32_t i = 0; i < taps->n_fds; i++)
		close(taps->fds[i]);
	leat_host_taps_init(taps);
}

static bool has_wire(const struct leat_host_taps *taps)
{
	return taps->part_fds[0] >= 0 && taps->part_fds[1] >= 0;
}

static int tell(const struct leat_host_taps *taps, int fd)
{
	struct leat_message message;

	leat_message_init(&message, LEAT_MESSAGE_TAP);
	if (!has_wire(taps))
		return leat_message_send(fd, &message, NULL, 0);
	message.body.tap = taps->wire;
	return leat_message_send(fd, &message, taps->part_fds,
				 LEAT_N_DIRECTIONS);
}

static void drop(struct leat_host_taps *taps, uint32_t i)
{
	close(taps->fds[i]);
	taps->fds[i] = taps->fds[--taps->n_fds];
}

/* From the last one, as another takes the place of one that is dropped. */
static void tell_all(struct leat_host_taps *taps)
{
	for (uint32_t i = taps->n_fds; i-- > 0;)
		if (tell(taps, taps->fds[i]) < 0)
			drop(taps, i);
}

/* ---- room ---- */

static uint32_t most(void)
{
	struct rlimit limit;
	rlim_t n;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return LEAT_TAPS_MAX;
	n = limit.rlim_cur / 4 * 3;
	return n < LEAT_TAPS_MAX ? (uint32_t)n : LEAT_TAPS_MAX;
}

int leat_host_taps_add(struct leat_host_taps *taps, int fd, const char **text)
{
	const int unread_bytes = UNREAD_MAX_BYTES;

	if (taps->n_fds >= most()) {
		*text = "this link has as many taps as it can have: end one of "
			"them";
		return -EUSERS;
	}
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &unread_bytes,
			 sizeof(unread_bytes));
	taps->fds[taps->n_fds++] = fd;
	if (tell(taps, fd) < 0)
		drop(taps, taps->n_fds - 1);
	return 0;
}

bool leat_host_taps_heard(struct leat_host_taps *taps, int fd)
{
	for (uint32_t i = 0; i < taps->n_fds; i++)
		if (taps->fds[i] == fd) {
			drop(taps, i);
			return true;
		}
	return false;
}

/* ---- wires ---- */

void leat_host_taps_up(struct leat_host_taps *taps,
		       const struct leat_tap_message *wire,
		       const int part_fds[LEAT_N_DIRECTIONS])
{
	forget_wire(taps);
	taps->wire = *wire;
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		taps->part_fds[d] = fcntl(part_fds[d], F_DUPFD_CLOEXEC, 0);
	/* Without a descriptor left there is none for them. */
	if (!has_wire(taps))
		forget_wire(taps);
	tell_all(taps);
}

void leat_host_taps_down(struct leat_host_taps *taps)
{
	if (!has_wire(taps))
		return;
	forget_wire(taps);
	tell_all(taps);
}
