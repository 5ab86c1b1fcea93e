/* SPDX-License-Identifier: MIT */
/*
 * test_taps_adaptive PPM: taps of a link in adaptive mode, with JACK's clock off
 * by so much. To PipeWire a tap hears what JACK sent, to the bit. To JACK it
 * hears what the ring carries, which is resampled: that is what JACK played, to
 * the bit, and it goes on smoothly wherever no mark says otherwise. So it does
 * when either side is stalled.
 */
#include "drift.h"
#include "ear.h"
#include "tap_run.h"

#include "unit/runner.h"

#include <CUnit/CUnit.h>

#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RATE 48000
#define PERIOD 256
#define TAPE_S 8
#define ROOM_S 180

/* What a stream that begins or ends is faded over, and the block around. */
#define SHAPED (RATE / 200 + 2 * PERIOD)

/*
 * The counting signal rises by 2 / 2^24 from frame to frame; what is resampled
 * does so but for some bits; places that are taken anew are more than 20 frames
 * apart.
 */
#define RISE (2 / 16777216.0)
#define ROUGH (20 * RISE)

static struct bridge bridge;
static struct circle circle;
static struct ear ear;
static struct drift *drift;
static double ppm;
static bool too_loud;

static const char *in_sandbox(const char *name)
{
	static char path[4][256];
	static int at;

	at = (at + 1) % 4;
	return sandbox_path(&bridge.sandbox, name, path[at], sizeof(path[at]));
}

/* ---- coming up ---- */

static const char *bend_clock(void)
{
	static char preload[512], file[300];
	static const char *env[] = { preload, file, NULL };
	const char *library = getenv("LEAT_DRIFT_LIBRARY");

	if (!library)
		return "there is no LEAT_DRIFT_LIBRARY";
	snprintf(preload, sizeof(preload), "LD_PRELOAD=%s", library);
	snprintf(file, sizeof(file), "LEAT_DRIFT=%s", in_sandbox("drift"));
	if (drift_open(&drift, in_sandbox("drift")) < 0)
		return "the clock's file cannot be made";
	drift_set_ppm(drift, ppm);
	bridge.jack.env = env;
	return NULL;
}

static void test_comes_up(void)
{
	static const char *const from[] = { "leat-test:from_pipewire_FL",
					    "leat-test:from_pipewire_FR" };
	bool up = bridge_start_servers(&bridge) &&
		  bridge_start_jack_side(&bridge) &&
		  bridge_start_pipewire_side(&bridge) &&
		  bridge_wait_state("running", 20000) &&
		  circle_start(&circle, &bridge) &&
		  ear_open(&ear, bridge.jack.name, ROOM_S * RATE, from);

	if (!up)
		bridge_show(&bridge);
	CU_ASSERT_FATAL(up);
	CU_ASSERT_FATAL(bridge_wait_frames(2 * RATE, 20000));
}

/* ---- a recording, and what happened meanwhile ---- */

struct session {
	struct proc proc;
	struct leat_link_status before, after;
	uint64_t n_missed;     /* by the ear, before */
	struct tape_file tape; /* to PipeWire, then to JACK */
	struct tape_marks marks;
};

static void begin(struct session *session)
{
	char duration[32];

	memset(session, 0, sizeof(*session));
	snprintf(duration, sizeof(duration), "--duration=%ds", TAPE_S);
	CU_ASSERT_FATAL(bridge_status(&session->before));
	session->n_missed = ear.n_missed;
	CU_ASSERT_FATAL(tap_start(&session->proc, &bridge, "tape.log", "record",
				  "--direction=both", "--force", duration,
				  in_sandbox("tape.wav"), LINK, NULL));
}

static void end(struct session *session)
{
	CU_ASSERT_FATAL(proc_wait(&session->proc, 4000 * TAPE_S));
	CU_ASSERT_EQUAL(proc_exit_status(&session->proc), 0);
	/* JACK has played all of it by then. */
	CU_ASSERT(bridge_wait_frames(RATE, 10000));
	CU_ASSERT_FATAL(bridge_status(&session->after));
	CU_ASSERT_FATAL(tape_load(&session->tape, in_sandbox("tape.wav")));
	CU_ASSERT_FATAL(
		tape_load_marks(&session->marks, in_sandbox("tape.wav")));
	CU_ASSERT_EQUAL(session->tape.n_channels, 4);
	CU_ASSERT_EQUAL(session->tape.n_frames, TAPE_S * RATE);
}

static void finish(struct session *session)
{
	tape_free(&session->tape);
}

/* Whether JACK left its clients, or they it, without a cycle. */
static bool jack_was_late(const struct session *session)
{
	const struct leat_side_status *before = &session->before.jack;
	const struct leat_side_status *after = &session->after.jack;

	return before->skipped_periods != after->skipped_periods ||
	       before->xruns != after->xruns ||
	       session->n_missed != ear.n_missed ||
	       tape_had_xruns(&session->marks);
}

/*
 * Blocks that came after JACK had wanted them: it faded out, and what is on the
 * ring was not heard.
 */
static uint64_t n_unheard(const struct session *session)
{
	return session->after.direction[LEAT_TO_JACK].underruns -
	       session->before.direction[LEAT_TO_JACK].underruns;
}

/* What goes round may have slipped on its way to PipeWire. */
static bool has_slipped(const struct session *session)
{
	return session->after.direction[LEAT_TO_PIPEWIRE].slips !=
		       session->before.direction[LEAT_TO_PIPEWIRE].slips ||
	       session->after.direction[LEAT_TO_PIPEWIRE].underruns !=
		       session->before.direction[LEAT_TO_PIPEWIRE].underruns;
}

/* ---- to PipeWire ---- */

static void check_sent(struct session *session)
{
	struct tape_count count;

	tape_judge(&count, &session->tape, 0, &session->marks);
	CU_ASSERT(count.n_exact > TAPE_S * RATE / 2);
	CU_ASSERT(tape_slack_is_told(count.slack, &session->marks));
	CU_ASSERT(count.n_wrong == 0 || jack_was_late(session));
	/* What becomes of PipeWire is nothing to it. */
	if (!jack_was_late(session))
		CU_ASSERT_EQUAL(count.n_exact, session->tape.n_frames);
	printf("to PipeWire: %" PRIu64 " of %" PRIu64 " frames as sent\n",
	       count.n_exact, session->tape.n_frames);
}

/* ---- to JACK ---- */

static const float *taped(const struct session *session, uint64_t i)
{
	return &session->tape.samples[i * session->tape.n_channels + 2];
}

static const float *heard(uint64_t i)
{
	return &ear.samples[i * EAR_CHANNELS];
}

static bool is_alike(const struct session *session, uint64_t i, uint64_t k,
		     uint64_t n)
{
	for (uint64_t j = 0; j < n; j++)
		if (memcmp(taped(session, i + j), heard(k + j),
			   EAR_CHANNELS * sizeof(float)) != 0)
			return false;
	return true;
}

/* Where the ear heard the middle of the tape; -1: nowhere. */
static int64_t find_tape(const struct session *session)
{
	uint64_t n_heard = ear.n_frames;

	for (uint64_t i = RATE; i + RATE < session->tape.n_frames; i += RATE)
		for (uint64_t k = i;
		     fabsf(taped(session, i)[0]) > 0 && k + PERIOD < n_heard;
		     k++)
			if (is_alike(session, i, k, PERIOD))
				return (int64_t)(k - i);
	return -1;
}

/* Beside a mark JACK's side has faded, or silence is all there is. */
static bool is_marked(const struct session *session, uint64_t i)
{
	for (unsigned m = 0; m < session->marks.n; m++) {
		const struct tape_mark *mark = &session->marks.mark[m];

		if (i + SHAPED >= mark->position &&
		    i < mark->position + mark->n_frames + SHAPED)
			return true;
	}
	return false;
}

/* How many frames of the tape are none that JACK played, with no mark near. */
static uint64_t count_unlike(const struct session *session, uint64_t offset,
			     uint64_t *n_alike)
{
	uint64_t n_unlike = 0;

	*n_alike = 0;
	for (uint64_t i = 0; i < session->tape.n_frames; i++) {
		if (i + offset < ear.n_frames &&
		    is_alike(session, i, i + offset, 1))
			++*n_alike;
		else if (!is_marked(session, i) && n_unlike++ == 0)
			fprintf(stderr,
				"frame %" PRIu64 ": %.9g taped, %.9g heard\n",
				i, (double)taped(session, i)[0],
				(double)heard(i + offset)[0]);
	}
	return n_unlike;
}

/* Steps that are none of the signal's, with no mark near. */
static uint64_t count_rough(const struct session *session)
{
	uint64_t n_rough = 0;

	for (uint64_t i = 1; i < session->tape.n_frames; i++) {
		double rise = (double)taped(session, i)[0] -
			      (double)taped(session, i - 1)[0];

		if (fabs(rise - RISE) > ROUGH && rise > -0.5 &&
		    !is_marked(session, i) && n_rough++ == 0)
			fprintf(stderr, "frame %" PRIu64 ": a step of %g\n", i,
				rise);
	}
	return n_rough;
}

static void check_played(struct session *session)
{
	int64_t offset = find_tape(session);
	uint64_t n_alike, n_unlike, n_rough;

	CU_ASSERT(offset >= 0 || jack_was_late(session));
	if (offset < 0)
		return;
	n_unlike = count_unlike(session, (uint64_t)offset, &n_alike);
	n_rough = count_rough(session);
	printf("to JACK: %" PRIu64 " of %" PRIu64 " frames as played, %" PRIu64
	       " others and %" PRIu64
	       " steps without a mark, %u marks of %" PRIu64 " frames\n",
	       n_alike, session->tape.n_frames, n_unlike, n_rough,
	       session->marks.n, tape_marked(&session->marks, NULL));
	CU_ASSERT(n_alike > session->tape.n_frames * 4 / 5 ||
		  jack_was_late(session));
	if (!jack_was_late(session)) {
		CU_ASSERT(n_unlike <= n_unheard(session) * (PERIOD + SHAPED));
		CU_ASSERT(n_rough == 0 || has_slipped(session));
	}
}

static void check(struct session *session)
{
	end(session);
	check_sent(session);
	check_played(session);
}

/* ---- what may happen ---- */

#define WINDOWS_MAX 5

static void stall(struct proc *proc, int ms)
{
	sleep_ms(3000);
	proc_signal(proc, SIGSTOP);
	sleep_ms(ms);
	proc_signal(proc, SIGCONT);
}

/* Until there was a window in which nobody was late. */
static void look(struct proc *stalled, uint64_t n_least)
{
	struct session session;
	int n = 0;
	bool late;

	do {
		begin(&session);
		if (stalled)
			stall(stalled, 400);
		check(&session);
		CU_ASSERT_EQUAL(tape_marked(&session.marks, "lost"), 0);
		CU_ASSERT(tape_marked(&session.marks, "hole") +
				  tape_marked(&session.marks, "slip") >=
			  n_least);
		late = jack_was_late(&session) ||
		       (!stalled && n_unheard(&session) > 0);
		finish(&session);
	} while (late && ++n < WINDOWS_MAX);
	too_loud = too_loud || late;
}

static void test_steady(void)
{
	look(NULL, 0);
}

/* JACK hears nothing meanwhile, and the tap knows of how much. */
static void test_pipewire_stalls(void)
{
	look(&bridge.pipewire_side, RATE / 4);
}

/* JACK goes on without the bridge: time passes that nobody sent in. */
static void test_jack_side_stalls(void)
{
	struct session session;

	begin(&session);
	stall(&bridge.jack_side, 200);
	check(&session);
	CU_ASSERT(tape_marked(&session.marks, "xrun") > RATE / 20);
	finish(&session);
}

static void test_ends(void)
{
	ear_close(&ear);
	circle_stop(&circle);
	CU_ASSERT_EQUAL(proc_stop(&bridge.pipewire_side, 3000), 0);
	CU_ASSERT_EQUAL(proc_stop(&bridge.jack_side, 3000), 0);
	drift_close(drift);
	CU_ASSERT_EQUAL(bridge_finish(&bridge), 0);
}

static const struct unit_test tests[] = {
	{ "taps", "come up in adaptive mode", test_comes_up },
	{ "taps", "steady", test_steady },
	{ "taps", "the PipeWire side stalls", test_pipewire_stalls },
	{ "taps", "the JACK side stalls", test_jack_side_stalls },
	{ "taps", "end", test_ends },
};

int main(int argc, char **argv)
{
	const char *why;
	int res;

	if (argc < 2)
		return 2;
	ppm = atof(argv[1]);
	why = bridge_init(&bridge, PERIOD);
	bridge.mode = "adaptive";
	if (!why)
		why = bend_clock();
	if (why) {
		printf("skipped: %s\n", why);
		return SANDBOX_SKIP;
	}
	res = unit_run(tests, sizeof(tests) / sizeof(tests[0]), 1, argv);
	if (res != 0 || !too_loud)
		return res;
	printf("skipped: this machine is too loud to tell what is exact\n");
	return SANDBOX_SKIP;
}
