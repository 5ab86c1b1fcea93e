/* SPDX-License-Identifier: MIT */
/*
 * What a frame costs, in and out again on one core, against the capacity
 * (stereo) and against the channels (1,024 frames of capacity).
 */
#include "bench.h"
#include "clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_FRAMES 64u
#define CHANNELS_MAX 128u

static void point(struct bench *bench, const char *key,
		  const struct bench_contestant *c, uint32_t capacity,
		  uint32_t n_channels)
{
	static float in[BLOCK_FRAMES * CHANNELS_MAX];
	static float out[BLOCK_FRAMES * CHANNELS_MAX];
	const struct bench_shape shape = { n_channels * sizeof(float), capacity,
					   BLOCK_FRAMES, n_channels };
	uint64_t n_blocks = bench_amount(bench, 20000 / (n_channels + 8), 20);
	void *ring = c->create(&shape);
	bool right = true;
	uint64_t ns;

	if (!ring)
		return;
	/* Once round, to have been everywhere; a large one is not finished. */
	for (uint32_t i = 0; i < capacity / BLOCK_FRAMES; i++)
		right &= c->send(ring, in, BLOCK_FRAMES) &&
			 c->recv(ring, out, BLOCK_FRAMES);
	ns = bench_now_ns();
	for (uint64_t i = 0; i < n_blocks; i++) {
		in[0] = (float)i;
		right &= c->send(ring, in, BLOCK_FRAMES) &&
			 c->recv(ring, out, BLOCK_FRAMES) &&
			 !(out[0] < in[0] || out[0] > in[0]);
	}
	ns = bench_now_ns() - ns;
	c->destroy(ring);
	bench_expect(bench, right, key, c->name);
	bench_record(&bench->figures, key, c->name,
		     (double)ns / (double)(n_blocks * BLOCK_FRAMES));
}

static void both(struct bench *bench, const char *kind, uint32_t number,
		 uint32_t capacity, uint32_t n_channels)
{
	char key[24];

	snprintf(key, sizeof(key), "%s-%u", kind, number);
	point(bench, key, &bench_leat_wake, capacity, n_channels);
	point(bench, key, &bench_leat_poll, capacity, n_channels);
	point(bench, key, &bench_leat_frames, capacity, n_channels);
}

void bench_curves_round(struct bench *bench)
{
	unsigned log2_max = bench->quick ? 14 : 22;

	for (unsigned n = 8; n <= log2_max; n++)
		both(bench, "capacity", 1u << n, 1u << n, 2);
	for (uint32_t n = 1; n <= CHANNELS_MAX; n *= 2)
		both(bench, "channels", n, 1024, n);
}
