/* SPDX-License-Identifier: MIT */
#include "player.h"

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
	res = make_ring(player);
	if (res == 0)
		res = make_adaptive(player);
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

void player_put(struct player *player, const float *const *planes,
		uint32_t n_frames, uint64_t time_ns)
{
	const struct leat_stamp stamp = {
		.index = player->index,
		.frame_time = player->index,
		.time_ns = time_ns,
	};

	if (time_ns != 0)
		leat_frames_set_stamp(player->out, &stamp);
	send(player, planes, n_frames);
}

void player_put_silence(struct player *player, uint64_t n_frames)
{
	uint32_t capacity = leat_frames_producer_format(player->out)->capacity;

	/* No more than the ring holds is ever heard. */
	if (n_frames > capacity / 2) {
		player->index += n_frames - capacity / 2;
		n_frames = capacity / 2;
	}
	send(player, NULL, (uint32_t)n_frames);
}

void player_get_status(const struct player *player,
		       struct player_status *status)
{
	const struct leat_direction_words *words =
		&player->words.direction[LEAT_TO_PIPEWIRE];

	status->latency = (uint32_t)leat_word_peek(&words->target);
	status->rate_ppm = leat_word_peek_double(&player->words.clock.rate_ppm);
	if (!isfinite(status->rate_ppm))
		status->rate_ppm = 0;
	status->n_silences = leat_word_peek(&words->underruns);
	status->n_slips = leat_word_peek(&words->slips);
}

/* ---- the graph's thread ---- */

void player_cycle(struct player *player, const struct player_cycle *cycle,
		  float *const *planes)
{
	const struct leat_pw_adaptive_cycle adaptive = {
		.clock_id = cycle->clock_id,
		.quantum = cycle->n_frames,
		.clock = { .frame = cycle->frame,
			   .time_ns = cycle->time_ns,
			   .rate_diff = 1 },
	};

	leat_pw_adaptive_update(player->adaptive, player->in, &adaptive);
	leat_pw_adaptive_read(player->adaptive, player->in, planes,
			      cycle->n_frames);
}
