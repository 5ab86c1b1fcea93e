/* SPDX-License-Identifier: MIT */
#include "load_part.h"

#include <leat/inline/atomics.h>
#include <leat/status.h>

#include <errno.h>
#include <string.h>

/* More than this is no load part, of whatever version. */
#define PART_MAX_BYTES ((size_t)1 << 20)

static void header_init(struct leat_part_header *header, uint64_t total_bytes)
{
	memset(header, 0, sizeof(*header));
	header->magic = LEAT_PART_MAGIC;
	header->version = LEAT_PART_VERSION;
	header->kind = LEAT_PART_LOAD;
	header->total_bytes = total_bytes;
}

int leat_load_part_create(struct leat_shm *shm)
{
	struct leat_load_part *part;
	int res = leat_shm_create(shm, "leat-load", LEAT_LOAD_PART_BYTES);

	if (res < 0)
		return res;
	part = shm->addr;
	header_init(&part->header, LEAT_LOAD_PART_BYTES);
	leat_word_set(&part->words.n_kinds, LEAT_N_LOAD_KINDS);
	leat_word_set(&part->words.n_buckets, LEAT_HISTOGRAM_N_BUCKETS);
	leat_word_set(&part->words.n_slots, LEAT_LOAD_N_SLOTS);
	leat_word_set(&part->words.n_taps, LEAT_UNKNOWN);
	return 0;
}

int leat_load_part_attach(struct leat_shm *shm, int fd)
{
	struct leat_part_header header, wanted;
	int res = leat_shm_attach_any(shm, fd, PART_MAX_BYTES);

	if (res < 0)
		return res;
	/* A copy, as its owner may go on writing. A page is there at least. */
	memcpy(&header, shm->addr, sizeof(header));
	header_init(&wanted, header.total_bytes);
	if (header.total_bytes <= shm->size_bytes &&
	    memcmp(&header, &wanted, sizeof(wanted)) == 0)
		return 0;
	leat_shm_finish(shm);
	return -EPROTO;
}

/* Kinds can be added behind those that we know; all else moves what we read. */
const struct leat_load_words *leat_load_part_words(const struct leat_shm *shm)
{
	const struct leat_load_words *words;

	if (!shm->addr || shm->size_bytes < sizeof(struct leat_load_part))
		return NULL;
	words = leat_load_part_own(shm);
	if (leat_word_peek(&words->n_kinds) < LEAT_N_LOAD_KINDS ||
	    leat_word_peek(&words->n_buckets) != LEAT_HISTOGRAM_N_BUCKETS ||
	    leat_word_peek(&words->n_slots) != LEAT_LOAD_N_SLOTS)
		return NULL;
	return words;
}
