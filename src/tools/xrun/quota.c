/* SPDX-License-Identifier: MIT */
#include "quota.h"

#include <leat/link.h>

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CGROUPS "/sys/fs/cgroup"

/* Kernel's Documentation/admin-guide/cgroup-v2.rst, "cpu.max". */
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

/* Where a process is: the line of /proc/PID/cgroup that begins with "0::". */
static int find_group(pid_t pid, char path[PATH_MAX])
{
	char name[64], line[FOLDER_MAX];
	FILE *file;
	int res = -ENOENT;

	snprintf(name, sizeof(name), "/proc/%d/cgroup", (int)pid);
	file = fopen(name, "re");
	if (!file)
		return -errno;
	while (res < 0 && fgets(line, sizeof(line), file))
		if (strncmp(line, "0::/", 4) == 0) {
			line[strcspn(line, "\n")] = 0;
			snprintf(path, PATH_MAX, CGROUPS "%s",
				 strcmp(line + 3, "/") == 0 ? "" : line + 3);
			res = 0;
		}
	fclose(file);
	return res;
}

static int make_group(struct xrun_quota *quota, uint32_t percent)
{
	int n = snprintf(quota->path, FOLDER_MAX, "%.3000s/leat-xrun-%d",
			 quota->parent, (int)getpid());
	int res = 0;

	if (n < 0 || mkdir(quota->path, 0755) < 0)
		res = -errno;
	if (res == 0)
		res = write_to(quota->path, "cpu.max", "%u %u",
			       percent * PERIOD_US / 100, PERIOD_US);
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
	int res = find_group(getpid(), quota->parent);

	quota->n_pids = 0;
	if (res == 0)
		res = make_group(quota, percent);
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
