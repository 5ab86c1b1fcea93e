/* SPDX-License-Identifier: MIT */
#include "bench.h"

#include <stdio.h>

static double median(const struct bench *bench, const char *key,
		     const struct bench_contestant *c)
{
	const struct bench_series *s =
		bench_find(&bench->figures, key, c->name);

	return s ? bench_series_quantile(s, 0.5) : 0;
}

static void row(const struct bench *bench, const char *kind, unsigned number,
		double divisor)
{
	static const struct bench_contestant *const columns[] = {
		&bench_leat_wake, &bench_leat_poll, &bench_leat_frames
	};
	char key[24];

	snprintf(key, sizeof(key), "%s-%u", kind, number);
	printf("%u", number);
	for (unsigned i = 0; i < sizeof(columns) / sizeof(*columns); i++) {
		double ns = median(bench, key, columns[i]);

		if (ns > 0)
			printf("\t%.4f", ns / divisor);
		else
			printf("\t?");
	}
	printf("\n");
}

/* Two blocks, as gnuplot's `index` counts them. */
void bench_report_curves(const struct bench *bench)
{
	printf("# frames of capacity; ns per stereo frame: "
	       "wake, poll, planar\n");
	for (unsigned n = 8; n <= (bench->quick ? 14 : 22); n++)
		row(bench, "capacity", 1u << n, 1);
	printf("\n\n# channels; ns per sample: wake, poll, planar\n");
	for (unsigned n = 1; n <= 128; n *= 2)
		row(bench, "channels", n, n);
}
