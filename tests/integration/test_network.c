/* SPDX-License-Identifier: MIT */
/*
 * test_network files | lan PPM LOSS_PPM DELAY_US: PipeWire's RTP behind the
 * link, as the files that are shipped set it up.
 *
 * files: a daemon takes them, as they are and with all that their remarks have.
 * lan: JACK on one host is heard in JACK on the other, whose clock is off by
 * PPM, through two bridges and a network; how late, what `leat status` tells of
 * that, and what is heard when packets are lost, or are late by up to DELAY_US.
 */
#include "bridge.h"
#include "drift.h"
#include "lan.h"
#include "shipped.h"

#include "unit/runner.h"

#include <CUnit/CUnit.h>

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEND "pipewire.conf.avail/leat-rtp-send.conf"
#define RECEIVE "pipewire.conf.avail/leat-rtp-receive.conf"
#define PORT 46000
#define RATE_HZ 48000
#define PERIOD 256
#define TURN 65536 /* frames of sig-tone's tone */

/*
 * What the files ask for, and the sum that doc/network.md has: half a packet waits
 * to be full, and the receiver holds another half beside what it is told to;
 * they leave at the beginning of a period, so that the frames in them are early
 * by half of it in the mean; and PipeWire's resampler takes its part.
 */
#define SESSION_FRAMES 2400
#define PACKET_FRAMES 80
#define RESAMPLER_FRAMES 24
#define NETWORK_FRAMES                                                         \
	(SESSION_FRAMES + PACKET_FRAMES - PERIOD / 2 + RESAMPLER_FRAMES)
#define APART_FRAMES 240

/* What a gap's edges spoil in the resampler, on both sides of it. */
#define EDGE_FRAMES 100

#define STATE_MS 30000
#define HEARD_MS 60000
#define LOADED_MS 10000
#define LISTEN_FRAMES (6 * RATE_HZ)
#define N_MEASURED 21
#define SETTLE_MS 60000

enum { SENDER, RECEIVER };

struct host {
	struct bridge bridge;
	struct helper tone;
	char modules[8192];
	char preload[512], drift_file[256], trim[64];
	const char *env[3], *args[2];
};

static struct lan lan;
static struct host hosts[LAN_N_HOSTS];
static struct drift *drift;
static double ppm;
static unsigned loss_ppm, delay_us;
static bool up;
static bool fills_anew; /* this PipeWire, after a packet that is missing */

/* ---- the hosts ---- */

/* From now on everything is done there. */
static struct bridge *on(int host)
{
	struct bridge *bridge = &hosts[host].bridge;

	CU_ASSERT_FATAL(lan_enter(&lan, host) == 0);
	setenv("XDG_RUNTIME_DIR", bridge->sandbox.dir, 1);
	setenv("HOME", bridge->sandbox.dir, 1);
	setenv("JACK_DEFAULT_SERVER", bridge->jack.name, 1);
	return bridge;
}

/* Its folder is in the first one's, and vanishes with that. */
static void init_receiver(void)
{
	struct host *host = &hosts[RECEIVER];
	char *dir = host->bridge.sandbox.dir;

	host->bridge = hosts[SENDER].bridge;
	host->bridge.jack.name = "jack-other";
	strcat(dir, "/other");
	mkdir(dir, 0700);
	snprintf(host->preload, sizeof(host->preload), "LD_PRELOAD=%s",
		 getenv("LEAT_DRIFT_LIBRARY"));
	snprintf(host->drift_file, sizeof(host->drift_file),
		 "LEAT_DRIFT=%s/drift", dir);
	host->env[0] = host->preload;
	host->env[1] = host->drift_file;
	host->bridge.jack.env = host->env;
	if (drift_open(&drift, strchr(host->drift_file, '=') + 1) == 0)
		drift_set_ppm(drift, ppm);
}

/* The file, for the link that tests have. */
static bool take_file(struct host *host, const char *file)
{
	bool good = shipped_modules(file, host->modules, sizeof(host->modules));

	shipped_replace(host->modules, sizeof(host->modules), "leat.main",
			"leat." LINK);
	host->bridge.pipewire.modules = host->modules;
	host->bridge.pipewire.session_manager = true;
	return good;
}

static bool start_host(int i)
{
	struct host *host = &hosts[i];
	struct bridge *bridge = on(i);

	return take_file(host, i == SENDER ? SEND : RECEIVE) &&
	       bridge_start(bridge) &&
	       sig_tone_start(&host->tone, &bridge->sandbox, bridge->jack.name,
			      "sig") == 0;
}

static bool connect_tone(int i)
{
	static const char *const commands[LAN_N_HOSTS][2] = {
		{ "connect sig:send_1 leat-test:to_pipewire_FL",
		  "connect sig:send_2 leat-test:to_pipewire_FR" },
		{ "connect leat-test:from_pipewire_FL sig:recv_1",
		  "connect leat-test:from_pipewire_FR sig:recv_2" },
	};

	return helper_tell(&hosts[i].tone, "%s", commands[i][0]) == 0 &&
	       helper_tell(&hosts[i].tone, "%s", commands[i][1]) == 0;
}

static void show_all(void)
{
	for (int i = 0; i < LAN_N_HOSTS; i++)
		bridge_show(&hosts[i].bridge);
	sandbox_show(&hosts[RECEIVER].bridge.sandbox, "jackd-jack-other.log");
}

/* The session managers link the streams to the bridges' nodes. */
static bool both_run(void)
{
	for (int i = 0; i < LAN_N_HOSTS; i++) {
		on(i);
		if (!bridge_wait_state("running", STATE_MS))
			return false;
	}
	return true;
}

static void test_comes_up(void)
{
	init_receiver();
	up = start_host(SENDER) && start_host(RECEIVER) &&
	     connect_tone(SENDER) && connect_tone(RECEIVER) && both_run();
	if (!up)
		show_all();
	CU_ASSERT_FATAL(up);
}

/* ---- what is heard ---- */

struct heard {
	int64_t frames, whole, faint, bent, breaks;
};

static void ask(int host, char reply[HELPER_REPLY])
{
	CU_ASSERT_FATAL(helper_ask(&hosts[host].tone, reply, "report") == 0);
}

static bool has_listened(void *arg)
{
	static char reply[HELPER_REPLY];
	const int64_t *n_frames = arg;

	ask(RECEIVER, reply);
	return helper_value(reply, "frames") >= *n_frames;
}

static void listen_for(int64_t n_frames, struct heard *heard)
{
	static char reply[HELPER_REPLY];

	CU_ASSERT_FATAL(helper_tell(&hosts[RECEIVER].tone, "reset") == 0);
	CU_ASSERT_FATAL(wait_for(has_listened, &n_frames, HEARD_MS));
	ask(RECEIVER, reply);
	heard->frames = helper_value(reply, "frames");
	heard->whole = helper_value(reply, "whole");
	heard->faint = helper_value(reply, "faint");
	heard->bent = helper_value(reply, "bent");
	heard->breaks = helper_value(reply, "breaks");
}

/* All but what a resampler bends now and then, for a second. */
static bool is_whole(void *arg)
{
	struct heard heard;

	(void)arg;
	listen_for(RATE_HZ, &heard);
	return heard.whole > heard.frames - heard.frames / 1000;
}

static void say(const struct heard *heard)
{
	printf("of %u packets %u lost, %u overtaken: %" PRId64 " of %" PRId64
	       " frames whole, %" PRId64 " faint, %" PRId64 " bent, %" PRId64
	       " breaks\n",
	       lan.n_passed + lan.n_lost, lan.n_lost, lan.n_overtaken,
	       heard->whole, heard->frames, heard->faint, heard->bent,
	       heard->breaks);
}

static void count_again(void)
{
	lan.n_passed = lan.n_lost = lan.n_overtaken = 0;
}

static void test_is_heard(void)
{
	struct heard heard;

	CU_ASSERT_FATAL(up);
	up = wait_for(is_whole, NULL, HEARD_MS);
	if (!up)
		show_all();
	CU_ASSERT_FATAL(up);
	count_again();
	listen_for(RATE_HZ, &heard);
	printf("clocks are %.0f ppm apart\n", ppm);
	say(&heard);
	CU_ASSERT(lan.n_passed > RATE_HZ / PACKET_FRAMES / 2);
}

/* ---- what is lost ---- */

/* Cycles that a server left out are heard as well. */
struct upsets {
	int64_t n_xruns, n_skips;
};

static struct upsets look_at_servers(void)
{
	static char reply[HELPER_REPLY];
	struct upsets upsets = { 0, 0 };

	for (int i = 0; i < LAN_N_HOSTS; i++) {
		ask(i, reply);
		upsets.n_xruns += helper_value(reply, "xruns");
		upsets.n_skips += helper_value(reply, "skips");
	}
	return upsets;
}

/* Since then; both have been told to forget their skips. */
static bool upset_since(const struct upsets *before)
{
	struct upsets now = look_at_servers();

	if (now.n_skips == 0 && now.n_xruns == before->n_xruns)
		return false;
	printf("a JACK server was late: not judged\n");
	return true;
}

/* All that PipeWire says of it, and as a warning in 0.3.65 alone. */
static unsigned n_warnings(void)
{
	char path[256], line[1024];
	FILE *file = fopen(sandbox_path(&hosts[RECEIVER].bridge.sandbox,
					"pipewire.log", path, sizeof(path)),
			   "re");
	unsigned n = 0;

	while (file && fgets(line, sizeof(line), file))
		n += strstr(line, "unexpected seq") != NULL;
	if (file)
		fclose(file);
	return n;
}

static void way_of(int host, struct leat_direction_status *way)
{
	struct leat_link_status status;

	on(host);
	CU_ASSERT_FATAL(bridge_status(&status));
	*way = status.direction[host == SENDER ? LEAT_TO_PIPEWIRE
					       : LEAT_TO_JACK];
}

/* What the network loses, the links have carried: as silence. */
static void expect_innocent(const struct leat_direction_status before[])
{
	for (int i = 0; i < LAN_N_HOSTS; i++) {
		struct leat_direction_status now;

		way_of(i, &now);
		CU_ASSERT_EQUAL(now.underruns, before[i].underruns);
		CU_ASSERT_EQUAL(now.lost, before[i].lost);
		CU_ASSERT_EQUAL(now.inserted, before[i].inserted);
		CU_ASSERT(now.frames > before[i].frames);
	}
}

static void test_loss(void)
{
	struct leat_direction_status before[LAN_N_HOSTS];
	unsigned warnings = n_warnings();
	struct upsets upsets;
	struct heard heard;

	CU_ASSERT_FATAL(up);
	for (int i = 0; i < LAN_N_HOSTS; i++)
		way_of(i, &before[i]);
	CU_ASSERT_FATAL(helper_tell(&hosts[SENDER].tone, "reset") == 0);
	upsets = look_at_servers();
	count_again();
	lan.loss_ppm = loss_ppm;
	listen_for(LISTEN_FRAMES, &heard);
	lan.loss_ppm = 0;
	say(&heard);
	printf("told: %u warnings of the daemon\n", n_warnings() - warnings);
	CU_ASSERT(lan.n_lost > 0);
	CU_ASSERT(heard.breaks >= lan.n_lost / 2);
	if (upset_since(&upsets))
		return;
	/* Some versions are silent until their buffer is full again. */
	CU_ASSERT(heard.frames - heard.whole <=
		  (int64_t)lan.n_lost *
			  ((fills_anew ? SESSION_FRAMES : PACKET_FRAMES) +
			   EDGE_FRAMES));
	expect_innocent(before);
}

/* Within the session's latency packets may overtake one another. */
static void test_jitter(void)
{
	struct upsets upsets;
	struct heard heard;

	CU_ASSERT_FATAL(up);
	CU_ASSERT_FATAL(helper_tell(&hosts[SENDER].tone, "reset") == 0);
	upsets = look_at_servers();
	count_again();
	lan.delay_us = delay_us;
	listen_for(LISTEN_FRAMES, &heard);
	lan.delay_us = 0;
	say(&heard);
	CU_ASSERT(lan.n_overtaken > 0);
	CU_ASSERT_EQUAL(lan.n_lost, 0);
	if (!upset_since(&upsets) && !fills_anew)
		CU_ASSERT(heard.faint <= EDGE_FRAMES);
}

/* ---- latency ---- */

/*
 * A frame was sent in the cycle of some time and heard in another one's. Both
 * hosts have one clock, which is what makes this a measurement.
 */
static double latency_now(void)
{
	static char sent[HELPER_REPLY], heard[HELPER_REPLY];
	double ahead, since;

	ask(RECEIVER, heard);
	ask(SENDER, sent);
	/* The next to be sent, less the next to be heard. */
	ahead = (double)helper_value(sent, "sent") -
		((double)helper_value(heard, "place") / 1000 + 1);
	since = (double)(helper_value(sent, "cycle_us") -
			 helper_value(heard, "cycle_us")) *
		RATE_HZ * 1e-6;
	return fmod(fmod(ahead - since, TURN) + TURN, TURN);
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* In frames, from a client's output to the other's input. */
static long measure(void)
{
	double frames[N_MEASURED];

	for (int i = 0; i < N_MEASURED; i++) {
		frames[i] = latency_now();
		sleep_ms(50);
	}
	qsort(frames, N_MEASURED, sizeof(frames[0]), by_size);
	return lround(frames[N_MEASURED / 2]);
}

/* The receiver comes to its latency slowly after whatever has upset it. */
static bool is_settled(void *arg)
{
	long *frames = arg;

	*frames = measure();
	return labs(*frames - (PERIOD + NETWORK_FRAMES)) <= APART_FRAMES;
}

static long measure_settled(void)
{
	long long begin_ms = now_ms();
	long frames = 0;

	CU_ASSERT(wait_for(is_settled, &frames, SETTLE_MS));
	printf("measured %ld frames after %.1f s\n", frames,
	       (double)(now_ms() - begin_ms) / 1000);
	return frames;
}

/* What PipeWire does not tell of the network, and doc/network.md does. */
static void test_latency(void)
{
	struct leat_direction_status there, here;
	long frames, told;

	CU_ASSERT_FATAL(up);
	frames = measure_settled();
	way_of(SENDER, &there);
	way_of(RECEIVER, &here);
	told = (long)(there.end_to_end.max + here.end_to_end.max);
	printf("told %ld, of which PipeWire tells %" PRIu64 " and %" PRIu64
	       "\n",
	       told, there.beyond_pipewire.max, here.beyond_pipewire.max);
	CU_ASSERT_EQUAL(here.end_to_end.max, PERIOD + here.beyond_pipewire.max);
	CU_ASSERT(frames - told >= NETWORK_FRAMES - APART_FRAMES ||
		  here.beyond_pipewire.max > 0);
}

static bool start_trimmed(int i, const char *option, long frames)
{
	struct host *host = &hosts[i];
	struct bridge *bridge = on(i);

	snprintf(host->trim, sizeof(host->trim), "--latency-trim-%s=%ld",
		 option, frames);
	host->args[0] = host->trim;
	bridge->jack_side_args = host->args;
	return proc_stop(&bridge->jack_side, STATE_MS) == 0 &&
	       bridge_start_jack_side(bridge) &&
	       bridge_wait_state("running", STATE_MS) && connect_tone(i);
}

/* With what the guide says of the network, each host tells all of the way. */
static void test_trimmed(void)
{
	struct leat_direction_status there, here;
	long frames;

	CU_ASSERT_FATAL(up);
	way_of(SENDER, &there);
	way_of(RECEIVER, &here);
	up = start_trimmed(SENDER, "out",
			   NETWORK_FRAMES + PERIOD -
				   (long)there.beyond_pipewire.max) &&
	     start_trimmed(RECEIVER, "in",
			   NETWORK_FRAMES - (long)here.beyond_pipewire.max) &&
	     wait_for(is_whole, NULL, HEARD_MS);
	if (!up)
		show_all();
	CU_ASSERT_FATAL(up);
	frames = measure_settled();
	way_of(SENDER, &there);
	way_of(RECEIVER, &here);
	printf("told: there %" PRIu64 ", here %" PRIu64 "\n",
	       there.end_to_end.max, here.end_to_end.max);
	CU_ASSERT(labs(frames - (long)there.end_to_end.max) <= APART_FRAMES);
	CU_ASSERT(labs(frames - (long)here.end_to_end.max) <= APART_FRAMES);
}

static void test_ends(void)
{
	for (int i = LAN_N_HOSTS - 1; i >= 0; i--) {
		struct bridge *bridge = on(i);

		helper_stop(&hosts[i].tone);
		CU_ASSERT_EQUAL(proc_stop(&bridge->pipewire_side, 3000), 0);
		CU_ASSERT_EQUAL(proc_stop(&bridge->jack_side, 3000), 0);
		CU_ASSERT_FALSE(bridge_left_files(bridge));
		pipewire_server_stop(&bridge->pipewire);
		jack_server_stop(&bridge->jack);
	}
	lan_close(&lan);
	drift_close(drift);
	CU_ASSERT_EQUAL(sandbox_leave(&hosts[SENDER].bridge.sandbox), 0);
}

static const struct unit_test lan_tests[] = {
	{ "network", "comes up", test_comes_up },
	{ "network", "is heard", test_is_heard },
	{ "network", "latency", test_latency },
	{ "network", "latency that is told", test_trimmed },
	{ "network", "packets are lost", test_loss },
	{ "network", "packets are late", test_jitter },
	{ "network", "ends cleanly", test_ends },
};

/* ---- the files ---- */

static bool has_module(const char *name)
{
	static const char *const argv[] = { "pw-cli", "ls", "Module", NULL };
	static char text[65536];

	return proc_run(argv, NULL, text, sizeof(text), STATE_MS) == 0 &&
	       strstr(text, name);
}

static bool has_modules(void *arg)
{
	(void)arg;
	return has_module("libpipewire-module-rtp-sink") &&
	       has_module("libpipewire-module-rtp-source");
}

/* As they are, and with all settings that stand in remarks. */
static void test_files(void)
{
	struct bridge *bridge = &hosts[SENDER].bridge;
	const struct sandbox *sandbox = &bridge->sandbox;
	struct proc proc = { .pid = 0 };

	CU_ASSERT_FATAL(pipewire_server_start(&bridge->pipewire, sandbox) == 0);
	shipped_make_dirs(sandbox);
	CU_ASSERT_FATAL(shipped_daemon_config(sandbox));
	CU_ASSERT_EQUAL(pipewire_server_stop(&bridge->pipewire), 0);
	for (int all = 0; all < 2; all++) {
		bool there;

		CU_ASSERT_FATAL(shipped_copy(
			sandbox, SEND,
			".config/pipewire/pipewire.conf.d/send.conf", all));
		CU_ASSERT_FATAL(shipped_copy(
			sandbox, RECEIVE,
			".config/pipewire/pipewire.conf.d/receive.conf", all));
		CU_ASSERT_FATAL(
			shipped_start(sandbox, &proc, NULL, "daemon.log"));
		there = wait_for(has_modules, NULL, LOADED_MS);
		if (!there)
			sandbox_show(sandbox, "daemon.log");
		CU_ASSERT_EQUAL(proc_stop(&proc, 3000), 0);
		CU_ASSERT_FATAL(there);
	}
	CU_ASSERT_EQUAL(sandbox_leave(&bridge->sandbox), 0);
}

static const struct unit_test file_tests[] = {
	{ "network", "the daemon takes the files", test_files },
};

/* ---- all of it ---- */

static int skip(const char *why)
{
	printf("skipped: %s\n", why);
	return SANDBOX_SKIP;
}

/* From 0.3.66 to before 1.5.81 whatever comes out of order empties it. */
static bool version_fills_anew(void)
{
	static const char *const argv[] = { "pipewire", "--version", NULL };
	char text[512] = "";
	unsigned major = 0, minor = 0, micro = 0;
	const char *at;

	proc_run(argv, NULL, text, sizeof(text), STATE_MS);
	at = strstr(text, "Linked with libpipewire ");
	if (at)
		sscanf(at, "Linked with libpipewire %u.%u.%u", &major, &minor,
		       &micro);
	if (major == 0)
		return micro > 65;
	return major == 1 && (minor < 5 || (minor == 5 && micro < 81));
}

static bool is_installed(const char *module)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s.so", getenv("LEAT_PW_MODULE_DIR"),
		 module);
	return access(path, R_OK) == 0;
}

static const char *prepare(bool alone)
{
	const char *why = bridge_init(&hosts[SENDER].bridge, PERIOD);

	if (why)
		return why;
	if (!is_installed("libpipewire-module-rtp-sink") ||
	    !is_installed("libpipewire-module-rtp-source"))
		return "PipeWire's RTP modules are not installed";
	if (alone)
		return lan_alone();
	if (!session_manager_is_installed())
		return "wireplumber or dbus-daemon is not installed";
	fills_anew = version_fills_anew();
	return lan_open(&lan, PORT);
}

int main(int argc, char **argv)
{
	bool alone = argc == 2 && strcmp(argv[1], "files") == 0;
	const char *why;

	if (!alone && argc < 5)
		return 2;
	why = prepare(alone);
	if (why)
		return skip(why);
	if (alone)
		return unit_run(file_tests, 1, 1, argv);
	ppm = atof(argv[2]);
	loss_ppm = (unsigned)atoi(argv[3]);
	delay_us = (unsigned)atoi(argv[4]);
	return unit_run(lan_tests, sizeof(lan_tests) / sizeof(lan_tests[0]), 1,
			argv);
}
