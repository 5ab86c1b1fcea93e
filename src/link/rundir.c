/* SPDX-License-Identifier: MIT */
#include "rundir.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static bool plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9');
}

int leat_link_name_check(const char *name, struct leat_error *error)
{
	size_t n = strnlen(name, LEAT_LINK_NAME_BYTES);

	if (n == 0)
		return leat_error_set(error, -EINVAL,
				      "the link name is empty: give it 1 to %d "
				      "letters, digits, '.', '_' or '-'",
				      LEAT_LINK_NAME_BYTES - 1);
	if (n == LEAT_LINK_NAME_BYTES)
		return leat_error_set(error, -EINVAL,
				      "the link name '%.*s...' is too long: "
				      "use at most %d characters",
				      LEAT_LINK_NAME_BYTES - 1, name,
				      LEAT_LINK_NAME_BYTES - 1);
	for (size_t i = 0; i < n; i++)
		if (!plain(name[i]) && (i == 0 || !strchr("._-", name[i])))
			return leat_error_set(
				error, -EINVAL,
				"the link name '%s' will not do: use letters, "
				"digits, '.', '_' and '-', and begin with a "
				"letter or digit",
				name);
	return 0;
}

/* A directory (not a link to one) of ours that others cannot write to. */
static int check_ours(const char *path, mode_t forbidden,
		      struct leat_error *error)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return leat_error_set(error, -errno,
				      "the runtime directory %s cannot be "
				      "used: %s; create it or set "
				      "XDG_RUNTIME_DIR to one that exists",
				      path, leat_errno_text(errno));
	if (!S_ISDIR(st.st_mode))
		return leat_error_set(error, -EPERM,
				      "%s is not a directory: remove it or set "
				      "XDG_RUNTIME_DIR to another place",
				      path);
	if (st.st_uid != geteuid())
		return leat_error_set(error, -EPERM,
				      "the runtime directory %s belongs to "
				      "user %u and not to user %u: set "
				      "XDG_RUNTIME_DIR to one of your own",
				      path, st.st_uid, geteuid());
	if (st.st_mode & forbidden)
		return leat_error_set(error, -EPERM,
				      "the runtime directory %s is open to "
				      "other users (mode %03o): run 'chmod 700 "
				      "%s'",
				      path, st.st_mode & 0777, path);
	return 0;
}

int leat_runtime_dir(char *path, size_t path_bytes, bool create,
		     struct leat_error *error)
{
	const char *base = getenv("XDG_RUNTIME_DIR");
	int n, res;

	if (base && base[0]) {
		n = snprintf(path, path_bytes, "%s", base);
		if (n < 0 || (size_t)n >= path_bytes)
			return leat_error_set(error, -ENAMETOOLONG,
					      "XDG_RUNTIME_DIR is too long: "
					      "set it to a shorter path");
		res = check_ours(path, S_IWGRP | S_IWOTH, error);
		/* Without it nobody can host a link, now or later. */
		if (res < 0)
			return res == -ENOENT ? -ENOTDIR : res;
		n = snprintf(path, path_bytes, "%s/leat", base);
	} else {
		n = snprintf(path, path_bytes, "/tmp/leat-%u", geteuid());
	}
	if (n < 0 || (size_t)n >= path_bytes)
		return leat_error_set(error, -ENAMETOOLONG,
				      "XDG_RUNTIME_DIR is too long: set it to "
				      "a shorter path");
	if (create && mkdir(path, 0700) < 0 && errno != EEXIST)
		return leat_error_set(error, -errno,
				      "cannot create %s: %s; set "
				      "XDG_RUNTIME_DIR to a directory of yours",
				      path, leat_errno_text(errno));
	if (!create && access(path, F_OK) < 0 && errno == ENOENT)
		return -ENOENT;
	return check_ours(path, 077, error);
}

int leat_link_address(struct sockaddr_un *address, const char *link_name,
		      bool create, struct leat_error *error)
{
	char dir[sizeof(address->sun_path)];
	int n, res = leat_link_name_check(link_name, error);

	if (res < 0)
		return res;
	res = leat_runtime_dir(dir, sizeof(dir), create, error);
	if (res < 0)
		return res;
	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	n = snprintf(address->sun_path, sizeof(address->sun_path), "%s/%s", dir,
		     link_name);
	if (n < 0 || (size_t)n >= sizeof(address->sun_path))
		return leat_error_set(error, -ENAMETOOLONG,
				      "the path of the link's socket, %s/%s, "
				      "is too long: set XDG_RUNTIME_DIR to a "
				      "shorter path",
				      dir, link_name);
	return 0;
}
