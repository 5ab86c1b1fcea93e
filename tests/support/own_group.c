/* SPDX-License-Identifier: MIT */
#include "own_group.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define PLACE "/sys/fs/cgroup"

/* Where groups of version 2 are: alone, or beside those of version 1. */
static const char *find_mount(void)
{
	static const char *const places[] = { PLACE, PLACE "/unified" };

	for (int i = 0; i < 2; i++) {
		struct statfs about;

		if (statfs(places[i], &about) == 0 &&
		    about.f_type == CGROUP2_SUPER_MAGIC)
			return places[i];
	}
	return NULL;
}

/* The group that we are in: what follows "0::". */
static bool read_path(char path[512])
{
	FILE *file = fopen("/proc/self/cgroup", "re");
	char line[512];
	bool found = false;

	while (file && !found && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = 0;
		found = strncmp(line, "0::", 3) == 0;
		if (found)
			snprintf(path, 512, "%s", line + 3);
	}
	if (file)
		fclose(file);
	return found;
}

static int enter(int folder_fd)
{
	int fd = openat(folder_fd, "cgroup.procs", O_WRONLY | O_CLOEXEC);
	int res = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, "0", 1) < 0)
		res = -errno;
	close(fd);
	return res;
}

static int open_parent(void)
{
	char path[512], folder[768];
	const char *mount_point = find_mount();

	if (!mount_point || !read_path(path))
		return -ENOENT;
	snprintf(folder, sizeof(folder), "%s%s", mount_point, path);
	return open(folder, O_DIRECTORY | O_CLOEXEC);
}

static int make(struct own_group *group)
{
	int fd, res;

	group->parent_fd = open_parent();
	if (group->parent_fd < 0)
		return -ENOENT;
	group->back_fd =
		openat(group->parent_fd, "cgroup.procs", O_WRONLY | O_CLOEXEC);
	if (group->back_fd < 0 ||
	    mkdirat(group->parent_fd, group->name, 0755) < 0)
		return -errno;
	fd = openat(group->parent_fd, group->name, O_DIRECTORY | O_CLOEXEC);
	res = fd < 0 ? -errno : enter(fd);
	close(fd);
	return res;
}

/* What systemd will find: ourselves and nobody else. */
static bool is_alone(void)
{
	FILE *file = fopen(PLACE "/cgroup.procs", "re");
	struct statfs about;
	char path[512];
	int pid, n = 0;

	while (file && fscanf(file, "%d", &pid) == 1)
		n += pid == getpid() ? 1 : 1000;
	if (file)
		fclose(file);
	return n == 1 && statfs(PLACE, &about) == 0 &&
	       about.f_type == CGROUP2_SUPER_MAGIC && read_path(path) &&
	       strcmp(path, "/") == 0;
}

static const char *hide_others(void)
{
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return "what is mounted here would show elsewhere";
	if (unshare(CLONE_NEWCGROUP) < 0 ||
	    mount("none", PLACE, "cgroup2", 0, NULL) < 0)
		return "no control groups can be mounted here";
	return is_alone() ? NULL : "the control group is not ours alone";
}

const char *own_group_enter(struct own_group *group)
{
	const char *why;

	snprintf(group->name, sizeof(group->name), "leat-test-%d", getpid());
	group->back_fd = -1;
	group->is_alone = false;
	if (make(group) < 0) {
		own_group_leave(group);
		return "no control group can be made here";
	}
	why = hide_others();
	group->is_alone = !why;
	if (why)
		own_group_leave(group);
	return why;
}

static int remove_folder(const char *path, const struct stat *st, int type,
			 struct FTW *ftw)
{
	(void)st;
	/* Files go with their folder. */
	if (type == FTW_DP && ftw->level > 0)
		rmdir(path);
	return 0;
}

int own_group_leave(struct own_group *group)
{
	int res = 0;

	if (group->parent_fd < 0)
		return 0;
	if (group->back_fd >= 0 && write(group->back_fd, "0", 1) < 0)
		res = -errno;
	/* What systemd made below ours. Never where others are in sight. */
	if (res == 0 && group->is_alone)
		nftw(PLACE, remove_folder, 16, FTW_DEPTH | FTW_PHYS);
	if (unlinkat(group->parent_fd, group->name, AT_REMOVEDIR) < 0 &&
	    errno != ENOENT)
		res = -errno;
	close(group->back_fd);
	close(group->parent_fd);
	group->parent_fd = -1;
	return res;
}
