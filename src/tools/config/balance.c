/* SPDX-License-Identifier: MIT */
#include "balance.h"

#include "tools/common/json.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

struct scan {
	const char *text;
	size_t n_bytes;
	size_t at;
	size_t open[LEAT_BALANCE_DEPTH_MAX]; /* where brackets were opened */
	unsigned depth;
	struct leat_error *error;
};

static unsigned char here(const struct scan *scan)
{
	return (unsigned char)scan->text[scan->at];
}

static bool at_end(const struct scan *scan)
{
	return scan->at == scan->n_bytes;
}

static unsigned line_of(const struct scan *scan, size_t at)
{
	unsigned line, column;

	leat_balance_place(scan->text, at, &line, &column);
	return line;
}

/* What ends a word without quotes. */
static bool ends_word(unsigned char c)
{
	return c && strchr("\t\n\r ,:=]}", c);
}

static int skip_comment(struct scan *scan)
{
	while (!at_end(scan) && here(scan) != '\n' && here(scan) != '\r') {
		if (here(scan) == 0)
			return leat_error_set(scan->error, -EINVAL,
					      "this is no text: take the NUL "
					      "byte out");
		scan->at++;
	}
	return 0;
}

/* A character of more than a byte has to lie in the text as a whole. */
static unsigned whole_character(const struct scan *scan)
{
	unsigned char bytes[5] = { 0 };
	size_t left = scan->n_bytes - scan->at;

	memcpy(bytes, scan->text + scan->at, left < 4 ? left : 4);
	return leat_utf8_length(bytes);
}

static int check_escape(struct scan *scan)
{
	scan->at++;
	if (at_end(scan) || !here(scan) || !strchr("\"\\/bfnrtu", here(scan)))
		return leat_error_set(scan->error, -EINVAL,
				      "there is no such escape: write \\\\ for "
				      "a backslash");
	if (here(scan) == 'u' && scan->n_bytes - scan->at > 4 &&
	    strncmp(scan->text + scan->at, "u0000", 5) == 0)
		return leat_error_set(scan->error, -EINVAL,
				      "no text has a NUL in it");
	scan->at++;
	return 0;
}

static int skip_character(struct scan *scan)
{
	unsigned n = whole_character(scan);

	if (here(scan) == '\\')
		return check_escape(scan);
	if (n == 0)
		return leat_error_set(scan->error, -EINVAL,
				      "this is no UTF-8: save the file as "
				      "UTF-8");
	if (here(scan) < 0x20 || here(scan) == 0x7f)
		return leat_error_set(scan->error, -EINVAL,
				      "a text may not go on in another line, "
				      "or have control characters in it: "
				      "close it with '\"'");
	scan->at += n;
	return 0;
}

static int skip_string(struct scan *scan)
{
	size_t start = scan->at++;
	int res = 0;

	while (res == 0 && !at_end(scan) && here(scan) != '"')
		res = skip_character(scan);
	if (res < 0)
		return res;
	if (at_end(scan)) {
		scan->at = start;
		return leat_error_set(scan->error, -EINVAL,
				      "this '\"' is never closed");
	}
	scan->at++;
	if (!at_end(scan) && !ends_word(here(scan)))
		return leat_error_set(scan->error, -EINVAL,
				      "a blank is missing behind the text");
	return 0;
}

static int skip_word(struct scan *scan)
{
	while (!at_end(scan) && !ends_word(here(scan))) {
		unsigned char c = here(scan);

		if (c && strchr("{[\"#", c))
			return leat_error_set(scan->error, -EINVAL,
					      "a blank is missing before '%c'",
					      c);
		if (c < 0x21 || c > 0x7e)
			return leat_error_set(scan->error, -EINVAL,
					      "this can only stand in quotes");
		scan->at++;
	}
	return 0;
}

static int open_bracket(struct scan *scan)
{
	if (scan->depth == LEAT_BALANCE_DEPTH_MAX)
		return leat_error_set(scan->error, -EINVAL,
				      "this lies deeper than anything here "
				      "can");
	scan->open[scan->depth++] = scan->at++;
	return 0;
}

static int close_bracket(struct scan *scan)
{
	char opened;

	if (scan->depth == 0)
		return leat_error_set(scan->error, -EINVAL,
				      "this '%c' closes nothing", here(scan));
	opened = scan->text[scan->open[--scan->depth]];
	if ((opened == '{') != (here(scan) == '}'))
		return leat_error_set(
			scan->error, -EINVAL,
			"this '%c' would close the '%c' of line %u", here(scan),
			opened, line_of(scan, scan->open[scan->depth]));
	scan->at++;
	return 0;
}

static int step(struct scan *scan)
{
	switch (here(scan)) {
	case '\t':
	case '\n':
	case '\r':
	case ' ':
	case ',':
	case ':':
	case '=':
		scan->at++;
		return 0;
	case '#':
		return skip_comment(scan);
	case '"':
		return skip_string(scan);
	case '{':
	case '[':
		return open_bracket(scan);
	case '}':
	case ']':
		return close_bracket(scan);
	default:
		return skip_word(scan);
	}
}

int leat_balance_check(const char *text, size_t n_bytes, size_t *at,
		       struct leat_error *error)
{
	struct scan scan = { .text = text, .n_bytes = n_bytes, .error = error };
	int res = 0;

	while (res == 0 && !at_end(&scan))
		res = step(&scan);
	if (res == 0 && scan.depth > 0) {
		scan.at = scan.open[scan.depth - 1];
		res = leat_error_set(error, -EINVAL,
				     "this '%c' is never closed", here(&scan));
	}
	*at = scan.at;
	return res;
}

void leat_balance_place(const char *text, size_t at, unsigned *line,
			unsigned *column)
{
	*line = 1;
	*column = 1;
	for (size_t i = 0; i < at; i++) {
		if (text[i] == '\n') {
			(*line)++;
			*column = 1;
		} else if (((unsigned char)text[i] & 0xc0) != 0x80) {
			(*column)++;
		}
	}
}
