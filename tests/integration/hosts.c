/* SPDX-License-Identifier: MIT */
#include "hosts.h"

#include "shipped.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define STATE_MS 30000
#define HEARD_MS 60000
#define STOP_MS 3000
#define LOOK_MS 50
#define N_LOOKS 21

/* ---- the hosts ---- */

struct bridge *hosts_enter(struct hosts *hosts, int i)
{
	struct bridge *bridge = &hosts->host[i].bridge;

	if (lan_enter(&hosts->lan, i) < 0)
		fprintf(stderr, "host %d cannot be entered\n", i);
	setenv("XDG_RUNTIME_DIR", bridge->sandbox.dir, 1);
	setenv("HOME", bridge->sandbox.dir, 1);
	setenv("JACK_DEFAULT_SERVER", bridge->jack.name, 1);
	return bridge;
}

static const char *bend_clock(struct hosts *hosts, double ppm)
{
	struct host *host = &hosts->host[RECEIVER];

	snprintf(host->preload, sizeof(host->preload), "LD_PRELOAD=%s",
		 getenv("LEAT_DRIFT_LIBRARY"));
	snprintf(host->drift_file, sizeof(host->drift_file),
		 "LEAT_DRIFT=%s/drift", host->bridge.sandbox.dir);
	host->env[0] = host->preload;
	host->env[1] = host->drift_file;
	host->bridge.jack.env = host->env;
	if (drift_open(&hosts->drift, strchr(host->drift_file, '=') + 1) < 0)
		return "no file could be made in the sandbox";
	drift_set_ppm(hosts->drift, ppm);
	return NULL;
}

const char *hosts_init(struct hosts *hosts, double ppm, uint16_t port)
{
	struct bridge *bridge = &hosts->host[RECEIVER].bridge;
	const char *why;

	hosts->rate_hz = 48000;
	/* Its folder is in the first one's, and vanishes with that. */
	*bridge = hosts->host[SENDER].bridge;
	bridge->jack.name = "jack-other";
	strcat(bridge->sandbox.dir, "/other");
	mkdir(bridge->sandbox.dir, 0700);
	why = bend_clock(hosts, ppm);
	return why ? why : lan_open(&hosts->lan, port);
}

/* The file, for the link that tests have, and the bits that the tone takes. */
static bool take_file(struct host *host, const char *file)
{
	static const char *const others[][2] = {
		{ "leat.main", "leat." LINK },
		{ "audio.format = S16BE", "audio.format = S24BE" },
		{ "net.mtu = 320", "net.mtu = 480" },
	};
	bool good = shipped_modules(file, host->modules, sizeof(host->modules));

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		shipped_replace(host->modules, sizeof(host->modules),
				others[i][0], others[i][1]);
	host->bridge.pipewire.modules = host->modules;
	host->bridge.pipewire.session_manager = true;
	return good;
}

static bool start_one(struct hosts *hosts, int i, const char *file)
{
	struct host *host = &hosts->host[i];
	struct bridge *bridge = hosts_enter(hosts, i);

	return take_file(host, file) && bridge_start(bridge) &&
	       sig_tone_start(&host->tone, &bridge->sandbox, bridge->jack.name,
			      "sig") == 0;
}

static bool connect_tone(struct hosts *hosts, int i)
{
	static const char *const commands[LAN_N_HOSTS][2] = {
		{ "connect sig:send_1 leat-test:to_pipewire_FL",
		  "connect sig:send_2 leat-test:to_pipewire_FR" },
		{ "connect leat-test:from_pipewire_FL sig:recv_1",
		  "connect leat-test:from_pipewire_FR sig:recv_2" },
	};
	struct helper *tone = &hosts->host[i].tone;

	return helper_tell(tone, "%s", commands[i][0]) == 0 &&
	       helper_tell(tone, "%s", commands[i][1]) == 0;
}

/* The session manager links the stream to the bridge's node. */
static bool is_running(struct hosts *hosts, int i)
{
	hosts_enter(hosts, i);
	return bridge_wait_state("running", STATE_MS) && connect_tone(hosts, i);
}

bool hosts_start(struct hosts *hosts, const char *const files[LAN_N_HOSTS])
{
	bool up = start_one(hosts, SENDER, files[SENDER]) &&
		  start_one(hosts, RECEIVER, files[RECEIVER]) &&
		  is_running(hosts, SENDER) && is_running(hosts, RECEIVER);

	if (!up)
		hosts_show(hosts);
	return up;
}

bool hosts_trim(struct hosts *hosts, int i, const char *which, long frames)
{
	struct host *host = &hosts->host[i];
	struct bridge *bridge = hosts_enter(hosts, i);

	snprintf(host->trim, sizeof(host->trim), "--latency-trim-%s=%ld", which,
		 frames);
	host->args[0] = host->trim;
	bridge->jack_side_args = host->args;
	return proc_stop(&bridge->jack_side, STOP_MS) == 0 &&
	       bridge_start_jack_side(bridge) && is_running(hosts, i);
}

bool hosts_way(struct hosts *hosts, int i, struct leat_direction_status *way)
{
	struct leat_link_status status;

	hosts_enter(hosts, i);
	if (!bridge_status(&status))
		return false;
	*way = status.direction[i == SENDER ? LEAT_TO_PIPEWIRE : LEAT_TO_JACK];
	return true;
}

void hosts_show(const struct hosts *hosts)
{
	for (int i = 0; i < LAN_N_HOSTS; i++)
		bridge_show(&hosts->host[i].bridge);
	sandbox_show(&hosts->host[RECEIVER].bridge.sandbox,
		     "jackd-jack-other.log");
}

static bool end_one(struct hosts *hosts, int i)
{
	struct bridge *bridge = hosts_enter(hosts, i);
	bool well;

	helper_stop(&hosts->host[i].tone);
	well = proc_stop(&bridge->pipewire_side, STOP_MS) == 0;
	well = proc_stop(&bridge->jack_side, STOP_MS) == 0 && well;
	well = !bridge_left_files(bridge) && well;
	pipewire_server_stop(&bridge->pipewire);
	jack_server_stop(&bridge->jack);
	return well;
}

bool hosts_finish(struct hosts *hosts)
{
	bool well = end_one(hosts, RECEIVER);

	well = end_one(hosts, SENDER) && well;
	lan_close(&hosts->lan);
	drift_close(hosts->drift);
	return sandbox_leave(&hosts->host[SENDER].bridge.sandbox) == 0 && well;
}

/* ---- the tone ---- */

static bool ask(struct hosts *hosts, int i, char reply[HELPER_REPLY])
{
	return helper_ask(&hosts->host[i].tone, reply, "report") == 0;
}

struct listening {
	struct hosts *hosts;
	int64_t n_frames;
	char reply[HELPER_REPLY];
};

static bool has_listened(void *arg)
{
	struct listening *listening = arg;

	return ask(listening->hosts, RECEIVER, listening->reply) &&
	       helper_value(listening->reply, "frames") >= listening->n_frames;
}

bool hosts_listen(struct hosts *hosts, int64_t n_frames, struct heard *heard)
{
	static struct listening listening;

	listening.hosts = hosts;
	listening.n_frames = n_frames;
	if (helper_tell(&hosts->host[RECEIVER].tone, "reset") < 0 ||
	    !wait_for(has_listened, &listening, HEARD_MS))
		return false;
	heard->frames = helper_value(listening.reply, "frames");
	heard->whole = helper_value(listening.reply, "whole");
	heard->faint = helper_value(listening.reply, "faint");
	heard->bent = helper_value(listening.reply, "bent");
	heard->breaks = helper_value(listening.reply, "breaks");
	heard->step =
		(double)helper_value(listening.reply, "step_millionths") * 1e-6;
	return true;
}

static void count_upsets(struct hosts *hosts, struct upsets *upsets)
{
	static char reply[HELPER_REPLY];

	*upsets = (struct upsets){ 0, 0 };
	for (int i = 0; i < LAN_N_HOSTS; i++) {
		if (!ask(hosts, i, reply))
			continue;
		upsets->n_xruns += helper_value(reply, "xruns");
		upsets->n_skips += helper_value(reply, "skips");
	}
}

void hosts_look(struct hosts *hosts, struct upsets *upsets)
{
	for (int i = 0; i < LAN_N_HOSTS; i++)
		(void)helper_tell(&hosts->host[i].tone, "reset");
	count_upsets(hosts, upsets);
}

/* Skips are forgotten with a reset, xruns are not. */
bool hosts_upset(struct hosts *hosts, const struct upsets *before)
{
	struct upsets now;

	count_upsets(hosts, &now);
	return now.n_skips > 0 || now.n_xruns != before->n_xruns;
}

/* ---- latency ---- */

/*
 * A frame was sent in the cycle of some time and heard in another one's. Both
 * hosts have one clock, which is what makes this a measurement.
 */
static double latency_now(struct hosts *hosts)
{
	static char sent[HELPER_REPLY], heard[HELPER_REPLY];
	double ahead, since;

	if (!ask(hosts, RECEIVER, heard) || !ask(hosts, SENDER, sent))
		return -1;
	/* The next to be sent, less the next to be heard. */
	ahead = (double)helper_value(sent, "sent") -
		((double)helper_value(heard, "place") / 1000 + 1);
	since = (double)(helper_value(sent, "cycle_us") -
			 helper_value(heard, "cycle_us")) *
		hosts->rate_hz * 1e-6;
	return fmod(fmod(ahead - since, HOSTS_TURN) + HOSTS_TURN, HOSTS_TURN);
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double hosts_latency(struct hosts *hosts)
{
	double frames[N_LOOKS];

	for (int i = 0; i < N_LOOKS; i++) {
		frames[i] = latency_now(hosts);
		sleep_ms(LOOK_MS);
	}
	qsort(frames, N_LOOKS, sizeof(frames[0]), by_size);
	return frames[N_LOOKS / 2];
}
