/* SPDX-License-Identifier: MIT */
/**
 * The counting signal: every frame of every channel is another exact float.
 *
 * The value of a channel is (frame * n_channels + channel) / 2^24, which a
 * float32 holds exactly, so whatever arrives says which frame it is, and one
 * changed bit is seen. Frame numbers start over after counting_wrap() frames.
 *
 * Nothing here allocates, locks or makes a system call.
 */
#ifndef TEST_SUPPORT_COUNTING_H
#define TEST_SUPPORT_COUNTING_H

#include <stdbool.h>
#include <stdint.h>

/** What a received frame is, next to the one before it. */
enum counting_kind {
	COUNTING_EXACT,	  /**< the frame that had to come, or the first one */
	COUNTING_GAP,	  /**< a later one: some are lost */
	COUNTING_REPEAT,  /**< an earlier one, or the same again */
	COUNTING_SILENT,  /**< zero in every channel */
	COUNTING_FADE,	  /**< the bridge's own fade after the last frame */
	COUNTING_CORRUPT, /**< no frame of the signal, or channels disagree */
};

/** The receiver's memory, and its sums. Zero it, then set n_channels. */
struct counting_check {
	uint32_t n_channels;
	uint32_t next; /* frame number that has to come, once locked */
	bool locked;   /* a frame of the signal has been seen */
	enum counting_kind latest; /* what the latest frame was */
	uint64_t n_exact;	   /* frames of each kind */
	uint64_t n_silent;
	uint32_t fade_length; /* frames of the bridge's fade to zero; 0: none */
	uint32_t fade_left;   /* of it, since the latest exact frame */
	uint64_t n_fades;     /* frames of the bridge's fades */
	uint64_t n_silences;  /* runs of silent frames after the signal began */
	uint64_t n_gaps;      /* jumps forward */
	uint64_t n_lost;      /* frames left out by all gaps */
	uint64_t n_repeats;   /* jumps backward */
	uint64_t n_corrupt;
};

/** Frames after which the numbers start over: floor(2^24 / n_channels). */
uint32_t counting_wrap(uint32_t n_channels);

/** The sample of a frame in a channel. */
float counting_value(uint64_t frame, uint32_t n_channels, uint32_t channel);

/** The frame number of a sample, if it is one of this channel. */
bool counting_decode(float value, uint32_t n_channels, uint32_t channel,
		     uint32_t *frame);

/** The shortest way between two frame numbers, negative if backward. */
int64_t counting_distance(uint32_t from, uint32_t to, uint32_t n_channels);

/** Write n_frames from frame on. A plane may be NULL. */
void counting_write(float *const *planes, uint32_t n_channels, uint64_t frame,
		    uint32_t n_frames);

/**
 * Judge the frame at index `at` of the planes, and count it.
 *
 * A NULL plane is silent. After a frame of the signal, check->next is that
 * frame's number plus one.
 *
 * @param n_jumped  Frames jumped: lost at a gap, backward at a repeat, else 0.
 */
enum counting_kind counting_judge(struct counting_check *check,
				  const float *const *planes, uint32_t at,
				  uint32_t *n_jumped);

#endif
