/* SPDX-License-Identifier: MIT */
/* The verbs of leat: the programs named leat-VERB that are found. */
#ifndef LEAT_TOOLS_VERBS_H
#define LEAT_TOOLS_VERBS_H

#define LEAT_VERBS_MAX 64
#define LEAT_VERB_BYTES 32

/* Each verb once, in order of the alphabet. */
struct leat_verbs {
	unsigned n_verbs;
	char name[LEAT_VERBS_MAX][LEAT_VERB_BYTES];
};

void leat_verbs_find(struct leat_verbs *verbs);

/* The verb most like a word, or NULL if none is much like it. */
const char *leat_verbs_nearest(const struct leat_verbs *verbs,
			       const char *word);

/* What a verb does, in a few words; "" if that is not known here. */
const char *leat_verb_summary(const char *verb);

#endif
