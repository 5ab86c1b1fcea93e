/* SPDX-License-Identifier: MIT */
#include "verbs.h"

#include "tools/common/find.h"
#include "tools/common/nearest.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX "leat-"

static const struct {
	const char *verb;
	const char *text;
} summaries[] = {
	{ "config", "look through leat.conf, and show what is in force" },
	{ "doctor", "what keeps this machine from low latency, and its cure" },
	{ "jack", "the JACK side of a link alone" },
	{ "pipewire", "the PipeWire side of a link alone" },
	{ "status", "what links do and have counted" },
	{ "tap", "record, meter, pipe, play and wait for what links carry" },
	{ "top", "all links on the whole terminal, as they are" },
	{ "up", "bridge JACK and PipeWire, and show it live" },
	{ "verify", "play a file through a link and compare every sample" },
	{ "xrun", "who is late under load, and what is lost where" },
};

const char *leat_verb_summary(const char *verb)
{
	for (size_t i = 0; i < sizeof(summaries) / sizeof(summaries[0]); i++)
		if (strcmp(summaries[i].verb, verb) == 0)
			return summaries[i].text;
	return "";
}

static bool known(const struct leat_verbs *verbs, const char *verb)
{
	for (unsigned i = 0; i < verbs->n_verbs; i++)
		if (strcmp(verbs->name[i], verb) == 0)
			return true;
	return false;
}

/* Verbs are lower-case words, so that leat-up.c or leat-up.1 is none. */
static bool verb_like(const char *word)
{
	size_t n = strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return n > 0 && n < LEAT_VERB_BYTES && word[n] == 0;
}

static bool executable(int folder_fd, const char *name)
{
	struct stat st;

	return fstatat(folder_fd, name, &st, 0) == 0 && S_ISREG(st.st_mode) &&
	       faccessat(folder_fd, name, X_OK, 0) == 0;
}

static void add(struct leat_verbs *verbs, int folder_fd, const char *name)
{
	const char *verb = name + strlen(PREFIX);

	if (strncmp(name, PREFIX, strlen(PREFIX)) != 0 || !verb_like(verb) ||
	    verbs->n_verbs == LEAT_VERBS_MAX || known(verbs, verb) ||
	    !executable(folder_fd, name))
		return;
	snprintf(verbs->name[verbs->n_verbs++], LEAT_VERB_BYTES, "%s", verb);
}

static bool look(void *user, const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;

	if (!dir)
		return false;
	while ((entry = readdir(dir)))
		add(user, dirfd(dir), entry->d_name);
	closedir(dir);
	return false;
}

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

void leat_verbs_find(struct leat_verbs *verbs)
{
	verbs->n_verbs = 0;
	leat_find_each(look, verbs);
	qsort(verbs->name, verbs->n_verbs, sizeof(verbs->name[0]), compare);
}

const char *leat_verbs_nearest(const struct leat_verbs *verbs, const char *word)
{
	const char *nearest = NULL;
	unsigned least = LEAT_NEAREST_START;

	for (unsigned i = 0; i < verbs->n_verbs; i++)
		if (leat_word_is_nearer(word, verbs->name[i], &least))
			nearest = verbs->name[i];
	return nearest;
}
