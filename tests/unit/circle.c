/* SPDX-License-Identifier: MIT */
#include "circle.h"

#include "cli/now.h"

#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* ---- what is asked of libjack ---- */

jack_nframes_t jack_get_sample_rate(jack_client_t *client)
{
	return client->rate_hz;
}

jack_nframes_t jack_last_frame_time(const jack_client_t *client)
{
	return client->frame_time;
}

int jack_get_cycle_times(const jack_client_t *client,
			 jack_nframes_t *frame_time, jack_time_t *start_us,
			 jack_time_t *next_us, float *period_us)
{
	if (client->start_us == 0)
		return -1;
	*frame_time = client->frame_time;
	*start_us = client->start_us;
	*next_us = client->start_us + 1;
	*period_us = 1;
	return 0;
}

/* As JACK's own: not the clock that we go by. */
jack_time_t jack_get_time(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return (jack_time_t)t.tv_sec * 1000000 + (jack_time_t)t.tv_nsec / 1000;
}

void *jack_port_get_buffer(jack_port_t *port, jack_nframes_t n_frames)
{
	uint64_t until_ns = port->busy_ns > 0 ? leat_now_ns() + port->busy_ns
					      : 0;

	(void)n_frames;
	while (until_ns > 0 && leat_now_ns() < until_ns)
		;
	return port->samples;
}

/* ---- set-up ---- */

/* As the bridge has them: the index of both is time. */
static struct leat_frames_format format_of(enum leat_direction direction,
					   int wait_fd)
{
	return (struct leat_frames_format){
		.n_channels = CIRCLE_CHANNELS,
		.capacity = CIRCLE_CAPACITY,
		.rate_hz = 48000,
		.ring_flags = LEAT_RING_TIMED |
			      (wait_fd < 0 ? LEAT_RING_POLL : 0u),
		.direction = direction,
		.generation = 1,
		.first_index = UINT64_MAX - 1000,
	};
}

/* One ring from one wire to another. The descriptors are taken over. */
static bool connect_ring(struct leat_wire *from, struct leat_wire *to,
			 enum leat_direction direction, int raise_fd,
			 int wait_fd)
{
	struct leat_frames_format format = format_of(direction, wait_fd);

	return leat_frames_producer_create(&from->out, &format) == 0 &&
	       leat_frames_consumer_create(&to->in, &format) == 0 &&
	       leat_frames_producer_connect(
		       from->out, dup(leat_frames_consumer_fd(to->in)),
		       raise_fd) == 0 &&
	       leat_frames_consumer_connect(
		       to->in, dup(leat_frames_producer_fd(from->out)),
		       wait_fd) == 0;
}

static void on_poisoned(void *user) LEAT_RT
{
	struct circle *circle = user;

	circle->n_poisoned++;
}

static void open_process(struct circle *circle)
{
	struct leat_jack_process *process = &circle->process;

	leat_jack_process_init(process, &circle->client, &circle->status,
			       circle->sync_wait_percent);
	process->load = &circle->load;
	process->poisoned = on_poisoned;
	process->user = circle;
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		process->n_ports[d] = CIRCLE_CHANNELS;
		for (uint32_t c = 0; c < CIRCLE_CHANNELS; c++)
			process->ports[d][c] = &circle->ports[d][c];
	}
	leat_jack_process_set_wire(process, &circle->jack);
}

bool circle_open(struct circle *circle)
{
	return circle_open_waiting(circle, 0);
}

bool circle_open_waiting(struct circle *circle, uint32_t sync_wait_percent)
{
	bool waits = sync_wait_percent > 0;
	int fds[2], raise_fd, wait_fd;

	memset(circle, 0, sizeof(*circle));
	circle->sync_wait_percent = sync_wait_percent;
	circle->client.rate_hz = 48000;
	/* It runs over soon. */
	circle->client.frame_time = UINT32_MAX - 500;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return false;
	/* The other way through the same pair of sockets. */
	raise_fd = waits ? dup(fds[1]) : -1;
	wait_fd = waits ? dup(fds[0]) : -1;
	if (!connect_ring(&circle->jack, &circle->pipewire, LEAT_TO_PIPEWIRE,
			  fds[0], fds[1]) ||
	    !connect_ring(&circle->pipewire, &circle->jack, LEAT_TO_JACK,
			  raise_fd, wait_fd))
		return false;
	open_process(circle);
	leat_frames_set_activity(circle->pipewire.out, LEAT_ACTIVE);
	return true;
}

void circle_close(struct circle *circle)
{
	leat_frames_producer_destroy(circle->jack.out);
	leat_frames_consumer_destroy(circle->jack.in);
	leat_frames_producer_destroy(circle->pipewire.out);
	leat_frames_consumer_destroy(circle->pipewire.in);
}

/* ---- cycles ---- */

/* Small whole numbers, which are exact. */
static float sample(uint32_t channel, uint32_t frame)
{
	return (float)(((uint64_t)frame * CIRCLE_CHANNELS + channel) % 65521);
}

void circle_cycle(struct circle *circle, uint32_t n_frames)
{
	uint32_t frame_time = circle->client.frame_time;

	for (uint32_t c = 0; c < CIRCLE_CHANNELS; c++)
		for (uint32_t i = 0; i < n_frames; i++)
			circle->ports[LEAT_TO_PIPEWIRE][c].samples[i] =
				sample(c, frame_time + i);
	leat_jack_process_callback(n_frames, &circle->process);
	circle->client.frame_time = frame_time + n_frames;
}

static bool carries(const struct circle *circle, uint32_t from,
		    uint32_t n_frames)
{
	for (uint32_t c = 0; c < CIRCLE_CHANNELS; c++)
		for (uint32_t i = 0; i < n_frames; i++)
			if (circle->ports[LEAT_TO_JACK][c].samples[i] !=
			    sample(c, from + i))
				return false;
	return true;
}

bool circle_is_back(const struct circle *circle, uint32_t n_frames)
{
	return carries(circle, circle->client.frame_time - 2 * n_frames,
		       n_frames);
}

bool circle_is_back_at_once(const struct circle *circle, uint32_t n_frames)
{
	return carries(circle, circle->client.frame_time - n_frames, n_frames);
}

struct block {
	float planes[CIRCLE_CHANNELS][CIRCLE_PERIOD_MAX];
};

static void take(void *user, const struct leat_frames_view *view) LEAT_RT
{
	struct block *block = user;

	for (uint32_t c = 0; c < CIRCLE_CHANNELS; c++)
		memcpy(block->planes[c] + view->n_before,
		       leat_frames_view_plane(view, c),
		       view->n_frames * sizeof(float));
}

static void give(void *user, const struct leat_frames_room *room) LEAT_RT
{
	const struct block *block = user;

	for (uint32_t c = 0; c < CIRCLE_CHANNELS; c++)
		memcpy(leat_frames_room_plane(room, c),
		       block->planes[c] + room->n_before,
		       room->n_frames * sizeof(float));
}

bool circle_answer(struct circle *circle)
{
	struct leat_consumer *ring =
		leat_frames_consumer_ring(circle->pipewire.in);
	struct leat_stamp stamp;
	struct block block;
	uint32_t n;

	if (!leat_frames_get_stamp(circle->pipewire.in, &stamp))
		return false;
	n = (uint32_t)(leat_consumer_newest(ring) - stamp.index);
	return n > 0 && n <= CIRCLE_PERIOD_MAX &&
	       leat_frames_recv_at(circle->pipewire.in, stamp.index, n, take,
				   &block) == n &&
	       leat_frames_send_at(circle->pipewire.out, stamp.index, n, give,
				   &block) == n;
}

void circle_sleep(struct circle *circle)
{
	leat_frames_prepare_wait(circle->pipewire.in, 1);
}
