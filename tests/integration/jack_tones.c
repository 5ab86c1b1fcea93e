/* SPDX-License-Identifier: MIT */
#include "jack_tones.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* A cycle called in later than this was disturbed. */
#define LATE_NS 1000000

static const char *const positions[TONES_CHANNELS] = { "FL", "FR", "RL", "RR" };
static const uint32_t tone_hz[2] = { TONES_HIGH_HZ, TONES_LOW_HZ };

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* ---- the process thread ---- */

static void look_for_upsets(struct jack_tones *self, jack_nframes_t n_frames,
			    int64_t late_ns)
{
	jack_nframes_t now = jack_last_frame_time(self->client);
	uint32_t n_xruns = atomic_load(&self->n_xruns);
	uint64_t n_starts = atomic_load(&self->drift->n_starts);

	if (self->at > 0 &&
	    (now != self->next_time || n_xruns != self->n_xruns_seen ||
	     n_starts != self->n_starts))
		self->upsets.n_hard++;
	if (self->at > 0 && late_ns > LATE_NS)
		self->upsets.n_late++;
	self->next_time = now + n_frames;
	self->n_xruns_seen = n_xruns;
	self->n_starts = n_starts;
}

static void play(struct jack_tones *self, jack_nframes_t n_frames)
{
	for (int c = 0; c < 2; c++)
		tones_play(&self->tones, tone_hz[c], self->at,
			   jack_port_get_buffer(self->out[c], n_frames),
			   n_frames);
}

static void oversleep(struct jack_tones *self)
{
	unsigned us = atomic_exchange(&self->stall_us, 0);
	struct timespec time = { .tv_sec = us / 1000000,
				 .tv_nsec = (long)(us % 1000000) * 1000 };

	if (us > 0)
		nanosleep(&time, NULL);
}

static int on_process(jack_nframes_t n_frames, void *user)
{
	struct jack_tones *self = user;
	const float *in[TONES_CHANNELS] = { NULL };
	int64_t now = now_ns(), began = drift_began_ns(self->drift, now);
	struct moment moment = {
		.frame = self->at,
		.time_ns = began,
		.frame_ns = 1e9 / (self->rate_hz *
				   (1 + drift_ppm(self->drift) * 1e-6)),
		.late_ns = now - began,
	};

	look_for_upsets(self, n_frames, moment.late_ns);
	play(self, n_frames);
	for (uint32_t c = 0; c < self->tones.n_channels; c++)
		in[c] = jack_port_get_buffer(self->in[c], n_frames);
	tones_keep(&self->tones, in, n_frames, &moment, &self->upsets);
	self->at += n_frames;
	oversleep(self);
	return 0;
}

static int on_xrun(void *user)
{
	struct jack_tones *self = user;

	atomic_fetch_add(&self->n_xruns, 1);
	return 0;
}

/* ---- the main thread ---- */

static jack_port_t *add_port(struct jack_tones *self, const char *prefix, int c,
			     unsigned long flags)
{
	char name[16];

	snprintf(name, sizeof(name), "%s_%d", prefix, c + 1);
	return jack_port_register(self->client, name, JACK_DEFAULT_AUDIO_TYPE,
				  flags, 0);
}

int jack_tones_open(struct jack_tones *self, uint32_t rate_hz,
		    uint32_t n_channels, const struct drift *drift)
{
	memset(self, 0, sizeof(*self));
	if (tones_init(&self->tones, rate_hz, n_channels) < 0)
		return -ENOMEM;
	self->rate_hz = rate_hz;
	self->drift = drift;
	self->client = jack_client_open("tones", JackNoStartServer, NULL);
	if (!self->client)
		return -ECONNREFUSED;
	for (int c = 0; c < TONES_CHANNELS; c++) {
		self->out[c] = add_port(self, "out", c, JackPortIsOutput);
		self->in[c] = add_port(self, "in", c, JackPortIsInput);
	}
	jack_set_process_callback(self->client, on_process, self);
	jack_set_xrun_callback(self->client, on_xrun, self);
	return jack_activate(self->client) == 0 ? 0 : -EIO;
}

void jack_tones_close(struct jack_tones *self)
{
	if (self->client)
		jack_client_close(self->client);
	self->client = NULL;
	tones_finish(&self->tones);
}

static bool connect(struct jack_tones *self, const char *from, const char *to)
{
	return jack_connect(self->client, from, to) == 0;
}

bool jack_tones_connect(struct jack_tones *self)
{
	char port[64];

	for (uint32_t c = 0; c < 2; c++) {
		snprintf(port, sizeof(port), "leat-test:to_pipewire_%s",
			 positions[c]);
		if (!connect(self, jack_port_name(self->out[c]), port))
			return false;
	}
	for (uint32_t c = 0; c < self->tones.n_channels; c++) {
		snprintf(port, sizeof(port), "leat-test:from_pipewire_%s",
			 positions[c]);
		if (!connect(self, port, jack_port_name(self->in[c])))
			return false;
	}
	return true;
}

bool jack_tones_connect_itself(struct jack_tones *self)
{
	for (uint32_t c = 0; c < self->tones.n_channels; c++)
		if (!connect(self, jack_port_name(self->out[c]),
			     jack_port_name(self->in[c])))
			return false;
	return true;
}

void jack_tones_stall(struct jack_tones *self, unsigned us)
{
	atomic_store(&self->stall_us, us);
}
