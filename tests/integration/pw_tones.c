/* SPDX-License-Identifier: MIT */
#include "pw_tones.h"

#include "tools/pipewire/client.h"

#include <pipewire/filter.h>
#include <pipewire/pipewire.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NODE "tones"
#define WAIT_MS 5000
#define N_PASSED 2

/* A cycle called in later than this was disturbed. */
#define LATE_NS 1000000

struct pw_tones {
	struct tones tones;
	struct upsets upsets;
	uint64_t next; /* position that the next cycle begins at */
	uint32_t n_out;
	void *in[N_PASSED];
	void *out[TONES_CHANNELS];

	struct pipewire_client client;
	struct pw_filter *filter;
	struct spa_hook listener;
};

static const char *const positions[TONES_CHANNELS] = { "FL", "FR", "RL", "RR" };
static const uint32_t tone_hz[2] = { TONES_HIGH_HZ, TONES_LOW_HZ };

/* ---- the data loop ---- */

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * UINT64_C(1000000000) +
	       (uint64_t)now.tv_nsec;
}

static void look_for_upsets(struct pw_tones *self,
			    const struct spa_io_clock *clock)
{
	if (self->next != 0 && clock->position != self->next)
		self->upsets.n_hard++;
	if (self->next != 0 && now_ns() > clock->nsec + LATE_NS)
		self->upsets.n_late++;
	self->next = clock->position + clock->duration;
}

static void pass(struct pw_tones *self, const float **in, uint32_t n_frames)
{
	for (int c = 0; c < N_PASSED; c++) {
		float *out = pw_filter_get_dsp_buffer(self->out[c], n_frames);

		in[c] = pw_filter_get_dsp_buffer(self->in[c], n_frames);
		if (out && in[c])
			memcpy(out, in[c], n_frames * sizeof(float));
		else if (out)
			memset(out, 0, n_frames * sizeof(float));
	}
}

static void on_process(void *data, struct spa_io_position *position)
{
	struct pw_tones *self = data;
	const float *in[N_PASSED];
	struct moment moment;
	uint32_t n_frames;

	if (!position)
		return;
	n_frames = (uint32_t)position->clock.duration;
	moment = (struct moment){
		.frame = position->clock.position,
		.time_ns = (int64_t)position->clock.nsec,
		.frame_ns = 1e9 / self->tones.rate_hz,
	};
	look_for_upsets(self, &position->clock);
	pass(self, in, n_frames);
	for (uint32_t c = N_PASSED; c < self->n_out; c++)
		tones_play(&self->tones, tone_hz[c - N_PASSED],
			   position->clock.position,
			   pw_filter_get_dsp_buffer(self->out[c], n_frames),
			   n_frames);
	tones_keep(&self->tones, in, n_frames, &moment, &self->upsets);
}

static const struct pw_filter_events filter_events = {
	PW_VERSION_FILTER_EVENTS,
	.process = on_process,
};

/* ---- the main thread ---- */

static void *add_port(struct pw_tones *self, enum pw_direction direction,
		      const char *prefix, uint32_t c)
{
	struct pw_properties *props = pw_properties_new(
		PW_KEY_FORMAT_DSP, "32 bit float mono audio", NULL);

	pw_properties_setf(props, PW_KEY_PORT_NAME, "%s_%u", prefix, c + 1);
	return pw_filter_add_port(self->filter, direction,
				  PW_FILTER_PORT_FLAG_MAP_BUFFERS, 1, props,
				  NULL, 0);
}

static int add_node(struct pw_tones *self)
{
	struct pw_properties *props = pw_properties_new(
		PW_KEY_MEDIA_TYPE, "Audio", PW_KEY_MEDIA_CATEGORY, "Filter",
		PW_KEY_MEDIA_ROLE, "DSP", PW_KEY_NODE_NAME, NODE, NULL);

	self->filter = pw_filter_new(self->client.core, NODE, props);
	if (!self->filter)
		return -ENOMEM;
	pw_filter_add_listener(self->filter, &self->listener, &filter_events,
			       self);
	for (uint32_t c = 0; c < N_PASSED; c++)
		self->in[c] = add_port(self, PW_DIRECTION_INPUT, "in", c);
	for (uint32_t c = 0; c < self->n_out; c++)
		self->out[c] = add_port(self, PW_DIRECTION_OUTPUT, "out", c);
	return pw_filter_connect(self->filter, PW_FILTER_FLAG_RT_PROCESS, NULL,
				 0);
}

int pw_tones_open(struct pw_tones **tones, uint32_t rate_hz, bool plays)
{
	struct pw_tones *self = calloc(1, sizeof(*self));
	int res;

	*tones = NULL;
	if (!self)
		return -ENOMEM;
	self->n_out = plays ? TONES_CHANNELS : N_PASSED;
	res = pipewire_client_open(&self->client, NULL, "", NULL);
	if (res == 0)
		res = tones_init(&self->tones, rate_hz, N_PASSED);
	if (res == 0)
		res = add_node(self);
	if (res < 0)
		pw_tones_close(self);
	else
		*tones = self;
	return res;
}

void pw_tones_close(struct pw_tones *self)
{
	if (!self)
		return;
	if (self->filter)
		pw_filter_destroy(self->filter);
	pipewire_client_close(&self->client);
	tones_finish(&self->tones);
	free(self);
}

static bool link_ports(struct pw_tones *self, const char *from, const char *to)
{
	int res = patchbay_link(self->client.patchbay, from, to, WAIT_MS);

	if (res < 0)
		fprintf(stderr, "%s to %s: %s\n", from, to, strerror(-res));
	return res == 0;
}

bool pw_tones_link(struct pw_tones *self)
{
	char from[64], to[64];

	for (uint32_t c = 0; c < N_PASSED; c++) {
		snprintf(from, sizeof(from), "leat.test.source:capture_%s",
			 positions[c]);
		snprintf(to, sizeof(to), NODE ":in_%u", c + 1);
		if (!link_ports(self, from, to))
			return false;
	}
	for (uint32_t c = 0; c < self->n_out; c++) {
		snprintf(from, sizeof(from), NODE ":out_%u", c + 1);
		snprintf(to, sizeof(to), "leat.test.sink:playback_%s",
			 positions[c]);
		if (!link_ports(self, from, to))
			return false;
	}
	return true;
}

bool pw_tones_link_itself(struct pw_tones *self)
{
	return link_ports(self, NODE ":out_1", NODE ":in_1") &&
	       link_ports(self, NODE ":out_2", NODE ":in_2");
}

void pw_tones_run(struct pw_tones *self, int time_ms)
{
	patchbay_run(self->client.patchbay, time_ms);
}

struct tones *pw_tones_kept(struct pw_tones *self)
{
	return &self->tones;
}
