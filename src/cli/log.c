/* SPDX-License-Identifier: MIT */
#include "log.h"

#include "now.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_NS UINT64_C(1000000000)

#define LINE_BYTES LEAT_LOG_LINE_BYTES

/* ---- levels ---- */

static const struct {
	const char *name;
	enum leat_log_level level;
} levels[] = {
	{ "error", LEAT_LOG_ERROR },
	{ "warning", LEAT_LOG_WARNING },
	{ "info", LEAT_LOG_INFO },
};

#define N_LEVELS (sizeof(levels) / sizeof(levels[0]))

bool leat_log_set_level(const char *name)
{
	for (size_t i = 0; i < N_LEVELS; i++)
		if (strcmp(levels[i].name, name) == 0)
			return setenv(LEAT_LOG_LEVEL_VARIABLE, name, 1) == 0;
	return false;
}

/* What is no level of ours keeps nothing from being told. */
static bool is_told(enum leat_log_level level)
{
	const char *name = getenv(LEAT_LOG_LEVEL_VARIABLE);

	for (size_t i = 0; name && i < N_LEVELS; i++)
		if (strcmp(levels[i].name, name) == 0)
			return level <= levels[i].level;
	return true;
}

/* ---- lines ---- */

/* What others have named may hold anything, and this is to be one line. */
static void make_printable(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = '?';
}

static void write_line(enum leat_log_level level, char *line, const char *more)
{
	make_printable(line);
	leat_log_write(level, line, more);
}

void leat_log(const char *format, ...)
{
	char line[LINE_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	write_line(LEAT_LOG_ERROR, line, "");
}

void leat_log_at(enum leat_log_level level, const char *format, ...)
{
	char line[LINE_BYTES];
	va_list args;

	if (!is_told(level))
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	write_line(level, line, "");
}

/* ---- limits ---- */

/*
 * A leaky bucket that is kept as a time: each line costs a second, and up to
 * LEAT_LOG_BURST seconds may be owed. (The "virtual scheduling algorithm" of
 * ITU-T I.371.)
 */
bool leat_log_limit_pass(struct leat_log_limit *limit, uint64_t now_ns)
{
	uint64_t from_ns = limit->paid_ns > now_ns ? limit->paid_ns : now_ns;

	if (from_ns - now_ns > (LEAT_LOG_BURST - 1) * SECOND_NS) {
		limit->n_left_out++;
		return false;
	}
	limit->paid_ns = from_ns + SECOND_NS;
	return true;
}

__attribute__((format(printf, 3, 0))) static void
log_limited(struct leat_log_limit *limit, enum leat_log_level level,
	    const char *format, va_list args)
{
	char line[LINE_BYTES], more[64] = "";

	/* What is not to be told is not left out either. */
	if (!is_told(level) || !leat_log_limit_pass(limit, leat_now_ns()))
		return;
	if (limit->n_left_out > 0)
		snprintf(more, sizeof(more),
			 " (%" PRIu64 " such lines were left out)",
			 limit->n_left_out);
	limit->n_left_out = 0;
	vsnprintf(line, sizeof(line), format, args);
	write_line(level, line, more);
}

void leat_log_limited_at(struct leat_log_limit *limit,
			 enum leat_log_level level, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_limited(limit, level, format, args);
	va_end(args);
}

void leat_log_limited(struct leat_log_limit *limit, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_limited(limit, LEAT_LOG_WARNING, format, args);
	va_end(args);
}
