/* SPDX-License-Identifier: MIT */
/*
 * Messages of the programs: one line on stderr per event that a user can act
 * on, beginning with the program's name. Never from a realtime thread.
 *
 * Where stderr is the journal's, each line has its priority in front, as
 * sd-daemon(3) has it.
 */
#ifndef LEAT_CLI_LOG_H
#define LEAT_CLI_LOG_H

#include <stdbool.h>
#include <stdint.h>

/* Lines at once, and then one for each second. */
#define LEAT_LOG_BURST 10

/* How bad it is; the numbers are those of syslog(3). */
enum leat_log_level {
	LEAT_LOG_ERROR = 3,   /* it cannot be done */
	LEAT_LOG_WARNING = 4, /* something is missing, and waited for */
	LEAT_LOG_INFO = 6     /* something has changed */
};

/*
 * The least bad that is told, as --log-level names it. It is kept in the
 * environment, so that what is started from here keeps to it as well.
 */
#define LEAT_LOG_LEVEL_VARIABLE "LEAT_LOG_LEVEL"
#define LEAT_LOG_LEVELS "error, warning or info"

/* Whether standard error is the journal's. */
bool leat_log_to_journal(void);

/* False if there is no such level. */
bool leat_log_set_level(const char *name);

/* For what another process can make happen as often as it likes. Zero it. */
struct leat_log_limit {
	uint64_t paid_ns; /* until when the lines so far have used it up */
	uint64_t n_left_out;
};

/* An error. */
__attribute__((format(printf, 1, 2))) void leat_log(const char *format, ...);

__attribute__((format(printf, 2, 3))) void
leat_log_at(enum leat_log_level level, const char *format, ...);

/*
 * The same, or nothing, if there were too many of them. The next line says how
 * many were left out.
 */
__attribute__((format(printf, 3, 4))) void
leat_log_limited_at(struct leat_log_limit *limit, enum leat_log_level level,
		    const char *format, ...);

/* A warning, likewise. */
__attribute__((format(printf, 2, 3))) void
leat_log_limited(struct leat_log_limit *limit, const char *format, ...);

/* Of one line, without what is said of those that were left out. */
#define LEAT_LOG_LINE_BYTES 768

/*
 * Where lines go: log_stderr.c has it, or what takes its place in a library
 * whose host has a log of its own. The line and what more there is are printable,
 * and without a line's end.
 */
void leat_log_write(enum leat_log_level level, const char *line,
		    const char *more);

/* Whether a line may be written at this time; if not, it is counted. */
bool leat_log_limit_pass(struct leat_log_limit *limit, uint64_t now_ns);

#endif
