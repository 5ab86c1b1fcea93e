/* SPDX-License-Identifier: MIT */
#include "pw_end.h"

#include "tools/verify/patchbay.h"

#include <pipewire/filter.h>
#include <pipewire/pipewire.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NODE_NAME "leat-xrun"
#define SINK_NAME "leat-private-sink"

/* How long the daemon may take to answer. */
#define ANSWER_MS 3000

#define NAME_BYTES 256

/* A link that was made. */
struct pair {
	char output[2 * NAME_BYTES], input[2 * NAME_BYTES];
};

struct xrun_pw_end {
	struct pw_main_loop *main_loop;
	struct pw_loop *loop;
	struct pw_context *context;
	struct pw_core *core;
	struct patchbay *patchbay;
	struct pw_filter *filter;
	struct spa_hook listener;
	void *in, *out; /* ports */
	uint32_t n_pairs;
	struct pair pairs[2];
	struct xrun_recorder recorder;
};

__attribute__((format(printf, 3, 4))) static int
refuse(struct leat_error *error, int res, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	return res;
}

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

/* In 0.3.65 only this configuration makes the data loop realtime; later there
 * is no such file, and the plain one does it. */
static struct pw_context *new_context(struct pw_loop *loop)
{
	struct pw_properties *props = pw_properties_new(NULL, NULL);

	if (strncmp(pw_get_library_version(), "0.3.", 4) == 0)
		pw_properties_set(props, PW_KEY_CONFIG_NAME, "client-rt.conf");
	return pw_context_new(loop, props, 0);
}

static int connect_daemon(struct xrun_pw_end *end, const char *remote,
			  struct leat_error *error)
{
	struct pw_properties *props = NULL;

	if (remote)
		props = pw_properties_new(PW_KEY_REMOTE_NAME, remote, NULL);
	end->core = pw_context_connect(end->context, props, 0);
	if (!end->core)
		return refuse(error, -ECONNREFUSED,
			      "no PipeWire daemon%s%s answers: start it, or "
			      "leave out --remote",
			      remote ? " " : "", remote ? remote : "");
	end->patchbay = patchbay_new(end->loop, end->core);
	if (!end->patchbay)
		return refuse(error, -ENOMEM, "out of memory");
	if (!patchbay_sync(end->patchbay, ANSWER_MS))
		return refuse(error, -ETIMEDOUT,
			      "the PipeWire daemon does not answer");
	return 0;
}

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

	end->filter = pw_filter_new(end->core, NODE_NAME, props);
	if (!end->filter)
		return refuse(error, -ENOMEM, "out of memory");
	pw_filter_add_listener(end->filter, &end->listener, &filter_events,
			       end);
	end->in = add_port(end, PW_DIRECTION_INPUT, "in");
	end->out = add_port(end, PW_DIRECTION_OUTPUT, "out");
	if (end->in && end->out &&
	    pw_filter_connect(end->filter, PW_FILTER_FLAG_RT_PROCESS, NULL,
			      0) == 0)
		return 0;
	return refuse(error, -EIO, "PipeWire does not take the node");
}

static int set_up(struct xrun_pw_end *end, const char *remote,
		  struct leat_error *error)
{
	int res;

	end->main_loop = pw_main_loop_new(NULL);
	if (!end->main_loop)
		return refuse(error, -ENOMEM, "out of memory");
	end->loop = pw_main_loop_get_loop(end->main_loop);
	pw_loop_enter(end->loop);
	end->context = new_context(end->loop);
	if (!end->context)
		return refuse(error, -errno,
			      "PipeWire's library does not start: is "
			      "pipewire-bin installed?");
	res = connect_daemon(end, remote, error);
	return res == 0 ? add_node(end, error) : res;
}

int xrun_pw_end_open(struct xrun_pw_end **out, const char *remote,
		     struct leat_error *error)
{
	struct xrun_pw_end *end = calloc(1, sizeof(*end));
	int res;

	if (!end)
		return refuse(error, -ENOMEM, "out of memory");
	xrun_recorder_init(&end->recorder);
	pw_init(NULL, NULL);
	res = set_up(end, remote, error);
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
	patchbay_destroy(end->patchbay);
	if (end->core)
		pw_core_disconnect(end->core);
	if (end->context)
		pw_context_destroy(end->context);
	if (end->loop)
		pw_loop_leave(end->loop);
	if (end->main_loop)
		pw_main_loop_destroy(end->main_loop);
	free(end);
	pw_deinit();
}

/* ---- linking ---- */

static int link_ports(struct xrun_pw_end *end, const char *output,
		      const char *input, int timeout_ms,
		      struct leat_error *error)
{
	struct pair *pair = &end->pairs[end->n_pairs];
	int res = patchbay_link(end->patchbay, output, input, timeout_ms);

	if (res < 0)
		return refuse(error, res, "PipeWire does not link %s to %s: %s",
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
		node = patchbay_find_node(wanted->end->patchbay,
					  wanted->direction, is_others);
	if (!node || patchbay_list_ports(wanted->end->patchbay, node,
					 wanted->direction, &port, 1) == 0)
		return false;
	snprintf(wanted->port, sizeof(wanted->port), "%s:%s", node, port);
	return true;
}

static int await_port(struct xrun_pw_end *end, struct wanted *wanted,
		      int timeout_ms, struct leat_error *error)
{
	wanted->end = end;
	if (patchbay_wait(end->patchbay, find_port, wanted, timeout_ms))
		return 0;
	return refuse(error, -ENOENT,
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
	patchbay_sync(end->patchbay, ANSWER_MS);
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
			patchbay_unlink(end->patchbay, pair->output,
					pair->input, ANSWER_MS);
	}
}

/* ---- about it ---- */

void xrun_pw_end_run(struct xrun_pw_end *end, int time_ms)
{
	patchbay_run(end->patchbay, time_ms);
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
	return patchbay_is_gone(end->patchbay);
}
