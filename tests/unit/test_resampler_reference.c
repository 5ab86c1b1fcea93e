/* SPDX-License-Identifier: MIT */
/* Our resampler beside libsamplerate's best, sample by sample. */
#include "link/resampler.h"

#include "runner.h"

#include <CUnit/CUnit.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef HAVE_SAMPLERATE
#include <samplerate.h>

enum { N_IN = 40000, N_OUT_MAX = 200000, EDGE = 1000 };

/* Forty sines up to 18 kHz, none in step with another. */
static void make_signal(float *in, double rate_hz)
{
	for (int i = 0; i < N_IN; i++) {
		double sum = 0;

		for (int k = 1; k <= 40; k++)
			sum += sin(2 * M_PI * i * (k * 449.7) / rate_hz +
				   k * k);
		in[i] = (float)(sum / 40);
	}
}

static long reference(const float *in, float *out, double ratio)
{
	SRC_DATA data = {
		.data_in = in,
		.data_out = out,
		.input_frames = N_IN,
		.output_frames = N_OUT_MAX,
		.src_ratio = ratio,
	};

	CU_ASSERT_EQUAL_FATAL(src_simple(&data, SRC_SINC_BEST_QUALITY, 1), 0);
	return data.output_frames_gen;
}

static long ours(const float *in, float *out, uint32_t in_hz, uint32_t out_hz,
		 long n)
{
	const struct leat_resampler_config config = { 1, in_hz, out_hz, 0 };
	struct leat_resampler *resampler;
	long done = 0;

	CU_ASSERT_EQUAL_FATAL(leat_resampler_create(&resampler, &config), 0);
	while (done + 256 <= n) {
		uint32_t need = leat_resampler_need(resampler, 256, 1);
		const float *from = in + leat_resampler_fed(resampler);

		if (leat_resampler_fed(resampler) + need > N_IN)
			break;
		leat_resampler_feed(resampler, &from, 0, need);
		leat_resampler_pull(resampler, &out, (uint32_t)done, 256, 1);
		done += 256;
	}
	leat_resampler_destroy(resampler);
	return done;
}

/* Power of the difference against the signal's, dB; position by position. */
static double compare(uint32_t in_hz, uint32_t out_hz)
{
	static float in[N_IN], theirs[N_OUT_MAX], mine[N_OUT_MAX];
	double signal = 0, difference = 0;
	long n;

	make_signal(in, in_hz);
	n = reference(in, theirs, (double)out_hz / in_hz);
	n = ours(in, mine, in_hz, out_hz, n);
	CU_ASSERT(n > 3L * EDGE);
	for (long i = EDGE; i < n - EDGE; i++) {
		double e = (double)mine[i] - (double)theirs[i];

		signal += (double)theirs[i] * (double)theirs[i];
		difference += e * e;
	}
	return 10 * log10(difference / signal);
}

static void test_agrees_with_the_reference(void)
{
	static const uint32_t rates[][2] = {
		{ 44100, 48000 },  { 48000, 44100 },  { 48000, 96000 },
		{ 96000, 48000 },  { 96000, 44100 },  { 88200, 48000 },
		{ 192000, 48000 }, { 44100, 192000 },
	};

	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		double db = compare(rates[i][0], rates[i][1]);

		printf("%u -> %u Hz: %.1f dB from libsamplerate's best\n",
		       rates[i][0], rates[i][1], db);
		CU_ASSERT(db < -120);
	}
}

static const struct unit_test tests[] = {
	{ "reference", "libsamplerate", test_agrees_with_the_reference },
};

UNIT_MAIN(tests)

#else

int main(void)
{
	puts("skipped: libsamplerate0-dev is not here to compare with");
	return 77;
}

#endif
