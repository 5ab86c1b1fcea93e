/* SPDX-License-Identifier: MIT */
/*
 * leat-tap's meter on signals whose values are known: those of EBU Tech 3341
 * and of ITU-R BS.1770-4 first of all.
 */
#include "runner.h"

#include "tools/tap/loudness.h"
#include "tools/tap/meter_text.h"
#include "tools/tap/meter_view.h"

#include <leat/positions.h>

#include <CUnit/CUnit.h>

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define RATE 48000u
#define BLOCK 480u

static const uint8_t stereo[] = { LEAT_POSITION_FL, LEAT_POSITION_FR };
static const uint8_t surround[] = { LEAT_POSITION_FL, LEAT_POSITION_FR,
				    LEAT_POSITION_FC, LEAT_POSITION_LFE,
				    LEAT_POSITION_SL, LEAT_POSITION_SR };

static double from_db(double db)
{
	return pow(10, db / 20);
}

/* A sine of so many dB in each channel; its phase goes on from call to call. */
struct player {
	struct loudness *loudness;
	uint32_t n_channels;
	double hz;
	double level[LEAT_CHANNELS_MAX];
	double phase[LEAT_CHANNELS_MAX]; /* turns */
	uint64_t at;
};

static void play(struct player *player, double seconds)
{
	static float samples[LEAT_CHANNELS_MAX][BLOCK];
	const float *planes[LEAT_CHANNELS_MAX];
	uint64_t n = (uint64_t)llround(seconds * RATE);

	for (uint32_t c = 0; c < player->n_channels; c++)
		planes[c] = samples[c];
	while (n > 0) {
		uint32_t piece = n < BLOCK ? (uint32_t)n : BLOCK;

		for (uint32_t c = 0; c < player->n_channels; c++)
			for (uint32_t i = 0; i < piece; i++) {
				double turns =
					player->hz * (double)(player->at + i) /
						RATE +
					player->phase[c];

				samples[c][i] = (float)(player->level[c] *
							sin(2 * M_PI * turns));
			}
		loudness_add(player->loudness, planes, 0, piece);
		player->at += piece;
		n -= piece;
	}
}

static void open_player(struct player *player, uint32_t n_channels,
			const uint8_t *positions, double hz, double db)
{
	*player = (struct player){ .n_channels = n_channels, .hz = hz };
	CU_ASSERT_EQUAL_FATAL(
		loudness_create(&player->loudness, RATE, n_channels, positions),
		0);
	for (uint32_t c = 0; c < n_channels; c++)
		player->level[c] = from_db(db);
}

static void set_level(struct player *player, double db)
{
	for (uint32_t c = 0; c < player->n_channels; c++)
		player->level[c] = from_db(db);
}

static struct loudness_values values_of(struct player *player)
{
	struct loudness_values values;

	loudness_take(player->loudness, &values);
	return values;
}

static void near(double value, double wanted, double tolerance)
{
	CU_ASSERT(fabs(value - wanted) <= tolerance);
	if (!(fabs(value - wanted) <= tolerance))
		fprintf(stderr, "%g is not %g\n", value, wanted);
}

/* EBU Tech 3341, table 1, case 1 and 2: stereo, 1 kHz, both channels alike. */
static void test_reference_levels(void)
{
	static const double levels[] = { -23, -33 };

	for (int i = 0; i < 2; i++) {
		struct player player;
		struct loudness_values values;

		open_player(&player, 2, stereo, 1000, levels[i]);
		play(&player, 20);
		values = values_of(&player);
		near(values.momentary, levels[i], 0.1);
		near(values.short_term, levels[i], 0.1);
		near(values.integrated, levels[i], 0.1);
		loudness_destroy(player.loudness);
	}
}

/* BS.1770-4: a 997 Hz sine of full scale in one front channel is -3.01 LKFS. */
static void test_one_channel(void)
{
	struct player player;

	open_player(&player, 2, stereo, 997, 0);
	player.level[1] = 0;
	play(&player, 3.5);
	near(values_of(&player).momentary, -3.01, 0.05);
	loudness_destroy(player.loudness);
}

/* Tech 3341, case 3: -36 for 10 s, -23 for 60 s, -36 for 10 s: the gate. */
static void test_gate(void)
{
	struct player player;

	open_player(&player, 2, stereo, 1000, -36);
	play(&player, 10);
	set_level(&player, -23);
	play(&player, 60);
	set_level(&player, -36);
	play(&player, 10);
	near(values_of(&player).integrated, -23, 0.1);
	loudness_destroy(player.loudness);
}

/* Tech 3341, case 6: 5.0, -28 L R, -24 C, -30 Ls Rs, is -23; LFE is ignored. */
static void test_surround(void)
{
	static const double db[] = { -28, -28, -24, 0, -30, -30 };
	struct player player;

	open_player(&player, 6, surround, 1000, 0);
	for (int c = 0; c < 6; c++)
		player.level[c] = from_db(db[c]);
	play(&player, 20);
	near(values_of(&player).integrated, -23, 0.1);
	loudness_destroy(player.loudness);
}

/*
 * Tech 3341, case 15 and 16: 12 kHz at 48 kHz, -6 dBTP: with the phase of 45
 * degrees its samples never come near its peaks.
 */
static void test_true_peak(void)
{
	struct player player;
	struct loudness_values values;

	open_player(&player, 2, stereo, RATE / 4.0, -6);
	player.phase[0] = player.phase[1] = 0.125;
	play(&player, 1);
	values = values_of(&player);
	near(loudness_db(values.channel[0].peak), -9.01, 0.05);
	CU_ASSERT(loudness_db(values.channel[0].true_peak) > -6.4);
	CU_ASSERT(loudness_db(values.channel[0].true_peak) < -5.8);
	/* Taken: what was since then is silence. */
	set_level(&player, -200);
	play(&player, 0.5);
	(void)values_of(&player);
	play(&player, 0.1);
	values = values_of(&player);
	CU_ASSERT(loudness_db(values.channel[0].true_peak) < -60);
	CU_ASSERT(loudness_db(values.channel[0].max_true_peak) > -6.4);
	loudness_reset_maxima(player.loudness);
	play(&player, 0.1);
	values = values_of(&player);
	CU_ASSERT(loudness_db(values.channel[0].max_true_peak) < -60);
	loudness_destroy(player.loudness);
}

static void test_correlation(void)
{
	struct player player;

	open_player(&player, 2, stereo, 1000, -20);
	CU_ASSERT(isnan(values_of(&player).correlation));
	play(&player, 1);
	near(values_of(&player).correlation, 1, 1e-6);
	player.phase[1] = 0.5;
	play(&player, 3);
	near(values_of(&player).correlation, -1, 1e-3);
	player.phase[1] = 0.25;
	play(&player, 3);
	near(values_of(&player).correlation, 0, 1e-2);
	set_level(&player, -300);
	play(&player, 20);
	CU_ASSERT(isnan(values_of(&player).correlation));
	loudness_destroy(player.loudness);
}

static void test_clips(void)
{
	struct player player;
	struct loudness_values values;

	/* Each half wave is a run of its own. */
	open_player(&player, 2, stereo, 100, 6);
	player.level[1] = 0.999;
	play(&player, 1);
	values = values_of(&player);
	CU_ASSERT_EQUAL(values.channel[0].n_clips, 200);
	CU_ASSERT_EQUAL(values.channel[1].n_clips, 0);
	near(loudness_db(values.channel[0].max_peak), 6, 0.01);
	loudness_destroy(player.loudness);
}

/* One sample that is no number must not be for ever. */
static void test_no_number(void)
{
	const float bad[] = { NAN, INFINITY, -INFINITY };
	const float good[] = { 0, 0, 0 };
	const float *planes[] = { bad, good };
	struct player player;
	struct loudness_values values;

	open_player(&player, 2, stereo, 1000, -23);
	loudness_add(player.loudness, planes, 0, 3);
	play(&player, 5);
	values = values_of(&player);
	CU_ASSERT_EQUAL(values.n_bad, 3);
	near(values.short_term, -23, 0.1);
	CU_ASSERT(isfinite(values.channel[0].max_true_peak));
	loudness_destroy(player.loudness);
}

static void test_limits(void)
{
	uint8_t positions[LEAT_CHANNELS_MAX];
	struct loudness *loudness;

	leat_positions_default(positions, 64);
	CU_ASSERT_EQUAL(loudness_create(&loudness, RATE, 0, positions),
			-EINVAL);
	CU_ASSERT_EQUAL(loudness_create(&loudness, RATE, 65, positions),
			-EINVAL);
	CU_ASSERT_EQUAL_FATAL(
		loudness_create(&loudness, LEAT_RATE_MAX_HZ, 64, positions), 0);
	loudness_destroy(loudness);
	CU_ASSERT_EQUAL_FATAL(
		loudness_create(&loudness, LEAT_RATE_MIN_HZ, 1, positions), 0);
	loudness_destroy(loudness);
	loudness_destroy(NULL);
}

/* ---- words ---- */

static void subject_of(struct meter_subject *subject)
{
	*subject = (struct meter_subject){ .link = "main",
					   .direction = "to_jack",
					   .rate_hz = RATE,
					   .n_missing = 5 };
	memcpy(subject->position, stereo, sizeof(stereo));
}

static const struct loudness_values some_values = {
	.n_frames = 72000,
	.momentary = -22.98,
	.short_term = -HUGE_VAL,
	.integrated = -23.04,
	.correlation = 0.5,
	.n_channels = 2,
	.channel = { { 0.5, 0.51, 1, 1.1, 3 }, { 0, 0, 0, 0, 0 } },
};

static const char *text_of(void (*print)(FILE *, const struct meter_subject *,
					 const struct loudness_values *))
{
	static char text[2048];
	FILE *file = fmemopen(text, sizeof(text), "w");
	struct meter_subject subject;

	memset(text, 0, sizeof(text));
	subject_of(&subject);
	print(file, &subject, &some_values);
	fclose(file);
	return text;
}

static void test_json(void)
{
	CU_ASSERT_STRING_EQUAL(
		text_of(meter_print_json),
		"{\"link\":\"main\",\"direction\":\"to_jack\",\"rate\":48000,"
		"\"frames\":72000,\"seconds\":1.500,\"momentary\":-22.98,"
		"\"short_term\":null,\"integrated\":-23.04,"
		"\"correlation\":0.50,\"missing\":5,\"channels\":["
		"{\"name\":\"FL\",\"peak\":-6.02,\"true_peak\":-5.85,"
		"\"max_peak\":0.00,\"max_true_peak\":0.83,\"clips\":3},"
		"{\"name\":\"FR\",\"peak\":null,\"true_peak\":null,"
		"\"max_peak\":null,\"max_true_peak\":null,\"clips\":0}]}\n");
}

static void test_line(void)
{
	CU_ASSERT_STRING_EQUAL(
		text_of(meter_print_line),
		"0:01 to_jack  M -23.0  S -inf  I -23.0 LUFS  FL -5.8  FR -inf"
		"  max FL 0.8 dBTP  correlation +0.50  clips 3  missing 5\n");
}

/* ---- bars ---- */

static void test_bar(void)
{
	char bar[32];

	CU_ASSERT_EQUAL(meter_view_bar(bar, 10, -60, -60), 0);
	CU_ASSERT_STRING_EQUAL(bar, "          ");
	CU_ASSERT_EQUAL(meter_view_bar(bar, 10, -30, -12), 5);
	CU_ASSERT_STRING_EQUAL(bar, "#####  |  ");
	CU_ASSERT_EQUAL(meter_view_bar(bar, 10, 12, 12), 10);
	CU_ASSERT_STRING_EQUAL(bar, "#########|");
	CU_ASSERT_EQUAL(meter_view_bar(bar, 10, -HUGE_VAL, -HUGE_VAL), 0);
}

/* At once up, 20 dB in 1.7 s down, and the mark stays a while. */
static void test_ballistics(void)
{
	static struct meter_view view;
	struct loudness_values values = { .n_channels = 1 };

	values.channel[0].peak = 1;
	meter_view_update(&view, &values, 0.04);
	near(view.level_db[0], 0, 0.01);
	values.channel[0].peak = 0;
	for (int i = 0; i < 35; i++)
		meter_view_update(&view, &values, 0.04);
	near(view.level_db[0], -1.4 * 20 / 1.7, 0.1);
	near(view.hold_db[0], 0, 0.01);
	for (int i = 0; i < 35; i++)
		meter_view_update(&view, &values, 0.04);
	CU_ASSERT(view.hold_db[0] < -5);
	for (int i = 0; i < 200; i++)
		meter_view_update(&view, &values, 0.04);
	near(view.level_db[0], METER_FLOOR_DB, 0.01);
	near(view.hold_db[0], METER_FLOOR_DB, 0.01);
}

/* Lines and the longest of them, without what ends them. */
static void measure(const char *text, unsigned *n_lines, size_t *longest)
{
	*n_lines = 0;
	*longest = 0;
	while (*text) {
		const char *end = strstr(text, "\033[K\r\n");

		if (!end)
			return;
		if ((size_t)(end - text) > *longest)
			*longest = (size_t)(end - text);
		++*n_lines;
		text = end + 5;
	}
}

static void test_screen_sizes(void)
{
	static const unsigned sizes[][2] = { { 24, 80 }, { 10, 40 },
					     { 4, 80 },	 { 2, 20 },
					     { 1, 1 },	 { 100, 300 } };
	static const uint32_t channels[] = { 1, 2, 8, 64 };
	static struct meter_view views[2];
	static char text[65536];

	for (size_t s = 0; s < 6; s++)
		for (size_t c = 0; c < 4; c++) {
			struct loudness_values values = {
				.n_channels = channels[c], .n_frames = 1
			};
			FILE *file = fmemopen(text, sizeof(text), "w");
			unsigned n_lines;
			size_t longest;

			memset(views, 0, sizeof(views));
			for (int v = 0; v < 2; v++) {
				subject_of(&views[v].subject);
				meter_view_update(&views[v], &values, 0.04);
			}
			memset(text, 0, sizeof(text));
			meter_view_draw(file, views, 2, sizes[s][0],
					sizes[s][1], false);
			fclose(file);
			measure(text, &n_lines, &longest);
			CU_ASSERT(n_lines <= sizes[s][0] - 1);
			if (sizes[s][1] >= 40)
				CU_ASSERT(longest <= sizes[s][1]);
			/* Each has its foot. */
			if (sizes[s][0] >= 10) {
				const char *foot = strstr(text, "LUFS");

				CU_ASSERT_PTR_NOT_NULL_FATAL(foot);
				CU_ASSERT_PTR_NOT_NULL(
					strstr(foot + 1, "LUFS"));
			}
			if (sizes[s][0] == 24 && channels[c] == 2)
				CU_ASSERT_EQUAL(n_lines, 8);
			if (sizes[s][0] == 24 && channels[c] == 64)
				CU_ASSERT_PTR_NOT_NULL(
					strstr(text, "... and "));
		}
}

static const struct unit_test tests[] = {
	{ "loudness", "-23 and -33 LUFS", test_reference_levels },
	{ "loudness", "one channel", test_one_channel },
	{ "loudness", "the gate", test_gate },
	{ "loudness", "surround", test_surround },
	{ "peaks", "between samples", test_true_peak },
	{ "peaks", "clips", test_clips },
	{ "peaks", "what is no number", test_no_number },
	{ "correlation", "1, -1, 0, none", test_correlation },
	{ "limits", "rates and channels", test_limits },
	{ "text", "JSON", test_json },
	{ "text", "a line", test_line },
	{ "view", "bars", test_bar },
	{ "view", "rise and fall", test_ballistics },
	{ "view", "sizes", test_screen_sizes },
};

UNIT_MAIN(tests)
