/* SPDX-License-Identifier: MIT */
#include "samples.h"

#include <math.h>
#include <string.h>

static const struct {
	const char *name;
	size_t n_bytes;
} formats[] = {
	[SAMPLES_F32] = { "f32", 4 },
	[SAMPLES_S16] = { "s16", 2 },
	[SAMPLES_S24] = { "s24", 3 },
};

bool samples_format_parse(const char *name, enum samples_format *format)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (strcmp(name, formats[i].name) == 0) {
			*format = (enum samples_format)i;
			return true;
		}
	}
	return false;
}

size_t samples_bytes(enum samples_format format)
{
	return formats[format].n_bytes;
}

/*
 * To full_scale = 2^(bits - 1), rounded as the processor does: to even. The
 * product is exact, as the factor is a power of two.
 */
static int32_t quantize(float sample, float full_scale, uint64_t *n_clipped)
{
	float scaled = sample * full_scale;

	if (scaled >= -full_scale && scaled <= full_scale - 1)
		return (int32_t)lrintf(scaled);
	/* Up to half a step beyond the last value is rounded to it. */
	if (!(scaled > 0) || scaled > full_scale - 0.5f)
		++*n_clipped;
	if (isnan(sample))
		return 0;
	return (int32_t)(scaled < 0 ? -full_scale : full_scale - 1);
}

static void put(unsigned char *to, uint32_t bits, size_t n_bytes)
{
	for (size_t i = 0; i < n_bytes; i++)
		to[i] = (unsigned char)(bits >> (8 * i));
}

static uint32_t float_bits(float sample)
{
	uint32_t bits;

	memcpy(&bits, &sample, sizeof(bits));
	return bits;
}

static uint32_t pack_one(float sample, enum samples_format format,
			 uint64_t *n_clipped)
{
	if (format == SAMPLES_F32)
		return float_bits(sample);
	return (uint32_t)quantize(
		sample, format == SAMPLES_S16 ? 0x1p15f : 0x1p23f, n_clipped);
}

uint64_t samples_pack(unsigned char *bytes, enum samples_format format,
		      const float *const *planes, uint32_t n_channels,
		      uint32_t offset, uint32_t n_frames)
{
	size_t n_bytes = samples_bytes(format);
	uint64_t n_clipped = 0;

	for (uint32_t c = 0; c < n_channels; c++) {
		unsigned char *to = bytes + c * n_bytes;

		for (uint32_t i = 0; i < n_frames; i++) {
			float sample = planes[c] ? planes[c][offset + i] : 0;

			put(to, pack_one(sample, format, &n_clipped), n_bytes);
			to += n_channels * n_bytes;
		}
	}
	return n_clipped;
}

void samples_interleave(float *to, const float *const *planes,
			uint32_t n_channels, uint32_t offset, uint32_t n_frames)
{
	for (uint32_t c = 0; c < n_channels; c++)
		for (uint32_t i = 0; i < n_frames; i++)
			to[(size_t)i * n_channels + c] = planes[c][offset + i];
}
