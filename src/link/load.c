/* SPDX-License-Identifier: MIT */
#include <leat/load.h>

#include "histogram.h"
#include "load_cycles.h"
#include "load_part.h"
#include "mapped_link.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct leat_load {
	struct leat_mapped_link link;
	/* NULL of a side that is not there, or of an older program. */
	const struct leat_load_words *words[LEAT_N_LOAD_SIDES];
};

int leat_load_answer(struct leat_load **load, int fd)
{
	struct leat_mapped_link link;
	struct leat_load *self;
	int res = leat_mapped_link_answer(&link, fd, true);

	*load = NULL;
	if (res < 0)
		return res;
	self = calloc(1, sizeof(*self));
	if (!self) {
		leat_mapped_link_finish(&link);
		return -ENOMEM;
	}
	self->link = link;
	for (int side = 0; side < LEAT_N_LOAD_SIDES; side++)
		self->words[side] = leat_load_part_words(&link.load[side]);
	*load = self;
	return 0;
}

int leat_load_open(struct leat_load **load, const char *link_name)
{
	int fd = leat_status_ask_and_wait(link_name);

	*load = NULL;
	return fd < 0 ? fd : leat_load_answer(load, fd);
}

void leat_load_close(struct leat_load *load)
{
	if (!load)
		return;
	leat_mapped_link_finish(&load->link);
	free(load);
}

void leat_load_status(const struct leat_load *load,
		      struct leat_link_status *status)
{
	leat_mapped_link_status(&load->link, status);
}

uint64_t leat_load_n_taps(const struct leat_load *load)
{
	const struct leat_load_words *words = load->words[LEAT_LOAD_JACK];

	return words ? leat_word_peek(&words->n_taps) : LEAT_UNKNOWN;
}

void leat_load_read(const struct leat_load *load, enum leat_load_side side,
		    struct leat_side_load *recorded)
{
	const struct leat_load_words *words = load->words[side];

	recorded->known = words != NULL;
	if (!words) {
		memset(recorded, 0, sizeof(*recorded));
		return;
	}
	for (int kind = 0; kind < LEAT_N_LOAD_KINDS; kind++)
		leat_histogram_read(&recorded->histogram[kind],
				    &words->histogram[kind]);
}

/* ---- cycles by themselves ---- */

uint64_t leat_load_n_cycles(const struct leat_load *load,
			    enum leat_load_side side)
{
	const struct leat_load_words *words = load->words[side];

	return words ? leat_word_peek(&words->n_written) : 0;
}

uint32_t leat_load_cycles(const struct leat_load *load,
			  enum leat_load_side side, uint64_t *n_read,
			  struct leat_load_cycle *cycles, uint64_t *n_lost)
{
	const struct leat_load_words *words = load->words[side];

	*n_lost = 0;
	return words ? leat_load_cycles_read(words, n_read, cycles, n_lost) : 0;
}
