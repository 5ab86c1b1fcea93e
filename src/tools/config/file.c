/* SPDX-License-Identifier: MIT */
#include "file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef LEAT_SYSCONF_DIR
#define LEAT_SYSCONF_DIR "/etc"
#endif
#define NAME "leat/leat.conf"

/* The user's own; "" where nobody knows. XDG Base Directory Specification. */
static void users_path(char path[PATH_MAX])
{
	const char *config = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");
	int n = 0;

	/* "All paths must be absolute", or are to be ignored. */
	if (config && config[0] == '/')
		n = snprintf(path, PATH_MAX, "%s/" NAME, config);
	else if (home && home[0])
		n = snprintf(path, PATH_MAX, "%s/.config/" NAME, home);
	if (n <= 0 || n >= PATH_MAX)
		path[0] = 0;
}

static int read_all(struct leat_config_file *file, FILE *from)
{
	file->text = malloc(LEAT_CONFIG_MAX_BYTES + 1);
	if (!file->text)
		return -ENOMEM;
	errno = 0;
	file->n_bytes = fread(file->text, 1, LEAT_CONFIG_MAX_BYTES, from);
	file->text[file->n_bytes] = 0;
	if (ferror(from))
		return errno ? -errno : -EIO;
	return fgetc(from) == EOF ? 0 : -EFBIG;
}

/* 0 or -errno, without a sentence. */
static int try(struct leat_config_file *file, const char *path)
{
	FILE *from = path[0] ? fopen(path, "re") : NULL;
	int res;

	if (!from)
		return path[0] ? -errno : -ENOENT;
	res = read_all(file, from);
	fclose(from);
	snprintf(file->path, sizeof(file->path), "%s", path);
	return res;
}

static int refuse(const char *path, int res, struct leat_error *error)
{
	if (res == -EFBIG)
		return leat_error_set(error, res,
				      "%.200s is larger than %u KiB: make it "
				      "smaller",
				      path, LEAT_CONFIG_MAX_BYTES / 1024);
	return leat_error_set(error, res, "cannot read %.200s: %s", path,
			      leat_errno_text(res));
}

int leat_config_file_read(struct leat_config_file *file, const char *given,
			  struct leat_error *error)
{
	char path[PATH_MAX] = "";
	int res;

	memset(file, 0, sizeof(*file));
	if (given) {
		res = try(file, given);
		return res < 0 ? refuse(given, res, error) : 0;
	}
	users_path(path);
	res = try(file, path);
	if (res == -ENOENT || res == -ENOTDIR) {
		snprintf(path, sizeof(path), LEAT_SYSCONF_DIR "/" NAME);
		res = try(file, path);
	}
	if (res == 0 || res == -ENOENT || res == -ENOTDIR)
		return 0;
	return refuse(path, res, error);
}

void leat_config_file_finish(struct leat_config_file *file)
{
	free(file->text);
	memset(file, 0, sizeof(*file));
}
