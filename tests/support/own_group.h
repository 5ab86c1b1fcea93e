/* SPDX-License-Identifier: MIT */
/**
 * A control group of the test's own, and no other in sight.
 *
 * systemd moves whoever shares its group into one that it makes and limits, so
 * it must not see the group that the rest of the machine is in.
 */
#ifndef TEST_SUPPORT_OWN_GROUP_H
#define TEST_SUPPORT_OWN_GROUP_H

#include <stdbool.h>

struct own_group {
	char name[32];
	int parent_fd; /* the folder that it lies in; -1: there is none */
	int back_fd;   /* takes us back there */
	bool is_alone; /* nothing else is in sight */
};

/**
 * Go into a new one, with the mounts of a sandbox, before anything is started.
 * Afterwards /sys/fs/cgroup has that group and what is below it.
 *
 * @return  NULL, or why it cannot be: then systemd must not be started.
 */
const char *own_group_enter(struct own_group *group);

/** Leave and remove it, when all but us has ended. 0, or a negative errno. */
int own_group_leave(struct own_group *group);

#endif
