/* SPDX-License-Identifier: MIT */
/*
 * bench-callback [--quick]: what recording the load adds to a cycle, on servers
 * that are only memory. Batches with and without it take turns.
 *
 * bench-callback N with|without: just N cycles, for callback.sh to count
 * instructions.
 */
#include "unit/graph.h"

#include "stats.h"

#include "cli/now.h"
#include <leat/inline/atomics.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N_CYCLES 2000u
#define N_BATCHES 101u
#define N_BATCHES_QUICK 3u

static struct graph graph;

static void set_load(bool with)
{
	graph.circle.client.start_us = with ? jack_get_time() : 0;
	graph.circle.process.load = with ? &graph.circle.load : NULL;
	graph.process.load.words = with ? &graph.load : NULL;
}

/* Of JACK alone, or of both graphs. */
static void run(unsigned n_cycles, bool both)
{
	for (unsigned i = 0; i < n_cycles; i++)
		if (both)
			graph_cycle(&graph, CIRCLE_PERIOD);
		else
			circle_cycle(&graph.circle, CIRCLE_PERIOD);
}

static double batch_ns(bool with, bool both)
{
	uint64_t start_ns;

	set_load(with);
	start_ns = leat_now_ns();
	run(N_CYCLES, both);
	return (double)(leat_now_ns() - start_ns) / N_CYCLES;
}

/* Of the batches that were disturbed least: others share the machine. */
static void measure(const char *name, unsigned n_batches, bool both)
{
	double without[N_BATCHES], with[N_BATCHES], least;

	for (unsigned i = 0; i < n_batches; i++) {
		without[i] = batch_ns(false, both);
		with[i] = batch_ns(true, both);
	}
	least = bench_quantile(without, n_batches, 0.05);
	printf("%s: %.0f ns a cycle, recorded %.0f ns more\n", name, least,
	       bench_quantile(with, n_batches, 0.05) - least);
}

static uint64_t recorded(const struct leat_load_words *words)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < LEAT_HISTOGRAM_N_BUCKETS; i++)
		n += leat_word_peek(
			&words->histogram[LEAT_LOAD_DURATION].counts[i]);
	return n;
}

int main(int argc, char **argv)
{
	unsigned n_cycles = argc == 3 ? (unsigned)atoi(argv[1]) : 0;
	unsigned n_batches = argc == 2 ? N_BATCHES_QUICK : N_BATCHES;

	if (!graph_open(&graph))
		return EXIT_FAILURE;
	if (n_cycles > 0) {
		set_load(strcmp(argv[2], "with") == 0);
		run(n_cycles, true);
		graph_close(&graph);
		return EXIT_SUCCESS;
	}
	measure("JACK alone", n_batches, false);
	measure("both sides", n_batches, true);
	graph_close(&graph);
	/* The first thing is that it was done at all. */
	return recorded(&graph.circle.load) == 2 * n_batches * N_CYCLES &&
			       recorded(&graph.load) > n_batches
		       ? EXIT_SUCCESS
		       : EXIT_FAILURE;
}
