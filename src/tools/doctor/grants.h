/* SPDX-License-Identifier: MIT */
/* Who is granted what by /etc/security/limits.conf and limits.d. */
#ifndef LEAT_DOCTOR_GRANTS_H
#define LEAT_DOCTOR_GRANTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One line of limits.conf(5): whether it raises an item, such as "rtprio", to
 * at least this much, and for whom: "@audio", "*", "ada".
 */
bool leat_grants_line(const char *line, const char *item, uint64_t least,
		      char *whom, size_t whom_bytes);

struct leat_grants {
	const char *root;
	const char *user;
	const char *item;
	uint64_t least;
	bool to_user;	/* to this user, by name, by group or as to all */
	char group[64]; /* else a group that has it; "" if none has */
};

/* Fill in the last two. */
void leat_grants_read(struct leat_grants *grants);

/* Whether /etc/group has a user in a group. */
bool leat_grants_member(const char *root, const char *user, const char *group);

#endif
