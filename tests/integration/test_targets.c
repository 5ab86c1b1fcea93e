/* SPDX-License-Identifier: MIT */
/*
 * What the user wants the latency to be, on real servers: in adaptive mode it
 * is that, measured with a click that goes from JACK through PipeWire and
 * back; what cannot be is said in one sentence; and rings that are too small
 * grow.
 */
#include "bridge.h"

#include "unit/runner.h"

#include <CUnit/CUnit.h>
#include <jack/jack.h>

#include <inttypes.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RATE_HZ 48000
#define PERIOD 256
#define NEAR (RATE_HZ / 1000)
#define UP_MS 15000
#define CLICKS_MAX 30
#define SETTLED_S 20
#define CLICK_LEAST 0.1F
/* What P and Q, the resampler and the reserve need each way. */
#define LEAST (PERIOD + 48 + 16)

/* A client of JACK's that sends a click and finds what comes back of it. */
struct clicker {
	jack_client_t *client;
	jack_port_t *out, *in;
	uint64_t at; /* frames played */
	atomic_bool click;
	uint64_t clicked_at;
	_Atomic float peak;
	atomic_uint delay; /* of the peak, frames */
};

static struct bridge bridge;
static struct helper pass;
static struct clicker clicker;
static bool too_loud;

/* ---- the clicker ---- */

static void look(struct clicker *self, const float *in, jack_nframes_t n_frames)
{
	for (jack_nframes_t i = 0; i < n_frames; i++) {
		float level = fabsf(in[i]);

		if (level <= self->peak)
			continue;
		self->peak = level;
		self->delay = (unsigned)(self->at + i - self->clicked_at);
	}
}

static int on_process(jack_nframes_t n_frames, void *user)
{
	struct clicker *self = user;
	float *out = jack_port_get_buffer(self->out, n_frames);

	memset(out, 0, n_frames * sizeof(float));
	look(self, jack_port_get_buffer(self->in, n_frames), n_frames);
	if (atomic_exchange(&self->click, false)) {
		out[0] = 0.5F;
		self->clicked_at = self->at;
		self->peak = 0;
	}
	self->at += n_frames;
	return 0;
}

static bool open_clicker(struct clicker *self)
{
	self->client = jack_client_open("clicker", JackNoStartServer, NULL);
	if (!self->client)
		return false;
	self->out = jack_port_register(self->client, "out",
				       JACK_DEFAULT_AUDIO_TYPE,
				       JackPortIsOutput, 0);
	self->in = jack_port_register(self->client, "in",
				      JACK_DEFAULT_AUDIO_TYPE, JackPortIsInput,
				      0);
	jack_set_process_callback(self->client, on_process, self);
	return jack_activate(self->client) == 0;
}

static bool connect_clicker(struct clicker *self)
{
	return jack_connect(self->client, jack_port_name(self->out),
			    "leat-test:to_pipewire_FL") == 0 &&
	       jack_connect(self->client, "leat-test:from_pipewire_FL",
			    jack_port_name(self->in)) == 0;
}

static void close_clicker(struct clicker *self)
{
	if (self->client)
		jack_client_close(self->client);
	memset(self, 0, sizeof(*self));
}

/* How long the way round takes; 0 if nothing came back of the click. */
static unsigned click(unsigned at_most)
{
	clicker.click = true;
	sleep_ms((int)(at_most * 1000 / RATE_HZ) + 200);
	return clicker.peak > CLICK_LEAST ? clicker.delay : 0;
}

/* ---- a bridge of its own for each ---- */

static bool start_with(const char *const *args)
{
	/* Before anything is linked, only PipeWire's own driver runs. */
	const char *ready = strcmp(bridge.mode, "follow") == 0 ? "idle"
							       : "running";
	bool up;

	bridge.pipewire_args = args;
	up = bridge_start_jack_side(&bridge) &&
	     bridge_start_pipewire_side(&bridge) &&
	     bridge_wait_state(ready, UP_MS) && open_clicker(&clicker) &&
	     sig_pw_start(&pass, &bridge.sandbox, "pass", "--pass", NULL) ==
		     0 &&
	     circle_link(&(struct circle){ .pass = pass }) &&
	     connect_clicker(&clicker) && bridge_wait_frames(RATE_HZ, UP_MS);
	if (!up)
		bridge_show(&bridge);
	return up;
}

static void stop(void)
{
	close_clicker(&clicker);
	helper_stop(&pass);
	CU_ASSERT_EQUAL(proc_stop(&bridge.pipewire_side, 3000), 0);
	CU_ASSERT_EQUAL(proc_stop(&bridge.jack_side, 3000), 0);
}

/* Lines of leat-pipewire's with these words, since it was started first. */
static unsigned said(const char *words)
{
	return sandbox_count(&bridge.sandbox, "leat-pipewire.log", words);
}

static const struct leat_direction_status *
way(const struct leat_link_status *status, int d)
{
	return &status->direction[d];
}

static bool on_target(const struct leat_link_status *status, uint64_t target)
{
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		if (way(status, d)->target != target ||
		    llabs((long long)(way(status, d)->latency_frames -
				      target)) > NEAR)
			return false;
	return true;
}

/*
 * Each way takes so long, and so does the way round, when it is measured; a
 * machine that stalls is given time to come back.
 */
static void expect_latency(unsigned frames)
{
	unsigned round = 2 * frames + CIRCLE_JACK_PERIODS * PERIOD;
	struct leat_link_status status;
	unsigned measured = 0;

	for (int i = 0; i < CLICKS_MAX; i++) {
		measured = click(round + NEAR);
		CU_ASSERT_FATAL(bridge_status(&status));
		if (on_target(&status, frames) && measured > round - NEAR &&
		    measured < round + NEAR)
			return;
	}
	fprintf(stderr,
		"a click took %u frames, not %u; targets %" PRIu64
		" and %" PRIu64 "\n",
		measured, round, way(&status, 0)->target,
		way(&status, 1)->target);
	CU_FAIL("the latency is not what was asked for");
}

static void expect_capacity(uint32_t capacity)
{
	struct leat_link_status status;

	CU_ASSERT_FATAL(bridge_status(&status));
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		CU_ASSERT_EQUAL(way(&status, d)->capacity, capacity);
}

/* ---- tests ---- */

static void test_servers(void)
{
	CU_ASSERT_FATAL(bridge_start_servers(&bridge));
}

static void test_fixed(void)
{
	static const char *const args[] = { "--latency", "4800", NULL };

	CU_ASSERT_FATAL(start_with(args));
	expect_latency(4800);
	expect_capacity(16384);
	CU_ASSERT_EQUAL(said("cannot be kept"), 0);
	stop();
}

/* A second does not fit into the rings that there are. */
static void test_rings_grow(void)
{
	static const char *const args[] = { "--latency", "48000", NULL };

	CU_ASSERT_FATAL(start_with(args));
	expect_latency(48000);
	expect_capacity(65536);
	CU_ASSERT_EQUAL(said("needs rings"), 0);
	stop();
}

static bool has_most(void *arg)
{
	/* 64 MiB of samples, less what a ring holds besides. */
	const uint64_t most = 131072 - (4 * PERIOD + RATE_HZ / 50 + 192);
	struct leat_link_status status;

	(void)arg;
	return bridge_status(&status) &&
	       way(&status, LEAT_TO_PIPEWIRE)->target == most &&
	       way(&status, LEAT_TO_JACK)->target == most;
}

/* Rings of so many channels end earlier; that is said, and used. */
static void test_more_than_rings_hold(void)
{
	static const char *const args[] = { "--latency", "400000", NULL };

	bridge.channels = "40";
	bridge.pipewire_args = args;
	CU_ASSERT_FATAL(bridge_start_jack_side(&bridge));
	CU_ASSERT_FATAL(bridge_start_pipewire_side(&bridge));
	CU_ASSERT(wait_for(has_most, NULL, UP_MS));
	expect_capacity(131072);
	CU_ASSERT_EQUAL(said("for so many channels is 131072"), 1);
	CU_ASSERT_EQUAL(proc_stop(&bridge.pipewire_side, 3000), 0);
	CU_ASSERT_EQUAL(proc_stop(&bridge.jack_side, 3000), 0);
	bridge.channels = "2";
}

static void test_least(void)
{
	static const char *const args[] = { "--latency", "100", NULL };
	struct leat_link_status status;

	CU_ASSERT_FATAL(start_with(args));
	CU_ASSERT_FATAL(bridge_status(&status));
	CU_ASSERT_EQUAL(way(&status, LEAT_TO_PIPEWIRE)->target, LEAST);
	CU_ASSERT_EQUAL(way(&status, LEAT_TO_JACK)->target, LEAST);
	CU_ASSERT_EQUAL(said("--latency 100 cannot be kept with JACK's period "
			     "256 and PipeWire's quantum 256"),
			1);
	stop();
}

/* Targets of some seconds, the least and the most of both ways. */
static void watch_targets(uint64_t *least, uint64_t *most)
{
	struct leat_link_status status;

	*least = UINT64_MAX;
	*most = 0;
	for (int i = 0; i < 40; i++) {
		CU_ASSERT_FATAL(bridge_status(&status));
		for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
			uint64_t target = way(&status, d)->target;

			*least = target < *least ? target : *least;
			*most = target > *most ? target : *most;
		}
		sleep_ms(100);
	}
}

static void test_bounds(void)
{
	static const char *const low[] = { "--latency-min", "2000", NULL };
	static const char *const high[] = { "--latency-min", "325",
					    "--latency-max", "330", NULL };
	uint64_t least, most;

	CU_ASSERT_FATAL(start_with(low));
	watch_targets(&least, &most);
	CU_ASSERT(least >= 2000);
	stop();
	CU_ASSERT_FATAL(start_with(high));
	watch_targets(&least, &most);
	CU_ASSERT(least >= 325);
	CU_ASSERT(most <= 330);
	stop();
	CU_ASSERT_EQUAL(said("-max 330 cannot be kept"), 0);
}

/* ---- what the status says of the clocks ---- */

/* Two looks with no upset between them; false if there was one. */
static bool look_twice(struct leat_link_status *a, struct leat_link_status *b)
{
	CU_ASSERT_FATAL(bridge_status(a));
	sleep_ms(3000);
	CU_ASSERT_FATAL(bridge_status(b));
	return a->clock.last_upset_s > SETTLED_S &&
	       b->clock.last_upset_s >= a->clock.last_upset_s;
}

static void check_clocks(const struct leat_link_status *a,
			 const struct leat_link_status *b)
{
	CU_ASSERT_DOUBLE_EQUAL(b->clock.last_upset_s - a->clock.last_upset_s, 3,
			       0.5);
	CU_ASSERT(b->clock.loop_bandwidth_hz > 0);
	CU_ASSERT(b->clock.loop_bandwidth_hz < 0.1);
	CU_ASSERT_DOUBLE_EQUAL(b->clock.rate_ppm, 0, 5);
	CU_ASSERT(fabs(b->clock.loop_error_frames) < RATE_HZ / 10.0);
	CU_ASSERT(b->clock.jitter_us > 0 && b->clock.jitter_us < 1e5);
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		CU_ASSERT_DOUBLE_EQUAL(way(b, d)->resampler_delay, 48, 2);
}

static void test_clocks(void)
{
	static const char *const args[] = { "--latency", "4800", NULL };
	struct leat_link_status begin, a, b;
	bool quiet = false;

	CU_ASSERT_FATAL(start_with(args));
	CU_ASSERT_FATAL(bridge_status(&begin));
	for (int i = 0; i < 30 && !quiet; i++)
		quiet = look_twice(&a, &b);
	if (quiet)
		check_clocks(&a, &b);
	if (quiet)
		CU_ASSERT(b.clock.loop_bandwidth_hz <
			  begin.clock.loop_bandwidth_hz / 2);
	too_loud = !quiet;
	stop();
}

/* There is one clock in follow mode, and nothing to be wanted. */
static void test_follow(void)
{
	static const char *const args[] = { "--latency-max", "500", NULL };
	struct leat_link_status status;

	bridge.mode = "follow";
	CU_ASSERT_FATAL(start_with(args));
	CU_ASSERT_EQUAL(said("--latency-max changes nothing in follow mode"),
			1);
	CU_ASSERT_FATAL(bridge_status(&status));
	CU_ASSERT_EQUAL(way(&status, LEAT_TO_PIPEWIRE)->latency_frames, 0);
	CU_ASSERT_EQUAL(way(&status, LEAT_TO_JACK)->latency_frames, PERIOD);
	CU_ASSERT(isnan(status.clock.rate_ppm));
	CU_ASSERT(isnan(status.clock.last_upset_s));
	CU_ASSERT(isnan(way(&status, LEAT_TO_JACK)->resampler_delay));
	stop();
}

/* Nothing is wanted, but with this quantum the usual rings have no room. */
static void test_long_quantum(void)
{
	struct leat_link_status status;
	unsigned told = 0, measured = 0;

	bridge.mode = "adaptive";
	pipewire_server_stop(&bridge.pipewire);
	bridge.pipewire.quantum = 8192;
	CU_ASSERT_FATAL(
		pipewire_server_start(&bridge.pipewire, &bridge.sandbox) == 0);
	CU_ASSERT_FATAL(start_with(NULL));
	expect_capacity(32768);
	for (int i = 0; i < CLICKS_MAX; i++) {
		measured = click(RATE_HZ);
		CU_ASSERT_FATAL(bridge_status(&status));
		told = CIRCLE_JACK_PERIODS * PERIOD;
		for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
			told += (unsigned)way(&status, d)->latency_frames;
		if (measured > told - NEAR && measured < told + NEAR)
			break;
	}
	CU_ASSERT(way(&status, LEAT_TO_PIPEWIRE)->target >= 8192 + 48);
	CU_ASSERT_DOUBLE_EQUAL(measured, told, NEAR);
	stop();
}

static void test_ends_cleanly(void)
{
	CU_ASSERT_FALSE(bridge_left_files(&bridge));
	CU_ASSERT_EQUAL(bridge_finish(&bridge), 0);
}

static const struct unit_test tests[] = {
	{ "targets", "servers", test_servers },
	{ "targets", "fixed", test_fixed },
	{ "targets", "rings grow", test_rings_grow },
	{ "targets", "more than rings hold", test_more_than_rings_hold },
	{ "targets", "the least", test_least },
	{ "targets", "bounds", test_bounds },
	{ "targets", "the clocks", test_clocks },
	{ "targets", "follow mode", test_follow },
	{ "targets", "a long quantum", test_long_quantum },
	{ "targets", "ends cleanly", test_ends_cleanly },
};

int main(int argc, char **argv)
{
	/* Rings of the size that they need, so that they have to grow. */
	static const char *const no_history[] = { "--history", "0", NULL };
	const char *why = bridge_init(&bridge, PERIOD);
	int res;

	if (why) {
		printf("skipped: %s\n", why);
		return SANDBOX_SKIP;
	}
	bridge.jack.rate_hz = RATE_HZ;
	bridge.jack.synchronous = true;
	bridge.pipewire.quantum = PERIOD;
	bridge.mode = "adaptive";
	bridge.jack_side_args = no_history;
	res = unit_run(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
	if (res != 0 || !too_loud)
		return res;
	printf("skipped: this machine kept no clock steady for %d s\n",
	       SETTLED_S);
	return SANDBOX_SKIP;
}
