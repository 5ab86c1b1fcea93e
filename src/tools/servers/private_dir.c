/* SPDX-License-Identifier: MIT */
#include "private_dir.h"

#include <leat/link.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX "leat-private-"
#define CREATE_TRIES 10

static const char *base_folder(void)
{
	const char *base = getenv("XDG_RUNTIME_DIR");

	return base && base[0] ? base : "/tmp";
}

/* Only files and sockets are in it: the daemon makes no folders there. */
static void empty_folder(int folder_fd)
{
	DIR *dir = fdopendir(folder_fd);
	struct dirent *entry;

	if (!dir) {
		close(folder_fd);
		return;
	}
	while ((entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			unlinkat(dirfd(dir), entry->d_name, 0);
	closedir(dir);
}

/* The folder locked, or a negative errno: -EAGAIN if it is in use or gone. */
static int lock_folder(int base_fd, const char *name)
{
	struct stat st;
	int res, fd = openat(base_fd, name,
			     O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? -EAGAIN : -errno;
	if (fstat(fd, &st) < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
		res = -errno;
	else
		res = st.st_uid == geteuid() ? 0 : -EPERM;
	if (res == 0)
		return fd;
	close(fd);
	return res;
}

static void remove_stale(const char *base)
{
	DIR *dir = opendir(base);
	struct dirent *entry;

	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		const char *name = entry->d_name;
		int fd = -1;

		if (strncmp(name, PREFIX, strlen(PREFIX)) == 0)
			fd = lock_folder(dirfd(dir), name);
		if (fd < 0)
			continue;
		/* Closing gives up the lock: the folder goes first. */
		empty_folder(dup(fd));
		unlinkat(dirfd(dir), name, AT_REMOVEDIR);
		close(fd);
	}
	closedir(dir);
}

/* Another leat-up may take it for stale before it is locked: then again. */
static int try_create(struct leat_private_dir *dir)
{
	struct stat st;
	int res;

	strcpy(strrchr(dir->path, '-'), "-XXXXXX");
	if (!mkdtemp(dir->path))
		return -errno;
	dir->lock_fd = lock_folder(AT_FDCWD, dir->path);
	if (dir->lock_fd < 0) {
		res = dir->lock_fd;
		dir->lock_fd = -1;
		if (res != -EAGAIN)
			rmdir(dir->path);
		return res;
	}
	if (fstat(dir->lock_fd, &st) < 0)
		res = -errno;
	else
		res = st.st_nlink > 0 ? 0 : -EAGAIN;
	if (res == 0)
		return 0;
	rmdir(dir->path);
	close(dir->lock_fd);
	dir->lock_fd = -1;
	return res;
}

int leat_private_dir_create(struct leat_private_dir *dir,
			    struct leat_error *error)
{
	const char *base = base_folder();
	int n = snprintf(dir->path, sizeof(dir->path), "%s/" PREFIX "XXXXXX",
			 base);
	int res = -EAGAIN;

	dir->lock_fd = -1;
	if (n < 0 || (size_t)n >= sizeof(dir->path)) {
		dir->path[0] = 0;
		snprintf(error->text, sizeof(error->text),
			 "%.200s is too long a path for the private PipeWire "
			 "daemon's socket: set XDG_RUNTIME_DIR to a shorter "
			 "one",
			 base);
		return -ENAMETOOLONG;
	}
	remove_stale(base);
	for (int i = 0; i < CREATE_TRIES && res == -EAGAIN; i++)
		res = try_create(dir);
	if (res < 0) {
		dir->path[0] = 0;
		snprintf(error->text, sizeof(error->text),
			 "cannot create a folder in %.200s: %s", base,
			 leat_errno_text(res));
	}
	return res;
}

void leat_private_dir_remove(struct leat_private_dir *dir)
{
	if (!dir->path[0])
		return;
	empty_folder(dup(dir->lock_fd));
	rmdir(dir->path);
	close(dir->lock_fd);
	dir->lock_fd = -1;
	dir->path[0] = 0;
}
