/* SPDX-License-Identifier: MIT */
/*
 * How soon a tap that polls has a block, beside the floor: the same bytes handed
 * from one core to the other with a flag. By turns in one run.
 *
 *     leat-bench-tap [--quick]
 *
 * From just before the block is written until the other core knows that it is
 * there ("readable"), and until it has a copy of it ("read"). The ring is walked
 * through, so that lines come from where they were a turn of the ring ago.
 *
 * Then how soon one that waits is back: blocks of 64 frames come at 48 kHz, and it
 * waits for a watermark. From when the last of those frames was published.
 */
#include "clock.h"
#include "pair.h"
#include "stats.h"

#include <leat/positions.h>
#include <leat/tap.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { N_CHANNELS = 2, CAPACITY = 16384, N_MAX = 20000, BLOCK_MAX = 1024 };

/* A link in this process. */
struct link {
	char dir[64];
	struct leat_host *host;
	struct leat_guest *guest;
	struct leat_wire *jack, *pipewire;
	struct leat_tap *tap;
};

struct run {
	struct link *link;
	float *floor; /* planes of the same size as the ring's */
	uint32_t n_frames;
	unsigned n_blocks;
	float source[BLOCK_MAX];
	float target[N_CHANNELS][BLOCK_MAX];
	struct bench_flag written, taken;
	uint64_t begun[N_MAX], readable[N_MAX], read[N_MAX];
	bool wrong;
	/* of waiting */
	uint64_t first;
	unsigned n_waits;
};

/* ---- the link ---- */

static void take_jack(void *user, struct leat_wire *wire)
{
	((struct link *)user)->jack = wire;
}

static void take_pipewire(void *user, struct leat_wire *wire)
{
	((struct link *)user)->pipewire = wire;
}

static void ignore_spec(void *user, const struct leat_link_spec *spec)
{
	(void)user;
	(void)spec;
}

static void ignore_gone(void *user, const char *text)
{
	(void)user;
	(void)text;
}

static void settle(struct link *link)
{
	for (int i = 0; i < 20; i++) {
		leat_host_dispatch(link->host);
		leat_guest_dispatch(link->guest);
	}
}

static bool open_tap(struct link *link)
{
	struct leat_tap_event event;
	struct leat_error error;

	if (leat_tap_open(&link->tap, "bench", LEAT_TO_PIPEWIRE, NULL, &error))
		return false;
	settle(link);
	return leat_tap_next(link->tap, &event) == LEAT_TAP_UP;
}

static bool open_link(struct link *link)
{
	static const struct leat_link_events jack = {
		.wire_up = take_jack, .peer_gone = ignore_gone
	};
	static const struct leat_link_events pipewire = {
		.spec = ignore_spec,
		.wire_up = take_pipewire,
		.peer_gone = ignore_gone
	};
	struct leat_link_spec spec = {
		.link_name = "bench",
		.rate_hz = 48000,
		.period = BLOCK_MAX,
		.n_channels = { N_CHANNELS, 0 },
		.capacity = CAPACITY,
		.ring_flags = { LEAT_RING_TIMED, LEAT_RING_TIMED },
	};

	memset(link, 0, sizeof(*link));
	strcpy(link->dir, "/tmp/leat-bench-XXXXXX");
	if (!mkdtemp(link->dir) || setenv("XDG_RUNTIME_DIR", link->dir, 1) < 0)
		return false;
	leat_positions_default(spec.position[0], N_CHANNELS);
	if (leat_host_create(&link->host, &spec, &jack, link, NULL) < 0 ||
	    leat_guest_create(&link->guest, "bench", &pipewire, link, NULL) <
		    0 ||
	    leat_guest_connect(link->guest, NULL) < 0)
		return false;
	settle(link);
	return link->jack && link->pipewire && open_tap(link);
}

static void close_link(struct link *link)
{
	char path[80];

	leat_tap_close(link->tap);
	leat_wire_destroy(link->jack);
	leat_wire_destroy(link->pipewire);
	leat_guest_destroy(link->guest);
	leat_host_destroy(link->host);
	snprintf(path, sizeof(path), "%s/leat", link->dir);
	rmdir(path);
	rmdir(link->dir);
}

/* ---- a block after the other, each when the one before was read ---- */

static void pause_a_little(unsigned i)
{
	for (volatile unsigned n = 500 + i % 97; n > 0; n--)
		;
}

static void fill(void *user, const struct leat_frames_room *room)
{
	const struct run *run = user;

	for (uint32_t c = 0; c < room->n_channels; c++)
		memcpy(leat_frames_room_plane(room, c), run->source,
		       room->n_frames * sizeof(float));
}

static void write_to_ring(void *user)
{
	struct run *run = user;
	struct leat_frames_producer *out = run->link->jack->out;
	struct leat_producer *ring = leat_frames_producer_ring(out);

	for (unsigned i = 0; i < run->n_blocks; i++) {
		bench_flag_wait(&run->taken, i);
		pause_a_little(i);
		run->source[0] = (float)i;
		run->begun[i] = bench_ticks();
		leat_frames_send_at(out, leat_producer_index(ring),
				    run->n_frames, fill, run);
	}
}

static void read_by_tap(void *user)
{
	float *planes[N_CHANNELS];
	struct run *run = user;

	for (int c = 0; c < N_CHANNELS; c++)
		planes[c] = run->target[c];
	for (unsigned i = 0; i < run->n_blocks; i++) {
		struct leat_tap_event event;
		unsigned spins = 0;

		while (leat_tap_next(run->link->tap, &event) != LEAT_TAP_FRAMES)
			bench_spin(&spins);
		run->readable[i] = bench_ticks();
		if (leat_tap_read(run->link->tap, planes, run->n_frames) !=
			    run->n_frames ||
		    planes[0][0] != (float)i)
			run->wrong = true;
		run->read[i] = bench_ticks();
		bench_flag_set(&run->taken, i + 1);
	}
}

static float *floor_plane(const struct run *run, unsigned i, int channel)
{
	return run->floor + (size_t)channel * (CAPACITY + 32) +
	       (size_t)i * run->n_frames % CAPACITY;
}

static void write_to_floor(void *user)
{
	struct run *run = user;

	for (unsigned i = 0; i < run->n_blocks; i++) {
		bench_flag_wait(&run->taken, i);
		pause_a_little(i);
		run->source[0] = (float)i;
		run->begun[i] = bench_ticks();
		for (int c = 0; c < N_CHANNELS; c++)
			memcpy(floor_plane(run, i, c), run->source,
			       run->n_frames * sizeof(float));
		bench_flag_set(&run->written, i + 1);
	}
}

static void read_floor(void *user)
{
	struct run *run = user;

	for (unsigned i = 0; i < run->n_blocks; i++) {
		bench_flag_wait(&run->written, i + 1);
		run->readable[i] = bench_ticks();
		for (int c = 0; c < N_CHANNELS; c++)
			memcpy(run->target[c], floor_plane(run, i, c),
			       run->n_frames * sizeof(float));
		if (run->target[0][0] != (float)i)
			run->wrong = true;
		run->read[i] = bench_ticks();
		bench_flag_set(&run->taken, i + 1);
	}
}

/* ---- waiting ---- */

enum { PACED_FRAMES = 64, RATE_HZ = 48000 };

static void sleep_until(uint64_t ns)
{
	const struct timespec when = { (time_t)(ns / 1000000000),
				       (long)(ns % 1000000000) };

	(void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, NULL);
}

/* As JACK does: a stamp at the beginning of the cycle, and then the block. */
static void write_paced(void *user)
{
	struct run *run = user;
	struct leat_frames_producer *out = run->link->jack->out;
	struct leat_producer *ring = leat_frames_producer_ring(out);
	uint64_t begin_ns = bench_now_ns();

	for (unsigned i = 0; i < run->n_blocks; i++) {
		struct leat_stamp stamp = { leat_producer_index(ring), 0, 0 };

		sleep_until(begin_ns +
			    UINT64_C(1000000000) * PACED_FRAMES / RATE_HZ * i);
		stamp.frame_time = stamp.index;
		stamp.time_ns = bench_now_ns();
		leat_frames_set_stamp(out, &stamp);
		leat_frames_send_at(out, stamp.index, PACED_FRAMES, fill, run);
		run->begun[i] = bench_now_ns();
	}
}

/* What came before the watermark was set is out of the way. */
static void wait_for_tap(void *user)
{
	struct run *run = user;
	struct leat_tap *tap = run->link->tap;
	uint64_t first = run->first, end;
	struct leat_tap_event event;
	float *planes[N_CHANNELS];
	unsigned n = 0;

	for (int c = 0; c < N_CHANNELS; c++)
		planes[c] = run->target[c];
	end = first + (uint64_t)run->n_blocks * PACED_FRAMES;
	while (leat_tap_position(tap) + run->n_frames <= end) {
		uint64_t block =
			(leat_tap_position(tap) + run->n_frames - first - 1) /
			PACED_FRAMES;

		(void)leat_tap_wait(tap, 1000);
		run->read[n] = bench_now_ns();
		if (leat_tap_next(tap, &event) != LEAT_TAP_FRAMES ||
		    event.n_frames < run->n_frames)
			run->wrong = true;
		run->readable[n++] = block;
		while (leat_tap_next(tap, &event) == LEAT_TAP_FRAMES &&
		       event.n_frames >= run->n_frames)
			if (leat_tap_read(tap, planes, run->n_frames) == 0)
				run->wrong = true;
	}
	run->n_waits = n;
}

static void measure_waiting(struct run *run, uint32_t watermark,
			    unsigned n_blocks)
{
	static double us[N_MAX];

	run->n_frames = watermark;
	run->n_blocks = n_blocks;
	(void)leat_tap_seek(run->link->tap, 0);
	run->first = leat_tap_position(run->link->tap);
	leat_tap_set_watermark(run->link->tap, watermark);
	(void)bench_pair(write_paced, wait_for_tap, run);
	for (unsigned i = 0; i < run->n_waits; i++)
		us[i] = (double)(int64_t)(run->read[i] -
					  run->begun[run->readable[i]]) /
			1e3;
	printf("watermark %5u (%.1f ms): back after %.0f us, 99 %% %.0f us, at "
	       "most %.0f us\n",
	       watermark, watermark * 1e3 / RATE_HZ,
	       bench_quantile(us, run->n_waits, 0.5),
	       bench_quantile(us, run->n_waits, 0.99),
	       bench_quantile(us, run->n_waits, 1));
}

/* ---- figures ---- */

static double quantile_ns(const struct run *run, const uint64_t *when,
			  double quantile, double tick_ns)
{
	static double ns[N_MAX];

	for (unsigned i = 0; i < run->n_blocks; i++)
		ns[i] = (double)(when[i] - run->begun[i]) * tick_ns;
	return bench_quantile(ns, run->n_blocks, quantile);
}

struct figures {
	double readable, readable_99, read, read_99; /* ns */
};

static struct figures measure(struct run *run, void (*write_fn)(void *),
			      void (*read_fn)(void *), double tick_ns)
{
	memset(&run->written, 0, sizeof(run->written));
	memset(&run->taken, 0, sizeof(run->taken));
	(void)bench_pair(write_fn, read_fn, run);
	return (struct figures){
		.readable = quantile_ns(run, run->readable, 0.5, tick_ns),
		.readable_99 = quantile_ns(run, run->readable, 0.99, tick_ns),
		.read = quantile_ns(run, run->read, 0.5, tick_ns),
		.read_99 = quantile_ns(run, run->read, 0.99, tick_ns),
	};
}

static int compare_values(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* By turns; the ratio of the medians of each round, and its median. */
static void compare(struct run *run, unsigned n_rounds, double tick_ns)
{
	struct figures tap = { 0 }, flag = { 0 };
	double readable[16], read[16];

	for (unsigned i = 0; i < n_rounds; i++) {
		flag = measure(run, write_to_floor, read_floor, tick_ns);
		tap = measure(run, write_to_ring, read_by_tap, tick_ns);
		readable[i] = tap.readable / flag.readable;
		read[i] = tap.read / flag.read;
	}
	qsort(readable, n_rounds, sizeof(double), compare_values);
	qsort(read, n_rounds, sizeof(double), compare_values);
	printf("%5u frames: readable after %6.0f ns (floor %6.0f, ratio %.2f), "
	       "read after %6.0f ns (floor %6.0f, ratio %.2f); 99 %%: %.0f and "
	       "%.0f ns\n",
	       run->n_frames, tap.readable, flag.readable,
	       readable[n_rounds / 2], tap.read, flag.read, read[n_rounds / 2],
	       tap.readable_99, tap.read_99);
}

int main(int argc, char **argv)
{
	static const uint32_t lengths[] = { 64, 256, 1024 };
	bool quick = argc > 1 && strcmp(argv[1], "--quick") == 0;
	static struct run run;
	struct link link;
	double tick_ns = bench_tick_ns();

	if (bench_cores_init() < 2)
		puts("on one core: the two take turns");
	run.floor = calloc(N_CHANNELS * (CAPACITY + 32), sizeof(float));
	if (!run.floor || !open_link(&link)) {
		fprintf(stderr, "leat-bench-tap: no link\n");
		return 1;
	}
	run.link = &link;
	run.n_blocks = quick ? 200 : N_MAX;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		run.n_frames = lengths[i];
		compare(&run, quick ? 1 : 7, tick_ns);
	}
	for (uint32_t mark = 64; mark <= 1024; mark *= 4)
		measure_waiting(&run, mark, quick ? 100 : 7500);
	close_link(&link);
	free(run.floor);
	if (run.wrong)
		fprintf(stderr, "leat-bench-tap: something else came out\n");
	return run.wrong;
}
