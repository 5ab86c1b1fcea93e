/* SPDX-License-Identifier: MIT */
/* Planar float32 into the interleaved bytes that other programs take. */
#ifndef LEAT_TAP_SAMPLES_H
#define LEAT_TAP_SAMPLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Little endian, all of them. */
enum samples_format { SAMPLES_F32, SAMPLES_S16, SAMPLES_S24 };

bool samples_format_parse(const char *name, enum samples_format *format);

/* Bytes of one sample. */
size_t samples_bytes(enum samples_format format);

/*
 * Pack n_frames of each plane from offset on; a plane that is NULL is silent.
 *
 * Integers: 1.0 is 2^(bits - 1), to the nearest and to even from the middle;
 * what is beyond the range becomes the last value of it, what is not a number 0.
 * Nothing is dithered, so what came from as many bits goes back to them.
 *
 * bytes: n_frames * n_channels * samples_bytes().
 * Returns samples that were beyond the range or no number.
 */
uint64_t samples_pack(unsigned char *bytes, enum samples_format format,
		      const float *const *planes, uint32_t n_channels,
		      uint32_t offset, uint32_t n_frames);

/* Interleave as floats, bit by bit. */
void samples_interleave(float *to, const float *const *planes,
			uint32_t n_channels, uint32_t offset,
			uint32_t n_frames);

#endif
