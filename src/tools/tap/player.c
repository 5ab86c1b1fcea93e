/* SPDX-License-Identifier: MIT */
#include "player.h"

#include "copier.h"

/* Adaptive mode knows nothing of PipeWire but its words. */
#include "pw_bridge/adaptive.h"

#include <leat/inline/atomics.h>

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A second and more at any rate, for 1024 frames to come late in. */
#define RING_S 2

/* Frames that are put at once, usually: what JACK's period is to a bridge. */
#define BLOCK 256u

_Static_assert(PLAYER_CYCLE_MAX == LEAT_PW_ADAPTIVE_QUANTUM_MAX,
	       "what adaptive mode serves");

struct player {
	struct player_config config;
	struct leat_frames_producer *out;
	struct leat_frames_consumer *in;
	struct leat_pw_adaptive *adaptive;
	struct leat_side_words words;
	struct copier copier;
	bool resampled;		    /* the graph's thread: it was, last */
	bool decided;		    /* how it is played */
	uint64_t index;		    /* of the frame that is put next */
	const float *const *planes; /* while they are copied */
};

/* ---- making ---- */

static uint32_t capacity_for(uint32_t n_frames)
{
	uint32_t capacity = 8192;

	while (capacity < n_frames && capacity < LEAT_FRAMES_CAPACITY_MAX)
		capacity *= 2;
	return capacity;
}

static int connect_ring(struct player *player)
{
	int fds[2] = {
		fcntl(leat_frames_producer_fd(player->out), F_DUPFD_CLOEXEC, 3),
		fcntl(leat_frames_consumer_fd(player->in), F_DUPFD_CLOEXEC, 3),
	};
	int res = leat_frames_consumer_connect(player->in, fds[0], -1);
	int res_out = leat_frames_producer_connect(player->out, fds[1], -1);

	return res < 0 ? res : res_out;
}

static int make_ring(struct player *player)
{
	const struct player_config *config = &player->config;
	const struct leat_frames_format format = {
		.n_channels = config->n_channels,
		.capacity = capacity_for(RING_S * config->rate_hz +
					 2 * config->latency),
		.rate_hz = config->rate_hz,
		.ring_flags = LEAT_RING_POLL | LEAT_RING_TIMED,
		.direction = LEAT_TO_PIPEWIRE,
		.generation = 1,
	};
	int res = leat_frames_producer_create(&player->out, &format);

	if (res == 0)
		res = leat_frames_consumer_create(&player->in, &format);
	return res == 0 ? connect_ring(player) : res;
}

static int make_adaptive(struct player *player)
{
	const struct player_config *config = &player->config;
	const struct leat_pw_adaptive_config adaptive = {
		.jack_rate_hz = config->rate_hz,
		.pw_rate_hz = config->graph_rate_hz,
		.period = BLOCK,
		.n_channels = { [LEAT_TO_PIPEWIRE] = config->n_channels },
		.latency = { .fixed = config->latency },
	};

	return leat_pw_adaptive_create(&player->adaptive, &adaptive,
				       &player->words);
}

static void rehearse(struct player *player);

int player_create(struct player **out, const struct player_config *config)
{
	size_t size = (sizeof(struct player) + LEAT_LINE_BYTES - 1) /
		      LEAT_LINE_BYTES * LEAT_LINE_BYTES;
	struct player *player = aligned_alloc(LEAT_LINE_BYTES, size);
	int res;

	if (!player)
		return -ENOMEM;
	memset(player, 0, size);
	player->config = *config;
	copier_init(&player->copier, config->n_channels, config->rate_hz,
		    config->latency);
	res = make_ring(player);
	if (res == 0)
		res = make_adaptive(player);
	if (res == 0)
		rehearse(player);
	if (res < 0)
		player_destroy(player);
	else
		*out = player;
	return res;
}

void player_destroy(struct player *player)
{
	if (!player)
		return;
	leat_pw_adaptive_destroy(player->adaptive);
	leat_frames_producer_destroy(player->out);
	leat_frames_consumer_destroy(player->in);
	free(player);
}

/* ---- the tap's thread ---- */

static void copy(void *user, const struct leat_frames_room *room) LEAT_RT
{
	const struct player *player = user;

	for (uint32_t c = 0; c < room->n_channels; c++) {
		float *to = leat_frames_room_plane(room, c);

		if (player->planes)
			memcpy(to, player->planes[c] + room->n_before,
			       room->n_frames * sizeof(float));
		else
			memset(to, 0, room->n_frames * sizeof(float));
	}
}

static void send(struct player *player, const float *const *planes,
		 uint32_t n_frames)
{
	player->planes = planes;
	leat_frames_send_at(player->out, player->index, n_frames, copy, player);
	player->index += n_frames;
}

static void stamp(struct player *player, uint64_t time_ns)
{
	const struct leat_stamp stamp = {
		.index = player->index,
		.frame_time = player->index,
		.time_ns = time_ns,
	};

	if (time_ns != 0)
		leat_frames_set_stamp(player->out, &stamp);
}

/* No more than the ring holds is ever heard. */
static void put_silence(struct player *player, uint64_t n_frames)
{
	uint32_t capacity = leat_frames_producer_format(player->out)->capacity;

	if (n_frames > capacity / 2) {
		player->index += n_frames - capacity / 2;
		n_frames = capacity / 2;
	}
	if (n_frames > 0)
		send(player, NULL, (uint32_t)n_frames);
}

void player_put(struct player *player, const float *const *planes,
		uint32_t n_frames, const struct player_time *time)
{
	uint64_t index = player->index;

	player->decided = leat_word_peek(&player->copier.n_cycles) > 0;
	if (time->counted && copier_place(&player->copier, &index, time->count))
		put_silence(player, index - player->index);
	stamp(player, time->time_ns);
	send(player, planes, n_frames);
}

/* Frames that are copied have their places, and what is between is silent. */
void player_put_silence(struct player *player, uint64_t n_frames)
{
	if (leat_word_peek(&player->copier.copies) == 0)
		put_silence(player, n_frames);
}

static void get_copier_status(const struct copier *copier,
			      struct player_status *status)
{
	status->latency = (uint32_t)leat_word_peek(&copier->latency);
	status->rate_ppm = 0;
	status->n_silences = leat_word_peek(&copier->n_silences);
	status->n_slips = leat_word_peek(&copier->n_jumps);
}

void player_get_status(const struct player *player,
		       struct player_status *status)
{
	const struct leat_direction_words *words =
		&player->words.direction[LEAT_TO_PIPEWIRE];

	status->copies = leat_word_peek(&player->copier.copies) != 0;
	if (status->copies) {
		get_copier_status(&player->copier, status);
		return;
	}
	/* Until then it may be copied yet. */
	status->latency =
		player->decided ? (uint32_t)leat_word_peek(&words->target) : 0;
	status->rate_ppm = leat_word_peek_double(&player->words.clock.rate_ppm);
	if (!isfinite(status->rate_ppm))
		status->rate_ppm = 0;
	status->n_silences = leat_word_peek(&words->underruns);
	status->n_slips = leat_word_peek(&words->slips);
}

/* ---- the graph's thread ---- */

static void resample(struct player *player, const struct player_cycle *cycle,
		     float *const *planes) LEAT_RT
{
	const struct leat_pw_adaptive_cycle adaptive = {
		.clock_id = cycle->clock_id,
		.quantum = cycle->n_frames,
		.clock = { .frame = cycle->frame,
			   .time_ns = cycle->time_ns,
			   .rate_diff = 1 },
	};

	if (!player->resampled)
		leat_pw_adaptive_restart(player->adaptive);
	player->resampled = true;
	leat_pw_adaptive_update(player->adaptive, player->in, &adaptive);
	leat_pw_adaptive_read(player->adaptive, player->in, planes,
			      cycle->n_frames);
}

void player_cycle(struct player *player, const struct player_cycle *cycle,
		  float *const *planes)
{
	uint32_t count = (uint32_t)cycle->frame;

	if (!copier_wants(&player->copier, cycle->counts, count)) {
		resample(player, cycle, planes);
		return;
	}
	player->resampled = false;
	copier_cycle(&player->copier, player->in, planes, count,
		     cycle->n_frames);
}

/* ---- before it begins ---- */

#define REHEARSAL 64u

/*
 * What the graph's thread will run is run once, in both ways, so that all of it
 * is in memory by then; and it begins as if that had not been.
 */
static void rehearse(struct player *player)
{
	const struct player_config *config = &player->config;
	float samples[REHEARSAL] = { 0 };
	float *planes[LEAT_CHANNELS_MAX];
	struct player_cycle cycle = { .n_frames = REHEARSAL };
	const struct player_time time = { .counted = true };

	for (uint32_t c = 0; c < config->n_channels; c++)
		planes[c] = samples;
	for (int i = 0; i < 4; i++) {
		cycle.counts = i >= 2;
		/* The last one hears what was put. */
		cycle.frame = i < 3 ? 0 : config->latency;
		player_cycle(player, &cycle, planes);
		player_put(player, (const float *const *)planes, REHEARSAL,
			   &time);
	}
	copier_init(&player->copier, config->n_channels, config->rate_hz,
		    config->latency);
	memset(&player->words, 0, sizeof(player->words));
	player->resampled = false;
	player->decided = false;
}
