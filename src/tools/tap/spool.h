/* SPDX-License-Identifier: MIT */
/*
 * Between the thread that reads a tap and the one that writes a file: a ring
 * of what is to be written, in order. A disk that is slow for as long as the
 * spool holds loses nothing, and then the tap's own history begins to serve.
 *
 * Frames are gathered in items of SPOOL_FRAMES; silence of any length is one.
 */
#ifndef LEAT_TAP_SPOOL_H
#define LEAT_TAP_SPOOL_H

#include "marks.h"

#include <leat/attributes.h>

#include <stdbool.h>
#include <stdint.h>

#define SPOOL_FRAMES 512u

/* Items that must be free before a step of the weave: it may tell much. */
#define SPOOL_SPARE 48u

enum spool_kind { SPOOL_SOUND, SPOOL_SILENCE, SPOOL_MISSING, SPOOL_MARK };

struct spool_item {
	enum spool_kind kind;
	uint32_t lane;	   /* MISSING, MARK */
	uint64_t n_frames; /* SOUND, SILENCE, MISSING */
	struct mark mark;  /* MARK; of MISSING its kind */
	float samples[];   /* SOUND, interleaved */
};

struct spool;

/* To hold n_frames of so many channels. -ENOMEM, or of eventfd. */
LEAT_MUST_CHECK int spool_create(struct spool **spool, uint32_t n_channels,
				 uint64_t n_frames);

/* NULL is fine; neither thread may be at it. */
void spool_destroy(struct spool *spool);

/* ---- the thread that fills it: after spool_ready() is true, one of these ---- */

/* Whether it takes a piece. If not, spool_fd() is readable once it does. */
bool spool_ready(struct spool *spool);
int spool_fd(const struct spool *spool);

/* At most SPOOL_FRAMES * 2 frames. */
void spool_put_frames(struct spool *spool, const float *const *planes,
		      uint32_t n_frames);
void spool_put_silence(struct spool *spool, uint64_t n_frames);
void spool_put_missing(struct spool *spool, uint32_t lane, enum mark_kind kind,
		       uint64_t n_frames);
void spool_put_mark(struct spool *spool, uint32_t lane,
		    const struct mark *mark);

/* Pass on what is gathered. */
void spool_flush(struct spool *spool);

/* Nothing comes any more: the other thread is woken. */
void spool_finish(struct spool *spool);

/* ---- the thread that empties it ---- */

/*
 * The next item, waited for up to timeout_ms; NULL if there is none. It is
 * valid until spool_drop().
 */
const struct spool_item *spool_take(struct spool *spool, int timeout_ms);
void spool_drop(struct spool *spool);

/* Whether spool_finish() was called and all was taken. */
bool spool_is_over(struct spool *spool);

/* How full it is, in percent. Thread: any. */
uint32_t spool_percent(const struct spool *spool);

#endif
