/* SPDX-License-Identifier: MIT */
/**
 * leat-sig-tone: a JACK client for tests that change things while it runs.
 *
 *	leat-sig-tone [--server NAME] [--name NAME]
 *
 * It sends the tone of tone.h from send_1 and send_2 and judges what comes to
 * recv_1 and recv_2. It says "ready CLIENT-NAME", then answers each line on
 * standard input with a line (lists: some lines, the last one is "ok"): the
 * commands of jack_commands.h, and
 *
 *	bufsize FRAMES        change the server's period
 *	freewheel 0|1
 *	reset                 forget everything, from the next cycle on
 *	report                key=value ...; places in thousandths of a frame
 *
 * "bad_ms" is when the latest frame came that was not whole, "longest_us" the
 * longest time between two cycles, both since the reset. "connected_ms" is when
 * the latest connection of its inputs was made, and "locked_ms" when the first
 * whole frame came after the reset or the start. "place" is where the tone was
 * that came last before the cycle at "cycle_us", which sends from "sent" on.
 */
#include "jack_commands.h"
#include "tone.h"

#include <jack/jack.h>

#include <inttypes.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define ASK_MS 500

enum request { REQUEST_NOTHING, REQUEST_RESET, REQUEST_COPY };

struct sums {
	struct tone_check check;
	uint64_t n_cycles;
	uint64_t n_skips;
	int64_t locked_ms;  /* -1: not yet */
	int64_t bad_ms;	    /* latest cycle that was not whole; 0: none */
	uint64_t sent;	    /* frames */
	int64_t cycle_us;   /* JACK's time of the cycle that sends the next */
	int64_t longest_us; /* between two cycles */
};

struct sig {
	const char *server;
	const char *name;
	jack_client_t *client;
	jack_port_t *send[TONE_CHANNELS], *recv[TONE_CHANNELS];
	struct tone tone;
	uint64_t sent;
	bool started;
	jack_nframes_t next_time;
	int64_t called_us; /* when the latest cycle was */
	struct sums live;  /* the process thread's */
	struct sums copy;  /* the other's, after a request */
	atomic_int request;
	atomic_uint n_xruns;
	atomic_llong connected_ms;
	struct jack_commands commands;
};

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t now_ms(void)
{
	return now_us() / 1000;
}

static void sleep_ms(int ms)
{
	const struct timespec t = { .tv_sec = ms / 1000,
				    .tv_nsec = ms % 1000 * 1000000L };

	nanosleep(&t, NULL);
}

/* ---- the process thread ---- */

static void look_at_clock(struct sig *sig, jack_nframes_t n_frames)
{
	jack_nframes_t now = jack_last_frame_time(sig->client);

	int64_t since_us = now_us() - sig->called_us;

	if (sig->called_us > 0 && since_us > sig->live.longest_us)
		sig->live.longest_us = since_us;
	sig->called_us += since_us;
	sig->live.n_skips += sig->started && now != sig->next_time;
	sig->next_time = now + n_frames;
	sig->started = true;
}

static void answer(struct sig *sig)
{
	int request = atomic_load(&sig->request);

	if (request == REQUEST_NOTHING)
		return;
	if (request == REQUEST_RESET) {
		memset(&sig->live, 0, sizeof(sig->live));
		sig->live.locked_ms = -1;
	} else {
		sig->live.sent = sig->sent;
		sig->live.cycle_us = (int64_t)jack_frames_to_time(
			sig->client, jack_last_frame_time(sig->client));
		sig->copy = sig->live;
	}
	atomic_store(&sig->request, REQUEST_NOTHING);
}

static int on_process(jack_nframes_t n_frames, void *arg)
{
	struct sig *sig = arg;
	const float *recv[TONE_CHANNELS];
	float *send[TONE_CHANNELS];
	uint64_t n_whole;

	answer(sig);
	look_at_clock(sig, n_frames);
	for (int c = 0; c < TONE_CHANNELS; c++) {
		recv[c] = jack_port_get_buffer(sig->recv[c], n_frames);
		send[c] = jack_port_get_buffer(sig->send[c], n_frames);
	}
	n_whole = sig->live.check.n_whole;
	tone_judge(&sig->tone, &sig->live.check, recv, sig->sent, n_frames);
	tone_write(&sig->tone, send, sig->sent, n_frames);
	if (sig->live.check.n_whole - n_whole < n_frames)
		sig->live.bad_ms = now_ms();
	if (sig->live.check.locked && sig->live.locked_ms < 0)
		sig->live.locked_ms = now_ms();
	sig->sent += n_frames;
	sig->live.n_cycles++;
	return 0;
}

/* ---- other threads of JACK's ---- */

static int on_xrun(void *arg)
{
	struct sig *sig = arg;

	atomic_fetch_add(&sig->n_xruns, 1);
	return 0;
}

static void on_shutdown(void *arg)
{
	struct sig *sig = arg;

	atomic_store(&sig->commands.server_gone, true);
}

static void on_connect(jack_port_id_t a, jack_port_id_t b, int yes, void *arg)
{
	struct sig *sig = arg;
	jack_port_t *to = jack_port_by_id(sig->client, b);

	(void)a;
	if (yes && to && jack_port_is_mine(sig->client, to))
		atomic_store(&sig->connected_ms, now_ms());
}

static void be_quiet(const char *text)
{
	(void)text;
}

/* ---- set-up ---- */

static bool add_ports(struct sig *sig)
{
	char name[16];

	for (int c = 0; c < TONE_CHANNELS; c++) {
		snprintf(name, sizeof(name), "send_%d", c + 1);
		sig->send[c] = jack_port_register(sig->client, name,
						  JACK_DEFAULT_AUDIO_TYPE,
						  JackPortIsOutput, 0);
		snprintf(name, sizeof(name), "recv_%d", c + 1);
		sig->recv[c] = jack_port_register(sig->client, name,
						  JACK_DEFAULT_AUDIO_TYPE,
						  JackPortIsInput, 0);
		if (!sig->send[c] || !sig->recv[c])
			return false;
	}
	return true;
}

static bool open_client(struct sig *sig)
{
	jack_options_t options = JackNoStartServer;

	if (sig->server)
		options |= JackServerName;
	sig->client = jack_client_open(sig->name, options, NULL, sig->server);
	if (!sig->client)
		return false;
	tone_init(&sig->tone);
	sig->live.locked_ms = -1;
	mlock(sig, sizeof(*sig));
	jack_set_process_callback(sig->client, on_process, sig);
	jack_set_xrun_callback(sig->client, on_xrun, sig);
	jack_set_port_connect_callback(sig->client, on_connect, sig);
	jack_on_shutdown(sig->client, on_shutdown, sig);
	return add_ports(sig) && jack_activate(sig->client) == 0;
}

/* ---- commands ---- */

/* A graph that stands still answers nothing; then nobody else is at it. */
static void ask(struct sig *sig, enum request request)
{
	atomic_store(&sig->request, (int)request);
	for (int i = 0; i < ASK_MS; i++) {
		if (atomic_load(&sig->request) == REQUEST_NOTHING)
			return;
		sleep_ms(1);
	}
	answer(sig);
}

static long long milli(double x)
{
	return llround(x * 1000);
}

static void do_report(struct sig *sig)
{
	const struct tone_check *check = &sig->copy.check;
	bool gone = atomic_load(&sig->commands.server_gone);

	ask(sig, REQUEST_COPY);
	printf("frames=%" PRIu64 " whole=%" PRIu64 " exact=%" PRIu64
	       " faint=%" PRIu64 " bent=%" PRIu64 " breaks=%" PRIu64,
	       check->n_frames, check->n_whole, check->n_exact, check->n_faint,
	       check->n_bent, check->n_breaks);
	printf(" behind=%lld behind_min=%lld behind_max=%lld",
	       milli(check->behind), milli(check->behind_min),
	       milli(check->behind_max));
	printf(" step_millionths=%lld", milli(check->step_max * 1000.0));
	printf(" cycles=%" PRIu64 " skips=%" PRIu64 " xruns=%u sent=%" PRIu64,
	       sig->copy.n_cycles, sig->copy.n_skips,
	       atomic_load(&sig->n_xruns), sig->copy.sent);
	printf(" place=%lld cycle_us=%" PRId64, milli(check->place),
	       sig->copy.cycle_us);
	printf(" bad_ms=%" PRId64, sig->copy.bad_ms);
	printf(" longest_us=%" PRId64, sig->copy.longest_us);
	printf(" locked_ms=%" PRId64 " connected_ms=%lld server=%d",
	       sig->copy.locked_ms, atomic_load(&sig->connected_ms), !gone);
	if (!gone)
		printf(" rate=%u period=%u", jack_get_sample_rate(sig->client),
		       jack_get_buffer_size(sig->client));
	putchar('\n');
}

static void run_command(void *user, struct control *control)
{
	struct sig *sig = user;

	if (control_is(control, "report", 0, 0))
		do_report(sig);
	else if (control_is(control, "reset", 0, 0)) {
		ask(sig, REQUEST_RESET);
		puts("ok");
	} else if (control_is(control, "bufsize", 1, 1))
		jack_commands_say(
			jack_set_buffer_size(sig->client,
					     (jack_nframes_t)control_number(
						     control, 1, 0)) == 0,
			"no such period");
	else if (control_is(control, "freewheel", 1, 1))
		jack_commands_say(
			jack_set_freewheel(sig->client,
					   control_number(control, 1, 0)) == 0,
			"no freewheel");
	else
		puts("error unknown command");
}

int main(int argc, char *argv[])
{
	struct sig *sig = calloc(1, sizeof(*sig));

	if (!sig)
		return 1;
	sig->name = "leat-sig-tone";
	for (int i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--server") == 0)
			sig->server = argv[i + 1];
		else if (strcmp(argv[i], "--name") == 0)
			sig->name = argv[i + 1];
	}
	jack_set_info_function(be_quiet);
	if (!open_client(sig)) {
		fprintf(stderr, "%s: no JACK server, or no ports\n", argv[0]);
		return 1;
	}
	printf("ready %s\n", jack_get_client_name(sig->client));
	fflush(stdout);
	sig->commands.client = sig->client;
	sig->commands.other = run_command;
	sig->commands.user = sig;
	jack_commands_serve(&sig->commands);
	jack_client_close(sig->client);
	free(sig);
	return 0;
}
