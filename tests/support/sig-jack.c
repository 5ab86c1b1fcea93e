/* SPDX-License-Identifier: MIT */
/**
 * leat-sig-jack: a JACK client for tests.
 *
 *	leat-sig-jack [--server NAME] [--name NAME] [--channels N]
 *	              [--send] [--recv] [--loop] [--wait-server MS]
 *
 * --send has outputs send_1..., with the counting signal; --recv checks the
 * inputs recv_1...; --loop copies in_1... to out_1.... It never starts a
 * server. It says "ready CLIENT-NAME", then answers each line on standard
 * input with a line (lists: some lines, the last one is "ok"): the commands of
 * jack_commands.h, and
 *
 *	reset                 forget everything, from the next cycle on
 *	report                key=value ...
 *	events, latencies     see probe.h
 *	late USEC             sleep so long in the next process callback
 *
 * With none of the three modes and --wait-server it only waits: status 0 when
 * the server takes clients.
 */
#include "jack_commands.h"
#include "probe_report.h"

#include <jack/jack.h>

#include <argp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

enum mode { MODE_SEND, MODE_RECV, MODE_IN, MODE_OUT, N_MODES };

struct sig {
	const char *server;
	const char *name;
	uint32_t n_channels;
	int server_wait_ms;
	bool sends;
	bool receives;
	bool loops;

	jack_client_t *client;
	jack_port_t *ports[N_MODES][PROBE_MAX_CHANNELS];
	struct probe probe;
	jack_nframes_t
		next_time; /* frame time the next cycle has to begin at */
	bool started;	   /* there was a cycle */
	struct jack_commands commands;
};

static void get_planes(struct sig *sig, enum mode mode, float **planes,
		       jack_nframes_t n_frames)
{
	for (uint32_t c = 0; c < sig->n_channels; c++) {
		jack_port_t *port = sig->ports[mode][c];

		planes[c] = port ? jack_port_get_buffer(port, n_frames) : NULL;
	}
}

static void copy_loop(struct sig *sig, jack_nframes_t n_frames)
{
	float *from[PROBE_MAX_CHANNELS];
	float *to[PROBE_MAX_CHANNELS];

	get_planes(sig, MODE_IN, from, n_frames);
	get_planes(sig, MODE_OUT, to, n_frames);
	for (uint32_t c = 0; c < sig->n_channels; c++)
		memcpy(to[c], from[c], n_frames * sizeof(float));
}

/* JACK's clock jumps when the server, or this client alone, left out cycles. */
static void look_at_clock(struct sig *sig, jack_nframes_t n_frames)
{
	jack_nframes_t now = jack_last_frame_time(sig->client);

	if (sig->started && now != sig->next_time)
		probe_skip(&sig->probe, (int32_t)(now - sig->next_time));
	sig->next_time = now + n_frames;
	sig->started = true;
}

static int on_process(jack_nframes_t n_frames, void *arg)
{
	struct sig *sig = arg;
	float *send[PROBE_MAX_CHANNELS];
	float *recv[PROBE_MAX_CHANNELS];
	const float *seen[PROBE_MAX_CHANNELS];

	look_at_clock(sig, n_frames);
	if (sig->loops)
		copy_loop(sig, n_frames);
	get_planes(sig, MODE_SEND, send, n_frames);
	get_planes(sig, MODE_RECV, recv, n_frames);
	for (uint32_t c = 0; c < sig->n_channels; c++)
		seen[c] = recv[c];
	probe_process(&sig->probe, send, seen, n_frames);
	return 0;
}

static int on_xrun(void *arg)
{
	struct sig *sig = arg;

	probe_xrun(&sig->probe);
	return 0;
}

static void on_shutdown(void *arg)
{
	struct sig *sig = arg;

	atomic_store(&sig->commands.server_gone, true);
}

static void be_quiet(const char *text)
{
	(void)text;
}

static void sleep_5ms(void)
{
	const struct timespec time = { .tv_nsec = 5000000 };

	nanosleep(&time, NULL);
}

static int open_client(struct sig *sig)
{
	jack_options_t options = JackNoStartServer;

	if (sig->server)
		options |= JackServerName;
	for (int ms = 0; !sig->client && ms <= sig->server_wait_ms; ms += 5) {
		if (ms)
			sleep_5ms();
		sig->client =
			jack_client_open(sig->name, options, NULL, sig->server);
	}
	return sig->client ? 0 : -1;
}

static int add_ports(struct sig *sig, enum mode mode, const char *prefix,
		     unsigned long flags)
{
	char name[32];

	for (uint32_t c = 0; c < sig->n_channels; c++) {
		snprintf(name, sizeof(name), "%s_%u", prefix, c + 1);
		sig->ports[mode][c] = jack_port_register(
			sig->client, name, JACK_DEFAULT_AUDIO_TYPE, flags, 0);
		if (!sig->ports[mode][c])
			return -1;
	}
	return 0;
}

static int add_all_ports(struct sig *sig)
{
	int res = 0;

	if (sig->sends)
		res |= add_ports(sig, MODE_SEND, "send", JackPortIsOutput);
	if (sig->receives)
		res |= add_ports(sig, MODE_RECV, "recv", JackPortIsInput);
	if (sig->loops) {
		res |= add_ports(sig, MODE_IN, "in", JackPortIsInput);
		res |= add_ports(sig, MODE_OUT, "out", JackPortIsOutput);
	}
	return res;
}

static int activate(struct sig *sig)
{
	probe_init(&sig->probe, sig->n_channels, sig->sends, sig->receives);
	sig->probe.knows_xruns = true;
	mlock(sig, sizeof(*sig));
	jack_set_process_callback(sig->client, on_process, sig);
	jack_set_xrun_callback(sig->client, on_xrun, sig);
	jack_on_shutdown(sig->client, on_shutdown, sig);
	if (add_all_ports(sig) < 0)
		return -1;
	return jack_activate(sig->client);
}

static void do_report(struct sig *sig)
{
	bool gone = atomic_load(&sig->commands.server_gone);

	probe_report(&sig->probe);
	printf(" server=%d", !gone);
	if (!gone)
		printf(" rate=%u period=%u rt=%d",
		       jack_get_sample_rate(sig->client),
		       jack_get_buffer_size(sig->client),
		       jack_is_realtime(sig->client));
	putchar('\n');
}

static void run_command(void *user, struct control *control)
{
	struct sig *sig = user;

	if (control_is(control, "report", 0, 0))
		do_report(sig);
	else if (!probe_run_command(&sig->probe, control))
		puts("error unknown command");
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct sig *sig = state->input;

	if (key == 's')
		sig->server = arg;
	else if (key == 'n')
		sig->name = arg;
	else if (key == 'c')
		sig->n_channels = (uint32_t)strtoul(arg, NULL, 10);
	else if (key == 'w')
		sig->server_wait_ms = atoi(arg);
	else if (key == 'S')
		sig->sends = true;
	else if (key == 'R')
		sig->receives = true;
	else if (key == 'L')
		sig->loops = true;
	else
		return ARGP_ERR_UNKNOWN;
	if (sig->n_channels < 1 || sig->n_channels > PROBE_MAX_CHANNELS)
		argp_error(state, "channels: 1 to %d", PROBE_MAX_CHANNELS);
	return 0;
}

static const struct argp_option options[] = {
	{ "server", 's', "NAME", 0, "JACK server", 0 },
	{ "name", 'n', "NAME", 0, "Client name", 0 },
	{ "channels", 'c', "N", 0, "Channels of each mode", 0 },
	{ "wait-server", 'w', "MS", 0, "Wait so long for the server", 0 },
	{ "send", 'S', NULL, 0, "Send the counting signal", 0 },
	{ "recv", 'R', NULL, 0, "Check the counting signal", 0 },
	{ "loop", 'L', NULL, 0, "Copy inputs to outputs", 0 },
	{ 0 },
};

int main(int argc, char *argv[])
{
	static const struct argp argp = { .options = options,
					  .parser = parse_option };
	struct sig *sig = calloc(1, sizeof(*sig));

	if (!sig)
		return 1;
	sig->name = "leat-sig-jack";
	sig->n_channels = 2;
	argp_parse(&argp, argc, argv, 0, NULL, sig);
	/* While it is waited for, a missing server is no news. */
	if (sig->server_wait_ms)
		jack_set_error_function(be_quiet);
	jack_set_info_function(be_quiet);
	if (open_client(sig) < 0) {
		fprintf(stderr, "%s: no JACK server\n", argv[0]);
		return 1;
	}
	/* Commands only: no process callback, so no part in the graph. */
	if ((sig->sends || sig->receives || sig->loops) && activate(sig) < 0) {
		fprintf(stderr, "%s: no ports\n", argv[0]);
		return 1;
	}
	if (!sig->server_wait_ms || sig->sends || sig->receives || sig->loops) {
		printf("ready %s\n", jack_get_client_name(sig->client));
		fflush(stdout);
		sig->commands.client = sig->client;
		sig->commands.other = run_command;
		sig->commands.user = sig;
		jack_commands_serve(&sig->commands);
	}
	jack_client_close(sig->client);
	free(sig);
	return 0;
}
