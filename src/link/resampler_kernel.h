/* SPDX-License-Identifier: MIT */
/*
 * The resampler's inner loops: a row of coefficients between four neighbouring
 * phases, and its product with each channel.
 */
#ifndef LEAT_LINK_RESAMPLER_KERNEL_H
#define LEAT_LINK_RESAMPLER_KERNEL_H

#include <leat/attributes.h>

#include <stddef.h>
#include <stdint.h>

/* Taps come in groups of this many, so that loops have no rest. */
#define LEAT_KERNEL_LANES 16u

/* One output frame. */
struct leat_kernel_frame {
	const float *row;    /* the phase before the lower one */
	size_t row_stride;   /* samples from one phase to the next */
	float weight[4];     /* of the four phases */
	const float *input;  /* first sample under the filter, channel 0 */
	size_t input_stride; /* samples from one channel to the next */
	uint32_t n_taps;     /* a multiple of LEAT_KERNEL_LANES */
	uint32_t n_channels;
	float *coefficients; /* n_taps, aligned to 64 bytes, scratch */
};

/* Writes planes[c][at] of each channel. */
typedef void (*leat_kernel_fn)(const struct leat_kernel_frame *frame,
			       float *const *planes, size_t at) LEAT_RT;

/* The fastest for this processor. Thread: setup. */
leat_kernel_fn leat_kernel_choose(void);

/* The one that every processor has, for comparison. */
LEAT_RT void leat_kernel_plain(const struct leat_kernel_frame *frame,
			       float *const *planes, size_t at);

#endif
