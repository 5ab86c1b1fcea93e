/* SPDX-License-Identifier: MIT */
/* What the two graphs say of themselves, and how that goes together. */
#ifndef LEAT_DOCTOR_GRAPHS_H
#define LEAT_DOCTOR_GRAPHS_H

#include "finding.h"

#include <stdint.h>

#define LEAT_RATES_MAX 32

/* Which libjack a program of this user's gets. */
struct leat_libjack {
	bool looked;	      /* this build can */
	bool found;	      /* there is one */
	char path[256];	      /* of it */
	char version[64];     /* as it says; "" if it does not */
	char configured[256]; /* a file in ld.so.conf.d that names PipeWire's */
};

/* The JACK server. */
struct leat_jack_view {
	bool running;
	bool frozen; /* it does not answer */
	char name[64];
	uint32_t rate_hz;
	uint32_t period; /* frames; 0 if not known */
};

/* The PipeWire daemon. Figures are 0 where they are not known. */
struct leat_pw_view {
	bool looked; /* this build can */
	bool running;
	bool frozen; /* it does not answer */
	char remote[64];
	char version[32]; /* the daemon's */
	char library[32]; /* libpipewire's */
	uint32_t rate_hz, force_rate_hz;
	uint32_t min_quantum, max_quantum, force_quantum;
	uint32_t n_allowed, allowed_hz[LEAT_RATES_MAX];
};

void leat_judge_libjack(struct leat_finding *finding,
			const struct leat_libjack *libjack);
void leat_judge_pw_version(struct leat_finding *finding,
			   const struct leat_pw_view *pipewire);
void leat_judge_quantum(struct leat_finding *finding,
			const struct leat_pw_view *pipewire,
			const struct leat_jack_view *jack);
void leat_judge_rate(struct leat_finding *finding,
		     const struct leat_pw_view *pipewire,
		     const struct leat_jack_view *jack);

/* A setting of the daemon, as in "default.clock.rate" or "clock.rate". */
void leat_pw_view_set(struct leat_pw_view *view, const char *key,
		      const char *value);

#endif
