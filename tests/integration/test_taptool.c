/* SPDX-License-Identifier: MIT */
/*
 * test_taptool [long]: leat-tap on a real bridge. Recordings are what was sent, to the
 * bit, and as long as it took, whatever happened meanwhile.
 *
 * The circle's counting signal goes round: what JACK sends, PipeWire passes on
 * in the same cycle, so both directions carry the same frame at the same
 * position.
 */
#include "tap_run.h"

#include "unit/runner.h"

#include <CUnit/CUnit.h>

#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RATE 48000
#define PERIOD 256
#define HISTORY "4" /* seconds */
#define RUN_MS 30000

static struct bridge bridge;
static struct circle circle;
static bool up;

static const char *in_sandbox(const char *name)
{
	static char path[8][256];
	static int at;

	at = (at + 1) % 8;
	return sandbox_path(&bridge.sandbox, name, path[at], sizeof(path[at]));
}

static uint64_t count_disturbances(void)
{
	struct leat_link_status status;

	if (!bridge_status(&status))
		return 0;
	return status.jack.skipped_periods + status.pipewire.xruns +
	       status.direction[LEAT_TO_JACK].underruns;
}

static void test_comes_up(void)
{
	static const char *const args[] = { "--history", HISTORY, NULL };

	bridge.jack_side_args = args;
	up = bridge_start(&bridge) && circle_start(&circle, &bridge);
	if (!up)
		bridge_show(&bridge);
	CU_ASSERT_FATAL(up);
	CU_ASSERT_FATAL(circle_wait_exact(&circle, RATE / 2, 20000));
}

/* ---- recordings ---- */

static void show_file(const char *name)
{
	char marks[256];

	snprintf(marks, sizeof(marks), "%s.marks", name);
	sandbox_show(&bridge.sandbox, marks);
}

/* Wants all of it but silence that is marked; and its length is true. */
static void check_tape(const char *name, uint32_t n_channels, uint64_t n_frames)
{
	CU_ASSERT(tape_is_true(in_sandbox(name), n_channels, RATE, n_frames));
}

static void test_bit_exact(void)
{
	char text[2048];

	CU_ASSERT_FATAL(up);
	CU_ASSERT_EQUAL(tap_run(text, sizeof(text), RUN_MS, "record",
				"--duration=3s", in_sandbox("one.wav"), LINK,
				NULL),
			0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "144000 frames x 2 channels"));
	fputs(text, stderr);
	check_tape("one.wav", 2, 3 * RATE);
}

/* Frame by frame side by side: what came back is what was sent. */
static void test_both_directions(void)
{
	uint64_t before = count_disturbances(), n_differ = 0;
	struct tape_file file;
	char text[2048];

	CU_ASSERT_FATAL(up);
	CU_ASSERT_EQUAL(tap_run(text, sizeof(text), RUN_MS, "record",
				"--duration=3s", "--direction=both",
				in_sandbox("both.w64"), LINK, NULL),
			0);
	check_tape("both.w64", 4, 3 * RATE);
	CU_ASSERT_FATAL(tape_load(&file, in_sandbox("both.w64")));
	for (uint64_t i = 0; i < file.n_frames; i++)
		n_differ += memcmp(&file.samples[i * 4],
				   &file.samples[i * 4 + 2],
				   2 * sizeof(float)) != 0;
	if (count_disturbances() == before) {
		CU_ASSERT_EQUAL(n_differ, 0);
	} else {
		CU_ASSERT(n_differ < file.n_frames / 2);
	}
	tape_free(&file);
}

static void test_time_machine(void)
{
	char text[2048];
	long long began = now_ms();

	CU_ASSERT_FATAL(up);
	CU_ASSERT_EQUAL(tap_run(text, sizeof(text), RUN_MS, "record",
				"--from=3s", "--duration=2.5s",
				in_sandbox("past.caf"), LINK, NULL),
			0);
	/* All of it was there already. */
	CU_ASSERT(now_ms() - began < 1500);
	check_tape("past.caf", 2, 5 * RATE / 2);
	/* More than there is: as much as there is, and a word. */
	CU_ASSERT_EQUAL(tap_run(text, sizeof(text), RUN_MS, "record",
				"--from=1h", "--duration=1s", "--force",
				in_sandbox("past.caf"), LINK, NULL),
			0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "remembers"));
	check_tape("past.caf", 2, RATE);
}

static void test_split(void)
{
	struct tape_file whole = { 0 }, part;
	struct tape_marks none = { 0 };
	struct tape_count count;
	char text[2048], name[64];

	CU_ASSERT_FATAL(up);
	CU_ASSERT_EQUAL(tap_run(text, sizeof(text), RUN_MS, "record",
				"--from=3s", "--split=1s", "--duration=3500ms",
				in_sandbox("part.wav"), LINK, NULL),
			0);
	whole.n_channels = 2;
	whole.samples = malloc(4 * RATE * 2 * sizeof(float));
	for (int i = 1; i <= 4; i++) {
		snprintf(name, sizeof(name), "part-%03d.wav", i);
		CU_ASSERT_FATAL(tape_load(&part, in_sandbox(name)));
		CU_ASSERT_EQUAL(part.n_frames, i < 4 ? RATE : RATE / 2);
		memcpy(whole.samples + whole.n_frames * 2, part.samples,
		       part.n_frames * 2 * sizeof(float));
		whole.n_frames += part.n_frames;
		tape_free(&part);
	}
	if (whole.n_frames == 7 * RATE / 2) {
		struct tape_marks marks;

		CU_ASSERT(tape_load_marks(&marks, in_sandbox("part-001.wav")));
		tape_judge(&count, &whole, 0, &none);
		/* With no xrun on the way there is nothing to be marked. */
		if (count.n_wrong > 0)
			show_file("part-001.wav");
		CU_ASSERT(count.n_wrong == 0 || count_disturbances() > 0);
		CU_ASSERT(count.n_exact >= 3 * RATE);
	}
	tape_free(&whole);
}

static void test_to_a_pipe(void)
{
	char text[1024], command[1024];
	const char *const argv[] = { "/bin/sh", "-c", command, NULL };
	struct tape_file file;
	struct tape_marks none = { 0 };
	struct tape_count count;
	struct stat st;

	CU_ASSERT_FATAL(up);
	snprintf(command, sizeof(command),
		 "%s/leat-tap record -q --from 1s --duration 1s - " LINK
		 " > %s && %s/leat-tap record -q --format flac --from 1s "
		 "--duration 1s - " LINK " > %s",
		 getenv("LEAT_TAP_DIR"), in_sandbox("pipe.wav"),
		 getenv("LEAT_TAP_DIR"), in_sandbox("pipe.flac"));
	CU_ASSERT_EQUAL(proc_run(argv, NULL, text, sizeof(text), RUN_MS), 0);
	if (text[0])
		fputs(text, stderr);
	CU_ASSERT_EQUAL(stat(in_sandbox("pipe.wav"), &st), 0);
	CU_ASSERT_EQUAL(st.st_size, 88 + RATE * 2 * 4);
	/* libsndfile takes a length that is unknown for all there is. */
	CU_ASSERT_FATAL(tape_load(&file, in_sandbox("pipe.wav")));
	CU_ASSERT_EQUAL(file.n_frames, RATE);
	tape_judge(&count, &file, 0, &none);
	CU_ASSERT(count.n_exact > RATE / 2);
	tape_free(&file);
	CU_ASSERT_FATAL(tape_load(&file, in_sandbox("pipe.flac")));
	CU_ASSERT_EQUAL(file.n_frames, RATE);
	tape_free(&file);
}

/* A reader that takes nothing for four seconds: nothing is lost by that. */
static void test_to_a_slow_pipe(void)
{
	char text[1024], command[1024];
	const char *const argv[] = { "/bin/sh", "-c", command, NULL };
	struct tape_file file;
	struct tape_marks none = { 0 };
	struct tape_count count;
	uint64_t before = count_disturbances();

	CU_ASSERT_FATAL(up);
	snprintf(command, sizeof(command),
		 "%s/leat-tap record -q --duration 5s - " LINK
		 " | (sleep 4; cat) > %s",
		 getenv("LEAT_TAP_DIR"), in_sandbox("slow.wav"));
	CU_ASSERT_EQUAL(proc_run(argv, NULL, text, sizeof(text), RUN_MS), 0);
	CU_ASSERT_FATAL(tape_load(&file, in_sandbox("slow.wav")));
	CU_ASSERT_EQUAL(file.n_frames, 5 * RATE);
	tape_judge(&count, &file, 0, &none);
	CU_ASSERT(count.n_exact == 5 * RATE || count_disturbances() > before);
	tape_free(&file);
}

static bool is_growing(void *arg)
{
	struct stat st;

	return stat(arg, &st) == 0 && st.st_size > 200000;
}

/* ---- what goes wrong ---- */

static void test_interrupted(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct proc proc = { 0 };

	CU_ASSERT_FATAL(up);
	for (int i = 0; i < 3; i++) {
		struct tape_file file;
		char path[256];

		snprintf(path, sizeof(path), "%s", in_sandbox("int.wav"));
		CU_ASSERT_FATAL(tap_start(&proc, &bridge, "int.log", "record",
					  "--force", path, LINK, NULL));
		CU_ASSERT(wait_for(is_growing, path, 10000));
		proc_signal(&proc, signals[i]);
		CU_ASSERT(proc_wait(&proc, 5000));
		CU_ASSERT_EQUAL(proc_exit_status(&proc), 0);
		CU_ASSERT_FATAL(tape_load(&file, path));
		check_tape("int.wav", 2, file.n_frames);
		tape_free(&file);
		unlink(path);
	}
}

static void test_killed(void)
{
	struct proc proc = { 0 };
	struct tape_file file;
	struct tape_marks none = { 0 };
	struct tape_count count;

	CU_ASSERT_FATAL(up);
	CU_ASSERT_FATAL(tap_start(&proc, &bridge, "kill.log", "record",
				  in_sandbox("kill.wav"), LINK, NULL));
	sleep_ms(3500);
	proc_kill(&proc);
	CU_ASSERT_FATAL(tape_load(&file, in_sandbox("kill.wav")));
	/* The header is brought up to date once a second. */
	CU_ASSERT(file.n_frames > 2 * RATE - RATE / 4);
	tape_judge(&count, &file, 0, &none);
	CU_ASSERT(count.n_exact > file.n_frames * 9 / 10);
	tape_free(&file);
}

/* Stopped for longer than the link remembers, and no frame is told wrong. */
static void test_frozen(void)
{
	struct proc proc = { 0 };
	struct tape_file file;
	struct tape_marks marks;
	uint64_t lost;

	CU_ASSERT_FATAL(up);
	CU_ASSERT_FATAL(tap_start(&proc, &bridge, "frozen.log", "record",
				  in_sandbox("frozen.wav"), LINK, NULL));
	sleep_ms(1000);
	proc_signal(&proc, SIGSTOP);
	sleep_ms(7000);
	proc_signal(&proc, SIGCONT);
	sleep_ms(1000);
	CU_ASSERT_EQUAL(proc_stop(&proc, 5000), 0);
	CU_ASSERT_FATAL(tape_load(&file, in_sandbox("frozen.wav")));
	CU_ASSERT_FATAL(tape_load_marks(&marks, in_sandbox("frozen.wav")));
	lost = tape_marked(&marks, "lost");
	/* It lost what it was away for, less what is remembered. */
	CU_ASSERT(lost > RATE && lost < 4 * RATE);
	fprintf(stderr, "frozen for 7 s: %" PRIu64 " frames lost and marked\n",
		lost);
	CU_ASSERT(file.n_frames > 85 * RATE / 10);
	check_tape("frozen.wav", 2, file.n_frames);
	tape_free(&file);
}

static uint64_t first_away(const struct tape_marks *marks)
{
	for (unsigned i = 0; i < marks->n; i++)
		if (strcmp(marks->mark[i].kind, "away") == 0)
			return marks->mark[i].position;
	return 0;
}

/* JACK's side is killed and comes back: the same file goes on. */
static void test_restarted(void)
{
	struct proc proc = { 0 };
	struct tape_file file;
	struct tape_marks marks;
	struct tape_count count;

	CU_ASSERT_FATAL(up);
	CU_ASSERT_FATAL(tap_start(&proc, &bridge, "restart.log", "record",
				  in_sandbox("restart.wav"), LINK, NULL));
	sleep_ms(1000);
	proc_kill(&bridge.jack_side);
	sleep_ms(1500);
	CU_ASSERT_FATAL(bridge_start_jack_side(&bridge));
	CU_ASSERT_FATAL(bridge_wait_state("running", 10000));
	CU_ASSERT_FATAL(circle_connect(&circle));
	sleep_ms(2000);
	CU_ASSERT_EQUAL(proc_stop(&proc, 5000), 0);
	CU_ASSERT_FATAL(tape_load(&file, in_sandbox("restart.wav")));
	CU_ASSERT_FATAL(tape_load_marks(&marks, in_sandbox("restart.wav")));
	CU_ASSERT(tape_marked(&marks, "away") > RATE);
	fprintf(stderr, "restarted: %" PRIu64 " frames of silence\n",
		tape_marked(&marks, "away"));
	/*
	 * By JACK's clock it is known to the frame how long that was. The signal
	 * comes a bit later: its connections are made last.
	 */
	marks.mark[marks.n++] = (struct tape_mark){
		.position = first_away(&marks),
		.n_frames = tape_marked(&marks, "away") + RATE,
	};
	tape_judge(&count, &file, 0, &marks);
	CU_ASSERT(tape_slack_is_told(count.slack, &marks));
	CU_ASSERT_EQUAL(count.n_wrong, 0);
	CU_ASSERT(count.n_exact > 2 * RATE);
	if (count.n_wrong > 0 || !tape_slack_is_told(count.slack, &marks))
		show_file("restart.wav");
	tape_free(&file);
}

#define N_TAPS 64
#define N_RECORDING 8

static void test_many(void)
{
	static struct proc taps[N_TAPS];
	char name[64], log[64];

	CU_ASSERT_FATAL(up);
	CU_ASSERT_FATAL(circle_wait_exact(&circle, RATE / 2, 20000));
	for (int i = 0; i < N_TAPS; i++) {
		bool started;

		snprintf(name, sizeof(name), "many-%d.wav", i);
		snprintf(log, sizeof(log), "many-%d.log", i);
		if (i < N_RECORDING)
			started = tap_start(&taps[i], &bridge, log, "record",
					    "--duration=3s", in_sandbox(name),
					    LINK, NULL);
		else
			started = tap_start(&taps[i], &bridge, log, "record",
					    "--duration=3s", "--quiet",
					    "--force", "--format=wav",
					    in_sandbox(name), LINK, NULL);
		CU_ASSERT_FATAL(started);
	}
	for (int i = 0; i < N_TAPS; i++) {
		CU_ASSERT(proc_wait(&taps[i], 30000));
		CU_ASSERT_EQUAL(proc_exit_status(&taps[i]), 0);
	}
	for (int i = 0; i < N_TAPS; i++) {
		snprintf(name, sizeof(name), "many-%d.wav", i);
		check_tape(name, 2, 3 * RATE);
		unlink(in_sandbox(name));
	}
}

/* ---- bad input ---- */

struct refusal {
	const char *argv[8];
	int status;
	const char *says;
};

static unsigned count_lines(const char *text)
{
	unsigned n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static bool is_one_sentence(const char *text)
{
	const char *second = strchr(text, '\n');

	return second &&
	       (count_lines(text) == 1 || strncmp(second + 1, "Try `", 5) == 0);
}

static void check_refusals(const struct refusal *refusals, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct refusal *r = &refusals[i];
		char text[2048];
		int status = tap_run(text, sizeof(text), RUN_MS, r->argv[0],
				     r->argv[1], r->argv[2], r->argv[3],
				     r->argv[4], r->argv[5], NULL);

		CU_ASSERT_EQUAL(status, r->status);
		CU_ASSERT(is_one_sentence(text));
		CU_ASSERT_PTR_NOT_NULL(strstr(text, r->says));
		if (status != r->status || !is_one_sentence(text) ||
		    !strstr(text, r->says))
			fprintf(stderr, "%s %s: status %d, says: %s",
				r->argv[0], r->argv[1] ? r->argv[1] : "",
				status, text);
	}
}

static void test_refusals(void)
{
	const struct refusal refusals[] = {
		{ { "nonsense" }, 2, "'nonsense'" },
		{ { NULL }, 2, "say what to do" },
		{ { "record" }, 2, "name the file" },
		{ { "record", "--nonsense" }, 2, "--nonsense" },
		{ { "record", "x.wav", "nowhere" }, 2, "'" LINK "'" },
		{ { "record", "x.mp3", LINK }, 2, "wav, rf64" },
		{ { "record", "x", LINK }, 2, "there is no format" },
		{ { "record", "--format=aiff", "x.wav", LINK }, 2, "'aiff'" },
		{ { "record", "/nowhere/x.wav", LINK }, 2, "/nowhere/x.wav" },
		{ { "record", "/proc/x.wav", LINK }, 2, "cannot write" },
		{ { "record", in_sandbox("one.wav"), LINK }, 2, "--force" },
		{ { "record", "--force", "/dev/full", "--format=wav", LINK },
		  2,
		  "not a file" },
		{ { "record", "--from=soon", "x.wav", LINK }, 2, "'soon'" },
		{ { "record", "--from=-1", "x.wav", LINK }, 2, "'-1'" },
		{ { "record", "--duration=0", "x.wav", LINK }, 2, "at least" },
		{ { "record", "--split=10ms", "x.wav", LINK }, 2, "at least" },
		{ { "record", "--duration=400d", "x.wav", LINK }, 2, "'400d'" },
		{ { "record", "--direction=up", "x.wav", LINK }, 2, "'up'" },
		{ { "record", "--split=1h", "-", LINK }, 2, "--split" },
		{ { "record", "--format=w64", "-", LINK }, 2, "pipe" },
		{ { "record", "x.wav", "a/b" }, 2, "a/b" },
		{ { "record", "x.wav", LINK, "more" }, 2, "one link" },
	};

	CU_ASSERT_FATAL(up);
	check_refusals(refusals, sizeof(refusals) / sizeof(refusals[0]));
}

/* ---- a WAV through the bridge ---- */

#define VOICE "/usr/share/sounds/alsa/Front_Center.wav"

/* Where a channel of a tape has all of a file, bit by bit; -1: nowhere. */
static int64_t find_voice(const struct tape_file *tape, uint32_t channel,
			  const struct tape_file *voice)
{
	uint64_t loud = 0;

	while (loud < voice->n_frames && fabsf(voice->samples[loud]) < 0.1f)
		loud++;
	for (uint64_t at = loud; at + voice->n_frames <= tape->n_frames + loud;
	     at++) {
		uint64_t i = 0;

		while (i < voice->n_frames &&
		       memcmp(&tape->samples[(at - loud + i) *
						     tape->n_channels +
					     channel],
			      &voice->samples[i], sizeof(float)) == 0)
			i++;
		if (i == voice->n_frames)
			return (int64_t)(at - loud);
	}
	return -1;
}

/*
 * leat-verify plays it from PipeWire to JACK and back, and looks at it itself:
 * where it found all of it, so has the recording, both ways.
 */
static void test_voice(void)
{
	char program[512], text[2048];
	const char *const argv[] = { program, "--play", VOICE, LINK, NULL };
	struct proc proc = { 0 };
	struct tape_file tape, voice;
	int64_t to_pipewire, to_jack;
	int status;

	CU_ASSERT_FATAL(up);
	circle_stop(&circle);
	if (!tape_load(&voice, VOICE)) {
		printf("skipped: there is no " VOICE "\n");
		return;
	}
	CU_ASSERT_FATAL(tap_start(&proc, &bridge, "voice.log", "record",
				  "--direction=both", in_sandbox("voice.wav"),
				  LINK, NULL));
	snprintf(program, sizeof(program), "%s/leat-verify",
		 getenv("LEAT_VERIFY_DIR"));
	status = proc_run(argv, NULL, text, sizeof(text), RUN_MS);
	sleep_ms(1200);
	CU_ASSERT_EQUAL(proc_stop(&proc, 5000), 0);
	fputs(text, stderr);
	CU_ASSERT_FATAL(tape_load(&tape, in_sandbox("voice.wav")));
	to_pipewire = find_voice(&tape, 0, &voice);
	to_jack = find_voice(&tape, 2, &voice);
	if (status == 0) {
		CU_ASSERT(to_pipewire >= 0);
		CU_ASSERT(to_jack >= 0);
		/* The loop in JACK, and the way to it. */
		CU_ASSERT_EQUAL(to_pipewire - to_jack, 2 * PERIOD);
	}
	tape_free(&tape);
	tape_free(&voice);
}

static void test_ends_cleanly(void)
{
	CU_ASSERT_EQUAL(proc_stop(&bridge.pipewire_side, 3000), 0);
	CU_ASSERT_EQUAL(proc_stop(&bridge.jack_side, 3000), 0);
	CU_ASSERT_EQUAL(bridge_finish(&bridge), 0);
}

/* What ./check has time for. */
static const struct unit_test quick[] = {
	{ "record", "comes up", test_comes_up },
	{ "record", "every bit", test_bit_exact },
	{ "record", "both directions", test_both_directions },
	{ "record", "from before now", test_time_machine },
	{ "record", "refused", test_refusals },
	{ "record", "interrupted", test_interrupted },
	{ "record", "the bridge restarts", test_restarted },
	{ "record", "a WAV through the bridge", test_voice },
	{ "record", "ends cleanly", test_ends_cleanly },
};

static const struct unit_test tests[] = {
	{ "record", "comes up", test_comes_up },
	{ "record", "every bit", test_bit_exact },
	{ "record", "both directions", test_both_directions },
	{ "record", "from before now", test_time_machine },
	{ "record", "in parts", test_split },
	{ "record", "to a pipe", test_to_a_pipe },
	{ "record", "to a slow pipe", test_to_a_slow_pipe },
	{ "record", "refused", test_refusals },
	{ "record", "interrupted", test_interrupted },
	{ "record", "killed", test_killed },
	{ "record", "frozen", test_frozen },
	{ "record", "64 at once", test_many },
	{ "record", "the bridge restarts", test_restarted },
	{ "record", "a WAV through the bridge", test_voice },
	{ "record", "ends cleanly", test_ends_cleanly },
};

int main(int argc, char **argv)
{
	const char *why = bridge_init(&bridge, PERIOD);

	if (why) {
		printf("skipped: %s\n", why);
		return SANDBOX_SKIP;
	}
	if (argc > 1 && strcmp(argv[1], "long") == 0)
		return unit_run(tests, sizeof(tests) / sizeof(tests[0]), 1,
				argv);
	return unit_run(quick, sizeof(quick) / sizeof(quick[0]), argc, argv);
}
