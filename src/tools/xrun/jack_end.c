/* SPDX-License-Identifier: MIT */
#include "jack_end.h"

#include "cli/now.h"

#include <jack/jack.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CLIENT_NAME "leat-xrun"
#define TICK_MS 10

/* libjack has sizes for names only at run time; longer ones are cut off. */
#define NAME_BYTES 320

struct xrun_jack_end {
	jack_client_t *client;
	jack_port_t *in, *out;
	uint32_t rate_hz;
	uint64_t frame; /* JACK's time, which has 32 bits, in 64: the next */
	bool started, was_ahead;
	atomic_uint n_xruns;
	atomic_bool gone;
	struct xrun_recorder recorder;
};

/* ---- the process thread ---- */

/*
 * A call that comes late may be told the time of the next cycle already, and
 * the next call the same once more: then nothing was left out. So JACK's time
 * has to be ahead twice before frames are.
 */
static uint64_t frame_now(struct xrun_jack_end *end, uint32_t n_frames)
{
	uint32_t now = jack_last_frame_time(end->client);
	int32_t ahead = (int32_t)(now - (uint32_t)end->frame);
	uint64_t frame;

	if (!end->started) {
		end->frame = now;
	} else if (ahead > 0 && end->was_ahead) {
		end->frame += (uint32_t)ahead;
		ahead = 0;
	}
	end->was_ahead = end->started && ahead > 0;
	end->started = true;
	frame = end->frame;
	end->frame += n_frames;
	return frame;
}

static uint64_t wakeup_ns(const struct xrun_jack_end *end)
{
	jack_nframes_t frames;
	jack_time_t start_us, next_us, now_us = jack_get_time();
	float period_us;

	if (jack_get_cycle_times(end->client, &frames, &start_us, &next_us,
				 &period_us) != 0)
		return UINT64_MAX;
	return now_us > start_us ? (now_us - start_us) * 1000 : 0;
}

static int on_process(jack_nframes_t n_frames, void *arg)
{
	struct xrun_jack_end *end = arg;
	struct xrun_record record = { .n_frames = n_frames };
	float *out;

	xrun_recorder_begin(&end->recorder);
	record.wakeup_ns = wakeup_ns(end);
	record.frame = frame_now(end, n_frames);
	xrun_recorder_hear(&end->recorder, &record,
			   jack_port_get_buffer(end->in, n_frames), n_frames);
	out = jack_port_get_buffer(end->out, n_frames);
	if (out)
		xrun_count_write(out, record.frame, n_frames);
	xrun_recorder_end(&end->recorder, &record, end->rate_hz);
	return 0;
}

/* ---- other threads of JACK's ---- */

static int on_xrun(void *arg)
{
	struct xrun_jack_end *end = arg;

	atomic_fetch_add(&end->n_xruns, 1);
	return 0;
}

static void on_shutdown(void *arg)
{
	struct xrun_jack_end *end = arg;

	atomic_store(&end->gone, true);
}

/* One sentence of our own says it; libjack would add several. */
static void say_nothing(const char *text)
{
	(void)text;
}

/* ---- opening ---- */

static bool register_ports(struct xrun_jack_end *end)
{
	end->in = jack_port_register(end->client, "in", JACK_DEFAULT_AUDIO_TYPE,
				     JackPortIsInput, 0);
	end->out = jack_port_register(end->client, "out",
				      JACK_DEFAULT_AUDIO_TYPE, JackPortIsOutput,
				      0);
	return end->in && end->out;
}

static int activate(struct xrun_jack_end *end, struct leat_error *error)
{
	end->rate_hz = jack_get_sample_rate(end->client);
	jack_set_process_callback(end->client, on_process, end);
	jack_set_xrun_callback(end->client, on_xrun, end);
	jack_on_shutdown(end->client, on_shutdown, end);
	if (register_ports(end) && jack_activate(end->client) == 0)
		return 0;
	return leat_error_set(error, -EIO, "JACK does not take the client");
}

int xrun_jack_end_open(struct xrun_jack_end **out, const char *server_name,
		       struct leat_error *error)
{
	struct xrun_jack_end *end = calloc(1, sizeof(*end));
	int res;

	if (!end)
		return leat_error_set(error, -ENOMEM, "out of memory");
	xrun_recorder_init(&end->recorder);
	jack_set_error_function(say_nothing);
	jack_set_info_function(say_nothing);
	end->client = jack_client_open(CLIENT_NAME,
				       JackNoStartServer | JackServerName, NULL,
				       server_name);
	if (end->client)
		res = activate(end, error);
	else
		res = leat_error_set(
			error, -ECONNREFUSED,
			"the JACK server '%s' does not answer: start it, "
			"or leave out --server",
			server_name);
	if (res < 0) {
		xrun_jack_end_close(end);
		return res;
	}
	*out = end;
	return 0;
}

void xrun_jack_end_close(struct xrun_jack_end *end)
{
	if (!end)
		return;
	if (end->client)
		jack_client_close(end->client);
	free(end);
}

/* ---- connecting ---- */

static bool is_of(const char *port, const char *client_name)
{
	if (client_name)
		return strncmp(port, client_name, strlen(client_name)) == 0;
	return strncmp(port, "system:", 7) != 0 &&
	       strncmp(port, CLIENT_NAME ":", strlen(CLIENT_NAME) + 1) != 0;
}

/* The first port of a client that goes one way. */
static bool find_port(const struct xrun_jack_end *end, const char *client_name,
		      unsigned long flags, char *name)
{
	const char **ports = jack_get_ports(end->client, NULL,
					    JACK_DEFAULT_AUDIO_TYPE, flags);
	bool found = false;

	for (uint32_t i = 0; ports && ports[i] && !found; i++) {
		found = is_of(ports[i], client_name);
		if (found)
			snprintf(name, NAME_BYTES, "%s", ports[i]);
	}
	jack_free(ports);
	return found;
}

static int connect_port(const struct xrun_jack_end *end, const char *from,
			const char *to, struct leat_error *error)
{
	int res = jack_connect(end->client, from, to);

	if (res == 0 || res == EEXIST)
		return 0;
	return leat_error_set(error, -EIO, "JACK does not connect %s to %s",
			      from, to);
}

int xrun_jack_end_connect(struct xrun_jack_end *end, const char *client_name,
			  int timeout_ms, struct leat_error *error)
{
	const struct timespec tick = { .tv_nsec = TICK_MS * 1000000L };
	char to[NAME_BYTES], from[NAME_BYTES];
	int64_t deadline_ms = leat_now_ms() + timeout_ms;
	int res;

	while (!find_port(end, client_name, JackPortIsInput, to) ||
	       !find_port(end, client_name, JackPortIsOutput, from)) {
		if (leat_now_ms() > deadline_ms || xrun_jack_end_is_gone(end))
			return leat_error_set(
				error, -ENOENT,
				"the bridge has no input and output in "
				"JACK after %d ms",
				timeout_ms);
		nanosleep(&tick, NULL);
	}
	res = connect_port(end, jack_port_name(end->out), to, error);
	if (res == 0)
		res = connect_port(end, from, jack_port_name(end->in), error);
	return res;
}

/* ---- about it ---- */

uint32_t xrun_jack_end_rate_hz(const struct xrun_jack_end *end)
{
	return end->rate_hz;
}

uint32_t xrun_jack_end_period(const struct xrun_jack_end *end)
{
	return jack_get_buffer_size(end->client);
}

const char *xrun_jack_end_version(void)
{
	return jack_get_version_string();
}

int xrun_jack_end_set_period(struct xrun_jack_end *end, uint32_t period)
{
	if (jack_get_buffer_size(end->client) == period)
		return 0;
	return jack_set_buffer_size(end->client, period) == 0 ? 0 : -EIO;
}

struct xrun_recorder *xrun_jack_end_recorder(struct xrun_jack_end *end)
{
	return &end->recorder;
}

uint32_t xrun_jack_end_n_xruns(const struct xrun_jack_end *end)
{
	return atomic_load(&end->n_xruns);
}

bool xrun_jack_end_is_gone(const struct xrun_jack_end *end)
{
	return atomic_load(&end->gone);
}
