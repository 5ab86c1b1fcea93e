/* SPDX-License-Identifier: MIT */
#include "part_name.h"

#include <stdio.h>
#include <string.h>

/* Where the end ".wav" begins: a file name's first dot is no end of it. */
static size_t stem_length(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	const char *dot = strrchr(base, '.');

	return dot && dot != base ? (size_t)(dot - path) : strlen(path);
}

static bool fits(int n, size_t name_bytes)
{
	return n >= 0 && (size_t)n < name_bytes;
}

bool part_name(char *name, size_t name_bytes, const char *path, unsigned part)
{
	size_t stem = stem_length(path);

	if (part == 0)
		return fits(snprintf(name, name_bytes, "%s", path), name_bytes);
	return fits(snprintf(name, name_bytes, "%.*s-%03u%s", (int)stem, path,
			     part, path + stem),
		    name_bytes);
}

bool part_marks_name(char *name, size_t name_bytes, const char *part_path)
{
	return fits(snprintf(name, name_bytes, "%s.marks", part_path),
		    name_bytes);
}
