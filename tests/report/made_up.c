/* SPDX-License-Identifier: MIT */
#include "made_up.h"

#include "tools/doctor/finding.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char made_up_hostile[] =
	"</title></style></svg><script>alert('x')</script><img src=x "
	"onerror=alert(1)>\"'&amp;\xff\x1b[31m\xe2\x80\xae";

#define MS 1000000
#define S INT64_C(1000000000)

/* ---- chance, the same every time ---- */

struct dice {
	uint64_t state;
};

/* Marsaglia, "Xorshift RNGs", 2003: 0 to 1. */
static double roll(struct dice *dice)
{
	dice->state ^= dice->state << 13;
	dice->state ^= dice->state >> 7;
	dice->state ^= dice->state << 17;
	return (double)(dice->state >> 11) / (double)(UINT64_C(1) << 53);
}

/* Around 0, mostly within 1: the sum of some. */
static double roll_around(struct dice *dice)
{
	double sum = 0;

	for (int i = 0; i < 6; i++)
		sum += roll(dice) - 0.5;
	return sum;
}

/* ---- histograms ---- */

/* 16 buckets for each doubling. */
enum { PER_DOUBLING = 16, N_BUCKETS = 64 * PER_DOUBLING };

static uint64_t bucket_begin(unsigned i)
{
	unsigned shift = i / PER_DOUBLING;

	return shift == 0 ? i
			  : (uint64_t)(PER_DOUBLING + i % PER_DOUBLING)
				    << (shift - 1);
}

static unsigned bucket_of(uint64_t value)
{
	unsigned i = 0;

	while (bucket_begin(i + 1) <= value)
		i++;
	return i;
}

static void fill_histogram(struct xrun_histogram *histogram, struct dice *dice,
			   double middle_ns, double width, double tail,
			   unsigned n)
{
	uint64_t *count = calloc(N_BUCKETS, sizeof(*count));
	uint64_t seen = 0;

	histogram->bucket = calloc(N_BUCKETS, sizeof(*histogram->bucket));
	for (unsigned i = 0; count && i < n; i++) {
		double value = middle_ns * exp(roll_around(dice) * width);
		uint64_t ns;

		if (roll(dice) < tail)
			value *= 1 + 6 * roll(dice) * roll(dice);
		ns = (uint64_t)value;
		count[bucket_of(ns)]++;
		histogram->sum_ns += ns;
		if (ns > histogram->max_ns)
			histogram->max_ns = ns;
	}
	histogram->n = n;
	for (unsigned i = 0; count && i < N_BUCKETS; i++) {
		if (count[i] == 0)
			continue;
		histogram->bucket[histogram->n_buckets++] =
			(struct xrun_bucket){ bucket_begin(i),
					      bucket_begin(i + 1), count[i] };
		seen += count[i];
		if (seen <= n / 2)
			histogram->p50_ns = bucket_begin(i + 1);
		if (seen <= n * 0.99)
			histogram->p99_ns = bucket_begin(i + 1);
		if (seen <= n * 0.999)
			histogram->p999_ns = bucket_begin(i + 1);
	}
	free(count);
}

static void fill_histograms(struct xrun_step *step, struct dice *dice,
			    unsigned n)
{
	static const double share[XRUN_N_CALLBACKS] = { 0.3, 0.1, 0.004,
							0.006 };
	double period_ns = step->period * 1e9 / step->rate_hz;
	double load = step->load == XRUN_LOAD_JACK ? step->level / 100.0 : 0.3;

	for (int c = 0; c < XRUN_N_CALLBACKS; c++) {
		double part = c == 0 ? fmax(load, 0.02) : share[c];

		fill_histogram(&step->histogram[c][XRUN_INTERVAL], dice,
			       period_ns, 0.02, 0.01, n);
		fill_histogram(&step->histogram[c][XRUN_DURATION], dice,
			       period_ns * part, 0.2, 0.01, n);
		fill_histogram(&step->histogram[c][XRUN_WAKEUP], dice,
			       8000 + 20000 * c, 0.5, 0.03, n);
		step->n_cycles[c] = n;
	}
}

/* ---- events ---- */

static void add_event(struct xrun_step *step, int64_t time_ns,
		      enum xrun_event_kind kind, enum xrun_cause cause,
		      uint64_t size_ns, uint64_t n_frames)
{
	struct xrun_event *event = &step->event[step->n_events++];

	*event = (struct xrun_event){
		.time_ns = time_ns,
		.kind = kind,
		.cause = cause,
		.callback = cause <= XRUN_JACK_SERVER ? XRUN_CALL_JACK_CLIENT
						      : XRUN_CALL_PIPEWIRE_NODE,
		.place = cause <= XRUN_JACK_SERVER ? XRUN_IN_JACK
						   : XRUN_TO_JACK,
		.size_ns = size_ns,
		.n_frames = n_frames,
		.cpu = kind == XRUN_STALL ? 1 : -1,
	};
	if (kind == XRUN_LATE || kind == XRUN_SKIPPED)
		step->n_late[cause]++;
	if (kind == XRUN_GAP)
		step->n_lost[event->place][cause] += n_frames;
	if (kind == XRUN_STALL) {
		step->n_stalls++;
		if (size_ns > step->longest_stall_ns)
			step->longest_stall_ns = size_ns;
	}
}

/* Somebody is late; and perhaps it is heard. */
static void add_lateness(struct xrun_step *step, struct dice *dice,
			 int64_t time_ns, enum xrun_cause cause, double loss)
{
	uint64_t late_ns = (uint64_t)(MS * (0.3 + 9 * roll(dice)));

	if (cause == XRUN_MACHINE)
		add_event(step, time_ns, XRUN_STALL, cause, late_ns, 0);
	add_event(step, time_ns, XRUN_LATE, cause, late_ns, 0);
	if (roll(dice) < loss)
		add_event(step, time_ns + MS, XRUN_GAP, cause,
			  step->period * UINT64_C(1000000000) / step->rate_hz,
			  step->period);
}

/* Causes at some rate in a second each, over the whole step. */
static void fill_events(struct xrun_step *step, struct dice *dice,
			const double rate[XRUN_N_CAUSES], double loss)
{
	enum { GRAIN_NS = 10 * MS };
	int64_t n = step->duration_ns / GRAIN_NS;

	step->event =
		calloc((size_t)n * XRUN_N_CAUSES * 3, sizeof(*step->event));
	for (int64_t i = 0; step->event && i < n; i++)
		for (int cause = 0; cause < XRUN_N_CAUSES; cause++)
			if (roll(dice) < rate[cause] * GRAIN_NS / S)
				add_lateness(step, dice, i * GRAIN_NS,
					     (enum xrun_cause)cause, loss);
}

static void fill_fills(struct xrun_step *step, struct dice *dice,
		       int64_t every_ns)
{
	uint32_t n = (uint32_t)(step->duration_ns / every_ns);

	step->fill = calloc(n > 0 ? n : 1, sizeof(*step->fill));
	for (uint32_t i = 0; step->fill && i < n; i++)
		step->fill[step->n_fills++] = (struct xrun_fill){
			.time_ns = i * every_ns,
			.to_pipewire = (uint64_t)(150 + 12 * roll_around(dice)),
			.to_jack = roll(dice) < 0.01 ? 0 : step->period,
			.to_pipewire_aim = 150,
			.to_jack_aim = step->period,
		};
}

/* ---- steps ---- */

struct plan {
	uint32_t period;
	enum xrun_load load;
	uint32_t level, arm;
	int64_t duration_ns;
	double rate[XRUN_N_CAUSES]; /* in a second */
	double loss;		    /* of those that are late */
};

static struct xrun_step *add_step(struct xrun_result *result, struct dice *dice,
				  const struct plan *plan)
{
	struct xrun_step *step = &result->step[result->n_steps];
	unsigned n;

	step->arm = plan->arm;
	step->period = plan->period;
	step->rate_hz = 48000;
	step->load = plan->load;
	step->level = plan->level;
	step->duration_ns = plan->duration_ns;
	step->start_ns =
		result->n_steps == 0
			? 5 * S
			: step[-1].start_ns + step[-1].duration_ns + S / 2;
	step->is_counted = step->is_exact = true;
	step->n_sent = (uint64_t)plan->duration_ns * step->rate_hz / S;
	n = (unsigned)(step->n_sent / plan->period);
	fill_histograms(step, dice, n < 20000 ? n : 20000);
	fill_events(step, dice, plan->rate, plan->loss);
	fill_fills(step, dice, plan->duration_ns / 300 + 1);
	step->n_heard = step->n_sent - xrun_step_lost(step);
	result->n_steps++;
	return step;
}

static int begin(struct xrun_result *result, uint32_t n_arms, uint32_t n_steps)
{
	memset(result, 0, sizeof(*result));
	result->arm = calloc(n_arms, sizeof(*result->arm));
	result->step = calloc(n_steps, sizeof(*result->step));
	if (!result->arm || !result->step) {
		xrun_result_finish(result);
		return -ENOMEM;
	}
	result->n_arms = n_arms;
	for (uint32_t i = 0; i < n_arms; i++) {
		strcpy(result->arm[i].name, i == 0 ? "leat" : "none");
		strcpy(result->arm[i].mode, i == 0 ? "follow" : "");
		result->arm[i].round_trip_frames = i == 0 ? 256 : XRUN_UNKNOWN;
	}
	return 0;
}

static void fill_findings(struct xrun_machine *machine)
{
	struct leat_report *report = calloc(1, sizeof(*report));
	struct leat_finding *finding;

	machine->doctor = report;
	if (!report)
		return;
	finding = leat_finding_add(
		report, "rtprio", "Without it every other program runs first.");
	leat_finding_set(finding, LEAT_VERDICT_OK, "up to 95 may be taken");
	finding = leat_finding_add(report, "governor",
				   "A processor that saves power is slow at "
				   "the start of every period.");
	leat_finding_set(finding, LEAT_VERDICT_WARN,
			 "powersave, on 8 of 8 processors");
	leat_finding_cure(finding,
			  "sudo cpupower frequency-set --governor performance");
	finding = leat_finding_add(report, "memlock", "Memory may be missing.");
	leat_finding_set(finding, LEAT_VERDICT_FAIL, "8 MiB may be locked");
	leat_finding_cure(finding, "sudo adduser ada audio");
	leat_finding_add(report, "threadirqs", "Interrupts run before.");
}

static void fill_rest(struct xrun_result *result)
{
	struct xrun_machine *machine = &result->machine;
	struct xrun_settings *settings = &result->settings;

	strcpy(machine->host, "stage");
	strcpy(machine->system, "Debian GNU/Linux 12 (bookworm)");
	strcpy(machine->kernel, "6.1.0-28-amd64");
	strcpy(machine->preemption, "dynamic (PREEMPT_DYNAMIC), now voluntary");
	strcpy(machine->processor, "AMD Ryzen 7 PRO 4750U");
	strcpy(machine->governor, "powersave");
	strcpy(machine->virtualization, "a virtual machine (QEMU)");
	machine->n_cpus = 8;
	machine->memory_bytes = UINT64_C(31) << 29;
	machine->may_be_realtime = true;
	machine->has_witness = true;
	strcpy(machine->jack_version, "1.9.21");
	strcpy(machine->pipewire_version, "0.3.65");
	strcpy(machine->leat_version, "0.1.0");
	strcpy(machine->time, "2026-11-23T20:15:00Z");
	fill_findings(machine);
	strcpy(settings->link, "main");
	strcpy(settings->jack_server, "default");
	strcpy(settings->pipewire_remote, "pipewire-0");
	settings->private_jack = settings->private_pipewire = true;
	settings->n_rounds = 1;
	settings->step_ns = 20 * S;
	strcpy(settings->command, "leat xrun --ramp jack --html report.html");
}

/* ---- kinds ---- */

static int make_good(struct xrun_result *result, struct dice *dice)
{
	static const struct plan plan = { 256,	  XRUN_LOAD_NONE, 0, 0,
					  30 * S, { 0.05 },	  0 };
	int res = begin(result, 1, 1);

	if (res < 0)
		return res;
	add_step(result, dice, &plan);
	result->verdict = XRUN_NOTHING_LOST;
	fill_rest(result);
	return 0;
}

static int make_lost(struct xrun_result *result, struct dice *dice)
{
	static const struct plan plan = {
		128,	XRUN_LOAD_CPU,
		4,	0,
		60 * S, { 0.3, 0.1, 0.04, 0.15, 0.03, 0.01, 0.02, 0.02 },
		0.5
	};
	int res = begin(result, 1, 1);

	if (res < 0)
		return res;
	add_step(result, dice, &plan);
	result->verdict = XRUN_LOST;
	fill_rest(result);
	return 0;
}

/* Loads of several kinds. */
static int make_quick(struct xrun_result *result, struct dice *dice)
{
	static const struct plan plans[] = {
		{ 256, XRUN_LOAD_NONE, 0, 0, 5 * S, { 0.5 }, 0 },
		{ 256, XRUN_LOAD_JACK, 50, 0, 5 * S, { 0.5, 0.5 }, 0 },
		{ 256, XRUN_LOAD_PIPEWIRE, 50, 0, 5 * S, { 2, 0, 0, 1 }, 0.7 },
		{ 256, XRUN_LOAD_CPU, 2, 0, 5 * S, { 9, 0, 0, 3 }, 0.7 },
	};
	int res = begin(result, 1, 4);

	if (res < 0)
		return res;
	for (int i = 0; i < 4; i++)
		add_step(result, dice, &plans[i]);
	result->verdict = XRUN_LOST;
	fill_rest(result);
	return 0;
}

static int make_ramp(struct xrun_result *result, struct dice *dice)
{
	static const uint32_t levels[] = { 20, 40, 60, 80, 90, 95, 85, 88 };
	int res = begin(result, 1, 8);

	if (res < 0)
		return res;
	for (int i = 0; i < 8; i++) {
		double over = fmax(0, levels[i] - 82.0);
		struct plan plan = { 256,   XRUN_LOAD_JACK, levels[i], 0,
				     8 * S, { 0.05 },	    0.4 };

		plan.rate[XRUN_JACK_CLIENT] = over * over / 20;
		plan.rate[XRUN_PIPEWIRE_SERVER] = over / 20;
		add_step(result, dice, &plan);
	}
	result->arm[0].highest_level = 80;
	result->arm[0].has_highest = true;
	result->verdict = XRUN_NOTHING_LOST;
	fill_rest(result);
	result->settings.plan = XRUN_PLAN_RAMP;
	return 0;
}

static int make_matrix(struct xrun_result *result, struct dice *dice)
{
	int res = begin(result, 1, 7 * 6);

	if (res < 0)
		return res;
	for (uint32_t period = 32; period <= 2048; period *= 2)
		for (uint32_t level = 0; level <= 100; level += 20) {
			struct plan plan = { period, XRUN_LOAD_JACK, level, 0,
					     3 * S,  { 0.02 },	     0.5 };

			plan.load = level == 0 ? XRUN_LOAD_NONE
					       : XRUN_LOAD_JACK;
			plan.rate[XRUN_JACK_CLIENT] =
				fmax(0, level / 100.0 - 0.7 + 20.0 / period) *
				10;
			add_step(result, dice, &plan);
		}
	result->step[41].skipped = true;
	strcpy(result->step[41].why, "there was no time");
	result->verdict = XRUN_LOST;
	fill_rest(result);
	result->settings.plan = XRUN_PLAN_MATRIX;
	return 0;
}

static int make_compare(struct xrun_result *result, struct dice *dice)
{
	int res = begin(result, 3, 18);

	if (res < 0)
		return res;
	strcpy(result->arm[1].name, "zita-a2j -d hw:Loopback,1 -p 256");
	for (uint32_t i = 0; i < 18; i++) {
		struct plan plan = { 256,   XRUN_LOAD_JACK, 40 + i / 6 * 25,
				     i % 3, 5 * S,	    { 0.2 },
				     0.3 };

		plan.rate[XRUN_JACK_CLIENT] = i / 6 * 0.7;
		plan.rate[XRUN_BRIDGE_JACK] = i % 3 == 1 ? 4 : 0;
		add_step(result, dice, &plan)->round = i / 3 % 2;
	}
	result->arm[1].round_trip_frames = 1024;
	result->verdict = XRUN_LOST;
	fill_rest(result);
	result->settings.n_rounds = 2;
	return 0;
}

static int make_empty(struct xrun_result *result, struct dice *dice)
{
	(void)dice;
	memset(result, 0, sizeof(*result));
	result->verdict = XRUN_NOT_MEASURED;
	return 0;
}

/* It ran, and next to nothing came of it. */
static int make_unknown(struct xrun_result *result, struct dice *dice)
{
	int res = begin(result, 1, 2);

	(void)dice;
	if (res < 0)
		return res;
	result->n_steps = 2;
	result->step[0].skipped = true;
	strcpy(result->step[0].why, "there is no cgroup to write to");
	result->step[1] = (struct xrun_step){ .period = 64,
					      .rate_hz = 44100,
					      .load = XRUN_LOAD_QUOTA,
					      .level = 50,
					      .start_ns = S,
					      .duration_ns = 2 * S };
	result->arm[0].round_trip_frames = XRUN_UNKNOWN;
	result->verdict = XRUN_LOST;
	result->interrupted = true;
	return 0;
}

static int make_huge(struct xrun_result *result, struct dice *dice)
{
	static const struct plan plan = {
		32, XRUN_LOAD_CACHE, 64,
		0,  3600 * S,	     { 20, 20, 20, 20, 20, 20, 20, 20 },
		0.5
	};
	int res = begin(result, 1, 300);

	if (res < 0)
		return res;
	for (int i = 0; i < 2; i++)
		add_step(result, dice, &plan);
	for (uint32_t i = 2; i < 300; i++) {
		const struct plan small = { 16u << i % 12,
					    (enum xrun_load)(i % XRUN_N_LOADS),
					    i * 7 % 90,
					    0,
					    S,
					    { 5, 5, 0, 5 },
					    0.5 };

		add_step(result, dice, &small);
	}
	result->step[0].n_events_left_out = 1234567;
	result->step[0].n_sent = UINT64_MAX / 4;
	result->step[1].n_lost[0][0] = UINT64_MAX / 8;
	result->verdict = XRUN_LOST;
	fill_rest(result);
	return 0;
}

#define HOSTILE(field)                                                         \
	snprintf(field, sizeof(field), "%.*s", (int)sizeof(field) - 1,         \
		 made_up_hostile)

static int make_hostile(struct xrun_result *result, struct dice *dice)
{
	int res = make_compare(result, dice);
	struct leat_finding *finding;

	if (res < 0)
		return res;
	HOSTILE(result->machine.host);
	HOSTILE(result->machine.system);
	HOSTILE(result->machine.kernel);
	HOSTILE(result->machine.preemption);
	HOSTILE(result->machine.processor);
	HOSTILE(result->machine.governor);
	HOSTILE(result->machine.virtualization);
	HOSTILE(result->machine.jack_version);
	HOSTILE(result->machine.pipewire_version);
	HOSTILE(result->machine.leat_version);
	HOSTILE(result->machine.time);
	HOSTILE(result->settings.link);
	HOSTILE(result->settings.jack_server);
	HOSTILE(result->settings.pipewire_remote);
	HOSTILE(result->settings.plant);
	HOSTILE(result->settings.command);
	HOSTILE(result->arm[0].name);
	HOSTILE(result->arm[1].name);
	HOSTILE(result->arm[0].mode);
	result->step[3].skipped = true;
	HOSTILE(result->step[3].why);
	finding = &result->machine.doctor->finding[1];
	leat_finding_set(finding, LEAT_VERDICT_FAIL, "%s", made_up_hostile);
	leat_finding_cure(finding, "%s", made_up_hostile);
	return 0;
}

static const struct {
	const char *name;
	int (*make)(struct xrun_result *result, struct dice *dice);
} kinds[] = {
	{ "good", make_good },	   { "lost", make_lost },
	{ "quick", make_quick },   { "ramp", make_ramp },
	{ "matrix", make_matrix }, { "compare", make_compare },
	{ "empty", make_empty },   { "unknown", make_unknown },
	{ "huge", make_huge },	   { "hostile", make_hostile },
};

const char *made_up_kind(unsigned n)
{
	return n < sizeof(kinds) / sizeof(kinds[0]) ? kinds[n].name : NULL;
}

int made_up(struct xrun_result *result, const char *kind)
{
	struct dice dice = { UINT64_C(88172645463325252) };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].name, kind) == 0)
			return kinds[i].make(result, &dice);
	return -EINVAL;
}
