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
#define SETTLE_S 15
#define QUIET_S 5
#define LATE_US 1000
#define WINDOWS_WANTED 10
#define WINDOWS_MAX 60
#define SINAD_LEAST_DB 60
#define PITCH_MOST 1e-4

static const double tone_hz[N_CHANNELS] = { 1000, 25 };

/* A client of JACK's that plays the tones and keeps what comes back. */
struct player {
	jack_client_t *client;
	jack_port_t *out[N_CHANNELS], *in[N_CHANNELS];
	uint64_t at; /* frames played */
	atomic_uint n_kept;
	atomic_bool keeps;
	atomic_uint n_upsets;	  /* xruns, cycles not called in or late */
	jack_nframes_t next_time; /* when the next cycle is due, in frames */
	jack_time_t last_us;	  /* when the last one began */
	uint64_t from;		  /* frame that the first one kept belongs to */
	float kept[N_CHANNELS][96000];
};

static struct bridge bridge;
static struct helper pass;
static struct player player;
static uint32_t rate_hz;
static bool up;
static bool too_loud;

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

static void clock_in(struct player *self, jack_nframes_t n_frames)
{
	jack_nframes_t now = jack_last_frame_time(self->client);
	jack_time_t now_us = jack_get_time();

	if (self->at > 0 &&
	    (now != self->next_time ||
	     now_us - self->last_us >
		     LATE_US + UINT64_C(1000000) * n_frames / rate_hz))
		self->n_upsets++;
	self->next_time = now + n_frames;
	self->last_us = now_us;
}

static int on_process(jack_nframes_t n_frames, void *user)
{
	struct player *self = user;

	clock_in(self, n_frames);
	play(self, n_frames);
	keep(self, n_frames);
	self->at += n_frames;
	return 0;
}

static int on_xrun(void *user)
{
	struct player *self = user;

	self->n_upsets++;
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
	uint64_t jack_skips, jack_xruns, pipewire_xruns, player_upsets;
	uint64_t underruns[LEAT_N_DIRECTIONS], lost[LEAT_N_DIRECTIONS];
	uint64_t inserted[LEAT_N_DIRECTIONS], slips[LEAT_N_DIRECTIONS];
};

static struct counts take_counts(struct leat_link_status *status)
{
	struct counts counts = { 0 };

	CU_ASSERT_FATAL(bridge_status(status));
	counts.jack_skips = status->jack.skipped_periods;
	counts.jack_xruns = status->jack.xruns;
	counts.pipewire_xruns = status->pipewire.xruns;
	counts.player_upsets = player.n_upsets;
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		counts.underruns[d] = status->direction[d].underruns;
		counts.lost[d] = status->direction[d].lost;
		counts.inserted[d] = status->direction[d].inserted;
		counts.slips[d] = status->direction[d].slips;
	}
	return counts;
}

/* How far the slow tone is behind, in turns. */
static double turns_behind(void)
{
	static double phases[96000];

	for (uint32_t i = 0; i < rate_hz; i++)
		phases[i] = 2 * M_PI * tone_hz[1] *
			    (double)((player.from + i) % rate_hz) / rate_hz;
	return -sine_fit(player.kept[1], phases, rate_hz).phase / (2 * M_PI);
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
	measured = turns_behind() * turn;
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

static void check_tone(double *sinad_db)
{
	double pitch;
	struct sine_fit fit = sine_fit_free(player.kept[0],
					    2 * M_PI * tone_hz[0] / rate_hz,
					    rate_hz, &pitch);

	CU_ASSERT_DOUBLE_EQUAL(fit.amplitude, 0.5, 0.005);
	CU_ASSERT_DOUBLE_EQUAL(pitch, 1, PITCH_MOST);
	CU_ASSERT(fit.sinad_db > SINAD_LEAST_DB);
	*sinad_db = fit.sinad_db;
}

/*
 * One second; true if nothing has disturbed the servers' clocks in it nor so
 * shortly before that the loop is still at it.
 */
static bool look_at_window(double *sinad_db)
{
	static struct counts last;
	static int quiet_s;
	struct leat_link_status status;
	struct counts counts;

	player.n_kept = 0;
	player.keeps = true;
	CU_ASSERT_FATAL(wait_for(window_over, NULL, 5000));
	player.keeps = false;
	counts = take_counts(&status);
	quiet_s = memcmp(&last, &counts, sizeof(counts)) == 0 ? quiet_s + 1 : 0;
	last = counts;
	if (quiet_s <= QUIET_S)
		return false;
	check_tone(sinad_db);
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
	/* A machine that never keeps quiet shows nothing. */
	too_loud = n_whole == 0;
	if (too_loud)
		return;
	printf("%u Hz: 1 kHz in windows of 1 s, there and back: SINAD %.1f dB "
	       "in the mean, %.1f at least; %d of %d seconds undisturbed\n",
	       rate_hz, sum_db / n_whole, least_db, n_whole, n);
}

static void test_ends_cleanly(void)
{
	if (player.client)
		jack_client_close(player.client);
	helper_stop(&pass);
	CU_ASSERT_EQUAL(bridge_stop_pipewire_side(&bridge), 0);
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
	int res;

	if (argc < 2)
		return 2;
	rate_hz = (uint32_t)atoi(argv[1]);
	why = bridge_init(&bridge, 256);
	if (why) {
		printf("skipped: %s\n", why);
		return SANDBOX_SKIP;
	}
	bridge.jack.rate_hz = rate_hz;
	bridge.jack.synchronous = true;
	bridge.pipewire.quantum = 256;
	/* Where the rates differ, that is chosen by itself. */
	bridge.mode = rate_hz == 48000 ? "adaptive" : NULL;
	res = unit_run(tests, sizeof(tests) / sizeof(tests[0]), 1, argv);
	if (res != 0 || !too_loud)
		return res;
	printf("skipped: this machine kept no clock steady for %d s\n",
	       QUIET_S);
	return SANDBOX_SKIP;
}
