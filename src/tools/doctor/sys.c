/* SPDX-License-Identifier: MIT */
#include "sys.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

__attribute__((format(printf, 3, 0))) static bool make_path(char path[PATH_MAX],
							    const char *root,
							    const char *format,
							    va_list args)
{
	int length = snprintf(path, PATH_MAX, "%s", root);
	int n;

	if (length < 0 || length >= PATH_MAX)
		return false;
	n = vsnprintf(path + length, (size_t)(PATH_MAX - length), format, args);
	return n >= 0 && n < PATH_MAX - length;
}

/* What lies in /proc comes in pieces of its own choice. */
static ssize_t read_all(int fd, char *text, size_t text_bytes)
{
	size_t n_bytes = 0;

	while (n_bytes + 1 < text_bytes) {
		ssize_t n = read(fd, text + n_bytes, text_bytes - 1 - n_bytes);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		n_bytes += (size_t)n;
	}
	text[n_bytes] = 0;
	return (ssize_t)n_bytes;
}

static ssize_t read_path(const char *path, char *text, size_t text_bytes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	ssize_t n;

	text[0] = 0;
	if (fd < 0)
		return -errno;
	n = read_all(fd, text, text_bytes);
	close(fd);
	return n;
}

ssize_t leat_sys_read(const char *root, char *text, size_t text_bytes,
		      const char *format, ...)
{
	char path[PATH_MAX];
	va_list args;
	bool fits;

	va_start(args, format);
	fits = make_path(path, root, format, args);
	va_end(args);
	text[0] = 0;
	return fits ? read_path(path, text, text_bytes) : -ENAMETOOLONG;
}

bool leat_sys_line(const char *root, char *text, size_t text_bytes,
		   const char *format, ...)
{
	char path[PATH_MAX];
	va_list args;
	bool fits;

	va_start(args, format);
	fits = make_path(path, root, format, args);
	va_end(args);
	text[0] = 0;
	if (!fits || read_path(path, text, text_bytes) <= 0)
		return false;
	text[strcspn(text, "\n")] = 0;
	return text[0] != 0;
}

bool leat_sys_number(const char *root, int64_t *value, const char *format, ...)
{
	char path[PATH_MAX], text[64];
	va_list args;
	char *end;
	bool fits;

	va_start(args, format);
	fits = make_path(path, root, format, args);
	va_end(args);
	if (!fits || read_path(path, text, sizeof(text)) <= 0)
		return false;
	errno = 0;
	*value = strtoll(text, &end, 10);
	return errno == 0 && end != text && (*end == 0 || *end == '\n');
}

bool leat_sys_has(const char *root, const char *format, ...)
{
	char path[PATH_MAX];
	va_list args;
	bool fits;

	va_start(args, format);
	fits = make_path(path, root, format, args);
	va_end(args);
	return fits && access(path, F_OK) == 0;
}

const char *leat_sys_field(const char *text, const char *name)
{
	size_t length = strlen(name);

	while (text && *text) {
		if (strncmp(text, name, length) == 0 &&
		    strchr(" \t:", text[length]))
			return text + length + strspn(text + length, " \t:");
		text = strchr(text, '\n');
		if (text)
			text++;
	}
	return NULL;
}

void leat_sys_each(const char *root, const char *folder,
		   void (*fn)(void *user, const char *name), void *user)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s%s", root, folder);
	struct dirent *entry;
	DIR *dir;

	if (n < 0 || (size_t)n >= sizeof(path))
		return;
	dir = opendir(path);
	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			fn(user, entry->d_name);
	if (dir)
		closedir(dir);
}
