/* SPDX-License-Identifier: MIT */
#include "freezer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOT "/sys/fs/cgroup"
#define WAIT_MS 2000

static bool put(const char *dir, const char *name, const char *text)
{
	ssize_t size_bytes = (ssize_t)strlen(text);
	char path[160];
	bool ok;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ok = write(fd, text, (size_t)size_bytes) == size_bytes;
	close(fd);
	return ok;
}

static bool contains(const char *dir, const char *name, const char *text)
{
	char path[160], found[256];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, found, sizeof(found) - 1);
	close(fd);
	found[n > 0 ? n : 0] = 0;
	return strstr(found, text) != NULL;
}

const char *freezer_open(struct freezer *freezer, int n_groups)
{
	const char *root = ROOT "/freezer";

	memset(freezer, 0, sizeof(*freezer));
	freezer->is_v1 = access(root, F_OK) == 0;
	if (!freezer->is_v1)
		root = ROOT;
	for (int i = 0; i < n_groups; i++) {
		char *dir = freezer->dir[i];

		snprintf(dir, sizeof(freezer->dir[i]), "%s/leat-fault-%d-%d",
			 root, (int)getpid(), i);
		if (mkdir(dir, 0755) < 0)
			return "no group can be made here";
		freezer->n_groups++;
	}
	return freezer_set(freezer, 0, false) ? NULL : "it does not answer";
}

void freezer_close(struct freezer *freezer)
{
	for (int i = 0; i < freezer->n_groups; i++)
		/* A process leaves it a little after it has ended. */
		for (int tries = 0; rmdir(freezer->dir[i]) < 0 &&
				    errno == EBUSY && tries < 1000;
		     tries++)
			poll(NULL, 0, 1);
	freezer->n_groups = 0;
}

bool freezer_add(struct freezer *freezer, int group, pid_t pid)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", (int)pid);
	return put(freezer->dir[group], "cgroup.procs", text);
}

static bool is_set(const struct freezer *freezer, int group, bool frozen)
{
	const char *dir = freezer->dir[group];

	if (freezer->is_v1)
		return contains(dir, "freezer.state",
				frozen ? "FROZEN" : "THAWED");
	return contains(dir, "cgroup.events", frozen ? "frozen 1" : "frozen 0");
}

bool freezer_set(struct freezer *freezer, int group, bool frozen)
{
	const char *dir = freezer->dir[group];
	bool ok = freezer->is_v1
			  ? put(dir, "freezer.state",
				frozen ? "FROZEN" : "THAWED")
			  : put(dir, "cgroup.freeze", frozen ? "1" : "0");

	for (int i = 0; ok && !is_set(freezer, group, frozen); i++) {
		if (i == WAIT_MS)
			return false;
		poll(NULL, 0, 1);
	}
	return ok;
}
