/* SPDX-License-Identifier: MIT */
/*
 * fault-peers: two endpoints of a link in processes of their own, one of which
 * dies or freezes, again and again.
 *
 *   fault-peers kills [--long | --count N] [--seed N]
 *   fault-peers freezes [--long | --count N] [--seed N]
 *
 * The seed is printed; the same one makes the same choices.
 */
#include "scenarios.h"
#include "voice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KILLS 600
#define KILLS_LONG 100000
#define FREEZES 200
#define FREEZES_LONG 10000

struct options {
	const char *what;
	bool is_long;
	unsigned count;
	uint64_t seed;
};

static bool parse(struct options *options, int argc, char **argv)
{
	if (argc < 2)
		return false;
	options->what = argv[1];
	options->seed = (uint64_t)voice_now_ns();
	for (int i = 2; i < argc; i++) {
		if (strcmp(argv[i], "--long") == 0)
			options->is_long = true;
		else if (strcmp(argv[i], "--count") == 0 && i + 1 < argc)
			options->count = (unsigned)strtoul(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
			options->seed = strtoull(argv[++i], NULL, 10);
		else
			return false;
	}
	return true;
}

static unsigned count_of(const struct options *options, unsigned fast,
			 unsigned slow)
{
	if (options->count > 0)
		return options->count;
	return options->is_long ? slow : fast;
}

/* What the times that were measured mean depends on it. */
static void tell_rights(const struct peers *peers)
{
	if (!atomic_load(&peers->peer[FAULT_HOST].page->is_realtime))
		printf("without realtime rights: the endpoints' threads are "
		       "ordinary ones\n");
	if (!peers->witness || !peers->witness->is_realtime)
		printf("without realtime rights: the machine's stalls are not "
		       "told apart\n");
}

static void run(struct peers *peers, const struct options *options, bool kills)
{
	if (kills)
		scenario_kills(peers, count_of(options, KILLS, KILLS_LONG));
	else
		scenario_freezes(peers,
				 count_of(options, FREEZES, FREEZES_LONG));
}

int main(int argc, char **argv)
{
	struct options options = { 0 };
	bool kills, freezes;
	struct peers peers;

	if (!parse(&options, argc, argv))
		return 2;
	kills = strcmp(options.what, "kills") == 0;
	freezes = strcmp(options.what, "freezes") == 0;
	if (!kills && !freezes)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("seed %llu\n", (unsigned long long)options.seed);
	if (!peers_open(&peers, options.seed)) {
		printf("FAILED: cannot start\n");
		return EXIT_FAILURE;
	}
	if (peers_wait_running(&peers))
		tell_rights(&peers);
	run(&peers, &options, kills);
	printf("%u failures\n", peers.n_failures);
	peers_close(&peers);
	return peers.n_failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
