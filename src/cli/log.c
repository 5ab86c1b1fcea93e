/* SPDX-License-Identifier: MIT */
#include "log.h"

#include "now.h"
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#define SECOND_NS UINT64_C(1000000000)

#define LINE_BYTES 768

/* One write, so that lines of several processes do not mix. */
static void write_line(const char *line, const char *more)
{
	fprintf(stderr, "%s: %s%s\n", program_invocation_short_name, line,
		more);
}

void leat_log(const char *format, ...)
{
	char line[LINE_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	write_line(line, "");
}

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

void leat_log_limited(struct leat_log_limit *limit, const char *format, ...)
{
	char line[LINE_BYTES], more[64] = "";
	va_list args;

	if (!leat_log_limit_pass(limit, leat_now_ns()))
		return;
	if (limit->n_left_out > 0)
		snprintf(more, sizeof(more),
			 " (%" PRIu64 " such lines were left out)",
			 limit->n_left_out);
	limit->n_left_out = 0;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	write_line(line, more);
}
