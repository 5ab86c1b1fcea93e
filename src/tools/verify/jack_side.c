/* SPDX-License-Identifier: MIT */
#include "jack_side.h"

#include <jack/jack.h>

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* How long a bridge that was just started may take to have its ports. */
#define PORTS_MS 5000
#define TICK_MS 50

/* libjack has sizes for names only at run time; longer ones are cut off. */
#define NAME_BYTES 320

struct pair {
	char position[16];
	char from[NAME_BYTES]; /* output of the link: from PipeWire */
	char to[NAME_BYTES];   /* input of the link: to PipeWire */
	bool connected;	       /* by us */
};

/* What the process thread has. */
struct watch {
	jack_client_t *client;
	jack_nframes_t next_time; /* the next cycle has to begin then */
	bool started;
	atomic_uint n_faults;
	atomic_bool gone;
};

struct jack_side {
	jack_client_t *client;
	struct watch watch;
	uint32_t n_pairs;
	struct pair pairs[LEAT_CHANNELS_MAX];
};

static int on_process(jack_nframes_t n_frames, void *arg)
{
	struct watch *watch = arg;
	jack_nframes_t now = jack_last_frame_time(watch->client);

	/* xrun callbacks miss some: the clock does not. */
	if (watch->started && now != watch->next_time)
		atomic_fetch_add(&watch->n_faults, 1);
	watch->next_time = now + n_frames;
	watch->started = true;
	return 0;
}

static int on_xrun(void *arg)
{
	struct watch *watch = arg;

	atomic_fetch_add(&watch->n_faults, 1);
	return 0;
}

static void on_shutdown(void *arg)
{
	struct watch *watch = arg;

	atomic_store(&watch->gone, true);
}

/* One sentence of our own says it; libjack would add several. */
static void say_nothing(const char *text)
{
	(void)text;
}

static void sleep_ms(int ms)
{
	const struct timespec time = { .tv_nsec = ms * 1000000L };

	nanosleep(&time, NULL);
}

static int open_client(struct jack_side *side, const char *server_name,
		       struct leat_error *error)
{
	jack_options_t options = JackNoStartServer;

	if (server_name)
		options |= JackServerName;
	jack_set_error_function(say_nothing);
	jack_set_info_function(say_nothing);
	side->client =
		jack_client_open("leat-verify", options, NULL, server_name);
	if (!side->client)
		return leat_error_set(
			error, -ECONNREFUSED,
			"no JACK server%s%s answers: start it, or name "
			"another with --server",
			server_name ? " " : "", server_name ? server_name : "");
	side->watch.client = side->client;
	jack_set_process_callback(side->client, on_process, &side->watch);
	jack_set_xrun_callback(side->client, on_xrun, &side->watch);
	jack_on_shutdown(side->client, on_shutdown, &side->watch);
	if (jack_activate(side->client) != 0)
		return leat_error_set(error, -EIO,
				      "JACK does not take the client");
	return 0;
}

/* The pair of one port of the link, if it has its counterpart. */
static void take_pair(struct jack_side *side, const char *from,
		      const char *prefix, const char *link_name)
{
	struct pair *pair = &side->pairs[side->n_pairs];
	size_t length = strlen(prefix);

	if (side->n_pairs == LEAT_CHANNELS_MAX ||
	    strncmp(from, prefix, length) != 0)
		return;
	snprintf(pair->position, sizeof(pair->position), "%s", from + length);
	snprintf(pair->from, sizeof(pair->from), "%s", from);
	snprintf(pair->to, sizeof(pair->to), "leat-%s:to_pipewire_%s",
		 link_name, from + length);
	pair->connected = false;
	if (jack_port_by_name(side->client, pair->to))
		side->n_pairs++;
}

static void look_for_ports(struct jack_side *side, const char *link_name)
{
	char prefix[NAME_BYTES];
	const char **names = jack_get_ports(
		side->client, NULL, JACK_DEFAULT_AUDIO_TYPE, JackPortIsOutput);

	snprintf(prefix, sizeof(prefix), "leat-%s:from_pipewire_", link_name);
	side->n_pairs = 0;
	for (uint32_t i = 0; names && names[i]; i++)
		take_pair(side, names[i], prefix, link_name);
	jack_free(names);
}

/* Until there are ports, and no more of them than a moment before. */
static int find_ports(struct jack_side *side, const char *link_name,
		      struct leat_error *error)
{
	uint32_t n_before = 0;

	for (int ms = 0; ms < PORTS_MS; ms += TICK_MS) {
		look_for_ports(side, link_name);
		if (side->n_pairs > 0 && side->n_pairs == n_before)
			return 0;
		n_before = side->n_pairs;
		sleep_ms(TICK_MS);
	}
	return leat_error_set(
		error, -ENOENT,
		"JACK has no ports of a link '%s' that goes both ways: "
		"'leat up %s' makes it",
		link_name, link_name);
}

int jack_side_open(struct jack_side **out, const char *server_name,
		   const char *link_name, struct leat_error *error)
{
	struct jack_side *side = calloc(1, sizeof(*side));
	int res;

	if (!side)
		return leat_error_set(error, -ENOMEM, "out of memory");
	res = open_client(side, server_name, error);
	if (res == 0)
		res = find_ports(side, link_name, error);
	if (res < 0) {
		jack_side_close(side);
		return res;
	}
	*out = side;
	return 0;
}

static void disconnect(struct jack_side *side)
{
	for (uint32_t i = 0; i < side->n_pairs; i++) {
		struct pair *pair = &side->pairs[i];

		if (pair->connected && !jack_side_is_gone(side))
			jack_disconnect(side->client, pair->from, pair->to);
		pair->connected = false;
	}
}

void jack_side_close(struct jack_side *side)
{
	if (!side)
		return;
	if (side->client) {
		disconnect(side);
		jack_client_close(side->client);
	}
	free(side);
}

uint32_t jack_side_rate_hz(const struct jack_side *side)
{
	return jack_get_sample_rate(side->client);
}

uint32_t jack_side_period(const struct jack_side *side)
{
	return jack_get_buffer_size(side->client);
}

uint32_t jack_side_n_channels(const struct jack_side *side)
{
	return side->n_pairs;
}

const char *jack_side_position(const struct jack_side *side, uint32_t channel)
{
	return side->pairs[channel].position;
}

static bool has_connections(const struct jack_side *side, const char *name)
{
	const jack_port_t *port = jack_port_by_name(side->client, name);
	const char **peers = NULL;

	if (port)
		peers = jack_port_get_all_connections(side->client, port);
	jack_free(peers);
	return peers != NULL;
}

static int check_free(const struct jack_side *side, const char *name,
		      struct leat_error *error)
{
	if (!has_connections(side, name))
		return 0;
	return leat_error_set(
		error, -EBUSY,
		"the JACK port %s is connected: disconnect it for the "
		"time of the test",
		name);
}

static int check_all_free(const struct jack_side *side,
			  struct leat_error *error)
{
	int res = 0;

	for (uint32_t i = 0; res == 0 && i < side->n_pairs; i++) {
		res = check_free(side, side->pairs[i].from, error);
		if (res == 0)
			res = check_free(side, side->pairs[i].to, error);
	}
	return res;
}

int jack_side_connect(struct jack_side *side, struct leat_error *error)
{
	int res = check_all_free(side, error);

	for (uint32_t i = 0; res == 0 && i < side->n_pairs; i++) {
		struct pair *pair = &side->pairs[i];

		if (jack_connect(side->client, pair->from, pair->to) != 0)
			res = leat_error_set(error, -EIO,
					     "JACK does not connect %s to %s",
					     pair->from, pair->to);
		else
			pair->connected = true;
	}
	return res;
}

unsigned jack_side_n_faults(const struct jack_side *side)
{
	return atomic_load(&side->watch.n_faults);
}

bool jack_side_is_gone(const struct jack_side *side)
{
	return atomic_load(&side->watch.gone);
}
