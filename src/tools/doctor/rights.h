/* SPDX-License-Identifier: MIT */
/* What this user may do: realtime priority, locked memory, rtkit. */
#ifndef LEAT_DOCTOR_RIGHTS_H
#define LEAT_DOCTOR_RIGHTS_H

#include "finding.h"

#include <stdint.h>
#include <sys/types.h>

/* What PipeWire's module-rt asks for by default, rt.prio. */
#define LEAT_RTPRIO_WANTED 88

/* jackd locks its memory whole; some 110 MB with its usual 2,048 ports. */
#define LEAT_MEMLOCK_JACKD_BYTES (UINT64_C(128) << 20)
/* The rings of one link with its usual size and many channels. */
#define LEAT_MEMLOCK_LEAT_BYTES (UINT64_C(8) << 20)

/* How near the user is to what the files in limits.d grant. */
enum leat_grant {
	LEAT_GRANT_NONE,   /* no file grants it */
	LEAT_GRANT_GROUP,  /* one does, to a group that the user is not in */
	LEAT_GRANT_MEMBER, /* one does; the user has not logged in since */
};

struct leat_rights {
	bool known;	      /* the limits could be read */
	bool may_nice;	      /* CAP_SYS_NICE */
	bool may_lock;	      /* CAP_IPC_LOCK */
	uint64_t rtprio;      /* RLIMIT_RTPRIO; UINT64_MAX: no limit */
	uint64_t memlock;     /* RLIMIT_MEMLOCK, bytes; likewise */
	enum leat_grant rt;   /* of rtprio */
	enum leat_grant lock; /* of memlock */
	char rt_group[64];    /* that has it */
	char lock_group[64];
	bool rtkit;    /* is installed */
	int trial;     /* to be realtime: 0, an errno; -1: none */
	char user[64]; /* name */
};

void leat_rights_read(struct leat_rights *rights, const char *root);

void leat_judge_rtprio(struct leat_finding *finding,
		       const struct leat_rights *rights);
void leat_judge_memlock(struct leat_finding *finding,
			const struct leat_rights *rights);
void leat_judge_rtkit(struct leat_finding *finding,
		      const struct leat_rights *rights);

/* All three. */
void leat_check_rights(struct leat_report *report, const char *root, int trial);

#endif
