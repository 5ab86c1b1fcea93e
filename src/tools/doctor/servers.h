/* SPDX-License-Identifier: MIT */
/*
 * The servers' processes, as /proc shows them: whether their threads are
 * realtime ones, and how jackd was started.
 */
#ifndef LEAT_DOCTOR_SERVERS_H
#define LEAT_DOCTOR_SERVERS_H

#include "finding.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define LEAT_COMMAND_BYTES 1024

/* What jackd's words of the command line mean. */
struct leat_jackd_words {
	bool synchronous; /* -S */
	bool realtime;	  /* not -r */
	char name[64];	  /* -n; "" if not given */
};

/* Read them: n_args strings, the first of which is the program. */
void leat_jackd_words(struct leat_jackd_words *words, char **args, int n_args);

struct leat_server {
	pid_t pid; /* 0: there is none */
	char program[32];
	bool threads_known;
	int rt_priority;  /* the highest of a realtime thread; 0: none */
	bool words_known; /* of jackd, not of jackdbus */
	struct leat_jackd_words words;
	/* The command that starts it again, with -S in it; "" if too long. */
	char sync_command[LEAT_COMMAND_BYTES];
};

/*
 * Find the JACK server of this name, or the PipeWire daemon: of our user, and
 * where both of us have an XDG_RUNTIME_DIR, of the same.
 */
void leat_server_find_jack(struct leat_server *server, const char *root,
			   const char *name);
void leat_server_find_pipewire(struct leat_server *server, const char *root);

void leat_judge_jack_rt(struct leat_finding *finding,
			const struct leat_server *server);
void leat_judge_jack_sync(struct leat_finding *finding,
			  const struct leat_server *server);
void leat_judge_pipewire_rt(struct leat_finding *finding,
			    const struct leat_server *server);

/* All three. */
void leat_check_servers(struct leat_report *report, const char *root,
			const char *jack_name);

#endif
