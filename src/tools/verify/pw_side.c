/* SPDX-License-Identifier: MIT */
#include "pw_side.h"

#include "tools/pipewire/client.h"

#include <pipewire/filter.h>
#include <pipewire/pipewire.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NODE_NAME "leat-verify"

/* How long ports may take to appear. */
#define PORTS_MS 5000

#define NAME_BYTES 128

/* What the process thread has. */
struct process {
	struct tape *tape;
	void *play[LEAT_CHANNELS_MAX]; /* ports */
	void *record[LEAT_CHANNELS_MAX];
};

struct pw_side {
	struct pipewire_client client;
	struct pw_filter *filter;
	struct spa_hook filter_listener;
	struct process process;
};

static void on_process(void *data, struct spa_io_position *position)
{
	struct process *process = data;
	struct tape *tape = process->tape;
	float *out[LEAT_CHANNELS_MAX];
	const float *in[LEAT_CHANNELS_MAX];
	uint32_t n_frames;

	if (!position)
		return;
	n_frames = (uint32_t)position->clock.duration;
	for (uint32_t c = 0; c < tape->sound->n_channels; c++) {
		out[c] = pw_filter_get_dsp_buffer(process->play[c], n_frames);
		in[c] = pw_filter_get_dsp_buffer(process->record[c], n_frames);
	}
	tape_roll(tape, out, in, n_frames);
}

static const struct pw_filter_events filter_events = {
	PW_VERSION_FILTER_EVENTS,
	.process = on_process,
};

int pw_side_open(struct pw_side **out, const char *remote,
		 struct leat_error *error)
{
	struct pw_side *side = calloc(1, sizeof(*side));
	int res;

	if (!side)
		return leat_error_set(error, -ENOMEM, "out of memory");
	res = pipewire_client_open(&side->client, remote,
				   "name another with --remote", error);
	if (res < 0) {
		pw_side_close(side);
		return res;
	}
	*out = side;
	return 0;
}

void pw_side_close(struct pw_side *side)
{
	if (!side)
		return;
	if (side->filter)
		pw_filter_destroy(side->filter);
	pipewire_client_close(&side->client);
	free(side);
}

static void *add_port(struct pw_side *side, enum pw_direction direction,
		      const char *prefix, const char *position)
{
	struct pw_properties *props =
		pw_properties_new(PW_KEY_FORMAT_DSP, "32 bit float mono audio",
				  PW_KEY_AUDIO_CHANNEL, position, NULL);

	pw_properties_setf(props, PW_KEY_PORT_NAME, "%s_%s", prefix, position);
	return pw_filter_add_port(side->filter, direction,
				  PW_FILTER_PORT_FLAG_MAP_BUFFERS, 1, props,
				  NULL, 0);
}

static bool add_ports(struct pw_side *side, const char *const *positions)
{
	struct process *process = &side->process;

	for (uint32_t c = 0; c < process->tape->sound->n_channels; c++) {
		process->play[c] = add_port(side, PW_DIRECTION_OUTPUT, "play",
					    positions[c]);
		process->record[c] = add_port(side, PW_DIRECTION_INPUT,
					      "record", positions[c]);
		if (!process->play[c] || !process->record[c])
			return false;
	}
	return true;
}

static int add_node(struct pw_side *side, const char *const *positions,
		    struct leat_error *error)
{
	struct pw_properties *props = pw_properties_new(
		PW_KEY_MEDIA_TYPE, "Audio", PW_KEY_MEDIA_CATEGORY, "Filter",
		PW_KEY_MEDIA_ROLE, "DSP", PW_KEY_NODE_NAME, NODE_NAME, NULL);

	side->filter = pw_filter_new(side->client.core, NODE_NAME, props);
	if (!side->filter)
		return leat_error_set(error, -ENOMEM, "out of memory");
	pw_filter_add_listener(side->filter, &side->filter_listener,
			       &filter_events, &side->process);
	if (!add_ports(side, positions) ||
	    pw_filter_connect(side->filter, PW_FILTER_FLAG_RT_PROCESS, NULL,
			      0) < 0)
		return leat_error_set(error, -EIO,
				      "PipeWire does not take the client");
	return 0;
}

/* The four ports of a channel. */
struct channel {
	char play[NAME_BYTES];
	char sink[NAME_BYTES];
	char source[NAME_BYTES];
	char record[NAME_BYTES];
};

static void name_channel(struct channel *channel, const char *link_name,
			 const char *position)
{
	snprintf(channel->play, NAME_BYTES, NODE_NAME ":play_%s", position);
	snprintf(channel->sink, NAME_BYTES, "leat.%s.sink:playback_%s",
		 link_name, position);
	snprintf(channel->source, NAME_BYTES, "leat.%s.source:capture_%s",
		 link_name, position);
	snprintf(channel->record, NAME_BYTES, NODE_NAME ":record_%s", position);
}

/* A port that is awaited. */
struct awaited {
	const struct patchbay *patchbay;
	const char *name;
	enum pw_direction direction;
};

static bool is_there(void *user)
{
	const struct awaited *awaited = user;

	return patchbay_find_port(awaited->patchbay, awaited->name,
				  awaited->direction) != SPA_ID_INVALID;
}

static int check_free(struct pw_side *side, const char *name,
		      enum pw_direction direction, const char *link_name,
		      struct leat_error *error)
{
	struct awaited awaited = { side->client.patchbay, name, direction };

	if (!patchbay_wait(side->client.patchbay, is_there, &awaited, PORTS_MS))
		return leat_error_set(
			error, -ENOENT,
			"PipeWire has no port %s: 'leat up %s' makes it", name,
			link_name);
	if (patchbay_has_links(side->client.patchbay, name, direction))
		return leat_error_set(
			error, -EBUSY,
			"the PipeWire port %s is linked: unlink it for "
			"the time of the test",
			name);
	return 0;
}

static int check_channel(struct pw_side *side, const struct channel *channel,
			 const char *link_name, struct leat_error *error)
{
	int res = check_free(side, channel->sink, PW_DIRECTION_INPUT, link_name,
			     error);

	if (res < 0)
		return res;
	return check_free(side, channel->source, PW_DIRECTION_OUTPUT, link_name,
			  error);
}

static int link_ports(struct pw_side *side, const char *output,
		      const char *input, struct leat_error *error)
{
	int res = patchbay_link(side->client.patchbay, output, input, PORTS_MS);

	if (res == 0)
		return 0;
	return leat_error_set(error, res, "PipeWire does not link %s to %s: %s",
			      output, input, strerror(-res));
}

static int link_channel(struct pw_side *side, const struct channel *channel,
			struct leat_error *error)
{
	int res = link_ports(side, channel->play, channel->sink, error);

	if (res < 0)
		return res;
	return link_ports(side, channel->source, channel->record, error);
}

int pw_side_link(struct pw_side *side, const char *link_name,
		 const char *const *positions, struct tape *tape,
		 struct leat_error *error)
{
	uint32_t n_channels = tape->sound->n_channels;
	struct channel channel;
	int res = 0;

	side->process.tape = tape;
	/* All of them before the first change. */
	for (uint32_t c = 0; res == 0 && c < n_channels; c++) {
		name_channel(&channel, link_name, positions[c]);
		res = check_channel(side, &channel, link_name, error);
	}
	if (res == 0)
		res = add_node(side, positions, error);
	for (uint32_t c = 0; res == 0 && c < n_channels; c++) {
		name_channel(&channel, link_name, positions[c]);
		res = link_channel(side, &channel, error);
	}
	return res;
}

bool pw_side_wait(struct pw_side *side, bool (*condition)(void *user),
		  void *user, int timeout_ms)
{
	return patchbay_wait(side->client.patchbay, condition, user,
			     timeout_ms);
}

bool pw_side_is_gone(const struct pw_side *side)
{
	return patchbay_is_gone(side->client.patchbay);
}
