/* SPDX-License-Identifier: MIT */
#include "copier.h"

#include <leat/inline/atomics.h>

#include <string.h>

/*
 * Counts of one clock are never further apart than the oldest frame of a link's
 * history is from now, which is some seconds; those of two clocks hardly ever
 * are so near.
 */
#define NEAR_S 10

void copier_init(struct copier *copier, uint32_t n_channels, uint32_t rate_hz,
		 uint32_t latency)
{
	memset(copier, 0, sizeof(*copier));
	copier->n_channels = n_channels;
	copier->rate_hz = rate_hz;
	leat_word_set(&copier->latency, latency);
	leat_fade_init(&copier->fade, rate_hz);
}

/* ---- the tap's thread ---- */

static bool is_near(const struct copier *copier, uint32_t count)
{
	int64_t ahead =
		(int32_t)(count - (uint32_t)leat_word_peek(&copier->count));

	return ahead < (int64_t)NEAR_S * copier->rate_hz &&
	       ahead > -(int64_t)NEAR_S * copier->rate_hz;
}

bool copier_place(struct copier *copier, uint64_t *index, uint32_t count)
{
	bool copied = leat_word_peek(&copier->copies) != 0;
	bool copies = leat_word_load(&copier->counts) != 0 &&
		      is_near(copier, count);
	int32_t ahead;

	if (!copies) {
		leat_word_set(&copier->copies, 0);
		return false;
	}
	ahead = (int32_t)(count -
			  (uint32_t)(*index - leat_word_peek(&copier->offset)));
	/* What was not put between is silence; a count that begins anew is not. */
	if (copied && ahead >= 0)
		*index += (uint32_t)ahead;
	else
		leat_word_set(&copier->offset, *index - count);
	if (!copied)
		leat_word_store(&copier->copies, 1);
	return true;
}

/* ---- the graph's thread ---- */

bool copier_wants(struct copier *copier, bool counts, uint32_t count)
{
	bool copies;

	leat_word_set(&copier->count, count);
	leat_word_store(&copier->counts, counts);
	leat_word_add(&copier->n_cycles, 1);
	copies = counts && leat_word_load(&copier->copies) != 0;
	if (copies && !copier->playing) {
		leat_fade_restart(&copier->fade);
		copier->sounding = false;
	}
	copier->playing = copies;
	return copies;
}

/* A cycle's frames are there a cycle later, and then some. */
static uint32_t latency_for(struct copier *copier, uint32_t n_frames)
{
	uint32_t latency = (uint32_t)leat_word_peek(&copier->latency);

	if (latency >= 2 * n_frames)
		return latency;
	latency = 2 * n_frames;
	leat_word_set(&copier->latency, latency);
	if (copier->sounding)
		leat_word_add(&copier->n_jumps, 1);
	return latency;
}

struct target {
	float *const *planes;
};

static void copy(void *user, const struct leat_frames_view *view) LEAT_RT
{
	const struct target *target = user;

	for (uint32_t c = 0; c < view->n_channels; c++)
		memcpy(target->planes[c] + view->n_before,
		       leat_frames_view_plane(view, c),
		       view->n_frames * sizeof(float));
}

void copier_cycle(struct copier *copier, struct leat_frames_consumer *in,
		  float *const *planes, uint32_t count, uint32_t n_frames)
{
	uint32_t latency = latency_for(copier, n_frames);
	uint64_t newest = leat_consumer_newest(leat_frames_consumer_ring(in));
	uint64_t offset = leat_word_peek(&copier->offset);
	/* The newest frame's count has the bits that a cycle's lacks. */
	int32_t ahead =
		(int32_t)(count - latency - (uint32_t)(newest - offset));
	struct target target = { planes };

	if (leat_frames_recv_at(in, newest + (uint64_t)(int64_t)ahead, n_frames,
				copy, &target) == n_frames) {
		leat_fade_played(&copier->fade, planes, copier->n_channels,
				 n_frames);
		copier->sounding = true;
		return;
	}
	leat_fade_silence(&copier->fade, planes, copier->n_channels, n_frames);
	if (copier->sounding)
		leat_word_add(&copier->n_silences, 1);
}
