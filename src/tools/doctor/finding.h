/* SPDX-License-Identifier: MIT */
/* What leat-doctor finds: one finding for each check, in order. */
#ifndef LEAT_DOCTOR_FINDING_H
#define LEAT_DOCTOR_FINDING_H

#include <stdbool.h>

enum leat_verdict {
	LEAT_VERDICT_UNKNOWN, /* it could not be looked at: never guessed */
	LEAT_VERDICT_OK,
	LEAT_VERDICT_WARN, /* costs something */
	LEAT_VERDICT_FAIL  /* low latency cannot be had like this */
};

#define LEAT_WHAT_BYTES 384
#define LEAT_CURE_BYTES 2048

struct leat_finding {
	const char *name; /* of the check; a promise of leat-doctor.1 */
	const char *why;  /* it matters */
	enum leat_verdict verdict;
	char what[LEAT_WHAT_BYTES]; /* is the case, in a sentence */
	char cure[LEAT_CURE_BYTES]; /* commands, each with a line end; or "" */
};

#define LEAT_FINDINGS_MAX 32

struct leat_report {
	struct leat_finding finding[LEAT_FINDINGS_MAX];
	unsigned n_findings;
};

/* Begin the next finding, which is unknown. */
struct leat_finding *leat_finding_add(struct leat_report *report,
				      const char *name, const char *why);

/* Judge, and say what is the case. */
__attribute__((format(printf, 3, 4))) void
leat_finding_set(struct leat_finding *finding, enum leat_verdict verdict,
		 const char *format, ...);

/* One more command of the cure. */
__attribute__((format(printf, 2, 3))) void
leat_finding_cure(struct leat_finding *finding, const char *format, ...);

/* "ok", "warn", "fail", "unknown". */
const char *leat_verdict_name(enum leat_verdict verdict);

/* How many findings have this verdict. */
unsigned leat_report_count(const struct leat_report *report,
			   enum leat_verdict verdict);

#endif
