/* SPDX-License-Identifier: MIT */
/* What a link answers to who asks for its counters, mapped. */
#ifndef LEAT_LINK_MAPPED_LINK_H
#define LEAT_LINK_MAPPED_LINK_H

#include <leat/load.h>
#include <leat/shm.h>
#include <leat/status.h>

#include <stdbool.h>

struct leat_mapped_link {
	struct leat_shm status[LEAT_N_LOAD_SIDES];
	struct leat_shm load[LEAT_N_LOAD_SIDES];
};

#define LEAT_MAPPED_LINK_NONE                                                  \
	{                                                                      \
		{ LEAT_SHM_NONE, LEAT_SHM_NONE },                              \
		{                                                              \
			LEAT_SHM_NONE, LEAT_SHM_NONE                           \
		}                                                              \
	}

/* As leat_status_answer(); the parts that came are mapped. */
LEAT_MUST_CHECK int leat_mapped_link_answer(struct leat_mapped_link *link,
					    int fd, bool with_load);
void leat_mapped_link_finish(struct leat_mapped_link *link);

void leat_mapped_link_status(const struct leat_mapped_link *link,
			     struct leat_link_status *status);

/* As leat_status_ask(), with the answer there; it may take a second. */
LEAT_MUST_CHECK int leat_status_ask_and_wait(const char *link_name);

#endif
