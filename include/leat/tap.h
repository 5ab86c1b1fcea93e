/* SPDX-License-Identifier: MIT */
/**
 * Taps: listening to a link without taking part in it.
 *
 * A tap maps the memory that a link's producer writes, read-only. The realtime
 * threads do nothing for it: it may be as slow as it likes, be stopped or
 * killed, and there may be any number of taps. The ring is a history: a tap can
 * begin in the past, `leat up --history` says how far back.
 *
 * A tap is told what comes next in the stream, in order: frames, or that some
 * are missing, exactly how many and why, or that the link came or went. It may
 * be opened before the link exists, and outlives it.
 *
 *     struct leat_tap_event event;
 *
 *     for (;;) {
 *             switch (leat_tap_next(tap, &event)) {
 *             case LEAT_TAP_NONE:
 *                     leat_tap_wait(tap, -1);
 *                     break;
 *             case LEAT_TAP_FRAMES:
 *                     n = leat_tap_read(tap, planes, n_room);
 *                     break;
 *             ...
 *
 * Words
 *
 *  - generation: the life of one pair of rings. A new rate, other channels,
 *    larger rings, or a restart of either side begin a new one.
 *  - position: frames since the generation began, 64 bits.
 *  - window: the newest frames, those that can be read now. It ends where the
 *    producer is, and is as long as the ring, less the largest block that the
 *    producer writes at once.
 *  - lapped: overtaken by the producer; the frames from the position to the
 *    window's beginning are lost.
 *
 * What the link's two sides wrote is input: whatever they write, a tap reads
 * nothing but the samples of their memory. Only what was verified after it was
 * read counts as read, so no frame that was being overwritten meanwhile is ever
 * taken for one of the stream. doc/taps.md tells how.
 *
 * An object is for one thread at a time; there may be many objects. No function
 * is RT-safe, but leat_tap_begin(), leat_tap_intact() and leat_tap_end(), and
 * leat_tap_read() and leat_tap_read_interleaved(), which make no system calls
 * and are bounded by the frames they are asked for.
 */
#ifndef LEAT_TAP_H
#define LEAT_TAP_H

#include <leat/attributes.h>
#include <leat/frames.h>
#include <leat/link.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

LEAT_BEGIN_DECLS

/** As history_frames: all that there is. */
#define LEAT_TAP_OLDEST UINT64_MAX

/** How a tap begins. */
struct leat_tap_config {
	uint32_t size_bytes; /**< sizeof(struct leat_tap_config) */
	uint32_t watermark;  /**< as leat_tap_set_watermark(); 0 is 1 */
	/**
	 * Where to begin in the generation found first: so many frames ago, 0:
	 * with the next one, LEAT_TAP_OLDEST. Each later generation is read
	 * from its beginning.
	 */
	uint64_t history_frames;
};

/** What comes next. */
enum leat_tap_what {
	LEAT_TAP_NONE,	 /**< nothing yet: wait */
	LEAT_TAP_FRAMES, /**< n_frames can be read, in one go or in pieces */
	LEAT_TAP_GAP,	 /**< n_frames are missing here; see cause */
	LEAT_TAP_SLIP,	 /**< the producer dropped or inserted n_frames here */
	LEAT_TAP_UP,	 /**< a generation begins: see leat_tap_format() */
	LEAT_TAP_DOWN	 /**< nothing comes until the next LEAT_TAP_UP */
};

/** Why frames are missing, or what a slip was. */
enum leat_tap_cause {
	LEAT_TAP_NO_CAUSE,
	/** GAP: they were overwritten before this tap read them. */
	LEAT_TAP_LAPPED,
	/**
	 * GAP: the producer passed over these positions. It was late, or not
	 * running; who reads the ring had silence there.
	 */
	LEAT_TAP_SKIPPED,
	/**
	 * GAP: so many of the producer's skips came at once that the positions
	 * of some are not known any more. All that may be one is left out;
	 * n_unknown of the event says how many skips and slips there were.
	 */
	LEAT_TAP_UNKNOWN,
	/**
	 * GAP: JACK left these frames out (an xrun). Its frame time went on by
	 * n_frames; the positions did not.
	 */
	LEAT_TAP_XRUN,
	/** SLIP: n_frames were dropped here, to bring the latency back. */
	LEAT_TAP_DROPPED,
	/** SLIP: the n_frames from here on were inserted, for the same. */
	LEAT_TAP_INSERTED
};

/** One thing of a stream, as leat_tap_next() tells it. */
struct leat_tap_event {
	enum leat_tap_what what;
	enum leat_tap_cause cause; /**< of a GAP or a SLIP */
	/**
	 * FRAMES: that can be read now. GAP: as much silence keeps the length
	 * of a recording true. SLIP: dropped or inserted.
	 *
	 * UP: frames between the last one before and the first one now, by
	 * JACK's clock; 0 for the first generation, or where no clock tells.
	 */
	uint64_t n_frames;
	/** Where it begins; may lie behind the last one's, for an XRUN. */
	uint64_t position;
	uint64_t generation;
	/**
	 * UP: n_frames is exact to the frame, as JACK's frame time went on from
	 * the one to the other; else it is by the system's clock.
	 */
	bool exact;
	/**
	 * GAP, UNKNOWN or XRUN: so many skips, slips and xruns came at once that
	 * the positions of these are not known. An XRUN's n_frames are all of
	 * theirs.
	 */
	uint32_t n_unknown;
	/**
	 * DOWN: 0 if a side just left; -ENOTSUP: the link knows no taps, and
	 * has to be updated; -EPROTO: what it said or wrote cannot be; -EUSERS:
	 * it has no room for another tap; else another errno, negative. A tap
	 * goes on trying in any case.
	 */
	int error;
	/** DOWN: the same in words, or empty; valid until the next call. */
	const char *text;
};

/** What a generation is like. */
struct leat_tap_format {
	uint64_t generation;
	uint32_t rate_hz;
	uint32_t n_channels; /**< 0..LEAT_CHANNELS_MAX */
	uint32_t capacity;   /**< of the ring, frames */
	uint32_t reserved;   /**< 0 */
	/** enum leat_position of each channel */
	uint8_t position[LEAT_CHANNELS_MAX];
	/**
	 * The ring's index at position 0. In follow mode the position of
	 * PipeWire's clock is that index.
	 */
	uint64_t first_index;
};

/** When JACK was, or will be, at a position. */
struct leat_tap_time {
	uint64_t frame_time; /**< JACK's own count, which wraps at 2^32 */
	uint64_t time_ns;    /**< CLOCK_MONOTONIC, as near as JACK's cycles */
};

/** How far a tap has come. */
enum leat_tap_state {
	LEAT_TAP_ABSENT,    /**< nobody hosts the link: it is tried again */
	LEAT_TAP_CONNECTED, /**< leat-jack is there, leat-pipewire is not */
	LEAT_TAP_LIVE	    /**< there is a generation to read */
};

/** Frames since the tap was opened, of all generations. */
struct leat_tap_counts {
	uint64_t n_read;   /**< verified, or copied */
	uint64_t n_lapped; /**< in gaps of each cause */
	uint64_t n_skipped;
	uint64_t n_unknown;
	uint64_t n_xrun;
	uint64_t n_generations; /**< that were UP */
};

struct leat_tap;

/**
 * @name Opening
 * @{
 */

/**
 * Open a tap on one direction of a link, which need not exist.
 *
 * @param direction  LEAT_TO_PIPEWIRE: what JACK sends. LEAT_TO_JACK: what
 *                   PipeWire sends.
 * @param config     NULL: from now on, woken for each block.
 * @retval 0        *tap is to be read with leat_tap_next().
 * @retval -EINVAL  No link can have that name, there is no such direction, or
 *                  config has another size.
 * @retval -EPERM   The runtime directory, or the link, is another user's.
 * @retval < 0      Another errno, negative; error says what is wrong.
 */
LEAT_API LEAT_MUST_CHECK int leat_tap_open(struct leat_tap **tap,
					   const char *link_name,
					   enum leat_direction direction,
					   const struct leat_tap_config *config,
					   struct leat_error *error);

/** Close it. NULL is fine. */
LEAT_API void leat_tap_close(struct leat_tap *tap);

/**
 * @}
 * @name Reading
 * @{
 */

/**
 * Find out what comes next, without waiting.
 *
 * Frames are told of until they were read; all else once. Frames that are fewer
 * than the watermark are not told of, unless something else comes right behind
 * them.
 *
 * @return  event->what.
 */
LEAT_API enum leat_tap_what leat_tap_next(struct leat_tap *tap,
					  struct leat_tap_event *event);

/**
 * Copy up to n_frames to planes of the caller's, one for each channel.
 *
 * Reads no further than leat_tap_next() said.
 *
 * @param planes  As many as the format has channels, n_frames samples each.
 * @return        Frames read: 0 if there are none, or if the producer came too
 *                near meanwhile; leat_tap_next() tells. What is in planes then
 *                means nothing.
 */
LEAT_API LEAT_RT LEAT_MUST_CHECK uint32_t leat_tap_read(struct leat_tap *tap,
							float *const *planes,
							uint32_t n_frames);

/**
 * Copy up to n_frames, interleaved; else as leat_tap_read().
 *
 * @param frames  n_frames times the format's channels samples.
 */
LEAT_API LEAT_RT LEAT_MUST_CHECK uint32_t leat_tap_read_interleaved(
	struct leat_tap *tap, float *frames, uint32_t n_frames);

/**
 * Offer up to n_frames where they lie, no further than leat_tap_next() said.
 *
 * They may change while they are looked at. What was made of them counts only
 * if leat_tap_end() says so.
 *
 * @param views  The frames, the second after the first. What is not needed has
 *               n_frames of 0.
 * @return       Frames of both together.
 */
LEAT_API LEAT_RT uint32_t leat_tap_begin(struct leat_tap *tap,
					 uint32_t n_frames,
					 struct leat_frames_view views[2]);

/**
 * Whether all frames that leat_tap_begin() offered are still as they were
 * written. To leave off early; leat_tap_end() looks in any case.
 */
LEAT_API LEAT_RT bool leat_tap_intact(struct leat_tap *tap);

/**
 * Verify the first n_frames of those that leat_tap_begin() offered, and pass
 * them.
 *
 * @return  n_frames; or 0, and nothing is passed, if the producer has come near
 *          them. leat_tap_next() then tells of the frames that are lost.
 */
LEAT_API LEAT_RT LEAT_MUST_CHECK uint32_t leat_tap_end(struct leat_tap *tap,
						       uint32_t n_frames);

/**
 * @}
 * @name Where it is
 * The position is that of the next frame, in the generation of the last UP.
 * @{
 */

/** The position. */
LEAT_API uint64_t leat_tap_position(const struct leat_tap *tap);

/**
 * The position of the frame that the producer writes next: leat_tap_position()
 * is so many frames behind it.
 */
LEAT_API uint64_t leat_tap_newest(struct leat_tap *tap);

/** The position of the oldest frame that is surely there for a moment more. */
LEAT_API uint64_t leat_tap_oldest(struct leat_tap *tap);

/**
 * Go to n_frames ago, no further than to the oldest; 0: to now,
 * LEAT_TAP_OLDEST. What lies between is neither read nor lost. Gaps that come
 * then are told of, once more where they had been before.
 *
 * @return  Frames that the position now lies behind the newest.
 */
LEAT_API uint64_t leat_tap_seek(struct leat_tap *tap, uint64_t n_frames);

/**
 * When JACK was at a position of this generation.
 *
 * For LEAT_TO_JACK: when it sent the frames of the same position, to which
 * these are the answer; it plays them a period later.
 *
 * @return  false if nothing is known of it.
 */
LEAT_API bool leat_tap_time(const struct leat_tap *tap, uint64_t position,
			    struct leat_tap_time *time);

/**
 * What the generation of the last UP is like; NULL before the first. Valid
 * until the next UP is told.
 */
LEAT_API const struct leat_tap_format *
leat_tap_format(const struct leat_tap *tap);

/** How far it has come. Changes within leat_tap_next() and waiting. */
LEAT_API enum leat_tap_state leat_tap_state(const struct leat_tap *tap);

/** What was counted so far. */
LEAT_API void leat_tap_counts(const struct leat_tap *tap,
			      struct leat_tap_counts *counts);

/**
 * @}
 * @name Waiting
 * Nobody wakes a tap: it sleeps until the frames should be there by JACK's
 * clock, or the link says something. With a watermark of n frames it wakes once
 * for them, not for each block.
 *
 * To poll instead, call leat_tap_next() again and again: most of these calls
 * make no system call.
 * @{
 */

/**
 * Be woken for n_frames and not for fewer; at least 1, and at most half the
 * window.
 */
LEAT_API void leat_tap_set_watermark(struct leat_tap *tap, uint32_t n_frames);

/**
 * Wait until leat_tap_next() has something to tell.
 *
 * @param timeout_ms  -1: for ever.
 * @retval 1    It has.
 * @retval 0    The time is over.
 * @retval < 0  -EINTR, or another errno of poll, negative.
 */
LEAT_API int leat_tap_wait(struct leat_tap *tap, int timeout_ms);

/**
 * A descriptor for poll or epoll, the same for the tap's life; not yours. It
 * may be readable early: call leat_tap_next() till it says NONE, then
 * leat_tap_prepare_wait() before each time you wait for it.
 */
LEAT_API int leat_tap_fd(const struct leat_tap *tap);

/**
 * Have the descriptor wake the caller.
 *
 * @return  true if leat_tap_next() has something to tell: do not sleep.
 */
LEAT_API bool leat_tap_prepare_wait(struct leat_tap *tap);

/** @} */

LEAT_END_DECLS

#endif
