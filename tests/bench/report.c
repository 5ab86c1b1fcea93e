/* SPDX-License-Identifier: MIT */
/*
 * The table: each line is one figure of ours against a floor, the reference
 * or the best of the others' rings, with what was to be reached.
 */
#include "bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BEST_PEER "best peer"

enum better { HIGHER, LOWER };

struct goal {
	const char *what;
	const char *key;
	const char *ours;
	const char *against;
	const char *unit;
	enum better better;
	double ratio; /* ours / against must be at least or at most; 0: none */
};

#define WAKE "leat"
#define POLL "leat, poll"
#define PLANAR "leat, planar"
#define COUNT "shared count"

static const struct goal goals[] = {
	{ "send, drained, p50", "drained-p50", WAKE, COUNT, "ns", LOWER, 0.1 },
	{ "send, drained, p50", "drained-p50", PLANAR, COUNT, "ns", LOWER,
	  0.1 },
	{ "send, drained, p50", "drained-p50", WAKE, FLOOR_MEMCPY, "ns", LOWER,
	  0 },
	{ "send, drained, p50", "drained-p50", WAKE, BEST_PEER, "ns", LOWER,
	  0 },
	{ "send, drained, p99", "drained-p99", WAKE, COUNT, "ns", LOWER, 0 },
	{ "send, never empty, p50", "held-p50", WAKE, FLOOR_MEMCPY, "ns", LOWER,
	  2 },
	{ "send, never empty, p50", "held-p50", PLANAR, FLOOR_MEMCPY, "ns",
	  LOWER, 2 },
	{ "send, never empty, p50", "held-p50", POLL, FLOOR_MEMCPY, "ns", LOWER,
	  0 },
	{ "send, never empty, p50", "held-p50", WAKE, BEST_PEER, "ns", LOWER,
	  0 },
	{ "send, never empty, p99", "held-p99", WAKE, FLOOR_MEMCPY, "ns", LOWER,
	  0 },
#define BLOCKS(n, least)                                                       \
	{ "blocks of " n, "blocks-" n, WAKE, FLOOR_TRANSFER,                   \
	  "GB/s",	  HIGHER,      least },                                \
		{ "blocks of " n, "blocks-" n, WAKE, FLOOR_FLAGGED,            \
		  "GB/s",	  HIGHER,      0 },                            \
		{ "blocks of " n, "blocks-" n, WAKE, BEST_PEER,                \
		  "GB/s",	  HIGHER,      1 },                            \
		{ "blocks of " n, "blocks-" n, POLL, FLOOR_TRANSFER,           \
		  "GB/s",	  HIGHER,      0 },                            \
	{                                                                      \
		"blocks of " n, "blocks-" n, PLANAR, FLOOR_TRANSFER, "GB/s",   \
			HIGHER, 0                                              \
	}
	BLOCKS("64", 0.95),
	BLOCKS("128", 0.85),
	BLOCKS("256", 1.05),
	BLOCKS("1024", 1.05),
	{ "32 channels x 64", "wide-64", PLANAR, FLOOR_TRANSFER, "GB/s", HIGHER,
	  0.9 },
	{ "32 channels x 64", "wide-64", WAKE, FLOOR_TRANSFER, "GB/s", HIGHER,
	  0 },
	{ "ping-pong", "ping-pong", WAKE, FLOOR_FLAGS, "ns", LOWER, 1.15 },
	{ "ping-pong", "ping-pong", POLL, FLOOR_FLAGS, "ns", LOWER, 1.15 },
	{ "ping-pong", "ping-pong", WAKE, BEST_PEER, "ns", LOWER, 0 },
	{ "items of 4 bytes", "items-4", POLL, BEST_PEER, "M/s", HIGHER, 1.2 },
	{ "items of 8 bytes", "items-8", POLL, BEST_PEER, "M/s", HIGHER, 1 },
	{ "items of 4 bytes", "items-4", WAKE, BEST_PEER, "M/s", HIGHER, 0 },
	{ "wake-up, p50", "wake-p50", WAKE, FLOOR_READ, "us", LOWER, 1.05 },
	{ "wake-up, p50", "wake-p50", WAKE, FLOOR_POLL, "us", LOWER, 0 },
	{ "wake-up, p99", "wake-p99", WAKE, FLOOR_READ, "us", LOWER, 0 },
};

/* A line worked out; ours is NULL if it was not measured. */
struct line {
	const struct bench_series *ours;
	const struct bench_series *against;
	double ratio;
};

/* The peer with the best median. */
static const struct bench_series *best_peer(const struct bench *bench,
					    const struct goal *goal)
{
	const struct bench_series *best = NULL;
	const struct bench_contestant *c;

	for (unsigned i = 0; (c = bench_contestants[i]); i++) {
		const struct bench_series *s =
			bench_find(&bench->figures, goal->key, c->name);
		double ahead;

		if (!s || c->kind != BENCH_PEER)
			continue;
		ahead = best ? bench_series_quantile(s, 0.5) -
					bench_series_quantile(best, 0.5)
			     : 0;
		if (!best || (goal->better == HIGHER ? ahead > 0 : ahead < 0))
			best = s;
	}
	return best;
}

static struct line work_out(const struct bench *bench, const struct goal *goal)
{
	struct line line = {
		.ours = bench_find(&bench->figures, goal->key, goal->ours),
		.against =
			bench_find(&bench->figures, goal->key, goal->against),
	};

	if (strcmp(goal->against, BEST_PEER) == 0)
		line.against = best_peer(bench, goal);
	if (line.ours && line.against)
		line.ratio = bench_ratio(line.ours, line.against);
	return line;
}

static const char *verdict(const struct goal *goal, double ratio)
{
	if (goal->ratio <= 0)
		return "";
	if (goal->better == HIGHER ? ratio >= goal->ratio
				   : ratio <= goal->ratio)
		return "reached";
	return "not reached";
}

/* As it is held against the goal, or "" without one. */
static const char *goal_text(const struct goal *goal, char *text, size_t size)
{
	text[0] = '\0';
	if (goal->ratio > 0)
		snprintf(text, size, "%s %.2f",
			 goal->better == HIGHER ? ">=" : "<=", goal->ratio);
	return text;
}

static void print_line(const struct goal *goal, const struct line *line)
{
	char text[32];

	printf("%-23s %-13s %9.2f  %-24s %9.2f %-5s %6.3f  %-8s %s\n",
	       goal->what, goal->ours, bench_series_quantile(line->ours, 0.5),
	       line->against->name, bench_series_quantile(line->against, 0.5),
	       goal->unit, line->ratio, goal_text(goal, text, sizeof(text)),
	       verdict(goal, line->ratio));
}

static void print_json_line(const struct goal *goal, const struct line *line)
{
	printf("    {\"what\": \"%s\", \"unit\": \"%s\", \"ours\": \"%s\", "
	       "\"value\": %.4f, \"against\": \"%s\", \"base\": %.4f, "
	       "\"ratio\": %.4f",
	       goal->what, goal->unit, goal->ours,
	       bench_series_quantile(line->ours, 0.5), line->against->name,
	       bench_series_quantile(line->against, 0.5), line->ratio);
	if (goal->ratio > 0)
		printf(", \"goal\": \"%s %.2f\", \"reached\": %s",
		       goal->better == HIGHER ? ">=" : "<=", goal->ratio,
		       verdict(goal, line->ratio)[0] == 'r' ? "true" : "false");
	printf("},\n");
}

static void print_goals(const struct bench *bench)
{
	for (unsigned i = 0; i < sizeof(goals) / sizeof(*goals); i++) {
		struct line line = work_out(bench, &goals[i]);

		if (!line.ours || !line.against)
			continue;
		if (bench->json)
			print_json_line(&goals[i], &line);
		else
			print_line(&goals[i], &line);
	}
}

/* Not ratios: these two have lines of their own. */
static void print_others(const struct bench *bench)
{
	const struct bench_series *ours =
		bench_find(&bench->figures, "raised", WAKE);
	const struct bench_series *count =
		bench_find(&bench->figures, "raised", COUNT);
	double n = ours->rounds[0], most = 0, least = HUGE_VAL;
	char key[24];

	for (unsigned log2 = 8; log2 <= 14; log2++) {
		const struct bench_series *s;

		snprintf(key, sizeof(key), "capacity-%u", 1u << log2);
		s = bench_find(&bench->figures, key, WAKE);
		most = fmax(most, bench_series_quantile(s, 0.5));
		least = fmin(least, bench_series_quantile(s, 0.5));
	}
	if (bench->json)
		printf("    {\"what\": \"system calls per 1e6 blocks\", "
		       "\"unit\": \"\", \"ours\": \"%s\", \"value\": %.0f, "
		       "\"against\": \"%s\", \"base\": %.0f, "
		       "\"goal\": \"<= 0\", \"reached\": %s},\n"
		       "    {\"what\": \"frame, capacity 2^8 to 2^14\", "
		       "\"unit\": \"ns\", \"ours\": \"%s\", \"value\": %.4f, "
		       "\"against\": \"cheapest\", \"base\": %.4f, "
		       "\"ratio\": %.4f}\n",
		       WAKE, n, COUNT, count->rounds[0],
		       n > 0 ? "false" : "true", WAKE, most, least,
		       most / least);
	else
		printf("%-23s %-13s %9.0f  %-24s %9.0f %-5s %6s  %-8s %s\n"
		       "%-23s %-13s %9.2f  %-24s %9.2f %-5s %6.3f\n",
		       "calls per 1e6 blocks", WAKE, n, COUNT, count->rounds[0],
		       "", "", "<= 0", n > 0 ? "not reached" : "reached",
		       "frame, 2^8 to 2^14", WAKE, most, "cheapest capacity",
		       least, "ns", most / least);
}

/* Every series, for --json. */
static void print_series(const struct bench *bench)
{
	for (unsigned i = 0; i < bench->figures.n_series; i++) {
		const struct bench_series *s = &bench->figures.series[i];

		printf("%s    {\"key\": \"%s\", \"name\": \"%s\", "
		       "\"median\": %.4f, \"p99\": %.4f, \"rounds\": %u}",
		       i > 0 ? ",\n" : "", s->key, s->name,
		       bench_series_quantile(s, 0.5),
		       bench_series_quantile(s, 0.99), s->n_rounds);
	}
}

/* Everybody's medians, one line per measure and contestant. */
static void print_everybody(const struct bench *bench)
{
	for (unsigned i = 0; i < bench->figures.n_series; i++) {
		const struct bench_series *s = &bench->figures.series[i];

		if (strncmp(s->key, "ca", 2) == 0 ||
		    strncmp(s->key, "ch", 2) == 0)
			continue;
		printf("%-14s %-24s median %9.2f  lowest %9.2f  highest "
		       "%9.2f\n",
		       s->key, s->name, bench_series_quantile(s, 0.5),
		       bench_series_quantile(s, 0),
		       bench_series_quantile(s, 1));
	}
}

void bench_report(const struct bench *bench)
{
	if (bench->json) {
		printf("{\n");
		bench_print_machine(bench);
		printf("  \"rounds\": %u,\n  \"wrong\": %u,\n"
		       "  \"repeated\": %u,\n  \"disturbed\": %u,\n"
		       "  \"lines\": [\n",
		       bench->n_rounds, bench->n_wrong, bench->n_repeated,
		       bench->n_disturbed);
		print_goals(bench);
		print_others(bench);
		printf("  ],\n  \"series\": [\n");
		print_series(bench);
		printf("\n  ]\n}\n");
		return;
	}
	bench_print_machine(bench);
	printf("%u rounds, interleaved; medians; ratios round by round; %u "
	       "timings disturbed and repeated, %u not undisturbed in the "
	       "end\n\n",
	       bench->n_rounds, bench->n_repeated, bench->n_disturbed);
	printf("%-23s %-13s %9s  %-24s %9s %-5s %6s  %s\n", "what", "ours", "",
	       "against", "", "", "ratio", "goal");
	print_goals(bench);
	print_others(bench);
	if (bench->peers) {
		printf("\n");
		print_everybody(bench);
	}
}
