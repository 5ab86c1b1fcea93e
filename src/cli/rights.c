/* SPDX-License-Identifier: MIT */
#include "rights.h"

#include "log.h"

#include <errno.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define DESCRIPTORS_MAX 32

#ifndef SCHED_RESET_ON_FORK
#define SCHED_RESET_ON_FORK 0x40000000
#endif

bool leat_is_realtime(int policy)
{
	policy &= ~SCHED_RESET_ON_FORK;
	return policy == SCHED_FIFO || policy == SCHED_RR;
}

int leat_check_descriptors(unsigned n)
{
	int fds[DESCRIPTORS_MAX], res = 0;
	unsigned n_had = 0;

	while (res == 0 && n_had < n && n_had < DESCRIPTORS_MAX) {
		fds[n_had] = eventfd(0, EFD_CLOEXEC);
		if (fds[n_had] < 0)
			res = -errno;
		else
			n_had++;
	}
	for (unsigned i = 0; i < n_had; i++)
		close(fds[i]);
	return res;
}

void leat_rights_look_at_memory(struct leat_rights *rights,
				const char *link_name,
				const struct leat_wire *wire)
{
	if (rights->told_memory || (leat_frames_producer_is_locked(wire->out) &&
				    leat_frames_consumer_is_locked(wire->in)))
		return;
	rights->told_memory = true;
	leat_log_at(
		LEAT_LOG_WARNING,
		"%s: the rings are not locked in memory, so audio may stall "
		"when memory is short: raise the limit (ulimit -l, "
		"LimitMEMLOCK= of a systemd unit, or 'memlock' in "
		"/etc/security/limits.d)",
		link_name);
}

void leat_rights_look_at_thread(struct leat_rights *rights,
				const char *link_name, const char *whose,
				int policy)
{
	if (rights->told_realtime || leat_is_realtime(policy))
		return;
	rights->told_realtime = true;
	leat_log_at(LEAT_LOG_WARNING,
		    "%s: %s's audio thread has no realtime priority here, so "
		    "audio may stutter: allow it (ulimit -r, LimitRTPRIO= of a "
		    "systemd unit, 'rtprio' in /etc/security/limits.d%s)",
		    link_name, whose,
		    whose[0] == 'P' ? ", or the package rtkit"
				    : "; on Debian the group audio has it");
}
