/* SPDX-License-Identifier: MIT */
#include "drift_figures.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLEAN_DB 90.0
/* An upset's recovery is judged where no other one follows for so long. */
#define QUIET_S 20.0
/* After an upset the latency may be off for so long, and gaps are its own. */
#define MOVING_S 2.0
#define BLAMED_S 3.0
/* A stall of the machine that upset no clock is over soon. */
#define STALLED_S 1.0
/* A hole changes the fitted amplitude, a step is no sine's. */
#define HOLE 0.01
#define STEP 0.01

#define WINDOW_S (1.0 / TONES_PER_S)

/* Times, rising. */
struct times {
	double *s;
	uint32_t n;
};

struct judge {
	const struct drift_run *run;
	int64_t begun_ns;
	struct times hard, late;
};

static double seconds_of(const struct judge *judge, int64_t time_ns)
{
	return (double)(time_ns - judge->begun_ns) * 1e-9;
}

static double starts_at(const struct judge *judge,
			const struct leg_window *window)
{
	return seconds_of(judge, window->from.time_ns);
}

/* ---- upsets ---- */

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void add_time(struct times *times, double s)
{
	times->s[times->n++] = s;
}

/* A window that saw one counts as its moment, at its end. */
static void collect(struct judge *judge, enum leg leg)
{
	const struct leg_window *windows = judge->run->legs[leg];

	for (uint32_t i = 1; i < judge->run->n_windows[leg]; i++) {
		const struct upsets *now = &windows[i].upsets;
		const struct upsets *before = &windows[i - 1].upsets;
		double at_s = starts_at(judge, &windows[i]) + WINDOW_S;

		if (now->n_hard != before->n_hard)
			add_time(&judge->hard, at_s);
		if (now->n_late != before->n_late)
			add_time(&judge->late, at_s);
	}
}

static bool judge_init(struct judge *judge, const struct drift_run *run)
{
	size_t n = 2 * (size_t)run->n_max + 2;

	*judge = (struct judge){ .run = run };
	judge->begun_ns = run->legs[LEG_CIRCLE][0].from.time_ns;
	judge->hard.s = calloc(n, sizeof(double));
	judge->late.s = calloc(n, sizeof(double));
	if (!judge->hard.s || !judge->late.s)
		return false;
	/* The beginning is one. */
	add_time(&judge->hard, 0);
	collect(judge, LEG_TO_PIPEWIRE);
	collect(judge, LEG_CIRCLE);
	qsort(judge->hard.s, judge->hard.n, sizeof(double), by_value);
	qsort(judge->late.s, judge->late.n, sizeof(double), by_value);
	return true;
}

static void judge_finish(struct judge *judge)
{
	free(judge->hard.s);
	free(judge->late.s);
}

/* Time from the last one before until_s up to from_s; 0 within. */
static double since(const struct times *times, double from_s, double until_s)
{
	double last = -INFINITY;

	for (uint32_t i = 0; i < times->n && times->s[i] <= until_s; i++)
		last = times->s[i];
	return fmax(from_s - last, 0);
}

static double since_hard(const struct judge *judge, double from_s,
			 double length_s)
{
	return since(&judge->hard, from_s, from_s + length_s + WINDOW_S);
}

static double since_any(const struct judge *judge, double from_s,
			double length_s)
{
	return fmin(since_hard(judge, from_s, length_s),
		    since(&judge->late, from_s, from_s + length_s + WINDOW_S));
}

/* Long enough after an upset, and not beside a stall. */
static bool is_settled(const struct judge *judge, double from_s,
		       double length_s, double settled_s)
{
	return since_hard(judge, from_s, length_s) > settled_s &&
	       since_any(judge, from_s, length_s) > STALLED_S;
}

/* ---- latency ---- */

/* Where a graph is at a time, by the window of its own before it. */
static double frame_at(const struct leg_window *windows, uint32_t n,
		       uint32_t *at, int64_t time_ns)
{
	const struct moment *from;

	while (*at + 1 < n && windows[*at + 1].from.time_ns <= time_ns)
		(*at)++;
	from = &windows[*at].from;
	return (double)from->frame +
	       (double)(time_ns - from->time_ns) / from->frame_ns;
}

static const struct told *told_at(const struct drift_run *run, uint32_t *at,
				  int64_t time_ns)
{
	while (*at + 1 < run->n_told && run->told[*at + 1].time_ns <= time_ns)
		(*at)++;
	return &run->told[*at];
}

/* What the bridge says of a leg: its target, and how late it is. */
static void told_of(const struct told *told, enum leg leg, double *target,
		    double *latency)
{
	*target = 0;
	*latency = 0;
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		const struct leat_direction_status *way =
			&told->status.direction[d];
		bool counts = leg == LEG_CIRCLE ||
			      (leg == LEG_TO_JACK) == (d == LEAT_TO_JACK);

		*target += counts ? (double)way->target : 0;
		*latency += counts ? (double)way->latency_frames : 0;
	}
}

struct latency {
	double frames; /* of JACK's */
	double target, told;
	double next_target; /* when the bridge was asked again, */
	uint64_t n_slips;   /* and how often it had jumped */
};

/* Cursors into what is walked along with a leg's windows. */
struct cursors {
	uint32_t source, told;
	double target, moved_s; /* the last one, and since when */
	uint64_t n_slips;
};

static struct latency latency_of(const struct drift_run *run, enum leg leg,
				 uint32_t i, struct cursors *at)
{
	const struct drift_setup *setup = &run->setup;
	const struct leg_window *window = &run->legs[leg][i];
	bool from_jack = leg != LEG_TO_JACK;
	enum leg source = from_jack ? LEG_CIRCLE : LEG_TO_PIPEWIRE;
	double rate_hz = from_jack ? setup->jack_rate_hz : setup->pw_rate_hz;
	double turn = rate_hz / TONES_LOW_HZ;
	double now = frame_at(run->legs[source], run->n_windows[source],
			      &at->source, window->from.time_ns);
	double scale = setup->jack_rate_hz / rate_hz;
	double late = now - window->turns * turn;
	const struct told *told;
	struct latency latency;
	double ignored;

	told = told_at(run, &at->told, window->from.time_ns);
	told_of(told, leg, &latency.target, &latency.told);
	if (told + 1 < run->told + run->n_told)
		told++;
	told_of(told, leg, &latency.next_target, &ignored);
	latency.n_slips = told->status.direction[0].slips +
			  told->status.direction[1].slips;
	/* JACK delays what closes a circle: here, what its client hears. */
	if (leg != LEG_TO_PIPEWIRE)
		late -= setup->period / scale;
	late -= turn * round((late - latency.told / scale) / turn);
	latency.frames = late * scale;
	return latency;
}

/* After a slip, or when the target has gone up, it is not there yet. */
static bool is_moving(struct cursors *at, const struct latency *late,
		      double now_s)
{
	if (late->next_target > at->target || late->n_slips != at->n_slips)
		at->moved_s = now_s;
	at->n_slips = late->n_slips;
	at->target = late->next_target;
	return now_s - at->moved_s < MOVING_S;
}

static void judge_latency(const struct judge *judge, enum leg leg,
			  double settled_s, struct leg_figures *figures)
{
	const struct drift_run *run = judge->run;
	struct cursors at = { 0 };
	double sum = 0;
	uint32_t n = 0;

	for (uint32_t i = 0; i < run->n_windows[leg]; i++) {
		struct latency late = latency_of(run, leg, i, &at);
		double from_s = starts_at(judge, &run->legs[leg][i]);
		bool moving = is_moving(&at, &late, from_s);

		if (is_settled(judge, from_s, WINDOW_S, settled_s)) {
			sum += late.frames;
			n++;
		}
		if (moving || since_any(judge, from_s, WINDOW_S) < MOVING_S)
			continue;
		figures->off_target = fmax(figures->off_target,
					   fabs(late.frames - late.target));
		figures->off_told =
			fmax(figures->off_told, fabs(late.frames - late.told));
	}
	figures->latency = n > 0 ? sum / n : NAN;
}

/* ---- noise ---- */

static double median(double *values, uint32_t n)
{
	qsort(values, n, sizeof(*values), by_value);
	return n > 0 ? values[n / 2] : NAN;
}

static void judge_windows(const struct judge *judge, enum leg leg,
			  double settled_s, struct leg_figures *figures,
			  double *values)
{
	const struct leg_window *windows = judge->run->legs[leg];
	uint32_t n = 0;

	for (uint32_t i = 0; i < judge->run->n_windows[leg]; i++)
		if (is_settled(judge, starts_at(judge, &windows[i]), WINDOW_S,
			       settled_s))
			values[n++] = windows[i].sinad_db;
	figures->n_windows = n;
	figures->sinad_median_db = median(values, n);
	figures->sinad_least_db = n > 0 ? values[0] : NAN;
}

static double second_starts_at(const struct judge *judge,
			       const struct leg_window *last)
{
	return starts_at(judge, last) + WINDOW_S - 1;
}

static void judge_seconds(const struct judge *judge, enum leg leg,
			  double settled_s, struct leg_figures *figures,
			  double *values)
{
	const struct leg_window *windows = judge->run->legs[leg];
	uint32_t n = 0;

	for (uint32_t i = 0; i < judge->run->n_windows[leg]; i++) {
		double from_s = second_starts_at(judge, &windows[i]);

		if (!isnan(windows[i].second_sinad_db) &&
		    is_settled(judge, from_s, 1, settled_s))
			values[n++] = windows[i].second_sinad_db;
	}
	figures->second_median_db = median(values, n);
	figures->second_least_db = n > 0 ? values[0] : NAN;
}

/* ---- upsets and what came of them ---- */

/* Until the last second that was not clean, before until_s. */
static double recovery_of(const struct judge *judge, enum leg leg,
			  double upset_s, double until_s)
{
	const struct leg_window *windows = judge->run->legs[leg];
	double recovery = 0;

	for (uint32_t i = 0; i < judge->run->n_windows[leg]; i++) {
		double from_s = second_starts_at(judge, &windows[i]);

		if (!isnan(windows[i].second_sinad_db) && from_s > upset_s &&
		    from_s + 1 < until_s &&
		    windows[i].second_sinad_db < CLEAN_DB)
			recovery = from_s + 1 - upset_s;
	}
	return recovery;
}

static void judge_recovery(const struct judge *judge, enum leg leg,
			   struct leg_figures *figures)
{
	const struct times *hard = &judge->hard;
	const struct drift_run *run = judge->run;
	double end_s =
		starts_at(judge, &run->legs[leg][run->n_windows[leg] - 1]);

	figures->recovery_s = NAN;
	/* The beginning is another question. */
	for (uint32_t i = 1; i < hard->n; i++) {
		double until_s = i + 1 < hard->n ? hard->s[i + 1] : end_s;

		if (until_s - hard->s[i] > QUIET_S)
			figures->recovery_s =
				fmax(figures->recovery_s,
				     recovery_of(judge, leg, hard->s[i],
						 until_s - 2 * WINDOW_S));
	}
}

static bool is_gap(const struct leg_window *window)
{
	return fabs(window->amplitude - TONES_AMPLITUDE) >
		       HOLE * TONES_AMPLITUDE ||
	       window->click > STEP;
}

static void judge_gaps(const struct judge *judge, enum leg leg,
		       struct leg_figures *figures)
{
	const struct leg_window *windows = judge->run->legs[leg];

	for (uint32_t i = 0; i < judge->run->n_windows[leg]; i++) {
		if (!is_gap(&windows[i]))
			continue;
		figures->n_gaps++;
		if (since_any(judge, starts_at(judge, &windows[i]), WINDOW_S) >
		    BLAMED_S)
			figures->n_own_gaps++;
	}
}

/* ---- all of it ---- */

static void count(const struct drift_run *run, struct drift_figures *figures)
{
	const struct leat_link_status *first = &run->told[0].status;
	const struct leat_link_status *last;

	if (run->n_told == 0)
		return;
	last = &run->told[run->n_told - 1].status;
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		figures->n_slips +=
			last->direction[d].slips - first->direction[d].slips;
		figures->n_underruns += last->direction[d].underruns -
					first->direction[d].underruns;
		figures->target[d] = (double)last->direction[d].target;
	}
}

static void cpu_figures(const struct drift_run *run,
			struct drift_figures *figures)
{
	double minutes = run->listened_s / 60;

	figures->bridge_cpu_s = (double)run->bridge_cpu_ns * 1e-9 / minutes;
	figures->server_cpu_s = (double)run->server_cpu_ns * 1e-9 / minutes;
}

void drift_figures(const struct drift_run *run, double settled_s,
		   struct drift_figures *figures)
{
	double *values = calloc(run->n_max, sizeof(*values));
	struct judge judge;

	memset(figures, 0, sizeof(*figures));
	cpu_figures(run, figures);
	if (!values || run->n_windows[LEG_CIRCLE] == 0 ||
	    run->n_windows[LEG_TO_PIPEWIRE] == 0 || !judge_init(&judge, run)) {
		free(values);
		return;
	}
	count(run, figures);
	figures->n_hard = judge.hard.n - 1;
	figures->n_late = judge.late.n;
	for (enum leg leg = 0; leg < N_LEGS; leg++) {
		struct leg_figures *of = &figures->leg[leg];

		judge_windows(&judge, leg, settled_s, of, values);
		judge_seconds(&judge, leg, settled_s, of, values);
		judge_latency(&judge, leg, settled_s, of);
		judge_recovery(&judge, leg, of);
		judge_gaps(&judge, leg, of);
	}
	judge_finish(&judge);
	free(values);
}

/* When the thread saw the beginning of a second, if it was ever in time. */
static double seen_ns(const struct leg_window *second)
{
	int64_t late_ns = second->least_late_ns;

	for (uint32_t i = 1; i < TONES_PER_S; i++)
		if (second[i].least_late_ns < late_ns)
			late_ns = second[i].least_late_ns;
	return (double)(second->from.time_ns + late_ns);
}

static bool is_calm(const struct leg_window *windows, uint32_t i)
{
	return windows[i].upsets.n_hard == windows[i - 1].upsets.n_hard;
}

double drift_measured_ppm(const struct drift_run *run, double *ppm)
{
	const struct leg_window *windows = run->legs[LEG_CIRCLE];
	uint32_t n = run->n_windows[LEG_CIRCLE], from = 0, best = 0, length = 0;
	double frames, ns;

	*ppm = NAN;
	for (uint32_t i = 1; i < n; i++) {
		/* Its first sample may be from before the upset. */
		if (!is_calm(windows, i))
			from = i + 1;
		if (i > from && i - from > length) {
			length = i - from;
			best = from;
		}
	}
	if (length <= 2 * TONES_PER_S)
		return 0;
	length -= TONES_PER_S;
	frames = (double)(windows[best + length].from.frame -
			  windows[best].from.frame);
	ns = seen_ns(&windows[best + length]) - seen_ns(&windows[best]);
	*ppm = (frames / (ns * 1e-9 * run->setup.jack_rate_hz) - 1) * 1e6;
	return (double)length * WINDOW_S;
}

void drift_figures_dump(const struct drift_run *run, const char *path)
{
	FILE *file = fopen(path, "we");
	struct judge judge;

	if (!file || !judge_init(&judge, run))
		return;
	fprintf(file, "leg\ttime_s\tppm\tsince_upset_s\tsince_late_s\tsinad_db"
		      "\tsecond_sinad_db\tlatency\ttarget\ttold\tclick\n");
	for (enum leg leg = 0; leg < N_LEGS; leg++) {
		struct cursors at = { 0 };

		for (uint32_t i = 0; i < run->n_windows[leg]; i++) {
			const struct leg_window *window = &run->legs[leg][i];
			struct latency late = latency_of(run, leg, i, &at);
			double from_s = starts_at(&judge, window);

			fprintf(file,
				"%d\t%.3f\t%.1f\t%.1f\t%.1f\t%.1f\t%.1f\t"
				"%.2f\t%.0f\t%.0f\t%.2g\n",
				(int)leg, from_s, window->ppm,
				since_hard(&judge, from_s, WINDOW_S),
				since(&judge.late, from_s,
				      from_s + 2 * WINDOW_S),
				window->sinad_db, window->second_sinad_db,
				late.frames, late.target, late.told,
				window->click);
		}
	}
	judge_finish(&judge);
	fclose(file);
}
