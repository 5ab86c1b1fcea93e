/* SPDX-License-Identifier: MIT */
/* How long a link's callbacks take: load [LINK]. Reading it disturbs nobody. */
#include <leat/load.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_side(const char *name, const struct leat_side_load *load)
{
	const struct leat_histogram *duration =
		&load->histogram[LEAT_LOAD_DURATION];

	if (!load->known || duration->n == 0) {
		printf("%s: nothing is recorded\n", name);
		return;
	}
	printf("%s: %" PRIu64 " cycles, 99 %% of them took %" PRIu64
	       " ns or less, and the longest %" PRIu64 " ns\n",
	       name, duration->n, leat_histogram_percentile(duration, 99),
	       duration->max_ns);
}

int main(int argc, char **argv)
{
	const char *link_name = argc > 1 ? argv[1] : "example";
	struct leat_side_load recorded;
	struct leat_load *load;
	int res = leat_load_open(&load, link_name);

	if (res < 0) {
		fprintf(stderr, "%s: %s\n", link_name, strerror(-res));
		return EXIT_FAILURE;
	}
	leat_load_read(load, LEAT_LOAD_JACK, &recorded);
	print_side("JACK", &recorded);
	leat_load_read(load, LEAT_LOAD_PIPEWIRE, &recorded);
	print_side("PipeWire", &recorded);
	leat_load_close(load);
	return EXIT_SUCCESS;
}
