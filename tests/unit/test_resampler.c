/* SPDX-License-Identifier: MIT */
#include "link/resampler.h"

#include "link/resampler_kernel.h"
#include "runner.h"
#include "sine.h"
#include "stream.h"

#include <CUnit/CUnit.h>

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct rates {
	uint32_t in_hz;
	uint32_t out_hz;
};

static const struct rates all_rates[] = {
	{ 48000, 48000 },  { 44100, 48000 },  { 48000, 44100 },
	{ 48000, 96000 },  { 96000, 48000 },  { 44100, 88200 },
	{ 88200, 44100 },  { 96000, 44100 },  { 44100, 96000 },
	{ 192000, 44100 }, { 44100, 192000 }, { 192000, 48000 },
	{ 88200, 192000 },
};
#define N_RATES (sizeof(all_rates) / sizeof(all_rates[0]))

#define LENGTH 12800u

static uint32_t lower(struct rates rates)
{
	return rates.in_hz < rates.out_hz ? rates.in_hz : rates.out_hz;
}

/* A sine through blocks of 128 whose speed wanders by ppm. */
static struct sine_fit wander(struct rates rates, double frequency_hz,
			      double ppm)
{
	struct stream stream;
	struct sine_fit fit;

	stream_open(&stream, rates.in_hz, rates.out_hz, frequency_hz, LENGTH);
	for (uint32_t i = 0; i < LENGTH / 128; i++)
		stream_run(&stream, 128, 1 + ppm * 1e-6 * sin(i * 0.1));
	fit = stream_fit(&stream, 1024, stream.signal.frequency);
	fit.amplitude /= stream.signal.amplitude;
	stream_close(&stream);
	return fit;
}

/* ---- how clean ---- */

static const double sweep_hz[] = { 30,	  100,	 1000,	3000,  6000,
				   10000, 13000, 15000, 17000, 19000 };

static void test_sines_at_all_rates(void)
{
	for (size_t r = 0; r < N_RATES; r++) {
		double worst = 999, worst_hz = 0;

		for (size_t i = 0; i < sizeof(sweep_hz) / sizeof(double); i++) {
			struct sine_fit fit =
				wander(all_rates[r], sweep_hz[i], 200);

			if (fit.sinad_db < worst) {
				worst = fit.sinad_db;
				worst_hz = sweep_hz[i];
			}
		}
		printf("%u -> %u Hz: SINAD at least %.1f dB (at %.0f Hz)\n",
		       all_rates[r].in_hz, all_rates[r].out_hz, worst,
		       worst_hz);
		CU_ASSERT(worst >= 132);
	}
}

static void test_nominal_sines(void)
{
	struct sine_fit low = wander(all_rates[0], 1000, 200);
	struct sine_fit high = wander(all_rates[0], 19000, 200);

	printf("48 kHz: SINAD %.1f dB at 1 kHz, %.1f at 19 kHz\n", low.sinad_db,
	       high.sinad_db);
	CU_ASSERT(low.sinad_db >= 138);
	CU_ASSERT(high.sinad_db >= 136);
	/* The phase of the fit is against the true position: no delay. */
	CU_ASSERT(fabs(low.phase) < 1e-6);
	CU_ASSERT(fabs(high.phase) < 1e-6);
}

static void test_passband_is_flat(void)
{
	for (size_t r = 0; r < N_RATES; r++) {
		double top = lower(all_rates[r]) * 0.405, worst = 0;

		for (int i = 1; i <= 20; i++) {
			struct sine_fit fit =
				wander(all_rates[r], top * i / 20, 0);
			double gain_db = fabs(20 * log10(fit.amplitude));

			worst = gain_db > worst ? gain_db : worst;
		}
		CU_ASSERT(worst < 1e-4);
	}
}

static double rms_db(const float *samples, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (double)samples[i] * (double)samples[i];
	return 10 * log10(sum / (double)n + 1e-30);
}

/* Louder than this is no alias of a full sine above the lower Nyquist. */
static void test_stopband(void)
{
	static const struct rates down[] = {
		{ 96000, 44100 },
		{ 96000, 48000 },
		{ 192000, 44100 },
		{ 48000, 44100 },
	};

	for (size_t r = 0; r < sizeof(down) / sizeof(down[0]); r++) {
		double edge = down[r].out_hz / 2.0 * 1.05;
		double top = down[r].in_hz / 2.0 * 0.999;
		double worst = -999;

		for (int i = 0; i < 24; i++) {
			struct stream stream;
			double db;

			stream_open(&stream, down[r].in_hz, down[r].out_hz,
				    edge + (top - edge) * i / 23, 4096);
			stream_run(&stream, 4096, 1.0001);
			db = rms_db(stream.output + 512, 4096 - 512);
			worst = db > worst ? db : worst;
			stream_close(&stream);
		}
		printf("%u -> %u Hz: stop band %.1f dB from %.0f Hz on\n",
		       down[r].in_hz, down[r].out_hz, worst, edge);
		CU_ASSERT(worst < -122);
	}
}

/* The clamp's whole range within one block, up and down. */
static void test_steep_ramps_do_not_click(void)
{
	struct stream stream;
	struct sine_fit fit;

	stream_open(&stream, 48000, 48000, 5000, LENGTH);
	for (uint32_t i = 0; i < LENGTH / 64; i++)
		stream_run(&stream, 64, i % 2 ? 1.005 : 0.995);
	fit = stream_fit(&stream, 512, stream.signal.frequency);
	printf("ramps of 1 %% in 64 frames: SINAD %.1f dB\n", fit.sinad_db);
	CU_ASSERT(fit.sinad_db >= 132);
	stream_close(&stream);
}

/* ---- how many ---- */

static struct leat_resampler *make(uint32_t n_channels, struct rates rates)
{
	const struct leat_resampler_config config = {
		.n_channels = n_channels,
		.in_rate_hz = rates.in_hz,
		.out_rate_hz = rates.out_hz,
	};
	struct leat_resampler *resampler;

	CU_ASSERT_EQUAL_FATAL(leat_resampler_create(&resampler, &config), 0);
	return resampler;
}

/* One frame fewer than need says is too few, and changes nothing. */
static void test_need_is_exact(void)
{
	static float out[8192];
	float *plane = out;
	static const uint32_t sizes[] = { 1, 2, 16, 441, 1000, 1024, 8192 };

	for (size_t r = 0; r < N_RATES; r++) {
		struct leat_resampler *resampler = make(1, all_rates[r]);

		for (uint32_t i = 0; i < 140; i++) {
			uint32_t n = sizes[i % 7];
			double speed = 1 + 0.005 * sin(i), before, after;
			uint32_t need =
				leat_resampler_need(resampler, n, speed);

			if (need > 0) {
				leat_resampler_feed_zeros(resampler, need - 1);
				before = leat_resampler_delay(resampler);
				CU_ASSERT_EQUAL(leat_resampler_pull(resampler,
								    &plane, 0,
								    n, speed),
						0);
				after = leat_resampler_delay(resampler);
				CU_ASSERT_EQUAL(before, after);
				CU_ASSERT_EQUAL(leat_resampler_need(resampler,
								    n, speed),
						1);
				leat_resampler_feed_zeros(resampler, 1);
			}
			CU_ASSERT_EQUAL(leat_resampler_pull(resampler, &plane,
							    0, n, speed),
					n);
		}
		leat_resampler_destroy(resampler);
	}
}

/* What was fed ends just where the filter of the last frame ends. */
static void test_need_is_what_the_last_frame_covers(void)
{
	float out[4], *plane = out;
	struct leat_resampler *resampler = make(1, all_rates[0]);
	uint32_t half = leat_resampler_half_taps(resampler);

	for (uint32_t i = 0; i < 20000; i++) {
		/* All of the range, and never the same way twice. */
		double speed = 0.98 + 0.04 * fmod(i * 0.61803399, 1);
		double fraction, last;
		uint32_t n = 1 + i % 3;
		uint32_t need = leat_resampler_need(resampler, n, speed);

		leat_resampler_feed_zeros(resampler, need);
		leat_resampler_pull(resampler, &plane, 0, n, speed);
		last = (double)leat_resampler_position(resampler, &fraction);
		last += fraction - speed;
		/* Within rounding of a whole frame either is right. */
		if (need > 0 && fabs(last - round(last)) > 1e-9)
			CU_ASSERT_EQUAL(leat_resampler_fed(resampler),
					(uint64_t)floor(last) + half + 1);
	}
	leat_resampler_destroy(resampler);
}

static void test_ready_is_the_inverse_of_need(void)
{
	static float out[8192];
	float *plane = out;

	for (size_t r = 0; r < N_RATES; r++) {
		struct leat_resampler *resampler = make(1, all_rates[r]);
		uint64_t n_out = 0, n_in = 0;

		for (uint32_t i = 0; i < 400; i++) {
			double speed = 1 + 0.005 * sin(i);
			uint32_t n;

			leat_resampler_feed_zeros(resampler, i % 300);
			n_in += i % 300;
			n = leat_resampler_ready(resampler, 8192, speed);
			CU_ASSERT_EQUAL(
				leat_resampler_need(resampler, n, speed), 0);
			CU_ASSERT(leat_resampler_need(resampler, n + 1, speed) >
				  0);
			CU_ASSERT_EQUAL(
				leat_resampler_ready(resampler, n / 2, speed),
				n / 2);
			CU_ASSERT_EQUAL(leat_resampler_pull(resampler, &plane,
							    0, n, speed),
					n);
			n_out += n;
		}
		CU_ASSERT(fabs((double)n_in -
			       (double)n_out * all_rates[r].in_hz /
				       all_rates[r].out_hz) < 1000);
		leat_resampler_destroy(resampler);
	}
}

/* An hour at a constant speed: not a frame more or less. */
static void test_position_does_not_drift(void)
{
	struct leat_resampler *resampler = make(0, all_rates[1]);
	const double speed = 1.000123;
	uint64_t n_out = 0, position;
	double fraction, expected;

	leat_resampler_set_speed(resampler, speed);
	for (int i = 0; i < 3600 * 6; i++) {
		leat_resampler_feed_zeros(
			resampler, leat_resampler_need(resampler, 8000, speed));
		n_out += leat_resampler_pull(resampler, NULL, 0, 8000, speed);
	}
	position = leat_resampler_position(resampler, &fraction);
	expected = (double)n_out * speed * 44100 / 48000;
	CU_ASSERT_EQUAL(n_out, UINT64_C(3600) * 48000);
	CU_ASSERT(fabs((double)position + fraction - expected) < 1e-4);
	leat_resampler_destroy(resampler);
}

/* Blocks of any size make the same samples, bit by bit. */
static void test_blocks_do_not_show(void)
{
	static const uint32_t sizes[] = { 1, 7, 64, 333, 4000 };
	struct stream whole, pieces;

	stream_open(&whole, 44100, 48000, 997, 4000);
	stream_open(&pieces, 44100, 48000, 997, 4000);
	leat_resampler_set_speed(whole.resampler, 1.0002);
	stream_run(&whole, 4000, 1.0002);
	leat_resampler_set_speed(pieces.resampler, 1.0002);
	for (int i = 0; pieces.n < 4000; i++) {
		uint32_t n = sizes[i % 4];

		if (n > 4000 - pieces.n)
			n = (uint32_t)(4000 - pieces.n);
		stream_run(&pieces, n, 1.0002);
	}
	CU_ASSERT_EQUAL(
		memcmp(whole.output, pieces.output, 4000 * sizeof(float)), 0);
	stream_close(&whole);
	stream_close(&pieces);
}

static void test_delay(void)
{
	for (size_t r = 0; r < N_RATES; r++) {
		struct leat_resampler *resampler = make(1, all_rates[r]);
		double half = leat_resampler_half_taps(resampler);
		double ratio = (double)all_rates[r].in_hz / all_rates[r].out_hz;
		float out[64], *plane = out;

		CU_ASSERT_EQUAL(leat_resampler_delay(resampler), 0);
		for (int i = 0; i < 50; i++) {
			double delay;

			leat_resampler_feed_zeros(
				resampler,
				leat_resampler_need(resampler, 64, 1.001));
			leat_resampler_pull(resampler, &plane, 0, 64, 1.001);
			delay = leat_resampler_delay(resampler);
			CU_ASSERT(delay <= half + 1);
			CU_ASSERT(delay >= half - ratio * 1.001 - 1e-9);
		}
		leat_resampler_destroy(resampler);
	}
}

/* ---- hard input ---- */

static void pull_some(struct leat_resampler *resampler, const float *in,
		      uint32_t n, float *out)
{
	const float *from = in;
	float *to = out;

	for (uint32_t i = 0; i < n; i += 64) {
		uint32_t need = leat_resampler_need(resampler, 64, 1.00001);

		CU_ASSERT_EQUAL(leat_resampler_feed(resampler, &from, 0, need),
				need);
		from += need;
		leat_resampler_pull(resampler, &to, i, 64, 1.00001);
	}
}

static void test_bad_samples_pass(void)
{
	static const float bad[] = { NAN, INFINITY, -INFINITY, FLT_MAX };
	static float in[2048], out[1024], clean[1024];

	for (size_t i = 0; i < 2048; i++)
		in[i] = sinf((float)i * 0.1f);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct leat_resampler *a = make(1, all_rates[0]);
		struct leat_resampler *b = make(1, all_rates[0]);
		float good = in[500];

		pull_some(a, in, 1024, clean);
		in[500] = bad[i];
		pull_some(b, in, 1024, out);
		in[500] = good;
		CU_ASSERT_EQUAL(memcmp(out, clean, 450 * sizeof(float)), 0);
		CU_ASSERT_EQUAL(
			memcmp(out + 550, clean + 550, 450 * sizeof(float)), 0);
		CU_ASSERT_NOT_EQUAL(
			memcmp(out + 450, clean + 450, 100 * sizeof(float)), 0);
		leat_resampler_destroy(a);
		leat_resampler_destroy(b);
	}
}

/* Denormals come out as small as they went in, and zeros are zeros. */
static void test_denormals_and_silence(void)
{
	static float in[2048], out[1024];
	struct leat_resampler *resampler = make(1, all_rates[1]);

	for (size_t i = 0; i < 600; i++)
		in[i] = FLT_MIN / 16;
	pull_some(resampler, in, 1024, out);
	for (size_t i = 0; i < 1024; i++)
		CU_ASSERT(fabsf(out[i]) < FLT_MIN);
	for (size_t i = 750; i < 1024; i++)
		CU_ASSERT_EQUAL(out[i], 0);
	leat_resampler_destroy(resampler);
}

static void test_bad_speeds_are_clamped(void)
{
	static const double bad[] = { NAN, -1, 0, 2, INFINITY, -INFINITY };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct leat_resampler *resampler = make(0, all_rates[0]);
		uint32_t need = leat_resampler_need(resampler, 1000, bad[i]);

		CU_ASSERT(need > 1000 && need < 1100);
		leat_resampler_feed_zeros(resampler, need);
		CU_ASSERT_EQUAL(
			leat_resampler_pull(resampler, NULL, 0, 1000, bad[i]),
			1000);
		leat_resampler_destroy(resampler);
	}
}

static void test_bad_configurations(void)
{
	static const struct leat_resampler_config bad[] = {
		{ 65, 48000, 48000, 0 },     { 1, 0, 48000, 0 },
		{ 1, 48000, 0, 0 },	     { 1, 1000000, 48000, 0 },
		{ 1, 48000, 1000000, 0 },    { 1, 8000, 192000, 0 },
		{ 1, 192000, 8000, 0 },	     { 1, 48000, 48000, 1u << 20 },
		{ 1, 48000, UINT32_MAX, 0 },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct leat_resampler *resampler = (void *)&resampler;

		CU_ASSERT_EQUAL(leat_resampler_create(&resampler, &bad[i]),
				-EINVAL);
		CU_ASSERT_PTR_NULL(resampler);
	}
	leat_resampler_destroy(NULL);
}

static void test_feeding_too_much(void)
{
	struct leat_resampler *resampler = make(1, all_rates[0]);
	float out[64], *plane = out;
	uint32_t n = 0, took;

	while ((took = leat_resampler_feed_zeros(resampler, 1000)) == 1000)
		n += took;
	CU_ASSERT(n + took >= LEAT_RESAMPLER_PULL_MAX);
	CU_ASSERT_EQUAL(leat_resampler_feed_zeros(resampler, 1), 0);
	CU_ASSERT_EQUAL(leat_resampler_pull(resampler, &plane, 0, 64, 1), 64);
	CU_ASSERT_EQUAL(leat_resampler_pull(resampler, &plane, 0, 0, 1), 0);
	CU_ASSERT_EQUAL(leat_resampler_pull(resampler, &plane, 0,
					    LEAT_RESAMPLER_PULL_MAX + 1, 1),
			0);
	leat_resampler_destroy(resampler);
}

/* ---- channels ---- */

static void test_channels_stay_apart(void)
{
	enum { N = 5, FRAMES = 512 };
	static float in[N][FRAMES], out[N][256], alone[256];
	const float *from[N];
	float *to[N], *one = alone;
	struct leat_resampler *all = make(N, all_rates[2]);

	srand(1);
	for (int c = 0; c < N; c++) {
		from[c] = in[c];
		to[c] = out[c];
		for (int i = 0; i < FRAMES; i++)
			in[c][i] = (float)rand() / (float)RAND_MAX - 0.5f;
	}
	CU_ASSERT_EQUAL(leat_resampler_feed(all, from, 0, 500), 500);
	CU_ASSERT_EQUAL(leat_resampler_pull(all, to, 0, 256, 1.001), 256);
	for (int c = 0; c < N; c++) {
		struct leat_resampler *mono = make(1, all_rates[2]);

		leat_resampler_feed_strided(mono, in[c], FRAMES, 500);
		leat_resampler_pull(mono, &one, 0, 256, 1.001);
		for (int i = 0; i < 256; i++)
			CU_ASSERT(fabsf(alone[i] - out[c][i]) < 1e-6f);
		leat_resampler_destroy(mono);
	}
	leat_resampler_destroy(all);
}

/* The kernel for this processor and the one for every processor. */
static void test_kernels_agree(void)
{
	enum { TAPS = 96, CHANNELS = 3 };
	_Alignas(64) static float rows[4 * TAPS], scratch[TAPS];
	static float in[CHANNELS * TAPS];
	float a[CHANNELS], b[CHANNELS];
	float *to_a[] = { a, a + 1, a + 2 }, *to_b[] = { b, b + 1, b + 2 };
	const struct leat_kernel_frame frame = {
		.row = rows,
		.row_stride = TAPS,
		.weight = { -0.1f, 0.7f, 0.5f, -0.1f },
		.input = in,
		.input_stride = TAPS,
		.n_taps = TAPS,
		.n_channels = CHANNELS,
		.coefficients = scratch,
	};

	for (int i = 0; i < 4 * TAPS; i++)
		rows[i] = sinf((float)i);
	for (int i = 0; i < CHANNELS * TAPS; i++)
		in[i] = cosf((float)(i * i));
	leat_kernel_choose()(&frame, to_a, 0);
	leat_kernel_plain(&frame, to_b, 0);
	for (int c = 0; c < CHANNELS; c++) {
		double sum = 0;

		for (int i = 0; i < TAPS; i++)
			sum += (double)in[c * TAPS + i] *
			       (-0.1 * (double)rows[i] +
				0.7 * (double)rows[TAPS + i] +
				0.5 * (double)rows[2 * TAPS + i] -
				0.1 * (double)rows[3 * TAPS + i]);
		CU_ASSERT(fabs((double)a[c] - sum) < 1e-5);
		CU_ASSERT(fabs((double)b[c] - sum) < 1e-5);
	}
}

/* ---- jumps ---- */

static void test_reset(void)
{
	struct stream used, fresh;
	double fraction;

	stream_open(&used, 48000, 48000, 1000, 3000);
	stream_open(&fresh, 48000, 48000, 1000, 3000);
	for (int i = 0; i < 10; i++)
		stream_run(&used, 100, 1.003);
	leat_resampler_reset(used.resampler, UINT64_MAX - 5);
	CU_ASSERT_EQUAL(leat_resampler_fed(used.resampler), UINT64_MAX - 5);
	CU_ASSERT_EQUAL(leat_resampler_position(used.resampler, &fraction),
			UINT64_MAX - 5);
	CU_ASSERT_EQUAL(fraction, 0);
	CU_ASSERT_EQUAL(leat_resampler_delay(used.resampler), 0);
	leat_resampler_reset(used.resampler, 0);
	used.speed = 1;
	stream_run(&used, 2000, 1);
	stream_run(&fresh, 2000, 1);
	/* Nothing of the old is left. */
	CU_ASSERT_EQUAL(
		memcmp(used.output + 1000, fresh.output, 2000 * sizeof(float)),
		0);
	stream_close(&used);
	stream_close(&fresh);
}

/* After a seek by a fraction, the sine goes on just that much later. */
static void test_seek(void)
{
	static const double moves[] = { 0.25, -0.75, 17.5, -100.125, -256 };

	for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
		struct stream stream;
		struct sine_fit fit;
		size_t from;
		double moved;

		stream_open(&stream, 48000, 48000, 1234, 4000);
		stream_run(&stream, 2000, 1);
		moved = leat_resampler_seek(stream.resampler, moves[i]);
		CU_ASSERT(fabs(moved - moves[i]) < 1e-9);
		from = stream.n;
		stream_run(&stream, 2000, 1);
		fit = stream_fit(&stream, from, stream.signal.frequency);
		CU_ASSERT(fit.sinad_db > 132);
		CU_ASSERT(fabs(fit.phase) < 1e-6);
		stream_close(&stream);
	}
}

static void test_seek_has_limits(void)
{
	struct stream stream;

	stream_open(&stream, 48000, 48000, 1234, 4000);
	stream_run(&stream, 2000, 1);
	CU_ASSERT(leat_resampler_seek(stream.resampler, -1e9) >= -1000);
	CU_ASSERT(leat_resampler_seek(stream.resampler, 1e9) <= 1000);
	CU_ASSERT_EQUAL(leat_resampler_seek(stream.resampler, NAN), 0);
	stream_run(&stream, 2000, 1);
	stream_close(&stream);
}

static const struct unit_test tests[] = {
	{ "clean", "nominal", test_nominal_sines },
	{ "clean", "all rates", test_sines_at_all_rates },
	{ "clean", "passband", test_passband_is_flat },
	{ "clean", "stop band", test_stopband },
	{ "clean", "ramps", test_steep_ramps_do_not_click },
	{ "count", "need", test_need_is_exact },
	{ "count", "last frame", test_need_is_what_the_last_frame_covers },
	{ "count", "ready", test_ready_is_the_inverse_of_need },
	{ "count", "an hour", test_position_does_not_drift },
	{ "count", "blocks", test_blocks_do_not_show },
	{ "count", "delay", test_delay },
	{ "input", "bad samples", test_bad_samples_pass },
	{ "input", "denormals", test_denormals_and_silence },
	{ "input", "speeds", test_bad_speeds_are_clamped },
	{ "input", "configurations", test_bad_configurations },
	{ "input", "too much", test_feeding_too_much },
	{ "channels", "apart", test_channels_stay_apart },
	{ "channels", "kernels", test_kernels_agree },
	{ "jumps", "reset", test_reset },
	{ "jumps", "seek", test_seek },
	{ "jumps", "limits", test_seek_has_limits },
};

UNIT_MAIN(tests)
