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
#include "hosts.h"
#include "shipped.h"

#include "unit/runner.h"

#include <CUnit/CUnit.h>

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SEND "pipewire.conf.avail/leat-rtp-send.conf"
#define RECEIVE "pipewire.conf.avail/leat-rtp-receive.conf"
#define PORT 46000
#define RATE_HZ 48000
#define PERIOD 256

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
#define SETTLE_MS 60000

static struct hosts hosts;
static double ppm;
static unsigned loss_ppm, delay_us;
static bool up;
static bool fills_anew; /* this PipeWire, after a packet that is missing */

static void test_comes_up(void)
{
	static const char *const files[] = {
		[SENDER] = SEND, [RECEIVER] = RECEIVE
	};

	up = hosts_start(&hosts, files);
	CU_ASSERT_FATAL(up);
}

/* ---- what is heard ---- */

/* All but what a resampler bends now and then, for a second. */
static bool is_whole(void *arg)
{
	struct heard heard;

	(void)arg;
	CU_ASSERT_FATAL(hosts_listen(&hosts, RATE_HZ, &heard));
	return heard.whole > heard.frames - heard.frames / 1000;
}

static void say(const struct heard *heard)
{
	printf("of %u packets %u lost, %u overtaken: %" PRId64 " of %" PRId64
	       " frames whole, %" PRId64 " faint, %" PRId64 " bent, %" PRId64
	       " breaks, steps of %.3f\n",
	       hosts.lan.n_passed + hosts.lan.n_lost, hosts.lan.n_lost,
	       hosts.lan.n_overtaken, heard->whole, heard->frames, heard->faint,
	       heard->bent, heard->breaks, heard->step);
}

static void count_again(void)
{
	hosts.lan.n_passed = hosts.lan.n_lost = hosts.lan.n_overtaken = 0;
}

static void test_is_heard(void)
{
	struct heard heard;

	CU_ASSERT_FATAL(up);
	up = wait_for(is_whole, NULL, HEARD_MS);
	if (!up)
		hosts_show(&hosts);
	CU_ASSERT_FATAL(up);
	count_again();
	CU_ASSERT_FATAL(hosts_listen(&hosts, RATE_HZ, &heard));
	printf("clocks are %.0f ppm apart\n", ppm);
	say(&heard);
	CU_ASSERT(hosts.lan.n_passed > RATE_HZ / PACKET_FRAMES / 2);
}

/* ---- what is lost ---- */

/* All that PipeWire says of it, and as a warning in 0.3.65 alone. */
static unsigned n_warnings(void)
{
	char path[256], line[1024];
	FILE *file = fopen(sandbox_path(&hosts.host[RECEIVER].bridge.sandbox,
					"pipewire.log", path, sizeof(path)),
			   "re");
	unsigned n = 0;

	while (file && fgets(line, sizeof(line), file))
		n += strstr(line, "unexpected seq") != NULL;
	if (file)
		fclose(file);
	return n;
}

/*
 * What the network loses, the links have carried: as silence. They may have had
 * a late cycle or two of their own.
 */
static void expect_innocent(const struct leat_direction_status before[])
{
	uint64_t n_lost = hosts.lan.n_lost;

	for (int i = 0; i < LAN_N_HOSTS; i++) {
		struct leat_direction_status now;

		CU_ASSERT_FATAL(hosts_way(&hosts, i, &now));
		CU_ASSERT(now.underruns - before[i].underruns < n_lost / 4);
		CU_ASSERT(now.lost - before[i].lost <
			  n_lost * PACKET_FRAMES / 4);
		CU_ASSERT(now.frames > before[i].frames);
	}
}

static bool was_upset(const struct upsets *before)
{
	if (!hosts_upset(&hosts, before))
		return false;
	printf("a JACK server was late: not judged\n");
	return true;
}

static void test_loss(void)
{
	struct leat_direction_status before[LAN_N_HOSTS];
	unsigned warnings = n_warnings();
	struct upsets upsets;
	struct heard heard;

	CU_ASSERT_FATAL(up);
	for (int i = 0; i < LAN_N_HOSTS; i++)
		CU_ASSERT_FATAL(hosts_way(&hosts, i, &before[i]));
	hosts_look(&hosts, &upsets);
	count_again();
	hosts.lan.loss_ppm = loss_ppm;
	CU_ASSERT_FATAL(hosts_listen(&hosts, LISTEN_FRAMES, &heard));
	hosts.lan.loss_ppm = 0;
	say(&heard);
	printf("told: %u warnings of the daemon\n", n_warnings() - warnings);
	CU_ASSERT(hosts.lan.n_lost > 0);
	CU_ASSERT(heard.breaks >= hosts.lan.n_lost / 2);
	if (was_upset(&upsets))
		return;
	/* Some versions are silent until their buffer is full again. */
	CU_ASSERT(heard.frames - heard.whole <=
		  (int64_t)hosts.lan.n_lost *
			  ((fills_anew ? SESSION_FRAMES : PACKET_FRAMES) +
			   EDGE_FRAMES));
	expect_innocent(before);
}

/* Within the session's latency packets may overtake one another: a third does. */
static void test_jitter(void)
{
	struct upsets upsets;
	struct heard heard;

	CU_ASSERT_FATAL(up);
	/* What was lost last is heard after a session's latency. */
	CU_ASSERT_FATAL(hosts_listen(&hosts, 2 * SESSION_FRAMES, &heard));
	hosts_look(&hosts, &upsets);
	count_again();
	hosts.lan.delay_us = delay_us;
	CU_ASSERT_FATAL(hosts_listen(&hosts, LISTEN_FRAMES, &heard));
	hosts.lan.delay_us = 0;
	say(&heard);
	CU_ASSERT(hosts.lan.n_overtaken > 0);
	if (!was_upset(&upsets) && !fills_anew)
		CU_ASSERT(heard.faint < heard.frames / 100);
}

/* ---- latency ---- */

/* The receiver comes to its latency slowly after whatever has upset it. */
static bool is_settled(void *arg)
{
	long *frames = arg;

	*frames = lround(hosts_latency(&hosts));
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
	CU_ASSERT_FATAL(hosts_way(&hosts, SENDER, &there));
	CU_ASSERT_FATAL(hosts_way(&hosts, RECEIVER, &here));
	told = (long)(there.end_to_end.max + here.end_to_end.max);
	printf("told %ld, of which PipeWire tells %" PRIu64 " and %" PRIu64
	       "\n",
	       told, there.beyond_pipewire.max, here.beyond_pipewire.max);
	CU_ASSERT_EQUAL(here.end_to_end.max, PERIOD + here.beyond_pipewire.max);
	/* Where PipeWire tells nothing, all of the network is missing. */
	if (here.beyond_pipewire.max == 0)
		CU_ASSERT(frames - told >= NETWORK_FRAMES - APART_FRAMES);
}

/* With what the guide says of the network, each host tells all of the way. */
static void test_trimmed(void)
{
	struct leat_direction_status there, here;
	long frames;

	CU_ASSERT_FATAL(up);
	CU_ASSERT_FATAL(hosts_way(&hosts, SENDER, &there));
	CU_ASSERT_FATAL(hosts_way(&hosts, RECEIVER, &here));
	up = hosts_trim(&hosts, SENDER, "out",
			NETWORK_FRAMES + PERIOD -
				(long)there.beyond_pipewire.max) &&
	     hosts_trim(&hosts, RECEIVER, "in",
			NETWORK_FRAMES - (long)here.beyond_pipewire.max) &&
	     wait_for(is_whole, NULL, HEARD_MS);
	if (!up)
		hosts_show(&hosts);
	CU_ASSERT_FATAL(up);
	frames = measure_settled();
	CU_ASSERT_FATAL(hosts_way(&hosts, SENDER, &there));
	CU_ASSERT_FATAL(hosts_way(&hosts, RECEIVER, &here));
	printf("told: there %" PRIu64 ", here %" PRIu64 "\n",
	       there.end_to_end.max, here.end_to_end.max);
	CU_ASSERT(labs(frames - (long)there.end_to_end.max) <= APART_FRAMES);
	CU_ASSERT(labs(frames - (long)here.end_to_end.max) <= APART_FRAMES);
}

static void test_ends(void)
{
	CU_ASSERT(hosts_finish(&hosts));
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
	struct bridge *bridge = &hosts.host[SENDER].bridge;
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
	const char *why = bridge_init(&hosts.host[SENDER].bridge, PERIOD);

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
	return hosts_init(&hosts, ppm, PORT);
}

int main(int argc, char **argv)
{
	bool alone = argc == 2 && strcmp(argv[1], "files") == 0;
	const char *why;

	if (!alone && argc < 5)
		return 2;
	if (!alone) {
		ppm = atof(argv[2]);
		loss_ppm = (unsigned)atoi(argv[3]);
		delay_us = (unsigned)atoi(argv[4]);
	}
	why = prepare(alone);
	if (why)
		return skip(why);
	if (alone)
		return unit_run(file_tests, 1, 1, argv);
	return unit_run(lan_tests, sizeof(lan_tests) / sizeof(lan_tests[0]), 1,
			argv);
}
