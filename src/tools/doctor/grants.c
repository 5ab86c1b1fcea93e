/* SPDX-License-Identifier: MIT */
#include "grants.h"

#include "sys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* limits.conf(5) has memlock in kilobytes; the caller counts the same. */
static uint64_t value_of(const char *text)
{
	if (strcmp(text, "unlimited") == 0 || strcmp(text, "infinity") == 0 ||
	    strcmp(text, "-1") == 0)
		return UINT64_MAX;
	return strtoull(text, NULL, 10);
}

bool leat_grants_line(const char *line, const char *item, uint64_t least,
		      char *whom, size_t whom_bytes)
{
	char domain[64], type[8], name[32], value[32];

	if (sscanf(line, " %63s %7s %31s %31s", domain, type, name, value) != 4)
		return false;
	/* What is only "hard" may be used, but is not there unasked. */
	if (domain[0] == '#' || strcmp(type, "hard") == 0 ||
	    strcmp(name, item) != 0 || value_of(value) < least)
		return false;
	snprintf(whom, whom_bytes, "%s", domain);
	return true;
}

static bool in_list(const char *list, const char *name)
{
	size_t length = strlen(name);

	while (*list) {
		size_t n = strcspn(list, ",\n");

		if (n == length && strncmp(list, name, n) == 0)
			return true;
		if (list[n] != ',')
			return false;
		list += n + 1;
	}
	return false;
}

/* The fourth field; the primary group of a user is not told here. */
bool leat_grants_member(const char *root, const char *user, const char *group)
{
	char text[LEAT_SYS_BYTES];
	const char *field;

	if (leat_sys_read(root, text, sizeof(text), "/etc/group") <= 0)
		return false;
	field = leat_sys_field(text, group);
	for (int i = 0; field && i < 2; i++) {
		field = strpbrk(field, ":\n");
		field = field && *field == ':' ? field + 1 : NULL;
	}
	return field && in_list(field, user);
}

static void take_line(struct leat_grants *grants, const char *line)
{
	char whom[64];

	if (!leat_grants_line(line, grants->item, grants->least, whom,
			      sizeof(whom)))
		return;
	if (strcmp(whom, "*") == 0 || strcmp(whom, grants->user) == 0) {
		grants->to_user = true;
	} else if (whom[0] == '@') {
		snprintf(grants->group, sizeof(grants->group), "%s", whom + 1);
		grants->to_user |= leat_grants_member(grants->root,
						      grants->user, whom + 1);
	}
}

static void take_file(struct leat_grants *grants, const char *path)
{
	char text[LEAT_SYS_BYTES];
	const char *line = text;

	if (leat_sys_read(grants->root, text, sizeof(text), "%s", path) <= 0)
		return;
	while (line) {
		take_line(grants, line);
		line = strchr(line, '\n');
		if (line)
			line++;
	}
}

static void take_entry(void *user, const char *name)
{
	const char *dot = strrchr(name, '.');
	char path[512];
	int n = snprintf(path, sizeof(path), "/etc/security/limits.d/%s", name);

	/* pam_limits takes these alone. */
	if (dot && strcmp(dot, ".conf") == 0 && n > 0 && n < 512)
		take_file(user, path);
}

void leat_grants_read(struct leat_grants *grants)
{
	grants->to_user = false;
	grants->group[0] = 0;
	take_file(grants, "/etc/security/limits.conf");
	leat_sys_each(grants->root, "/etc/security/limits.d", take_entry,
		      grants);
}
