/* SPDX-License-Identifier: MIT */
/*
 * leat-tap-load [--seconds N] [--rounds N] [--period N] [--watermark N]
 *
 * What 64 taps, of which 8 record, cost JACK's callback in time: on real
 * servers, by turns with none, and with as many on another link, which read and
 * write as much but nothing of this one's. So what the machine does for their
 * sake is told apart from what they do to the link. Of each turn it is the
 * difference of two snapshots of the histogram that leat-jack keeps.
 */
#include "integration/tap_run.h"

#include <leat/load.h>

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OTHER "other"
#define N_HELPERS 7
#define TAPS_EACH 8
#define N_RECORDERS 8
#define ROUNDS_MAX 64u

enum turn { NONE, HERE, ELSEWHERE, N_TURNS };

/* What is compared, in nanoseconds. */
enum figure { P50, P99, MEAN, N_FIGURES };

static const char *const figure_names[] = { "p50", "p99", "mean" };

static struct bridge bridge;
static struct circle circle;
static struct proc other_jack, other_pipewire;
static struct helper taps[N_HELPERS];
static struct proc recorders[N_RECORDERS];
static unsigned seconds = 8, rounds = 9;
static char watermark[16] = "4800"; /* frames that a tap is woken for */
static double figures[N_TURNS][N_FIGURES][ROUNDS_MAX];

/* ---- the links ---- */

static bool start_other(void)
{
	char jack[512], pipewire[512], jack_log[128], pipewire_log[128];
	const char *const jack_argv[] = { jack, "--channels", "2", OTHER,
					  NULL };
	const char *const pipewire_argv[] = { pipewire, OTHER, NULL };
	struct proc_options options = { .merged = true };

	snprintf(jack, sizeof(jack), "%s", bridge_program("leat-jack"));
	snprintf(pipewire, sizeof(pipewire), "%s",
		 bridge_program("leat-pipewire"));
	options.log = sandbox_path(&bridge.sandbox, "other-jack.log", jack_log,
				   sizeof(jack_log));
	if (proc_start(&other_jack, jack_argv, &options) < 0)
		return false;
	options.log = sandbox_path(&bridge.sandbox, "other-pipewire.log",
				   pipewire_log, sizeof(pipewire_log));
	return proc_start(&other_pipewire, pipewire_argv, &options) == 0;
}

static bool start_all(void)
{
	return bridge_start(&bridge) && circle_start(&circle, &bridge) &&
	       start_other() && bridge_wait_state("running", 20000) &&
	       circle_wait_exact(&circle, 4800, 30000);
}

/* ---- taps ---- */

static bool start_taps(const char *link_name)
{
	char program[512], name[32], path[128], file[32], n[8];
	const char *const argv[] = {
		program, link_name, "0", n, watermark, NULL
	};

	snprintf(program, sizeof(program), "%s", getenv("LEAT_SIG_TAP"));
	snprintf(n, sizeof(n), "%d", TAPS_EACH);
	for (int i = 0; i < N_HELPERS; i++) {
		snprintf(name, sizeof(name), "tap%d", i);
		if (helper_start(&taps[i], &bridge.sandbox, name, argv, NULL) !=
		    0)
			return false;
	}
	for (int i = 0; i < N_RECORDERS; i++) {
		snprintf(name, sizeof(name), "tape%d.log", i);
		snprintf(file, sizeof(file), "tape%d.wav", i);
		sandbox_path(&bridge.sandbox, file, path, sizeof(path));
		if (!tap_start(&recorders[i], &bridge, name, "record",
			       "--quiet", "--force", path, link_name, NULL))
			return false;
	}
	return true;
}

/* They have heard what there was, all the same, and told no loss. */
static bool stop_taps(void)
{
	char reply[HELPER_REPLY];
	bool good = true;

	for (int i = 0; i < N_HELPERS; i++) {
		good = good && helper_ask(&taps[i], reply, "report") == 0 &&
		       helper_value(reply, "least") >
			       (int64_t)seconds * 24000 &&
		       helper_value(reply, "lapped") == 0 &&
		       helper_value(reply, "differ") == 0;
		helper_stop(&taps[i]);
	}
	for (int i = 0; i < N_RECORDERS; i++)
		good = proc_stop(&recorders[i], 5000) == 0 && good;
	return good;
}

/* ---- figures ---- */

/*
 * A bucket is 3 % wide, which is more than what is looked for: within it values
 * are taken to lie evenly.
 */
static double percentile(const struct leat_histogram *histogram, double percent)
{
	double left = percent / 100 * (double)histogram->n;

	for (uint32_t b = 0; b < LEAT_HISTOGRAM_N_BUCKETS; b++) {
		double n = (double)histogram->counts[b];
		double from = (double)leat_histogram_least_ns(b);
		double to = (double)leat_histogram_least_ns(b + 1);

		if (n > 0 && left <= n)
			return from + (to - from) * left / n;
		left -= n;
	}
	return NAN;
}

static bool measure(enum turn turn, unsigned round)
{
	static struct leat_side_load before, after;
	struct leat_histogram between;
	struct leat_load *load;

	if (leat_load_open(&load, LINK) < 0)
		return false;
	leat_load_read(load, LEAT_LOAD_JACK, &before);
	sleep(seconds);
	leat_load_read(load, LEAT_LOAD_JACK, &after);
	leat_load_close(load);
	if (!before.known || !after.known)
		return false;
	leat_histogram_between(&between, &after.histogram[LEAT_LOAD_DURATION],
			       &before.histogram[LEAT_LOAD_DURATION]);
	figures[turn][P50][round] = percentile(&between, 50);
	figures[turn][P99][round] = percentile(&between, 99);
	figures[turn][MEAN][round] = leat_histogram_mean_ns(&between);
	return between.n > 0;
}

static bool take_turn(enum turn turn, unsigned round)
{
	bool good;

	if (turn == NONE)
		return measure(turn, round);
	if (!start_taps(turn == HERE ? LINK : OTHER))
		return false;
	/* Where they begin they map and fault in, rightly. */
	sleep(1);
	good = measure(turn, round);
	return stop_taps() && good;
}

/* Each round in another order, as machines become slower and faster. */
static bool take_round(unsigned round)
{
	for (unsigned i = 0; i < N_TURNS; i++)
		if (!take_turn((enum turn)((round + i) % N_TURNS), round))
			return false;
	for (int t = 0; t < N_TURNS; t++)
		printf("%s%6.2f %6.2f", t ? "   " : "",
		       figures[t][P50][round] / 1e3,
		       figures[t][P99][round] / 1e3);
	printf("\n");
	fflush(stdout);
	return true;
}

/* ---- the outcome ---- */

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double print_ratio(const char *name, enum figure figure, enum turn turn,
			  enum turn to)
{
	double ratios[ROUNDS_MAX];

	for (unsigned i = 0; i < rounds; i++)
		ratios[i] = figures[turn][figure][i] / figures[to][figure][i];
	qsort(ratios, rounds, sizeof(ratios[0]), compare);
	printf("%-24s %-4s %.3f, half of the rounds %.3f to %.3f, all %.3f to "
	       "%.3f\n",
	       name, figure_names[figure], ratios[rounds / 2],
	       ratios[rounds / 4], ratios[rounds - 1 - rounds / 4], ratios[0],
	       ratios[rounds - 1]);
	return ratios[rounds / 2];
}

static void print_all(void)
{
	double worst = 0;

	for (int f = 0; f < N_FIGURES; f++) {
		double ratio = print_ratio("64 taps here, to none",
					   (enum figure)f, HERE, NONE);

		worst = f < MEAN && ratio > worst ? ratio : worst;
		print_ratio("64 elsewhere, to none", (enum figure)f, ELSEWHERE,
			    NONE);
		print_ratio("here, to elsewhere", (enum figure)f, HERE,
			    ELSEWHERE);
	}
	printf("64 taps, p50 and p99 within 1.02: %s\n",
	       worst <= 1.02 ? "reached" : "not reached");
}

static int run(void)
{
	if (!start_all()) {
		bridge_show(&bridge);
		return 1;
	}
	printf("callbacks in us, p50 and p99: none, 64 here, 64 elsewhere\n");
	for (unsigned i = 0; i < rounds; i++) {
		if (!take_round(i)) {
			fprintf(stderr, "a round failed\n");
			bridge_show(&bridge);
			return 1;
		}
	}
	print_all();
	return 0;
}

static bool parse(int argc, char **argv, uint32_t *period)
{
	for (int i = 1; i + 1 < argc; i += 2) {
		unsigned value = (unsigned)atoi(argv[i + 1]);

		if (strcmp(argv[i], "--seconds") == 0)
			seconds = value;
		else if (strcmp(argv[i], "--rounds") == 0)
			rounds = value;
		else if (strcmp(argv[i], "--period") == 0)
			*period = value;
		else if (strcmp(argv[i], "--watermark") == 0)
			snprintf(watermark, sizeof(watermark), "%u", value);
		else
			return false;
	}
	return argc % 2 == 1 && rounds > 0 && rounds <= ROUNDS_MAX;
}

int main(int argc, char **argv)
{
	uint32_t period = 64;
	const char *why;
	int res;

	if (!parse(argc, argv, &period)) {
		fprintf(stderr, "usage: leat-tap-load [--seconds N] "
				"[--rounds N] [--period N] [--watermark N]\n");
		return 2;
	}
	why = bridge_init(&bridge, period);
	if (why) {
		printf("skipped: %s\n", why);
		return SANDBOX_SKIP;
	}
	res = run();
	circle_stop(&circle);
	proc_stop(&other_pipewire, 3000);
	proc_stop(&other_jack, 3000);
	return bridge_finish(&bridge) == 0 ? res : 1;
}
