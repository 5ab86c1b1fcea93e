/* SPDX-License-Identifier: MIT */
/**
 * leat-sig-jack, leat-sig-tone and leat-sig-pw, from a test: start one, talk to it.
 *
 *	struct helper jack;
 *	char reply[HELPER_REPLY];
 *
 *	sig_jack_start(&jack, &sandbox, "server", "sig", "--send", "--recv");
 *	helper_ask(&jack, reply, "connect %s %s", "sig:send_1", "sig:recv_1");
 *	helper_ask(&jack, reply, "report");
 *	helper_value(reply, "latency_now");
 *	helper_stop(&jack);
 *
 * What each program takes and answers is at the top of its source file.
 */
#ifndef TEST_SUPPORT_HELPER_H
#define TEST_SUPPORT_HELPER_H

#include "proc.h"
#include "sandbox.h"

#include <stdint.h>

/** Room for any answer, of several lines too. */
#define HELPER_REPLY 65536

struct helper {
	struct proc proc;
	char name[64]; /* the client's; its errors are in NAME.log */
};

/**
 * Start a program and wait for its "ready".
 *
 * @param argv  argv[0] is the program; ends with NULL.
 * @param env   As in struct proc_options, or NULL.
 * @return      0, or a negative errno; then nothing is running.
 */
int helper_start(struct helper *helper, const struct sandbox *sandbox,
		 const char *name, const char *const *argv,
		 const char *const *env);

/**
 * Start leat-sig-jack on a server (NULL: the default one), with further
 * arguments up to a NULL.
 */
int sig_jack_start(struct helper *helper, const struct sandbox *sandbox,
		   const char *server_name, const char *name, ...)
	__attribute__((sentinel));

/** Start leat-sig-tone on a server (NULL: the default one). */
int sig_tone_start(struct helper *helper, const struct sandbox *sandbox,
		   const char *server_name, const char *name);

/** Start leat-sig-pw on the sandbox's daemon, with further arguments. */
int sig_pw_start(struct helper *helper, const struct sandbox *sandbox,
		 const char *name, ...) __attribute__((sentinel));

/** Path of a program: $LEAT_SIG_JACK, $LEAT_SIG_PW, or the one built. */
const char *sig_jack_path(void);
const char *sig_pw_path(void);

/**
 * Send a command and read the answer, up to 10 s.
 *
 * A list's lines are all in the reply, with the last "ok" left out.
 *
 * @return  0; -EPROTO for "error ...", which is in the reply; or why there is
 *          no answer.
 */
int helper_ask(struct helper *helper, char reply[HELPER_REPLY],
	       const char *format, ...) __attribute__((format(printf, 3, 4)));

/** The same without a reply; an error is printed to stderr. */
int helper_tell(struct helper *helper, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** Number of a key in a report, or INT64_MIN. */
int64_t helper_value(const char *reply, const char *key);

/** Text of a key in a report, or "" . */
const char *helper_text(const char *reply, const char *key, char *text,
			size_t size_bytes);

/** Let it end. @return  Its exit status. */
int helper_stop(struct helper *helper);

#endif
