/* SPDX-License-Identifier: MIT */
#include "quota.h"

#include <leat/link.h>

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CGROUPS "/sys/fs/cgroup"
/* There only where control groups are of version 2. */
#define CONTROLLERS CGROUPS "/cgroup.controllers"

/*
 * Kernel's Documentation/admin-guide/cgroup-v2.rst, "cpu.max", and of version 1
 * Documentation/scheduler/sched-bwc.rst, sched-rt-group.rst.
 */
#define PERIOD_US 100000u

/* Shorter paths leave room for the names of files. */
#define FOLDER_MAX (PATH_MAX - 64)

__attribute__((format(printf, 3, 4))) static int
write_to(const char *folder, const char *file, const char *format, ...)
{
	char path[PATH_MAX + 32], text[64];
	va_list args;
	int n, fd, res;

	va_start(args, format);
	n = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	snprintf(path, sizeof(path), "%s/%s", folder, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	res = write(fd, text, (size_t)n) == n ? 0 : -errno;
	close(fd);
	return res;
}

/* Whether a list of controllers, as "cpu,cpuacct", has that of processors. */
static bool has_cpu(char *controllers)
{
	char *name;

	while ((name = strsep(&controllers, ",")))
		if (strcmp(name, "cpu") == 0)
			return true;
	return false;
}

/* A line of /proc/PID/cgroup is NUMBER:CONTROLLERS:PATH; NULL: another's. */
static const char *path_in(char *line, bool is_v2)
{
	char *number = strsep(&line, ":"), *controllers = strsep(&line, ":");

	if (!line || line[0] != '/')
		return NULL;
	line[strcspn(line, "\n")] = 0;
	if (is_v2 ? strcmp(number, "0") == 0 : has_cpu(controllers))
		return strcmp(line, "/") == 0 ? "" : line;
	return NULL;
}

/* Where a process is. */
static int find_group(pid_t pid, bool is_v2, char path[PATH_MAX])
{
	char name[64], line[FOLDER_MAX];
	const char *found;
	FILE *file;
	int res = -ENOENT;

	snprintf(name, sizeof(name), "/proc/%d/cgroup", (int)pid);
	file = fopen(name, "re");
	if (!file)
		return -errno;
	while (res < 0 && fgets(line, sizeof(line), file)) {
		found = path_in(line, is_v2);
		if (found) {
			snprintf(path, PATH_MAX, CGROUPS "%s%s",
				 is_v2 ? "" : "/cpu", found);
			res = 0;
		}
	}
	fclose(file);
	return res;
}

static int limit_v1(const char *path, uint32_t percent)
{
	unsigned quota_us = percent * PERIOD_US / 100;
	int res;

	res = write_to(path, "cpu.cfs_period_us", "%u", PERIOD_US);
	if (res == 0)
		res = write_to(path, "cpu.cfs_quota_us", "%u", quota_us);
	/* Realtime threads have a quota of their own, where kernels do that. */
	if (res == 0 &&
	    write_to(path, "cpu.rt_period_us", "%u", PERIOD_US) != -ENOENT)
		res = write_to(path, "cpu.rt_runtime_us", "%u", quota_us);
	return res;
}

static int make_group(struct xrun_quota *quota, bool is_v2, uint32_t percent)
{
	int n = snprintf(quota->path, FOLDER_MAX, "%.3000s/leat-xrun-%d",
			 quota->parent, (int)getpid());
	int res = 0;

	if (n < 0 || mkdir(quota->path, 0755) < 0)
		res = -errno;
	if (res == 0)
		res = is_v2 ? write_to(quota->path, "cpu.max", "%u %u",
				       percent * PERIOD_US / 100, PERIOD_US)
			    : limit_v1(quota->path, percent);
	if (res < 0) {
		rmdir(quota->path);
		quota->path[0] = 0;
	}
	return res;
}

int xrun_quota_start(struct xrun_quota *quota, uint32_t percent,
		     const pid_t *pids, unsigned n_pids,
		     char why[XRUN_TEXT_BYTES])
{
	bool is_v2 = access(CONTROLLERS, F_OK) == 0;
	int res = find_group(getpid(), is_v2, quota->parent);

	quota->n_pids = 0;
	if (res == 0)
		res = make_group(quota, is_v2, percent);
	for (unsigned i = 0; res == 0 && i < n_pids && i < 8; i++) {
		res = write_to(quota->path, "cgroup.procs", "%d", (int)pids[i]);
		if (res == 0)
			quota->pids[quota->n_pids++] = pids[i];
	}
	if (res == 0)
		return 0;
	xrun_quota_stop(quota);
	snprintf(why, XRUN_TEXT_BYTES,
		 "no cgroup with a quota can be made here (%s)",
		 leat_errno_text(res));
	return -1;
}

void xrun_quota_stop(struct xrun_quota *quota)
{
	if (!quota->path[0])
		return;
	/* Those that have ended are not there any more, which is fine. */
	for (unsigned i = 0; i < quota->n_pids; i++)
		(void)write_to(quota->parent, "cgroup.procs", "%d",
			       (int)quota->pids[i]);
	rmdir(quota->path);
	quota->path[0] = 0;
}
