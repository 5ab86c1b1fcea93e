/* SPDX-License-Identifier: MIT */
#include "links.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Sockets; where the kind is not told, the name will do. */
static int is_link(const struct dirent *entry)
{
	return (entry->d_type == DT_SOCK || entry->d_type == DT_UNKNOWN) &&
	       leat_link_name_check(entry->d_name, NULL) == 0;
}

static void append(char *list, size_t list_bytes, const char *name)
{
	size_t length = strlen(list);

	if (length > 3 && strcmp(list + length - 3, "...") == 0)
		return;
	if (length + strlen(name) + 6 < list_bytes)
		snprintf(list + length, list_bytes - length, "%s'%s'",
			 length > 0 ? ", " : "", name);
	else if (length + 5 < list_bytes)
		strcpy(list + length, ", ...");
}

/* Their names in a list, and whether one is the one that is meant. */
static bool look(const char *folder, const char *link_name, char *list,
		 size_t list_bytes)
{
	struct dirent **entries;
	int n = scandir(folder, &entries, is_link, alphasort);
	bool found = false;

	list[0] = 0;
	for (int i = 0; i < n; i++) {
		found = found || strcmp(entries[i]->d_name, link_name) == 0;
		append(list, list_bytes, entries[i]->d_name);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	return found;
}

int links_check_in(const char *folder, const char *link_name,
		   struct leat_error *error)
{
	char list[200];

	if (look(folder, link_name, list, sizeof(list)))
		return 0;
	if (list[0] == 0)
		return leat_error_set(error, -ENOENT,
				      "there is no link '%s', nor any other: "
				      "'leat up %s' makes it, and --wait waits "
				      "for it",
				      link_name, link_name);
	return leat_error_set(error, -ENOENT,
			      "there is no link '%s': there is %s; 'leat up "
			      "%s' makes it, and --wait waits for it",
			      link_name, list, link_name);
}

int links_check(const char *link_name, struct leat_error *error)
{
	char folder[PATH_MAX];
	int res = leat_link_name_check(link_name, error);

	if (res == 0)
		res = leat_runtime_dir(folder, sizeof(folder), false, error);
	if (res == -ENOENT)
		snprintf(folder, sizeof(folder), "%s", "/nonexistent");
	else if (res < 0)
		return res;
	return links_check_in(folder, link_name, error);
}
