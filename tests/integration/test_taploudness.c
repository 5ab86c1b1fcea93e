/* SPDX-License-Identifier: MIT */
/*
 * leat-tap meter against ffmpeg's ebur128, which is another implementation: on
 * three recordings, each played in JACK once, measured live, recorded beside
 * that, and the recording measured by ffmpeg.
 */
#include "tap_run.h"

#include "unit/runner.h"

#include <CUnit/CUnit.h>

#include <jack/jack.h>
#include <sndfile.h>

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define RATE 48000
#define SECONDS 10
#define N_FRAMES (RATE * SECONDS)
#define TOLERANCE_LU 0.1

/* Plays planes once, from when it is told to. */
struct deck {
	jack_client_t *client;
	jack_port_t *ports[2];
	float *planes[2];
	atomic_uint at; /* N_FRAMES: it is over */
};

static struct bridge bridge;
static struct deck deck;
static bool up;

static int on_process(jack_nframes_t n_frames, void *user)
{
	struct deck *self = user;
	unsigned at = atomic_load(&self->at), n = N_FRAMES - at;

	if (n > n_frames)
		n = n_frames;
	for (int c = 0; c < 2; c++) {
		float *out = jack_port_get_buffer(self->ports[c], n_frames);

		memset(out, 0, n_frames * sizeof(float));
		memcpy(out, self->planes[c] + at, n * sizeof(float));
	}
	atomic_store(&self->at, at + n);
	return 0;
}

static bool open_deck(void)
{
	deck.client = jack_client_open("deck",
				       JackNoStartServer | JackServerName, NULL,
				       bridge.jack.name);
	if (!deck.client)
		return false;
	for (int c = 0; c < 2; c++) {
		deck.planes[c] = calloc(N_FRAMES, sizeof(float));
		deck.ports[c] = jack_port_register(
			deck.client, c ? "right" : "left",
			JACK_DEFAULT_AUDIO_TYPE, JackPortIsOutput, 0);
	}
	atomic_store(&deck.at, N_FRAMES);
	mlockall(MCL_CURRENT);
	jack_set_process_callback(deck.client, on_process, &deck);
	return jack_activate(deck.client) == 0 &&
	       jack_connect(deck.client, "deck:left",
			    "leat-test:to_pipewire_FL") == 0 &&
	       jack_connect(deck.client, "deck:right",
			    "leat-test:to_pipewire_FR") == 0;
}

static void test_comes_up(void)
{
	up = bridge_start(&bridge) && open_deck();
	if (!up)
		bridge_show(&bridge);
	CU_ASSERT_FATAL(up);
}

/* ---- three sounds ---- */

static double noise(void)
{
	static uint32_t state = 1;

	state = state * 1664525u + 1013904223u;
	return (double)(int32_t)state / 2147483648.0;
}

/* A voice, that comes with alsa-utils: at left, at right, and in the middle. */
static bool load_voice(void)
{
	static const char *const names[] = { "Front_Left",   "Front_Right",
					     "Front_Center", "Rear_Left",
					     "Rear_Right",   "Side_Left" };
	uint32_t at = 0;

	for (int i = 0; i < 6; i++) {
		char path[128];
		SF_INFO info = { .format = 0 };
		SNDFILE *file;
		float frame;

		snprintf(path, sizeof(path), "/usr/share/sounds/alsa/%s.wav",
			 names[i]);
		file = sf_open(path, SFM_READ, &info);
		if (!file)
			return false;
		while (at < N_FRAMES && sf_readf_float(file, &frame, 1) == 1) {
			deck.planes[0][at] = i % 3 == 1 ? 0 : frame;
			deck.planes[1][at++] = i % 3 == 0 ? 0 : frame * 0.7f;
		}
		sf_close(file);
	}
	return at > 5 * RATE;
}

/* Noise in steps of 2 dB, a bit different on both sides. */
static bool make_noise(void)
{
	double low[2] = { 0, 0 };

	for (uint32_t i = 0; i < N_FRAMES; i++)
		for (int c = 0; c < 2; c++) {
			double step = pow(10, -2.0 * (i / (2 * RATE)) / 20);

			low[c] = 0.95 * low[c] + 0.05 * noise();
			deck.planes[c][i] =
				(float)(step * (low[c] + 0.1 * noise()));
		}
	return true;
}

/*
 * Plucked notes, near the absolute gate. They do not fall below the relative
 * one: where they do, it depends on where the blocks of 400 ms begin whether a
 * block counts, and that differs between a meter and a recording.
 */
static bool make_notes(void)
{
	for (uint32_t i = 0; i < N_FRAMES; i++) {
		double t = (double)(i % (RATE * 3 / 2)) / RATE;
		double hz = 110 * pow(2, (i / (RATE * 3 / 2)) * 5 / 12.0);
		double value = 0.02 * exp(-0.6 * t) *
			       (sin(2 * M_PI * hz * t) +
				0.5 * sin(2 * M_PI * 3.01 * hz * t));

		deck.planes[0][i] = (float)value;
		deck.planes[1][i] = (float)(-0.5 * value);
	}
	return true;
}

/* ---- two measurements ---- */

static double number_after(const char *text, const char *key)
{
	const char *found = NULL;

	for (const char *at = text; (at = strstr(at, key)); at++)
		found = at;
	return found ? atof(found + strlen(key)) : (double)NAN;
}

static double ask_ffmpeg(const char *path)
{
	const char *const argv[] = { "ffmpeg",	"-nostdin", "-hide_banner",
				     "-i",	path,	    "-af",
				     "ebur128", "-f",	    "null",
				     "-",	NULL };
	static char text[1 << 20];

	if (proc_run(argv, NULL, text, sizeof(text), 60000) != 0)
		return (double)NAN;
	return number_after(text, "  I:");
}

static bool is_over(void *unused)
{
	(void)unused;
	return atomic_load(&deck.at) == N_FRAMES;
}

static void compare(const char *name)
{
	struct proc recorder = { 0 };
	char path[256], text[4096];
	double meter, ffmpeg;

	sandbox_path(&bridge.sandbox, "sound.wav", path, sizeof(path));
	CU_ASSERT_FATAL(tap_start(&recorder, &bridge, "record.log", "record",
				  "--force", path, LINK, NULL));
	sleep_ms(700);
	atomic_store(&deck.at, 0);
	CU_ASSERT_EQUAL(tap_run(text, sizeof(text), 30000, "meter", "--once",
				"--json", "--from=1s", "--duration=12s", LINK,
				NULL),
			0);
	CU_ASSERT(wait_for(is_over, NULL, 5000));
	CU_ASSERT_EQUAL(proc_stop(&recorder, 5000), 0);
	meter = number_after(text, "\"integrated\":");
	ffmpeg = ask_ffmpeg(path);
	printf("%s: meter %.2f LUFS, ffmpeg %.1f LUFS\n", name, meter, ffmpeg);
	/* Here ffmpeg has one decimal. */
	CU_ASSERT(fabs(meter - ffmpeg) <= TOLERANCE_LU + 1e-9);
}

static void test_voice(void)
{
	CU_ASSERT_FATAL(up);
	CU_ASSERT_FATAL(load_voice());
	compare("voice");
}

static void test_noise(void)
{
	CU_ASSERT_FATAL(up);
	CU_ASSERT_FATAL(make_noise());
	compare("noise");
}

static void test_notes(void)
{
	CU_ASSERT_FATAL(up);
	CU_ASSERT_FATAL(make_notes());
	compare("notes");
}

static void test_ends_cleanly(void)
{
	if (deck.client)
		jack_client_close(deck.client);
	for (int c = 0; c < 2; c++)
		free(deck.planes[c]);
	CU_ASSERT_EQUAL(bridge_finish(&bridge), 0);
}

static const struct unit_test tests[] = {
	{ "loudness", "comes up", test_comes_up },
	{ "loudness", "a voice", test_voice },
	{ "loudness", "noise", test_noise },
	{ "loudness", "notes", test_notes },
	{ "loudness", "ends cleanly", test_ends_cleanly },
};

static bool ffmpeg_is_there(void)
{
	const char *const argv[] = { "ffmpeg", "-version", NULL };
	char text[4096];

	return proc_run(argv, NULL, text, sizeof(text), 20000) == 0;
}

int main(int argc, char **argv)
{
	const char *why = bridge_init(&bridge, 256);

	if (!why && !ffmpeg_is_there())
		why = "ffmpeg is not installed";
	if (why) {
		printf("skipped: %s\n", why);
		return SANDBOX_SKIP;
	}
	return unit_run(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
