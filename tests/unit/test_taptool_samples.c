/* SPDX-License-Identifier: MIT */
/* leat-tap's sample formats: every bit, rounding, the ends of the range. */
#include "runner.h"

#include "tools/tap/samples.h"
#include "tools/tap/wav_header.h"

#include <CUnit/CUnit.h>

#include <math.h>
#include <string.h>

static int32_t packed(float sample, enum samples_format format,
		      uint64_t *n_clipped)
{
	unsigned char bytes[4] = { 0 };
	const float *planes[] = { &sample };
	uint32_t bits;

	*n_clipped = samples_pack(bytes, format, planes, 1, 0, 1);
	if (format == SAMPLES_S16) {
		bits = (uint32_t)bytes[0] << 16 | (uint32_t)bytes[1] << 24;
		return (int32_t)bits / 65536;
	}
	bits = (uint32_t)bytes[0] << 8 | (uint32_t)bytes[1] << 16 |
	       (uint32_t)bytes[2] << 24;
	return (int32_t)bits / 256;
}

static void check(float sample, enum samples_format format, int32_t value,
		  uint64_t n_clipped)
{
	uint64_t n;

	CU_ASSERT_EQUAL(packed(sample, format, &n), value);
	CU_ASSERT_EQUAL(n, n_clipped);
}

static void test_s16(void)
{
	check(0.0f, SAMPLES_S16, 0, 0);
	check(1.0f, SAMPLES_S16, 32767, 1);
	check(32767.0f / 32768, SAMPLES_S16, 32767, 0);
	check(32767.5f / 32768, SAMPLES_S16, 32767, 0);
	check(-1.0f, SAMPLES_S16, -32768, 0);
	check(-1.5f, SAMPLES_S16, -32768, 1);
	check(1e30f, SAMPLES_S16, 32767, 1);
	/* To the nearest, and to even from the middle. */
	check(0.4f / 32768, SAMPLES_S16, 0, 0);
	check(0.6f / 32768, SAMPLES_S16, 1, 0);
	check(0.5f / 32768, SAMPLES_S16, 0, 0);
	check(1.5f / 32768, SAMPLES_S16, 2, 0);
	check(-0.5f / 32768, SAMPLES_S16, 0, 0);
	check(-1.5f / 32768, SAMPLES_S16, -2, 0);
	check(INFINITY, SAMPLES_S16, 32767, 1);
	check(-INFINITY, SAMPLES_S16, -32768, 1);
	check(NAN, SAMPLES_S16, 0, 1);
}

static void test_s24(void)
{
	check(1.0f, SAMPLES_S24, 8388607, 1);
	check(8388607.0f / 8388608, SAMPLES_S24, 8388607, 0);
	check(-1.0f, SAMPLES_S24, -8388608, 0);
	check(1.0f / 8388608, SAMPLES_S24, 1, 0);
	check(-1.0f / 8388608, SAMPLES_S24, -1, 0);
	check(NAN, SAMPLES_S24, 0, 1);
}

/* All 16-bit values, and 24-bit ones, come back as they went. */
static void test_round_trip(void)
{
	uint64_t n_clipped;
	unsigned n_wrong = 0;

	for (int32_t i = -32768; i < 32768; i++)
		n_wrong += packed((float)i / 32768, SAMPLES_S16, &n_clipped) !=
				   i ||
			   n_clipped != 0;
	for (int32_t i = -8388608; i < 8388608; i += 101)
		n_wrong += packed((float)i / 8388608, SAMPLES_S24,
				  &n_clipped) != i ||
			   n_clipped != 0;
	CU_ASSERT_EQUAL(n_wrong, 0);
}

static void test_floats_are_bits(void)
{
	const float left[] = { -0.0f, 1e-45f, 3.5f };
	const float right[] = { NAN, -INFINITY, 0.1f };
	const float *planes[] = { left, right, NULL };
	float out[6];

	CU_ASSERT_EQUAL(samples_pack((unsigned char *)out, SAMPLES_F32, planes,
				     3, 1, 2),
			0);
	CU_ASSERT_EQUAL(memcmp(&out[0], &left[1], 4), 0);
	CU_ASSERT_EQUAL(memcmp(&out[1], &right[1], 4), 0);
	CU_ASSERT_EQUAL(out[2], 0.0f);
	CU_ASSERT_EQUAL(memcmp(&out[3], &left[2], 4), 0);
	samples_interleave(out, planes, 2, 0, 3);
	CU_ASSERT_EQUAL(memcmp(&out[0], &left[0], 4), 0);
	CU_ASSERT_EQUAL(memcmp(&out[1], &right[0], 4), 0);
	CU_ASSERT_EQUAL(memcmp(&out[5], &right[2], 4), 0);
}

static void test_names(void)
{
	enum samples_format format = SAMPLES_F32;

	CU_ASSERT(samples_format_parse("s24", &format));
	CU_ASSERT_EQUAL(format, SAMPLES_S24);
	CU_ASSERT_EQUAL(samples_bytes(format), 3);
	CU_ASSERT_FALSE(samples_format_parse("s32", &format));
	CU_ASSERT_FALSE(samples_format_parse("", &format));
}

static uint32_t number_at(const unsigned char *bytes, unsigned n)
{
	uint32_t number = 0;

	for (unsigned i = 0; i < n; i++)
		number |= (uint32_t)bytes[i] << (8 * i);
	return number;
}

static void test_wav_header(void)
{
	unsigned char bytes[WAV_HEADER_MAX];
	int n = wav_header(bytes, SAMPLES_S24, 6, 44100);

	CU_ASSERT_FATAL(n >= 44);
	CU_ASSERT_EQUAL(memcmp(bytes, "RIFF\xff\xff\xff\xffWAVEfmt ", 16), 0);
	CU_ASSERT_EQUAL(memcmp(bytes + n - 8, "data\xff\xff\xff\xff", 8), 0);
	CU_ASSERT_EQUAL(number_at(bytes + 22, 2), 6);
	CU_ASSERT_EQUAL(number_at(bytes + 24, 4), 44100);
	CU_ASSERT_EQUAL(number_at(bytes + 32, 2), 18);
	CU_ASSERT_EQUAL(number_at(bytes + 34, 2), 24);
	CU_ASSERT(wav_header(bytes, SAMPLES_F32, 64, 768000) > 0);
	CU_ASSERT_EQUAL(number_at(bytes + 20, 2), 3);
}

static const struct unit_test tests[] = {
	{ "samples", "16 bits", test_s16 },
	{ "samples", "24 bits", test_s24 },
	{ "samples", "there and back", test_round_trip },
	{ "samples", "floats keep every bit", test_floats_are_bits },
	{ "samples", "names", test_names },
	{ "wav", "header of a pipe", test_wav_header },
};

UNIT_MAIN(tests)
