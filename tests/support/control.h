/* SPDX-License-Identifier: MIT */
/**
 * Commands on standard input, a line each: words divided by blanks.
 */
#ifndef TEST_SUPPORT_CONTROL_H
#define TEST_SUPPORT_CONTROL_H

#include <stdbool.h>
#include <stddef.h>

#define CONTROL_MAX_WORDS 8

/** Zero it before use. */
struct control {
	char text[4096];
	size_t size_bytes;  /* of text */
	size_t taken_bytes; /* of it, by the latest command */
	bool ended;	    /* nothing more will come */
	int n_words;
	char *words[CONTROL_MAX_WORDS]; /* of the latest command, in text */
};

/** Read once what is there. */
void control_read(struct control *control, int fd);

/** Take the next whole line apart into control->words. */
bool control_next(struct control *control);

/** Whether the command is this one, with so many words after it. */
bool control_is(const struct control *control, const char *name, int n_least,
		int n_most);

/** A word as a number, or the default if it is not there. */
int control_number(const struct control *control, int at, int otherwise);

#endif
