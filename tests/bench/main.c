/* SPDX-License-Identifier: MIT */
/*
 * leat-bench-ring: what our rings cost, against the others' and the floors.
 *
 * Everything runs in one process, on two cores, in interleaved rounds. Only
 * ratios within a run mean anything on another machine. Results are checked:
 * the exit code is 1 if one is wrong, never because one is slow.
 */
#include "bench.h"
#include "clock.h"
#include "pair.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define USAGE                                                                  \
	"usage: leat-bench-ring [--json | --curves] [--peers] [--rounds N] "   \
	"[--quick]\n"                                                          \
	"  --json      the results, for programs\n"                            \
	"  --curves    cost against capacity and channels only, for gnuplot\n" \
	"  --peers     others' rings too, as far as they were compiled in\n"   \
	"  --rounds N  1..101, 21 without this\n"                              \
	"  --quick     one short round: shows that it works, no figures\n"

bool bench_takes_part(const struct bench *bench,
		      const struct bench_contestant *contestant)
{
	return bench->peers || contestant->kind != BENCH_PEER;
}

void bench_expect(struct bench *bench, bool right, const char *key,
		  const char *name)
{
	if (right)
		return;
	bench->n_wrong++;
	fprintf(stderr, "leat-bench-ring: %s: %s: wrong result\n", key, name);
}

bool bench_again(struct bench *bench, bool disturbed, unsigned *n_tries)
{
	if (!disturbed || bench->quick)
		return false;
	if (++*n_tries < BENCH_MAX_TRIES) {
		bench->n_repeated++;
		return true;
	}
	bench->n_disturbed++;
	return false;
}

static bool parse_rounds(struct bench *bench, const char *text)
{
	char *end;
	unsigned long n = text ? strtoul(text, &end, 10) : 0;

	if (n < 1 || n > BENCH_MAX_ROUNDS || *end != '\0')
		return false;
	bench->n_rounds = (unsigned)n;
	return true;
}

static bool parse(struct bench *bench, int argc, char **argv)
{
	bench->n_rounds = 21;
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			bench->json = true;
		else if (strcmp(argv[i], "--curves") == 0)
			bench->curves = true;
		else if (strcmp(argv[i], "--peers") == 0)
			bench->peers = true;
		else if (strcmp(argv[i], "--quick") == 0)
			bench->quick = true;
		else if (strcmp(argv[i], "--rounds") != 0 ||
			 !parse_rounds(bench, argv[++i]))
			return false;
	}
	if (bench->quick)
		bench->n_rounds = 1;
	return !(bench->json && bench->curves);
}

static void run(struct bench *bench)
{
	bench_check(bench);
	if (bench->n_wrong > 0)
		return;
	bench_count_raised(bench);
	for (unsigned i = 0; i < bench->n_rounds; i++) {
		bench_blocks_round(bench);
		bench_send_round(bench);
		bench_items_round(bench);
		bench_wake_round(bench);
		bench_curves_round(bench);
	}
}

static void run_curves(struct bench *bench)
{
	for (unsigned i = 0; i < bench->n_rounds; i++)
		bench_curves_round(bench);
}

int main(int argc, char **argv)
{
	struct bench *bench = calloc(1, sizeof(*bench));
	int res;

	if (!bench)
		return 2;
	if (!parse(bench, argc, argv)) {
		fputs(USAGE, stderr);
		free(bench);
		return 2;
	}
	bench->n_cores = bench_cores_init();
	if (bench->n_cores < 2)
		fputs("leat-bench-ring: one core: no figure means anything\n",
		      stderr);
	bench->tick_ns = bench_tick_ns();
	bench->overhead = bench_tick_overhead();
	if (bench->curves)
		run_curves(bench);
	else
		run(bench);
	if (bench->n_wrong == 0) {
		if (bench->curves)
			bench_report_curves(bench);
		else
			bench_report(bench);
	}
	res = bench->n_wrong > 0 ? 1 : 0;
	free(bench);
	return res;
}
