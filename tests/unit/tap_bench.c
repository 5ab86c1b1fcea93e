/* SPDX-License-Identifier: MIT */
#include "tap_bench.h"

#include "helpers.h"

#include <string.h>
#include <time.h>

float tap_bench_sample(enum leat_direction direction, uint64_t generation,
		       uint32_t channel, uint64_t position)
{
	return (float)((position * 4 + channel * 2 + (unsigned)direction +
			generation * 1000003) %
		       16777213);
}

void tap_bench_init(struct tap_bench *bench)
{
	memset(bench, 0, sizeof(*bench));
	bench->spec = node_spec();
	bench->spec.capacity = 1024;
	bench->spec.ring_flags[LEAT_TO_PIPEWIRE] = LEAT_RING_TIMED;
	bench->spec.ring_flags[LEAT_TO_JACK] = LEAT_RING_TIMED | LEAT_RING_POLL;
	bench->frame_time = UINT32_MAX - 1000;
	bench->time_ns = UINT64_C(1000000000000);
	for (int c = 0; c < 2; c++)
		bench->planes[c] = bench->samples[c];
}

void tap_bench_settle(struct tap_bench *bench)
{
	node_settle(&bench->host, &bench->guest);
}

bool tap_bench_join(struct tap_bench *bench)
{
	unsigned n = bench->host.n_wires;

	if (node_guest(&bench->guest) < 0 || !node_connect(&bench->guest))
		return false;
	tap_bench_settle(bench);
	return bench->host.n_wires == n + 1 && bench->guest.n_wires == 1;
}

bool tap_bench_open(struct tap_bench *bench)
{
	if (!unit_rundir_make())
		return false;
	bench->n_fds = unit_count_fds();
	return node_host(&bench->host, &bench->spec) == 0 &&
	       tap_bench_join(bench);
}

void tap_bench_leave(struct tap_bench *bench)
{
	node_close(&bench->guest);
	tap_bench_settle(bench);
	leat_wire_destroy(bench->host.wire);
	bench->host.wire = NULL;
}

bool tap_bench_close(struct tap_bench *bench)
{
	bool good;

	node_close(&bench->guest);
	node_close(&bench->host);
	good = unit_count_fds() == bench->n_fds;
	unit_rundir_remove();
	return good;
}

/* ---- writing ---- */

struct cursor {
	enum leat_direction direction;
	uint64_t generation;
	uint64_t position;
};

static void write_samples(void *user, const struct leat_frames_room *room)
{
	const struct cursor *at = user;

	for (uint32_t c = 0; c < room->n_channels; c++)
		for (uint32_t i = 0; i < room->n_frames; i++)
			leat_frames_room_plane(room, c)[i] = tap_bench_sample(
				at->direction, at->generation, c,
				at->position + room->n_before + i);
}

static void write_at(const struct tap_bench *bench,
		     enum leat_direction direction,
		     struct leat_frames_producer *producer, uint64_t position,
		     uint32_t n_frames)
{
	struct cursor at = {
		.direction = direction,
		.generation = leat_frames_producer_format(producer)->generation,
		.position = position,
	};

	(void)leat_frames_send_at(producer, bench->spec.first_index + position,
				  n_frames, write_samples, &at);
}

void tap_bench_jack(struct tap_bench *bench, uint32_t n_frames)
{
	struct leat_frames_producer *out = bench->host.wire->out;
	uint64_t index = leat_producer_index(leat_frames_producer_ring(out));
	struct leat_stamp stamp = {
		.index = index,
		.frame_time = (uint32_t)bench->frame_time,
		.time_ns = bench->time_ns,
	};

	leat_frames_set_stamp(out, &stamp);
	write_at(bench, LEAT_TO_PIPEWIRE, out, index - bench->spec.first_index,
		 n_frames);
	bench->frame_time += n_frames;
	bench->time_ns += UINT64_C(1000000000) * n_frames / bench->spec.rate_hz;
}

void tap_bench_pipewire(struct tap_bench *bench, uint64_t position,
			uint32_t n_frames)
{
	write_at(bench, LEAT_TO_JACK, bench->guest.wire->out, position,
		 n_frames);
}

/* ---- reading ---- */

struct leat_tap *tap_bench_tap(struct tap_bench *bench,
			       enum leat_direction direction,
			       uint64_t history_frames, uint32_t watermark)
{
	const struct leat_tap_config config = {
		.size_bytes = sizeof(config),
		.watermark = watermark,
		.history_frames = history_frames,
	};
	struct leat_tap *tap;
	struct leat_error error;

	if (leat_tap_open(&tap, NODE_LINK, direction, &config, &error) < 0)
		return NULL;
	if (bench->host.host)
		tap_bench_settle(bench);
	return tap;
}

enum leat_tap_what tap_bench_next(struct tap_bench *bench, struct leat_tap *tap,
				  struct leat_tap_event *event)
{
	int64_t until_ms = unit_now_ms() + 1000;
	const struct timespec nap = { .tv_nsec = 1000000 };

	for (;;) {
		if (bench->host.host)
			tap_bench_settle(bench);
		if (leat_tap_next(tap, event) != LEAT_TAP_NONE ||
		    unit_now_ms() > until_ms)
			return event->what;
		nanosleep(&nap, NULL);
	}
}

static bool right(const struct leat_tap *tap, enum leat_direction direction,
		  uint32_t channel, uint64_t position, float sample)
{
	return sample == tap_bench_sample(direction,
					  leat_tap_format(tap)->generation,
					  channel, position);
}

/* Frame i of channel c, by whatever way it was read. */
static float sample_at(const struct tap_bench *bench, unsigned way, uint32_t c,
		       uint32_t i, uint32_t n_channels)
{
	return way == 1 ? bench->samples[0][i * n_channels + c]
			: bench->planes[c][i];
}

static uint32_t read_in_place(struct tap_bench *bench, struct leat_tap *tap,
			      uint32_t n_frames)
{
	struct leat_frames_view views[2];
	uint32_t n = leat_tap_begin(tap, n_frames, views);

	for (int v = 0; v < 2; v++)
		for (uint32_t c = 0; c < views[v].n_channels; c++)
			memcpy(bench->planes[c] + views[v].n_before,
			       leat_frames_view_plane(&views[v], c),
			       views[v].n_frames * sizeof(float));
	return leat_tap_intact(tap) ? leat_tap_end(tap, n) : 0;
}

uint32_t tap_bench_read(struct tap_bench *bench, struct leat_tap *tap,
			enum leat_direction direction, uint32_t n_frames)
{
	static unsigned turn;
	uint64_t position = leat_tap_position(tap);
	uint32_t n_channels = leat_tap_format(tap)->n_channels;
	unsigned way = turn++ % 3;
	uint32_t n, room = TAP_BENCH_ROOM / 2;

	n_frames = n_frames < room ? n_frames : room;
	if (way == 0)
		n = leat_tap_read(tap, bench->planes, n_frames);
	else if (way == 1)
		n = leat_tap_read_interleaved(tap, bench->samples[0], n_frames);
	else
		n = read_in_place(bench, tap, n_frames);
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t c = 0; c < n_channels; c++)
			if (!right(tap, direction, c, position + i,
				   sample_at(bench, way, c, i, n_channels)))
				return UINT32_MAX;
	return leat_tap_position(tap) == position + n ? n : UINT32_MAX;
}

uint64_t tap_bench_drain(struct tap_bench *bench, struct leat_tap *tap,
			 enum leat_direction direction,
			 struct leat_tap_event *event)
{
	uint64_t sum = 0;

	while (leat_tap_next(tap, event) == LEAT_TAP_FRAMES) {
		uint32_t n = tap_bench_read(bench, tap, direction,
					    (uint32_t)event->n_frames);

		if (n == UINT32_MAX)
			return UINT64_MAX;
		sum += n;
	}
	return sum;
}
