/* SPDX-License-Identifier: MIT */
#include "control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void control_read(struct control *control, int fd)
{
	size_t room = sizeof(control->text) - control->size_bytes;
	ssize_t n = read(fd, control->text + control->size_bytes, room);

	if (n > 0)
		control->size_bytes += (size_t)n;
	else if (n == 0 || (errno != EINTR && errno != EAGAIN))
		control->ended = true;
}

static void forget_taken(struct control *control)
{
	control->size_bytes -= control->taken_bytes;
	memmove(control->text, control->text + control->taken_bytes,
		control->size_bytes);
	control->taken_bytes = 0;
}

bool control_next(struct control *control)
{
	char *save = NULL;
	char *end;

	forget_taken(control);
	end = memchr(control->text, '\n', control->size_bytes);
	if (!end)
		return false;
	*end = '\0';
	control->taken_bytes = (size_t)(end - control->text) + 1;
	control->n_words = 0;
	for (char *word = strtok_r(control->text, " ", &save);
	     word && control->n_words < CONTROL_MAX_WORDS;
	     word = strtok_r(NULL, " ", &save))
		control->words[control->n_words++] = word;
	return true;
}

bool control_is(const struct control *control, const char *name, int n_least,
		int n_most)
{
	return control->n_words > n_least && control->n_words <= n_most + 1 &&
	       strcmp(control->words[0], name) == 0;
}

int control_number(const struct control *control, int at, int otherwise)
{
	return at < control->n_words ? atoi(control->words[at]) : otherwise;
}
