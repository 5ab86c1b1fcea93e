/* SPDX-License-Identifier: MIT */
#include "experiment.h"

#include "machine.h"
#include "plan.h"
#include "plant.h"
#include "summary.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How often what was recorded is taken. */
#define TICK_MS 20

#define CONNECT_MS 8000
/* Until the signal comes round without a break, and how long it has to. */
#define STEADY_MS 5000
#define STEADY_PART 8 /* of a second */
/* What was sent at the end of a step may take so long. */
#define DRAIN_MS 300

/* Events that may have come while nobody looked: outputs, and an end. */
#define N_PENDING 16

#define STOPPED (-1)

/* ---- waiting ---- */

static int check_all(struct xrun_experiment *e)
{
	const struct leat_service *ended = xrun_lab_ended(&e->lab);
	char how[64];

	if (e->loop->stopped)
		return STOPPED;
	if (ended) {
		leat_child_how(&ended->child, how, sizeof(how));
		leat_console_log(e->console,
				 "%s %s in the middle of the experiment: run "
				 "it by itself to see why",
				 ended->name, how);
		return 1;
	}
	if (xrun_jack_end_is_gone(e->jack) ||
	    xrun_pw_end_is_gone(e->pipewire)) {
		leat_console_log(e->console,
				 "%s went away in the middle of the experiment",
				 xrun_jack_end_is_gone(e->jack)
					 ? "the JACK server"
					 : "the PipeWire daemon");
		return 1;
	}
	return 0;
}

static int tick(struct xrun_experiment *e)
{
	xrun_pw_end_run(e->pipewire, TICK_MS);
	leat_loop_step(e->loop, 0);
	xrun_watch_look(&e->watch);
	return check_all(e);
}

/* ---- progress ---- */

static void show_progress(struct xrun_experiment *e,
			  const struct xrun_step *step)
{
	struct leat_block block = { 0 };
	char load[XRUN_TEXT_BYTES];
	int64_t gone_ns = (int64_t)leat_now_ns() - e->watch.start_ns;

	if (!e->console->in_place || e->console->quiet)
		return;
	snprintf(block.line[0], LEAT_BLOCK_LINE_BYTES,
		 "%u/%u  %.60s, period %u, %.60s: %.1f of %.1f s",
		 e->n_done + 1, e->n_planned, e->result->arm[step->arm].name,
		 step->period, xrun_step_load_text(load, step),
		 (double)gone_ns / 1e9, e->options->duration_ms / 1e3);
	snprintf(block.line[1], LEAT_BLOCK_LINE_BYTES,
		 "  %u notable calls, %u gaps so far", e->watch.calls.n_items,
		 e->watch.track[XRUN_CALL_JACK_CLIENT].hearer.holes.n_items);
	leat_console_show(e->console, &block);
}

static void say_step(struct xrun_experiment *e, const struct xrun_step *step)
{
	char *text = NULL;
	size_t n_bytes = 0;
	FILE *file;

	if (e->console->quiet || e->options->json)
		return;
	file = open_memstream(&text, &n_bytes);
	if (!file)
		return;
	xrun_summary_step(file, e->result, step);
	fclose(file);
	if (n_bytes > 0)
		text[n_bytes - 1] = 0;
	leat_console_say(e->console, "%s", text);
	free(text);
}

/* ---- setting up ---- */

static int complain(struct xrun_experiment *e, const struct leat_error *error)
{
	leat_console_log(e->console, "%s", error->text);
	return 1;
}

static void open_watch(struct xrun_experiment *e)
{
	xrun_watch_init(&e->watch);
	e->watch.jack = xrun_jack_end_recorder(e->jack);
	e->watch.pipewire = xrun_pw_end_recorder(e->pipewire);
	e->watch.witness = e->witness && e->witness->is_realtime ? e->witness
								 : NULL;
	e->watch.rate_hz = xrun_jack_end_rate_hz(e->jack);
	e->watch.period = xrun_jack_end_period(e->jack);
	e->period = e->watch.period;
	e->load.jack = e->watch.jack;
	e->load.pipewire = e->watch.pipewire;
}

static int open_ends(struct xrun_experiment *e)
{
	struct leat_error error;

	if (xrun_jack_end_open(&e->jack, xrun_lab_server(&e->lab), &error) < 0)
		return complain(e, &error);
	if (xrun_pw_end_open(&e->pipewire, e->options->remote, &error) < 0)
		return complain(e, &error);
	open_watch(e);
	return 0;
}

static void set_text(char text[XRUN_TEXT_BYTES], const char *value)
{
	snprintf(text, XRUN_TEXT_BYTES, "%.120s", value ? value : "");
}

static void describe_machine(struct xrun_experiment *e)
{
	struct xrun_machine *machine = &e->result->machine;

	xrun_machine_look(machine, xrun_lab_server(&e->lab));
	machine->has_witness = e->watch.witness != NULL;
	set_text(machine->jack_version, xrun_jack_end_version());
	set_text(machine->pipewire_version, xrun_pw_end_version());
	set_text(machine->leat_version, LEAT_VERSION);
}

static void describe(struct xrun_experiment *e)
{
	static const char *const places[] = { "", "jack", "pipewire",
					      "machine" };
	struct xrun_settings *settings = &e->result->settings;
	const struct xrun_options *options = e->options;

	describe_machine(e);
	settings->plan = options->plan;
	set_text(settings->link, e->lab.link);
	set_text(settings->jack_server, xrun_lab_server(&e->lab));
	set_text(settings->pipewire_remote,
		 options->remote ? options->remote
				 : e->lab.private_pipewire.dir.path);
	settings->private_jack = !options->server;
	settings->private_pipewire = !options->remote;
	settings->n_rounds = options->n_rounds;
	settings->step_ns = options->duration_ms * INT64_C(1000000);
	if (options->plant.place != XRUN_PLANT_NONE)
		snprintf(settings->plant, XRUN_TEXT_BYTES, "%s:%u:%u",
			 places[options->plant.place], options->plant.delay_us,
			 options->plant.every_ms);
	snprintf(settings->command, sizeof(settings->command), "%s",
		 options->command);
}

static int make_arms(struct xrun_experiment *e)
{
	struct xrun_result *result = e->result;

	result->n_arms = e->options->compare ? 2 : 1;
	result->arm = calloc(result->n_arms, sizeof(*result->arm));
	if (!result->arm)
		return 1;
	set_text(result->arm[0].name, "leat");
	if (e->options->compare)
		set_text(result->arm[1].name, e->options->compare);
	for (uint32_t i = 0; i < result->n_arms; i++)
		result->arm[i].round_trip_frames = XRUN_UNKNOWN;
	return 0;
}

/* ---- the bridge of a step ---- */

static bool is_none(const struct xrun_experiment *e, uint32_t arm)
{
	return arm > 0 && strcmp(e->options->compare, "none") == 0;
}

static int connect_both(struct xrun_experiment *e, uint32_t arm)
{
	char client[LEAT_LINK_NAME_BYTES + 8];
	struct leat_error error;
	int res;

	if (is_none(e, arm))
		res = xrun_pw_end_connect_sink(e->pipewire, CONNECT_MS, &error);
	else {
		snprintf(client, sizeof(client), "leat-%s:", e->lab.link);
		res = xrun_jack_end_connect(e->jack, arm == 0 ? client : NULL,
					    CONNECT_MS, &error);
		if (res == 0)
			res = xrun_pw_end_connect(e->pipewire,
						  arm == 0 ? e->lab.link : NULL,
						  CONNECT_MS, &error);
	}
	if (res == 0)
		return 0;
	/* A bridge that has ended says more than the ports that are missing. */
	for (int i = 0; i < N_PENDING; i++)
		leat_loop_step(e->loop, 0);
	res = check_all(e);
	return res == 0 ? complain(e, &error) : res;
}

static int start_bridge(struct xrun_experiment *e, uint32_t arm)
{
	int res = 0;

	if (arm == 0)
		res = xrun_lab_start_leat(&e->lab);
	else if (!is_none(e, arm))
		res = xrun_lab_start_other(&e->lab, e->options->compare);
	if (res == 0)
		res = connect_both(e, arm);
	/* Another leat has no such memory: then there is less to blame by. */
	if (res == 0 && arm == 0 &&
	    leat_load_open(&e->watch.load, e->lab.link) < 0)
		e->watch.load = NULL;
	return res;
}

static void stop_bridge(struct xrun_experiment *e)
{
	leat_load_close(e->watch.load);
	e->watch.load = NULL;
	if (e->pipewire)
		xrun_pw_end_disconnect(e->pipewire);
	xrun_lab_stop_bridge(&e->lab);
}

/* How leat's bridge runs now; nothing is known of another's. */
static enum leat_mode bridge_mode(const struct xrun_experiment *e)
{
	struct leat_link_status status;

	if (!e->watch.load)
		return 0;
	leat_load_status(e->watch.load, &status);
	return status.pipewire.mode == LEAT_MODE_FOLLOW ? LEAT_MODE_FOLLOW
							: LEAT_MODE_ADAPTIVE;
}

static void note_mode(struct xrun_experiment *e, uint32_t arm,
		      enum leat_mode mode)
{
	static const char *const words[] = {
		[LEAT_MODE_FOLLOW] = "follow",
		[LEAT_MODE_ADAPTIVE] = "adaptive",
	};

	set_text(e->result->arm[arm].mode, words[mode]);
}

/* ---- until it runs steadily ---- */

static int wait_steady(struct xrun_experiment *e, bool comes_round)
{
	int64_t deadline_ms = leat_now_ms() + STEADY_MS;
	uint32_t n_frames = e->watch.rate_hz / STEADY_PART;
	int res = 0;

	xrun_watch_forget_signal(&e->watch);
	while (res == 0 && leat_left_ms(deadline_ms) > 0) {
		res = tick(e);
		/* Only what follows is sure to be exact. */
		xrun_watch_set_rough(&e->watch,
				     bridge_mode(e) != LEAT_MODE_FOLLOW);
		if (!comes_round && e->watch.n_sent >= n_frames)
			break;
		if (xrun_watch_is_steady(&e->watch, n_frames))
			break;
		/* A gap, or nothing yet for a while: from the beginning. */
		if (e->watch.n_sent > 2 * n_frames)
			xrun_watch_forget_signal(&e->watch);
	}
	return res;
}

static int drain(struct xrun_experiment *e)
{
	int64_t deadline_ms = leat_now_ms() + DRAIN_MS;
	int res = 0;

	while (res == 0 && leat_left_ms(deadline_ms) > 0 &&
	       !xrun_watch_is_complete(&e->watch))
		res = tick(e);
	return res;
}

/* ---- a step ---- */

static int measure(struct xrun_experiment *e, struct xrun_step *step)
{
	int64_t deadline_ms = leat_now_ms() + e->options->duration_ms;
	uint32_t n_xruns = xrun_jack_end_n_xruns(e->jack);
	int res = xrun_plant_start(e);

	xrun_watch_start(&e->watch);
	while (res == 0 && leat_left_ms(deadline_ms) > 0) {
		res = tick(e);
		show_progress(e, step);
		if (!xrun_load_is_there(&e->load)) {
			step->skipped = true;
			set_text(step->why, "its processes ended");
			break;
		}
	}
	xrun_plant_stop(e);
	xrun_watch_stop(&e->watch);
	step->n_jack_xruns = xrun_jack_end_n_xruns(e->jack) - n_xruns;
	return res;
}

static int run_with_load(struct xrun_experiment *e, struct xrun_step *step)
{
	pid_t pids[XRUN_LAB_PIDS_MAX];
	unsigned n_pids = xrun_lab_pids(&e->lab, pids);
	int res = 0;

	if (xrun_load_start(&e->load, step->load, step->level, pids, n_pids,
			    step->why) < 0)
		step->skipped = true;
	else
		res = measure(e, step);
	xrun_load_stop(&e->load);
	if (res == 0 && !step->skipped)
		res = drain(e);
	return res;
}

/* The way round: what is sent at a frame and when it is heard. */
static void note_round_trip(struct xrun_experiment *e, uint32_t arm)
{
	const struct xrun_track *track = &e->watch.track[XRUN_CALL_JACK_CLIENT];
	const struct xrun_record *last = &track->last;

	if (last->n_runs > 0 && track->hearer.locked)
		e->result->arm[arm].round_trip_frames =
			last->frame + last->runs[0].offset -
			xrun_count_frame(last->runs[0].number, last->frame);
}

static int run_bridged(struct xrun_experiment *e, struct xrun_step *step)
{
	enum leat_mode mode;
	int res = wait_steady(e, !is_none(e, step->arm));

	if (res != 0)
		return res;
	mode = bridge_mode(e);
	note_mode(e, step->arm, mode);
	note_round_trip(e, step->arm);
	res = run_with_load(e, step);
	if (res == 0 && !step->skipped &&
	    xrun_watch_conclude(&e->watch, mode == LEAT_MODE_FOLLOW, step) <
		    0) {
		leat_console_log(e->console, "out of memory");
		res = 1;
	}
	return res;
}

static int set_period(struct xrun_experiment *e, uint32_t period)
{
	if (e->period == period)
		return 0;
	if (xrun_jack_end_set_period(e->jack, period) < 0) {
		leat_console_log(e->console,
				 "JACK does not change its period to %u",
				 period);
		return 1;
	}
	e->period = period;
	e->watch.period = period;
	return 0;
}

static struct xrun_step *add_step(struct xrun_result *result)
{
	struct xrun_step *steps =
		reallocarray(result->step, result->n_steps + 1, sizeof(*steps));

	if (!steps)
		return NULL;
	result->step = steps;
	memset(&steps[result->n_steps], 0, sizeof(*steps));
	return &steps[result->n_steps++];
}

static void drop_step(struct xrun_result *result)
{
	result->n_steps--;
}

int xrun_step_run(struct xrun_experiment *e, const struct xrun_task *task)
{
	struct xrun_step *step = add_step(e->result);
	int res = set_period(e, task->period);

	if (!step)
		return 1;
	step->arm = task->arm;
	step->round = task->round;
	step->period = task->period;
	step->rate_hz = e->watch.rate_hz;
	step->load = task->load;
	step->level = task->level;
	if (res == 0)
		res = start_bridge(e, task->arm);
	if (res == 0)
		res = run_bridged(e, step);
	stop_bridge(e);
	if (res != 0) {
		drop_step(e->result);
		return res;
	}
	e->n_done++;
	say_step(e, step);
	return 0;
}

/* ---- all of them ---- */

/* Of leat's steps; with a ramp, whether there is a level with no loss. */
static enum xrun_verdict judge(const struct xrun_result *result)
{
	bool measured = false;

	if (result->settings.plan == XRUN_PLAN_RAMP && result->n_steps > 0)
		return result->arm[0].has_highest ? XRUN_NOTHING_LOST
						  : XRUN_LOST;
	for (uint32_t i = 0; i < result->n_steps; i++) {
		const struct xrun_step *step = &result->step[i];

		if (step->arm != 0 || step->skipped)
			continue;
		if (xrun_step_lost(step) > 0 || !step->is_counted)
			return XRUN_LOST;
		measured = true;
	}
	return measured ? XRUN_NOTHING_LOST : XRUN_NOT_MEASURED;
}

int xrun_experiment_run(struct xrun_experiment *e)
{
	int res;

	xrun_lab_init(&e->lab);
	xrun_load_init(&e->load, e->loop, e->console);
	res = xrun_lab_start(&e->lab, e->options, e->loop, e->console);
	if (res == 0)
		res = open_ends(e);
	if (res == 0)
		res = make_arms(e);
	if (res == 0) {
		describe(e);
		res = xrun_plan_run(e);
	}
	e->result->interrupted = res == STOPPED;
	e->result->failed = res != 0 && res != STOPPED;
	e->result->verdict = judge(e->result);
	return res == STOPPED ? 0 : res;
}

void xrun_experiment_finish(struct xrun_experiment *e)
{
	if (e->jack && e->pipewire)
		xrun_load_stop(&e->load);
	stop_bridge(e);
	xrun_pw_end_close(e->pipewire);
	xrun_jack_end_close(e->jack);
	xrun_watch_finish(&e->watch);
	xrun_lab_finish(&e->lab);
}
