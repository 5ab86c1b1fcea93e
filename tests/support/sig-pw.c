/* SPDX-License-Identifier: MIT */
/**
 * leat-sig-pw: a PipeWire client for tests; no session manager is needed.
 *
 *	leat-sig-pw [--remote NAME] [--name NAME] [--channels N]
 *	            [--send] [--recv] [--pass] [--prop KEY=VALUE]...
 *	            [--latency FRAMES]
 *
 * --send has ports send_1..., with the counting signal; --recv checks what
 * comes to recv_1...; --pass copies in_1... to out_1...; with none of them it
 * only takes commands. With --latency it says of itself that what it sends was
 * recorded so many frames ago, and that what it receives is played so many
 * later, as a device would. It says "ready NAME" once its ports are there, then
 * answers each line on standard input with a line (lists: some lines, the last
 * one is "ok"), and ends with "quit" or the end of the input:
 *
 *	link NODE:PORT NODE:PORT      wait up to 5 s for both, then link
 *	unlink NODE:PORT NODE:PORT
 *	linked NODE:PORT NODE:PORT    ok if they are
 *	wait-port NODE:PORT [MS]
 *	wait-no-node NODE [MS]        until no node has that name
 *	ports NODE                    "in NAME" or "out NAME", a line each
 *	id NODE:PORT                  "id=" and its number in the daemon
 *	reset, report, events, latencies, late USEC, quit: as leat-sig-jack
 *
 * "skips" are jumps of the driver's clock, which has to advance by its
 * duration in each cycle; a change of driver is counted in "drivers" instead.
 * "longest_us" is the longest time between two cycles since the last report.
 * "xruns" are cycles that the driver marks as a recovery; -1: this PipeWire
 * has no such mark.
 */
#include "control.h"
#include "probe_report.h"
#include "pw_clock.h"

#include "tools/pipewire/context.h"
#include "tools/pipewire/patchbay.h"

#include <spa/param/latency-utils.h>

#include <pipewire/filter.h>
#include <pipewire/pipewire.h>

#include <argp.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define PORT_WAIT_MS 5000

enum mode { MODE_SEND, MODE_RECV, MODE_IN, MODE_OUT, N_MODES };

struct sig {
	const char *remote;
	const char *name;
	uint32_t n_channels;
	uint32_t latency; /* frames; 0: nothing is said of it */
	bool sends;
	bool receives;
	bool passes;
	struct pw_properties *props; /* of the node */

	struct pw_main_loop *main_loop;
	struct pw_context *context;
	struct pw_core *core;
	struct patchbay *patchbay;
	struct pw_filter *filter; /* NULL: commands only */
	struct spa_hook listener;
	struct control control;
	bool quit;
	void *ports[N_MODES][PROBE_MAX_CHANNELS];
	struct pw_clock clock;
	struct probe probe;
	int64_t called_ns;	 /* when the latest cycle was */
	atomic_llong longest_us; /* between two, since last asked */
};

/*
 * The process thread.
 */

static void get_planes(struct sig *sig, enum mode mode, float **planes,
		       uint32_t n_frames)
{
	for (uint32_t c = 0; c < sig->n_channels; c++) {
		void *port = sig->ports[mode][c];

		planes[c] = port ? pw_filter_get_dsp_buffer(port, n_frames)
				 : NULL;
	}
}

static void copy_pass(struct sig *sig, uint32_t n_frames)
{
	float *from[PROBE_MAX_CHANNELS];
	float *to[PROBE_MAX_CHANNELS];

	get_planes(sig, MODE_IN, from, n_frames);
	get_planes(sig, MODE_OUT, to, n_frames);
	for (uint32_t c = 0; c < sig->n_channels; c++) {
		if (to[c] && from[c])
			memcpy(to[c], from[c], n_frames * sizeof(float));
		else if (to[c])
			memset(to[c], 0, n_frames * sizeof(float));
	}
}

static void note_pause(struct sig *sig)
{
	struct timespec t;
	int64_t now_ns, us;

	clock_gettime(CLOCK_MONOTONIC, &t);
	now_ns = (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
	us = (now_ns - sig->called_ns) / 1000;
	if (sig->called_ns > 0 && us > atomic_load(&sig->longest_us))
		atomic_store(&sig->longest_us, us);
	sig->called_ns = now_ns;
}

static void on_process(void *data, struct spa_io_position *position)
{
	struct sig *sig = data;
	float *send[PROBE_MAX_CHANNELS];
	float *recv[PROBE_MAX_CHANNELS];
	const float *seen[PROBE_MAX_CHANNELS];
	uint32_t n_frames;

	if (!position)
		return;
	note_pause(sig);
	n_frames = (uint32_t)position->clock.duration;
	pw_clock_look(&sig->clock, &position->clock, &sig->probe);
	if (sig->passes)
		copy_pass(sig, n_frames);
	get_planes(sig, MODE_SEND, send, n_frames);
	get_planes(sig, MODE_RECV, recv, n_frames);
	for (uint32_t c = 0; c < sig->n_channels; c++)
		seen[c] = recv[c];
	probe_process(&sig->probe, send, seen, n_frames);
}

static const struct pw_filter_events filter_events = {
	PW_VERSION_FILTER_EVENTS,
	.process = on_process,
};

/*
 * Connecting.
 */

static int add_ports(struct sig *sig, enum mode mode, const char *prefix,
		     enum pw_direction direction)
{
	uint8_t memory[512];
	struct spa_pod_builder builder =
		SPA_POD_BUILDER_INIT(memory, sizeof(memory));
	struct spa_latency_info info = {
		.direction = direction,
		.min_rate = (__typeof__(info.min_rate))sig->latency,
		.max_rate = (__typeof__(info.max_rate))sig->latency,
	};
	const struct spa_pod *param =
		spa_latency_build(&builder, SPA_PARAM_Latency, &info);

	for (uint32_t c = 0; c < sig->n_channels; c++) {
		struct pw_properties *props = pw_properties_new(
			PW_KEY_FORMAT_DSP, "32 bit float mono audio", NULL);

		pw_properties_setf(props, PW_KEY_PORT_NAME, "%s_%u", prefix,
				   c + 1);
		sig->ports[mode][c] = pw_filter_add_port(
			sig->filter, direction, PW_FILTER_PORT_FLAG_MAP_BUFFERS,
			1, props, &param, sig->latency > 0);
		if (!sig->ports[mode][c])
			return -1;
	}
	return 0;
}

static int add_all_ports(struct sig *sig)
{
	int res = 0;

	if (sig->sends)
		res |= add_ports(sig, MODE_SEND, "send", PW_DIRECTION_OUTPUT);
	if (sig->receives)
		res |= add_ports(sig, MODE_RECV, "recv", PW_DIRECTION_INPUT);
	if (sig->passes) {
		res |= add_ports(sig, MODE_IN, "in", PW_DIRECTION_INPUT);
		res |= add_ports(sig, MODE_OUT, "out", PW_DIRECTION_OUTPUT);
	}
	return res;
}

static int start_filter(struct sig *sig)
{
	struct pw_properties *props = pw_properties_copy(sig->props);

	pw_properties_set(props, PW_KEY_NODE_NAME, sig->name);
	probe_init(&sig->probe, sig->n_channels, sig->sends, sig->receives);
	sig->probe.knows_xruns = pw_clock_knows_xruns();
	mlock(sig, sizeof(*sig));
	sig->filter = pw_filter_new(sig->core, sig->name, props);
	if (!sig->filter)
		return -1;
	pw_filter_add_listener(sig->filter, &sig->listener, &filter_events,
			       sig);
	if (add_all_ports(sig) < 0)
		return -1;
	return pw_filter_connect(sig->filter, PW_FILTER_FLAG_RT_PROCESS, NULL,
				 0);
}

static int connect_server(struct sig *sig, struct pw_loop *loop)
{
	struct pw_properties *props = NULL;

	if (sig->remote)
		props = pw_properties_new(PW_KEY_REMOTE_NAME, sig->remote,
					  NULL);
	sig->context = pipewire_context_new(loop);
	if (!sig->context)
		return -1;
	sig->core = pw_context_connect(sig->context, props, 0);
	if (!sig->core)
		return -1;
	sig->patchbay = patchbay_new(loop, sig->core);
	return sig->patchbay && patchbay_sync(sig->patchbay, PORT_WAIT_MS) ? 0
									   : -1;
}

/*
 * Commands.
 */

static void say(int res)
{
	if (res == 0)
		puts("ok");
	else
		printf("error %s\n", strerror(-res));
}

/* A port or a node that is waited for. */
struct wanted {
	const struct sig *sig;
	const char *name;
};

static bool has_port(void *arg)
{
	const struct wanted *wanted = arg;
	const struct patchbay *patchbay = wanted->sig->patchbay;

	return patchbay_find_port(patchbay, wanted->name, PW_DIRECTION_INPUT) !=
		       SPA_ID_INVALID ||
	       patchbay_find_port(patchbay, wanted->name,
				  PW_DIRECTION_OUTPUT) != SPA_ID_INVALID;
}

static bool has_no_node(void *arg)
{
	const struct wanted *wanted = arg;

	return !patchbay_has_node(wanted->sig->patchbay, wanted->name);
}

static int wait_thing(const struct sig *sig, bool (*condition)(void *arg),
		      const char *name, int timeout_ms)
{
	struct wanted wanted = { .sig = sig, .name = name };

	if (patchbay_wait(sig->patchbay, condition, &wanted, timeout_ms))
		return 0;
	return patchbay_is_gone(sig->patchbay) ? -EPIPE : -ETIMEDOUT;
}

static void list_ports(const struct sig *sig, const char *node,
		       enum pw_direction direction)
{
	const char *names[2 * PROBE_MAX_CHANNELS];
	uint32_t n = patchbay_list_ports(sig->patchbay, node, direction, names,
					 SPA_N_ELEMENTS(names));

	for (uint32_t i = 0; i < n; i++)
		printf("%s %s\n",
		       direction == PW_DIRECTION_INPUT ? "in" : "out",
		       names[i]);
}

static void do_ports(const struct sig *sig, const char *node)
{
	list_ports(sig, node, PW_DIRECTION_INPUT);
	list_ports(sig, node, PW_DIRECTION_OUTPUT);
	puts("ok");
}

static void do_id(const struct sig *sig, const char *name)
{
	uint32_t id =
		patchbay_find_port(sig->patchbay, name, PW_DIRECTION_INPUT);

	if (id == SPA_ID_INVALID)
		id = patchbay_find_port(sig->patchbay, name,
					PW_DIRECTION_OUTPUT);
	if (id == SPA_ID_INVALID)
		say(-ENOENT);
	else
		printf("id=%u\n", id);
}

static const char *state_name(const struct sig *sig)
{
	const char *error;

	if (!sig->filter)
		return "none";
	return pw_filter_state_as_string(
		pw_filter_get_state(sig->filter, &error));
}

static void do_report(struct sig *sig)
{
	probe_report(&sig->probe);
	printf(" server=%d state=%s", !patchbay_is_gone(sig->patchbay),
	       state_name(sig));
	pw_clock_print(&sig->clock);
	printf(" longest_us=%lld", atomic_exchange(&sig->longest_us, 0));
	putchar('\n');
}

static bool run_graph_command(struct sig *sig, const struct control *control)
{
	char *const *words = control->words;
	int wait_ms = control_number(control, 2, PORT_WAIT_MS);

	/* What happened before the command is known to it. */
	if (!patchbay_is_gone(sig->patchbay))
		patchbay_sync(sig->patchbay, PORT_WAIT_MS);
	if (control_is(control, "link", 2, 2))
		say(patchbay_link(sig->patchbay, words[1], words[2],
				  PORT_WAIT_MS));
	else if (control_is(control, "unlink", 2, 2))
		say(patchbay_unlink(sig->patchbay, words[1], words[2],
				    PORT_WAIT_MS));
	else if (control_is(control, "linked", 2, 2))
		say(patchbay_is_linked(sig->patchbay, words[1], words[2])
			    ? 0
			    : -ENOENT);
	else if (control_is(control, "wait-port", 1, 2))
		say(wait_thing(sig, has_port, words[1], wait_ms));
	else if (control_is(control, "wait-no-node", 1, 2))
		say(wait_thing(sig, has_no_node, words[1], wait_ms));
	else if (control_is(control, "ports", 1, 1))
		do_ports(sig, words[1]);
	else if (control_is(control, "id", 1, 1))
		do_id(sig, words[1]);
	else
		return false;
	return true;
}

static void run_command(struct sig *sig, const struct control *control)
{
	if (control_is(control, "report", 0, 0))
		do_report(sig);
	else if (!probe_run_command(&sig->probe, control) &&
		 !run_graph_command(sig, control))
		puts("error unknown command");
}

static void on_input(void *data, int fd, uint32_t mask)
{
	struct sig *sig = data;

	(void)mask;
	control_read(&sig->control, fd);
}

static void serve(struct sig *sig, struct pw_loop *loop)
{
	struct spa_source *source = pw_loop_add_io(loop, STDIN_FILENO,
						   SPA_IO_IN | SPA_IO_HUP,
						   false, on_input, sig);

	while (source && !sig->control.ended && !sig->quit) {
		pw_loop_iterate(loop, -1);
		while (!sig->quit && control_next(&sig->control)) {
			sig->quit = control_is(&sig->control, "quit", 0, 0);
			if (!sig->quit)
				run_command(sig, &sig->control);
			fflush(stdout);
		}
	}
	if (source)
		pw_loop_destroy_source(loop, source);
}

static int announce(struct sig *sig)
{
	static const char *const prefixes[] = { "send", "recv", "in", "out" };
	char port[256];

	for (int mode = 0; mode < N_MODES; mode++) {
		if (!sig->ports[mode][0])
			continue;
		snprintf(port, sizeof(port), "%s:%s_%u", sig->name,
			 prefixes[mode], sig->n_channels);
		if (wait_thing(sig, has_port, port, PORT_WAIT_MS) < 0)
			return -1;
	}
	printf("ready %s\n", sig->name);
	fflush(stdout);
	return 0;
}

static int run(struct sig *sig, struct pw_loop *loop)
{
	const char *problem = NULL;

	pw_loop_enter(loop);
	if (connect_server(sig, loop) < 0)
		problem = "no PipeWire daemon";
	else if ((sig->sends || sig->receives || sig->passes) &&
		 start_filter(sig) < 0)
		problem = "no filter";
	else if (announce(sig) < 0)
		problem = "the ports did not appear";
	else
		serve(sig, loop);
	pw_loop_leave(loop);
	if (problem)
		fprintf(stderr, "leat-sig-pw: %s\n", problem);
	return problem ? 1 : 0;
}

static void clean_up(struct sig *sig)
{
	if (sig->filter)
		pw_filter_destroy(sig->filter);
	patchbay_destroy(sig->patchbay);
	if (sig->core)
		pw_core_disconnect(sig->core);
	if (sig->context)
		pw_context_destroy(sig->context);
	pw_properties_free(sig->props);
	pw_main_loop_destroy(sig->main_loop);
}

static void set_prop(struct pw_properties *props, char *text)
{
	char *equals = strchr(text, '=');

	if (!equals)
		return;
	*equals = '\0';
	pw_properties_set(props, text, equals + 1);
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct sig *sig = state->input;

	if (key == 'r')
		sig->remote = arg;
	else if (key == 'n')
		sig->name = arg;
	else if (key == 'c')
		sig->n_channels = (uint32_t)strtoul(arg, NULL, 10);
	else if (key == 'l')
		sig->latency = (uint32_t)strtoul(arg, NULL, 10);
	else if (key == 'p')
		set_prop(sig->props, arg);
	else if (key == 'S')
		sig->sends = true;
	else if (key == 'R')
		sig->receives = true;
	else if (key == 'P')
		sig->passes = true;
	else
		return ARGP_ERR_UNKNOWN;
	if (sig->n_channels < 1 || sig->n_channels > PROBE_MAX_CHANNELS)
		argp_error(state, "channels: 1 to %d", PROBE_MAX_CHANNELS);
	return 0;
}

static const struct argp_option options[] = {
	{ "remote", 'r', "NAME", 0, "PipeWire daemon", 0 },
	{ "name", 'n', "NAME", 0, "Node name", 0 },
	{ "channels", 'c', "N", 0, "Channels of each mode", 0 },
	{ "prop", 'p', "KEY=VALUE", 0, "Node property", 0 },
	{ "latency", 'l', "FRAMES", 0, "Say that it is a device's", 0 },
	{ "send", 'S', NULL, 0, "Send the counting signal", 0 },
	{ "recv", 'R', NULL, 0, "Check the counting signal", 0 },
	{ "pass", 'P', NULL, 0, "Copy inputs to outputs", 0 },
	{ 0 },
};

int main(int argc, char *argv[])
{
	static const struct argp argp = { .options = options,
					  .parser = parse_option };
	struct sig *sig = calloc(1, sizeof(*sig));
	int status;

	pw_init(&argc, &argv);
	if (!sig)
		return 1;
	sig->name = "leat-sig-pw";
	sig->n_channels = 2;
	sig->props = pw_properties_new(PW_KEY_MEDIA_TYPE, "Audio",
				       PW_KEY_MEDIA_CATEGORY, "Filter",
				       PW_KEY_MEDIA_ROLE, "DSP", NULL);
	argp_parse(&argp, argc, argv, 0, NULL, sig);
	sig->main_loop = pw_main_loop_new(NULL);
	if (!sig->main_loop)
		return 1;
	status = run(sig, pw_main_loop_get_loop(sig->main_loop));
	clean_up(sig);
	free(sig);
	pw_deinit();
	return status;
}
