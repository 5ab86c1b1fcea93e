/* SPDX-License-Identifier: MIT */
/*
 * What a stereo frame costs in our resampler and in libsamplerate's best, by
 * turns in one run; a ratio is a result, a lone time is not.
 *
 *     leat-bench-resampler [--quick]
 */
#include "link/resampler.h"

#include "link/resampler_kernel.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifdef BENCH_HAVE_SAMPLERATE
#include <samplerate.h>
#endif

enum { BLOCK = 128, IN_MAX = 4096, CHANNELS = 2 };

static float planes[CHANNELS][IN_MAX], mixed[CHANNELS * IN_MAX];
static float out[CHANNELS * 4 * IN_MAX];

static double cpu_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void make_noise(void)
{
	srand(1);
	for (int c = 0; c < CHANNELS; c++)
		for (int i = 0; i < IN_MAX; i++) {
			planes[c][i] = (float)rand() / (float)RAND_MAX - 0.5f;
			mixed[i * CHANNELS + c] = planes[c][i];
		}
}

/* A speed that is never twice the same. */
static double speed_at(long block)
{
	return 1 + 1e-4 * sin((double)block * 1e-3);
}

/* Seconds for n_blocks of output; negative if it could not be. */
static double time_ours(uint32_t in_hz, uint32_t out_hz, long n_blocks)
{
	const struct leat_resampler_config config = { CHANNELS, in_hz, out_hz,
						      0 };
	const float *from[CHANNELS] = { planes[0], planes[1] };
	float *to[CHANNELS] = { out, out + BLOCK };
	struct leat_resampler *resampler;
	double begin, end;
	long done = 0;

	if (leat_resampler_create(&resampler, &config) < 0)
		return -1;
	begin = cpu_s();
	for (long i = 0; i < n_blocks; i++) {
		double speed = speed_at(i);
		uint32_t n = leat_resampler_need(resampler, BLOCK, speed);

		leat_resampler_feed(resampler, from, 0, n);
		done += leat_resampler_pull(resampler, to, 0, BLOCK, speed);
	}
	end = cpu_s();
	leat_resampler_destroy(resampler);
	return done == n_blocks * BLOCK ? end - begin : -1;
}

#ifdef BENCH_HAVE_SAMPLERATE
static double time_theirs(uint32_t in_hz, uint32_t out_hz, long n_blocks)
{
	int error;
	SRC_STATE *state = src_new(SRC_SINC_BEST_QUALITY, CHANNELS, &error);
	double begin = cpu_s(), end;
	long done = 0;

	if (!state)
		return -1;
	for (long i = 0; done < n_blocks * BLOCK; i++) {
		SRC_DATA data = {
			.data_in = mixed,
			.data_out = out,
			.input_frames = (long)BLOCK * in_hz / out_hz,
			.output_frames = 4L * IN_MAX,
			.src_ratio = (double)out_hz / in_hz / speed_at(i),
		};

		if (src_process(state, &data) != 0)
			break;
		done += data.output_frames_gen;
	}
	end = cpu_s();
	src_delete(state);
	return done >= n_blocks * BLOCK ? end - begin : -1;
}
#endif

static int compare(uint32_t in_hz, uint32_t out_hz, long n_blocks, int n_turns)
{
	double mine = 1e9, theirs = 1e9;
	double per_frame = 1e9 / ((double)n_blocks * BLOCK);

	/* The least of some turns: what the machine takes away only adds. */
	for (int i = 0; i < n_turns; i++) {
		mine = fmin(mine, time_ours(in_hz, out_hz, n_blocks));
#ifdef BENCH_HAVE_SAMPLERATE
		theirs = fmin(theirs, time_theirs(in_hz, out_hz, n_blocks));
#endif
	}
	if (mine <= 0 || theirs <= 0)
		return EXIT_FAILURE;
	printf("%6u -> %6u Hz  %7.1f ns/frame  %.3f s/min", in_hz, out_hz,
	       mine * per_frame, mine * per_frame * 60e-9 * out_hz);
#ifdef BENCH_HAVE_SAMPLERATE
	printf("  libsamplerate best %7.1f ns/frame, %.1f times ours",
	       theirs * per_frame, theirs / mine);
#endif
	putchar('\n');
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	static const uint32_t rates[][2] = {
		{ 48000, 48000 }, { 44100, 48000 },  { 48000, 44100 },
		{ 96000, 44100 }, { 44100, 192000 },
	};
	int quick = argc > 1 && strcmp(argv[1], "--quick") == 0;
	long n_blocks = quick ? 400 : 8000;
	int res = EXIT_SUCCESS;

	make_noise();
	printf("stereo, blocks of %d, kernel: %s\n", BLOCK,
	       leat_kernel_choose() == leat_kernel_plain ? "plain" : "wide");
#ifndef BENCH_HAVE_SAMPLERATE
	puts("without libsamplerate, which was not there when this was built");
#endif
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++)
		res |= compare(rates[i][0], rates[i][1], n_blocks,
			       quick ? 1 : 3);
	return res;
}
