/* SPDX-License-Identifier: MIT */
/* The cgroup freezer, of either version: groups of a process each. */
#ifndef LEAT_FAULT_FREEZER_H
#define LEAT_FAULT_FREEZER_H

#include <stdbool.h>
#include <sys/types.h>

#define FREEZER_GROUPS_MAX 4

struct freezer {
	bool is_v1;
	int n_groups;
	char dir[FREEZER_GROUPS_MAX][96];
};

/* NULL, or why there is none here. */
const char *freezer_open(struct freezer *freezer, int n_groups);

/* Remove the groups; nobody may be left in them. */
void freezer_close(struct freezer *freezer);

bool freezer_add(struct freezer *freezer, int group, pid_t pid);

/* Freeze or thaw a group, and wait until it is. */
bool freezer_set(struct freezer *freezer, int group, bool frozen);

#endif
