/* SPDX-License-Identifier: MIT */
#include "impulse.h"

#include "proc.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define APART_FRAMES 12000
#define LOUD 0.1f
#define PORTS_MS 5000

/* ---- the process thread ---- */

static void finish_one(struct impulse *self)
{
	bool heard = self->loudest > LOUD;

	if (self->played_at == 0 || self->upset)
		return;
	self->measured = heard ? (int)(self->loudest_at - self->played_at) : -1;
	self->n_measured++;
}

static void listen_to(struct impulse *self, const float *in,
		      jack_nframes_t n_frames)
{
	for (jack_nframes_t i = 0; i < n_frames; i++) {
		if (fabsf(in[i]) <= self->loudest)
			continue;
		self->loudest = fabsf(in[i]);
		self->loudest_at = self->at + i;
	}
}

/* The next impulse is at the beginning of a cycle. */
static void play(struct impulse *self, float *out, jack_nframes_t n_frames)
{
	memset(out, 0, n_frames * sizeof(float));
	if (self->at - self->played_at < APART_FRAMES)
		return;
	finish_one(self);
	out[0] = 1;
	self->played_at = self->at;
	self->loudest = 0;
	self->upset = false;
}

static int on_process(jack_nframes_t n_frames, void *user)
{
	struct impulse *self = user;
	jack_nframes_t now = jack_last_frame_time(self->client);

	if (self->at > 0 && now != self->next_time)
		self->upset = true;
	self->next_time = now + n_frames;
	play(self, jack_port_get_buffer(self->out, n_frames), n_frames);
	listen_to(self, jack_port_get_buffer(self->in, n_frames), n_frames);
	self->at += n_frames;
	return 0;
}

/* ---- latency ---- */

static void on_latency(jack_latency_callback_mode_t mode, void *user)
{
	struct impulse *self = user;
	uint32_t n = self->device[mode];
	jack_latency_range_t range = { n, n };

	jack_port_set_latency_range(mode == JackCaptureLatency ? self->out
							       : self->in,
				    mode, &range);
}

void impulse_report(struct impulse *impulse, uint32_t capture,
		    uint32_t playback)
{
	impulse->device[JackCaptureLatency] = capture;
	impulse->device[JackPlaybackLatency] = playback;
	jack_recompute_total_latencies(impulse->client);
}

jack_latency_range_t impulse_playback(struct impulse *impulse)
{
	jack_latency_range_t range;

	jack_port_get_latency_range(impulse->out, JackPlaybackLatency, &range);
	return range;
}

jack_latency_range_t impulse_capture(struct impulse *impulse)
{
	jack_latency_range_t range;

	jack_port_get_latency_range(impulse->in, JackCaptureLatency, &range);
	return range;
}

/* ---- the client ---- */

bool impulse_open(struct impulse *impulse, const char *server)
{
	memset(impulse, 0, sizeof(*impulse));
	impulse->client = jack_client_open(
		"impulse", JackNoStartServer | JackServerName, NULL, server);
	if (!impulse->client)
		return false;
	impulse->out = jack_port_register(impulse->client, "out",
					  JACK_DEFAULT_AUDIO_TYPE,
					  JackPortIsOutput, 0);
	impulse->in = jack_port_register(impulse->client, "in",
					 JACK_DEFAULT_AUDIO_TYPE,
					 JackPortIsInput, 0);
	jack_set_process_callback(impulse->client, on_process, impulse);
	jack_set_latency_callback(impulse->client, on_latency, impulse);
	return jack_activate(impulse->client) == 0;
}

void impulse_close(struct impulse *impulse)
{
	if (impulse->client)
		jack_client_close(impulse->client);
	impulse->client = NULL;
}

struct ports {
	jack_client_t *client;
	const char *to, *from;
};

static bool are_there(void *arg)
{
	const struct ports *ports = arg;

	return jack_port_by_name(ports->client, ports->to) &&
	       jack_port_by_name(ports->client, ports->from);
}

/* leat-jack may have made the connections that it had before. */
static bool connected(jack_client_t *client, const char *from, const char *to)
{
	int res = jack_connect(client, from, to);

	return res == 0 || res == EEXIST;
}

bool impulse_connect(struct impulse *impulse, const char *to, const char *from)
{
	struct ports ports = { impulse->client, to, from };

	return wait_for(are_there, &ports, PORTS_MS) &&
	       connected(impulse->client, jack_port_name(impulse->out), to) &&
	       connected(impulse->client, from, jack_port_name(impulse->in));
}

/* ---- measuring ---- */

struct wanted {
	const struct impulse *impulse;
	unsigned n;
};

static bool has_measured(void *arg)
{
	const struct wanted *wanted = arg;

	return wanted->impulse->n_measured >= wanted->n;
}

int impulse_measure(struct impulse *impulse, int n, int apart, int timeout_ms)
{
	long long end_ms = now_ms() + timeout_ms;
	int n_same = 0, last = -1;

	while (n_same < n && now_ms() < end_ms) {
		struct wanted wanted = { impulse, impulse->n_measured + 1 };
		int now;

		if (!wait_for(has_measured, &wanted, timeout_ms))
			return -1;
		now = impulse->measured;
		n_same = now >= 0 && (n_same == 0 || abs(now - last) <= apart)
				 ? n_same + 1
				 : 0;
		last = now;
	}
	return n_same == n ? last : -1;
}
