/* SPDX-License-Identifier: MIT */
#include "find.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool leat_find_own_folder(char *folder, size_t folder_bytes)
{
	ssize_t n = readlink("/proc/self/exe", folder, folder_bytes);
	char *slash;

	if (n <= 0 || (size_t)n >= folder_bytes)
		return false;
	folder[n] = 0;
	slash = strrchr(folder, '/');
	if (!slash)
		return false;
	slash[slash == folder] = 0;
	return true;
}

/*
 * Go through a list separated by colons. An empty entry would mean the
 * current folder, which is no place to run programs from unasked.
 */
static bool each_of_list(const char *list, leat_find_fn fn, void *user)
{
	char folder[PATH_MAX];

	while (list) {
		size_t length = strcspn(list, ":");

		if (length > 0 && length < sizeof(folder)) {
			memcpy(folder, list, length);
			folder[length] = 0;
			if (fn(user, folder))
				return true;
		}
		list = list[length] ? list + length + 1 : NULL;
	}
	return false;
}

bool leat_find_each(leat_find_fn fn, void *user)
{
	char own[PATH_MAX];

	if (each_of_list(getenv("LEAT_PATH"), fn, user))
		return true;
	if (leat_find_own_folder(own, sizeof(own)) && fn(user, own))
		return true;
	return each_of_list(getenv("PATH"), fn, user);
}

struct wanted {
	const char *name;
	char *path;
	size_t path_bytes;
};

static bool look(void *user, const char *folder)
{
	const struct wanted *wanted = user;
	struct stat st;
	int n = snprintf(wanted->path, wanted->path_bytes, "%s/%s", folder,
			 wanted->name);

	return n > 0 && (size_t)n < wanted->path_bytes &&
	       stat(wanted->path, &st) == 0 && S_ISREG(st.st_mode) &&
	       access(wanted->path, X_OK) == 0;
}

bool leat_find_program(const char *name, char *path, size_t path_bytes)
{
	struct wanted wanted = { name, path, path_bytes };

	return leat_find_each(look, &wanted);
}
