/* SPDX-License-Identifier: MIT */
/*
 * test_adaptive RATE: JACK at that rate, and PipeWire at 48 kHz on its own
 * driver's clock. Two sines go from JACK through PipeWire and back. Once it has
 * settled, windows of one second without a disturbance of the servers are
 * looked at: nothing is missing, the latency is at its target and is what is
 * measured, and the sine is clean.
 *
 * The tone of channel 1 is 1 kHz, for the noise. That of channel 2 is so low
 * that its phase says how long the way round took.
 */
#include "bridge.h"

#include "unit/runner.h"
#include "unit/sine.h"

#include <CUnit/CUnit.h>
#include <jack/jack.h>

#include <inttypes.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define N_CHANNELS 2
#define SETTLE_S 20
#define WINDOWS_WANTED 10
#define WINDOWS_MAX 60
#define SINAD_LEAST_DB 60

static const double tone_hz[N_CHANNELS] = { 1000, 25 };

/* A client of JACK's that plays the tones and keeps what comes back. */
struct player {
	jack_client_t *client;
	jack_port_t *out[N_CHANNELS], *in[N_CHANNELS];
	uint64_t at; /* frames played */
	atomic_uint n_kept;
	atomic_bool keeps;
	atomic_uint n_xruns;
	uint64_t from; /* frame that the first one kept belongs to */
	float kept[N_CHANNELS][96000];
};

static struct bridge bridge;
static struct helper pass;
static struct player player;
static uint32_t rate_hz;
static bool up;

/* ---- the player ---- */

static void play(struct player *self, jack_nframes_t n_frames)
{
	for (int c = 0; c < N_CHANNELS; c++) {
		float *out = jack_port_get_buffer(self->out[c], n_frames);

		for (jack_nframes_t i = 0; i < n_frames; i++)
			out[i] = (float)(0.5 * sin(2 * M_PI * tone_hz[c] *
						   (double)((self->at + i) %
							    rate_hz) /
						   rate_hz));
	}
}

static void keep(struct player *self, jack_nframes_t n_frames)
{
	unsigned n = self->n_kept;

	if (!self->keeps || n >= rate_hz)
		return;
	if (n == 0)
		self->from = self->at;
	for (int c = 0; c < N_CHANNELS; c++)
		memcpy(self->kept[c] + n,
		       jack_port_get_buffer(self->in[c], n_frames),
		       n_frames * sizeof(float));
	self->n_kept = n + n_frames;
}

static int on_process(jack_nframes_t n_frames, void *user)
{
	struct player *self = user;

	play(self, n_frames);
	keep(self, n_frames);
	self->at += n_frames;
	return 0;
}

static int on_xrun(void *user)
{
	struct player *self = user;

	self->n_xruns++;
	return 0;
}

static bool open_player(struct player *self)
{
	char name[16];

	self->client = jack_client_open("player", JackNoStartServer, NULL);
	if (!self->client)
		return false;
	for (int c = 0; c < N_CHANNELS; c++) {
		snprintf(name, sizeof(name), "out_%d", c);
		self->out[c] = jack_port_register(self->client, name,
						  JACK_DEFAULT_AUDIO_TYPE,
						  JackPortIsOutput, 0);
		snprintf(name, sizeof(name), "in_%d", c);
		self->in[c] = jack_port_register(self->client, name,
						 JACK_DEFAULT_AUDIO_TYPE,
						 JackPortIsInput, 0);
	}
	jack_set_process_callback(self->client, on_process, self);
	jack_set_xrun_callback(self->client, on_xrun, self);
	return jack_activate(self->client) == 0;
}

static bool connect_player(struct player *self)
{
	static const char *const to[] = { "leat-test:to_pipewire_FL",
					  "leat-test:to_pipewire_FR" };
	static const char *const from[] = { "leat-test:from_pipewire_FL",
					    "leat-test:from_pipewire_FR" };

	for (int c = 0; c < N_CHANNELS; c++)
		if (jack_connect(self->client, jack_port_name(self->out[c]),
				 to[c]) != 0 ||
		    jack_connect(self->client, from[c],
				 jack_port_name(self->in[c])) != 0)
			return false;
	return true;
}

/* ---- a window ---- */

struct counts {
	uint64_t jack_skips, jack_xruns, player_xruns;
	uint64_t underruns[LEAT_N_DIRECTIONS], lost[LEAT_N_DIRECTIONS];
	uint64_t inserted[LEAT_N_DIRECTIONS], slips[LEAT_N_DIRECTIONS];
};

static struct counts take_counts(struct leat_link_status *status)
{
	struct counts counts = { 0 };

	CU_ASSERT_FATAL(bridge_status(status));
	counts.jack_skips = status->jack.skipped_periods;
	counts.jack_xruns = status->jack.xruns;
	counts.player_xruns = player.n_xruns;
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		counts.underruns[d] = status->direction[d].underruns;
		counts.lost[d] = status->direction[d].lost;
		counts.inserted[d] = status->direction[d].inserted;
		counts.slips[d] = status->direction[d].slips;
	}
	return counts;
}

static struct sine_fit fit(int channel)
{
	static double phases[96000];

	for (uint32_t i = 0; i < rate_hz; i++)
		phases[i] = 2 * M_PI * tone_hz[channel] *
			    (double)((player.from + i) % rate_hz) / rate_hz;
	return sine_fit(player.kept[channel], phases, rate_hz);
}

static double apart(double frames, double turn)
{
	return fabs(frames - turn * round(frames / turn));
}

/* What the status says against what the slow tone's phase says. */
static void check_latency(const struct leat_link_status *status)
{
	double told = 0, measured, turn = rate_hz / tone_hz[1];
	double near = rate_hz / 1000.0;

	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		const struct leat_direction_status *way = &status->direction[d];

		CU_ASSERT_DOUBLE_EQUAL((double)way->latency_frames,
				       (double)way->target, near);
		told += (double)way->latency_frames;
	}
	/* JACK adds a period to any circle of two of its clients. */
	told += CIRCLE_JACK_PERIODS * (double)bridge.jack.period;
	measured = -fit(1).phase / (2 * M_PI) * turn;
	if (apart(measured - told, turn) > near)
		fprintf(stderr, "told %.1f, measured %.1f of %.0f frames\n",
			told, measured, turn);
	CU_ASSERT(apart(measured - told, turn) < near);
}

static bool window_over(void *arg)
{
	(void)arg;
	return player.n_kept >= rate_hz;
}

/* One second; true if the servers did not disturb it. */
static bool look_at_window(double *sinad_db)
{
	struct leat_link_status status;
	struct counts before = take_counts(&status), after;

	player.n_kept = 0;
	player.keeps = true;
	CU_ASSERT_FATAL(wait_for(window_over, NULL, 5000));
	player.keeps = false;
	after = take_counts(&status);
	if (memcmp(&before, &after, sizeof(before)) != 0)
		return false;
	*sinad_db = fit(0).sinad_db;
	CU_ASSERT_DOUBLE_EQUAL(fit(0).amplitude, 0.5, 0.005);
	CU_ASSERT(*sinad_db > SINAD_LEAST_DB);
	check_latency(&status);
	return true;
}

/* ---- tests ---- */

static void test_comes_up(void)
{
	up = bridge_start_servers(&bridge) && bridge_start_jack_side(&bridge) &&
	     bridge_start_pipewire_side(&bridge) &&
	     bridge_wait_state("running", 10000) && open_player(&player) &&
	     sig_pw_start(&pass, &bridge.sandbox, "pass", "--pass", NULL) ==
		     0 &&
	     circle_link(&(struct circle){ .pass = pass }) &&
	     connect_player(&player) && bridge_wait_frames(rate_hz, 10000);
	if (!up)
		bridge_show(&bridge);
	CU_ASSERT_FATAL(up);
}

static void test_status_says_so(void)
{
	struct leat_link_status status;

	CU_ASSERT_FATAL(up);
	CU_ASSERT_FATAL(bridge_status(&status));
	CU_ASSERT_EQUAL(status.pipewire.mode, LEAT_MODE_ADAPTIVE);
	CU_ASSERT_EQUAL(status.pipewire.reason,
			bridge.mode ? LEAT_REASON_CHOSEN
				    : LEAT_REASON_RATES_DIFFER);
	CU_ASSERT_EQUAL(status.jack.rate_hz, rate_hz);
	CU_ASSERT_EQUAL(status.pipewire.rate_hz, 48000);
}

static void test_settles(void)
{
	double sinad_db = 0, least_db = INFINITY, sum_db = 0;
	int n_whole = 0, n = 0;

	CU_ASSERT_FATAL(up);
	sleep(SETTLE_S);
	for (; n < WINDOWS_MAX && n_whole < WINDOWS_WANTED; n++) {
		if (!look_at_window(&sinad_db))
			continue;
		n_whole++;
		sum_db += sinad_db;
		least_db = fmin(least_db, sinad_db);
	}
	CU_ASSERT_EQUAL(n_whole, WINDOWS_WANTED);
	printf("%u Hz: 1 kHz in windows of 1 s, there and back: SINAD %.1f dB "
	       "in the mean, %.1f at least; %d of %d seconds without a "
	       "disturbance\n",
	       rate_hz, sum_db / n_whole, least_db, n_whole, n);
}

static void test_ends_cleanly(void)
{
	if (player.client)
		jack_client_close(player.client);
	helper_stop(&pass);
	CU_ASSERT_EQUAL(proc_stop(&bridge.pipewire_side, 3000), 0);
	CU_ASSERT_EQUAL(proc_stop(&bridge.jack_side, 3000), 0);
	CU_ASSERT_FALSE(bridge_left_files(&bridge));
	CU_ASSERT_EQUAL(bridge_finish(&bridge), 0);
}

static const struct unit_test tests[] = {
	{ "adaptive", "comes up", test_comes_up },
	{ "adaptive", "status says so", test_status_says_so },
	{ "adaptive", "settles", test_settles },
	{ "adaptive", "ends cleanly", test_ends_cleanly },
};

int main(int argc, char **argv)
{
	const char *why;

	if (argc < 2)
		return 2;
	rate_hz = (uint32_t)atoi(argv[1]);
	why = bridge_init(&bridge, 256);
	if (why) {
		printf("skipped: %s\n", why);
		return SANDBOX_SKIP;
	}
	bridge.jack.rate_hz = rate_hz;
	bridge.pipewire.quantum = 256;
	/* Where the rates differ, that is chosen by itself. */
	bridge.mode = rate_hz == 48000 ? "adaptive" : NULL;
	return unit_run(tests, sizeof(tests) / sizeof(tests[0]), 1, argv);
}
