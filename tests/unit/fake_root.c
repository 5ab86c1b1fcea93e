/* SPDX-License-Identifier: MIT */
#include "fake_root.h"

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[] = "/tmp/leat-root-XXXXXX";

bool fake_root_make(void)
{
	return mkdtemp(root) != NULL;
}

const char *fake_root(void)
{
	return root;
}

static int remove_entry(const char *path, const struct stat *st, int type,
			struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void fake_root_remove(void)
{
	nftw(root, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static void make_folders(char *path)
{
	for (char *at = path + strlen(root) + 1; (at = strchr(at, '/')); at++) {
		*at = 0;
		mkdir(path, 0700);
		*at = '/';
	}
}

bool fake_root_write(const char *path, const char *text)
{
	char full[PATH_MAX], bytes[4096];
	const char *name = strrchr(path, '/') + 1;
	size_t n_bytes = strlen(text);
	bool words = strcmp(name, "cmdline") == 0 && name != path + 6;
	bool written;
	int fd;

	if (n_bytes > sizeof(bytes))
		return false;
	memcpy(bytes, text, n_bytes);
	words |= strcmp(name, "environ") == 0;
	for (size_t i = 0; words && i < n_bytes; i++)
		if (bytes[i] == '|')
			bytes[i] = 0;
	snprintf(full, sizeof(full), "%s%s", root, path);
	make_folders(full);
	fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	written = write(fd, bytes, n_bytes) == (ssize_t)n_bytes;
	close(fd);
	return written;
}

bool fake_root_drop(const char *path)
{
	char full[PATH_MAX];

	snprintf(full, sizeof(full), "%s%s", root, path);
	return remove(full) == 0;
}
