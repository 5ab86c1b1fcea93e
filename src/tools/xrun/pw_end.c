/* SPDX-License-Identifier: MIT */
#include "pw_end.h"

#include "tools/pipewire/client.h"

#include <pipewire/filter.h>
#include <pipewire/pipewire.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NODE_NAME "leat-xrun"
#define SINK_NAME "leat-private-sink"

#define NAME_BYTES 256

/* A link that was made. */
struct pair {
	char output[2 * NAME_BYTES], input[2 * NAME_BYTES];
};

struct xrun_pw_end {
	struct pipewire_client client;
	struct pw_filter *filter;
	struct spa_hook listener;
	void *in, *out; /* ports */
	uint32_t n_pairs;
	struct pair pairs[2];
	struct xrun_recorder recorder;
};

/* ---- the data loop ---- */

static void pass(const float *in, float *out, uint32_t n_frames)
{
	if (out && in)
		memcpy(out, in, n_frames * sizeof(float));
	else if (out)
		memset(out, 0, n_frames * sizeof(float));
}

static void on_process(void *data, struct spa_io_position *position)
{
	struct xrun_pw_end *end = data;
	struct xrun_record record = { 0 };
	const float *in;

	if (!position)
		return;
	xrun_recorder_begin(&end->recorder);
	record.n_frames = (uint32_t)position->clock.duration;
	record.frame = position->clock.position;
	record.wakeup_ns =
		end->recorder.start_ns > position->clock.nsec
			? end->recorder.start_ns - position->clock.nsec
			: 0;
	in = pw_filter_get_dsp_buffer(end->in, record.n_frames);
	xrun_recorder_hear(&end->recorder, &record, in, record.n_frames);
	pass(in, pw_filter_get_dsp_buffer(end->out, record.n_frames),
	     record.n_frames);
	xrun_recorder_end(&end->recorder, &record, position->clock.rate.denom);
}

static const struct pw_filter_events filter_events = {
	PW_VERSION_FILTER_EVENTS,
	.process = on_process,
};

/* ---- opening ---- */

static void *add_port(struct xrun_pw_end *end, enum pw_direction direction,
		      const char *name)
{
	struct pw_properties *props =
		pw_properties_new(PW_KEY_FORMAT_DSP, "32 bit float mono audio",
				  PW_KEY_PORT_NAME, name, NULL);

	return pw_filter_add_port(end->filter, direction,
				  PW_FILTER_PORT_FLAG_MAP_BUFFERS, 1, props,
				  NULL, 0);
}

static int add_node(struct xrun_pw_end *end, struct leat_error *error)
{
	struct pw_properties *props = pw_properties_new(
		PW_KEY_MEDIA_TYPE, "Audio", PW_KEY_MEDIA_CATEGORY, "Filter",
		PW_KEY_MEDIA_ROLE, "DSP", PW_KEY_NODE_NAME, NODE_NAME, NULL);

	end->filter = pw_filter_new(end->client.core, NODE_NAME, props);
	if (!end->filter)
		return leat_error_set(error, -ENOMEM, "out of memory");
	pw_filter_add_listener(end->filter, &end->listener, &filter_events,
			       end);
	end->in = add_port(end, PW_DIRECTION_INPUT, "in");
	end->out = add_port(end, PW_DIRECTION_OUTPUT, "out");
	if (end->in && end->out &&
	    pw_filter_connect(end->filter, PW_FILTER_FLAG_RT_PROCESS, NULL,
			      0) == 0)
		return 0;
	return leat_error_set(error, -EIO, "PipeWire does not take the node");
}

int xrun_pw_end_open(struct xrun_pw_end **out, const char *remote,
		     struct leat_error *error)
{
	struct xrun_pw_end *end = calloc(1, sizeof(*end));
	int res;

	if (!end)
		return leat_error_set(error, -ENOMEM, "out of memory");
	xrun_recorder_init(&end->recorder);
	res = pipewire_client_open(&end->client, remote, "leave out --remote",
				   error);
	if (res == 0)
		res = add_node(end, error);
	if (res < 0) {
		xrun_pw_end_close(end);
		return res;
	}
	*out = end;
	return 0;
}

void xrun_pw_end_close(struct xrun_pw_end *end)
{
	if (!end)
		return;
	if (end->filter)
		pw_filter_destroy(end->filter);
	pipewire_client_close(&end->client);
	free(end);
}

/* ---- linking ---- */

static int link_ports(struct xrun_pw_end *end, const char *output,
		      const char *input, int timeout_ms,
		      struct leat_error *error)
{
	struct pair *pair = &end->pairs[end->n_pairs];
	int res =
		patchbay_link(end->client.patchbay, output, input, timeout_ms);

	if (res < 0)
		return leat_error_set(error, res,
				      "PipeWire does not link %s to %s: %s",
				      output, input, leat_errno_text(res));
	snprintf(pair->output, sizeof(pair->output), "%s", output);
	snprintf(pair->input, sizeof(pair->input), "%s", input);
	end->n_pairs++;
	return 0;
}

/* A node's only port of a direction, "NODE:PORT", once it is there. */
struct wanted {
	const struct xrun_pw_end *end;
	char node[NAME_BYTES];
	char port[2 * NAME_BYTES];
	enum pw_direction direction;
};

static bool is_others(const char *node)
{
	return strcmp(node, NODE_NAME) != 0 && strcmp(node, SINK_NAME) != 0 &&
	       strcmp(node, "Dummy-Driver") != 0;
}

static bool find_port(void *user)
{
	struct wanted *wanted = user;
	const char *node = wanted->node[0] ? wanted->node : NULL;
	const char *port;

	if (!node)
		node = patchbay_find_node(wanted->end->client.patchbay,
					  wanted->direction, is_others);
	if (!node || patchbay_list_ports(wanted->end->client.patchbay, node,
					 wanted->direction, &port, 1) == 0)
		return false;
	snprintf(wanted->port, sizeof(wanted->port), "%s:%s", node, port);
	return true;
}

static int await_port(struct xrun_pw_end *end, struct wanted *wanted,
		      int timeout_ms, struct leat_error *error)
{
	wanted->end = end;
	if (patchbay_wait(end->client.patchbay, find_port, wanted, timeout_ms))
		return 0;
	return leat_error_set(
		error, -ENOENT,
		"the bridge has no input and output in PipeWire after "
		"%d ms",
		timeout_ms);
}

int xrun_pw_end_connect(struct xrun_pw_end *end, const char *link_name,
			int timeout_ms, struct leat_error *error)
{
	struct wanted source = { .direction = PW_DIRECTION_OUTPUT };
	struct wanted sink = { .direction = PW_DIRECTION_INPUT };
	int res;

	if (link_name) {
		snprintf(source.node, NAME_BYTES, "leat.%s.source", link_name);
		snprintf(sink.node, NAME_BYTES, "leat.%s.sink", link_name);
	}
	/* A bridge that was stopped may have had ports of the same name. */
	patchbay_sync(end->client.patchbay, PIPEWIRE_ANSWER_MS);
	res = await_port(end, &source, timeout_ms, error);
	if (res == 0)
		res = await_port(end, &sink, timeout_ms, error);
	if (res == 0)
		res = link_ports(end, source.port, NODE_NAME ":in", timeout_ms,
				 error);
	if (res == 0)
		res = link_ports(end, NODE_NAME ":out", sink.port, timeout_ms,
				 error);
	return res;
}

int xrun_pw_end_connect_sink(struct xrun_pw_end *end, int timeout_ms,
			     struct leat_error *error)
{
	return link_ports(end, NODE_NAME ":out", SINK_NAME ":playback_FL",
			  timeout_ms, error);
}

void xrun_pw_end_disconnect(struct xrun_pw_end *end)
{
	while (end->n_pairs > 0) {
		const struct pair *pair = &end->pairs[--end->n_pairs];

		if (!xrun_pw_end_is_gone(end))
			patchbay_unlink(end->client.patchbay, pair->output,
					pair->input, PIPEWIRE_ANSWER_MS);
	}
}

/* ---- about it ---- */

void xrun_pw_end_run(struct xrun_pw_end *end, int time_ms)
{
	patchbay_run(end->client.patchbay, time_ms);
}

const char *xrun_pw_end_version(void)
{
	return pw_get_library_version();
}

struct xrun_recorder *xrun_pw_end_recorder(struct xrun_pw_end *end)
{
	return &end->recorder;
}

bool xrun_pw_end_is_gone(const struct xrun_pw_end *end)
{
	return patchbay_is_gone(end->client.patchbay);
}
