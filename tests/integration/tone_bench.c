/* SPDX-License-Identifier: MIT */
#include "tone_bench.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define OTHER_PRIORITY 40000
#define QUIET_MS 150
/* The tone repeats after so many frames: support/tone.h. */
#define TURN 65536

const char *tone_bench_init(struct tone_bench *bench, uint32_t period,
			    const char *mode)
{
	struct bridge *bridge = &bench->bridge;
	const char *why;

	memset(bench, 0, sizeof(*bench));
	why = bridge_init(bridge, period);
	bench->period = period;
	bench->rate_hz = 48000;
	bridge->jack.rate_hz = bench->rate_hz;
	bridge->pipewire.quantum = 256;
	bridge->pipewire.allowed_rates = "[ 44100 48000 ]";
	bridge->pipewire.objects =
		null_sink_object(bench->object, sizeof(bench->object),
				 TONE_OTHER_DRIVER, OTHER_PRIORITY);
	bridge->mode = mode;
	return why;
}

bool tone_bench_start_tone(struct tone_bench *bench)
{
	return sig_tone_start(&bench->tone, &bench->bridge.sandbox,
			      bench->bridge.jack.name, "sig") == 0;
}

bool tone_bench_link(struct tone_bench *bench)
{
	return circle_link(&(struct circle){ .pass = bench->pass });
}

bool tone_bench_start(struct tone_bench *bench)
{
	struct bridge *bridge = &bench->bridge;
	/* In adaptive mode nodes that nobody is linked to run as well. */
	const char *state = bridge->mode ? "running" : "idle";
	bool up = bridge_start_servers(bridge) &&
		  bridge_start_jack_side(bridge) &&
		  bridge_start_pipewire_side(bridge) &&
		  bridge_wait_state(state, TONE_BACK_MS) &&
		  tone_bench_start_tone(bench) &&
		  sig_pw_start(&bench->pass, &bridge->sandbox, "pass", "--pass",
			       NULL) == 0 &&
		  circle_connect(&(struct circle){ .jack = bench->tone }) &&
		  tone_bench_link(bench) &&
		  bridge_wait_state("running", TONE_BACK_MS) &&
		  tone_bench_wait_quiet(bench);

	if (!up)
		bridge_show(bridge);
	bench->jack_side = bridge->jack_side.pid;
	bench->pipewire_side = bridge->pipewire_side.pid;
	return up;
}

bool tone_bench_finish(struct tone_bench *bench)
{
	struct bridge *bridge = &bench->bridge;
	bool clean;

	helper_stop(&bench->tone);
	helper_stop(&bench->pass);
	clean = proc_stop(&bridge->pipewire_side, 3000) == 0;
	clean = proc_stop(&bridge->jack_side, 3000) == 0 && clean;
	return bridge_finish(bridge) == 0 && clean;
}

/* ---- the tone ---- */

int64_t tone_bench_ask(struct tone_bench *bench, const char *key)
{
	char reply[HELPER_REPLY];

	return helper_ask(&bench->tone, reply, "report") < 0
		       ? INT64_MIN
		       : helper_value(reply, key);
}

void tone_bench_reset(struct tone_bench *bench)
{
	helper_tell(&bench->tone, "reset");
}

double tone_bench_gap_ms(struct tone_bench *bench)
{
	char reply[HELPER_REPLY];

	if (helper_ask(&bench->tone, reply, "report") < 0)
		return INFINITY;
	return 1000.0 *
	       (double)(helper_value(reply, "frames") -
			helper_value(reply, "whole")) /
	       bench->rate_hz;
}

struct quiet {
	struct tone_bench *bench;
	double gap_ms;
	long long since_ms;
};

static bool is_quiet(void *arg)
{
	struct quiet *quiet = arg;
	double gap_ms = tone_bench_gap_ms(quiet->bench);

	/* Written so that no answer is a new gap. */
	if (!(gap_ms <= quiet->gap_ms) ||
	    tone_bench_ask(quiet->bench, "locked_ms") < 0)
		quiet->since_ms = now_ms();
	quiet->gap_ms = gap_ms;
	return now_ms() - quiet->since_ms > QUIET_MS;
}

bool tone_bench_wait_quiet(struct tone_bench *bench)
{
	struct quiet quiet = { .bench = bench, .since_ms = now_ms() };

	return wait_for(is_quiet, &quiet, TONE_BACK_MS);
}

double tone_bench_told(const struct tone_bench *bench)
{
	double told = CIRCLE_JACK_PERIODS * (double)bench->period;
	struct leat_link_status status;

	if (!bridge_status(&status))
		return INFINITY;
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		told += (double)status.direction[d].target;
	return told;
}

double tone_bench_off(struct tone_bench *bench)
{
	double told = tone_bench_told(bench);
	int64_t behind = tone_bench_ask(bench, "behind");

	if (behind == INT64_MIN || isinf(told))
		return INFINITY;
	return remainder((double)behind / 1000 - told, TURN);
}

struct nearing {
	struct tone_bench *bench;
	double near;
};

static bool is_near(void *arg)
{
	const struct nearing *nearing = arg;

	return fabs(tone_bench_off(nearing->bench)) < nearing->near;
}

bool tone_bench_wait_near(struct tone_bench *bench, double near, int timeout_ms)
{
	struct nearing nearing = { bench, near };

	return wait_for(is_near, &nearing, timeout_ms);
}

/* ---- the bridge ---- */

static bool in_mode(void *arg)
{
	const uint64_t *mode = arg;
	struct leat_link_status status;

	return bridge_status(&status) && status.pipewire.mode == *mode &&
	       status.pipewire.running == 1;
}

bool tone_bench_wait_mode(uint64_t mode)
{
	return wait_for(in_mode, &mode, TONE_BACK_MS);
}

bool tone_bench_same_processes(struct tone_bench *bench)
{
	struct bridge *bridge = &bench->bridge;

	return proc_is_running(&bridge->jack_side) &&
	       proc_is_running(&bridge->pipewire_side) &&
	       bridge->jack_side.pid == bench->jack_side &&
	       bridge->pipewire_side.pid == bench->pipewire_side;
}

static bool joined(struct tone_bench *bench, const char *port, const char *to)
{
	char reply[HELPER_REPLY];

	return helper_ask(&bench->tone, reply, "connections %s", port) == 0 &&
	       strstr(reply, to);
}

static bool is_joined(void *arg)
{
	struct tone_bench *bench = arg;

	return joined(bench, "sig:send_1", "leat-test:to_pipewire_FL") &&
	       joined(bench, "sig:send_2", "leat-test:to_pipewire_FR") &&
	       joined(bench, "sig:recv_1", "leat-test:from_pipewire_FL") &&
	       joined(bench, "sig:recv_2", "leat-test:from_pipewire_FR");
}

static bool linked(struct tone_bench *bench, const char *from, const char *to)
{
	char reply[HELPER_REPLY];

	return helper_ask(&bench->pass, reply, "linked %s %s", from, to) == 0;
}

bool tone_bench_connected(struct tone_bench *bench)
{
	return wait_for(is_joined, bench, TONE_BACK_MS) &&
	       linked(bench, "leat.test.source:capture_FL", "pass:in_1") &&
	       linked(bench, "leat.test.source:capture_FR", "pass:in_2") &&
	       linked(bench, "pass:out_1", "leat.test.sink:playback_FL") &&
	       linked(bench, "pass:out_2", "leat.test.sink:playback_FR");
}

/* ---- what it counts ---- */

int64_t tone_bench_account(const struct leat_link_status *status)
{
	int64_t sum = 0;

	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		sum += (int64_t)(status->direction[d].inserted -
				 status->direction[d].lost);
	return sum;
}

static void show_way(const char *name, const struct leat_direction_status *is,
		     const struct leat_direction_status *was)
{
	fprintf(stderr,
		"    %s: %" PRIu64 " underruns, %" PRIu64 " overruns, %" PRIu64
		" lost, %" PRIu64 " inserted, %" PRIu64
		" slips; target %" PRIu64 "\n",
		name, is->underruns - was->underruns,
		is->overruns - was->overruns, is->lost - was->lost,
		is->inserted - was->inserted, is->slips - was->slips,
		is->target);
}

void tone_bench_show(const struct leat_link_status *since)
{
	struct leat_link_status status;

	if (!bridge_status(&status))
		return;
	show_way("to PipeWire", &status.direction[LEAT_TO_PIPEWIRE],
		 &since->direction[LEAT_TO_PIPEWIRE]);
	show_way("to JACK", &status.direction[LEAT_TO_JACK],
		 &since->direction[LEAT_TO_JACK]);
	fprintf(stderr,
		"    JACK: %" PRIu64 " xruns, %" PRIu64 " skipped; "
		"PipeWire: %" PRIu64 " xruns\n",
		status.jack.xruns - since->jack.xruns,
		status.jack.skipped_periods - since->jack.skipped_periods,
		status.pipewire.xruns - since->pipewire.xruns);
}

bool tone_bench_disturbed(const struct leat_link_status *since)
{
	struct leat_link_status status;

	return bridge_status(&status) &&
	       (status.jack.xruns != since->jack.xruns ||
		status.jack.skipped_periods != since->jack.skipped_periods ||
		status.pipewire.xruns != since->pipewire.xruns);
}
