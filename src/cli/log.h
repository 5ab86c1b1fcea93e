/* SPDX-License-Identifier: MIT */
/*
 * Messages of the programs: one line on stderr per event that a user can act
 * on, beginning with the program's name. Never from a realtime thread.
 */
#ifndef LEAT_CLI_LOG_H
#define LEAT_CLI_LOG_H

#include <stdbool.h>
#include <stdint.h>

/* Lines at once, and then one for each second. */
#define LEAT_LOG_BURST 10

/* For what another process can make happen as often as it likes. Zero it. */
struct leat_log_limit {
	uint64_t paid_ns; /* until when the lines so far have used it up */
	uint64_t n_left_out;
};

__attribute__((format(printf, 1, 2))) void leat_log(const char *format, ...);

/*
 * The same, or nothing, if there were too many of them. The next line says how
 * many were left out.
 */
__attribute__((format(printf, 2, 3))) void
leat_log_limited(struct leat_log_limit *limit, const char *format, ...);

/* Whether a line may be written at this time; if not, it is counted. */
bool leat_log_limit_pass(struct leat_log_limit *limit, uint64_t now_ns);

#endif
