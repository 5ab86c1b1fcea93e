/* SPDX-License-Identifier: MIT */
#include "figures.h"

#include <stdio.h>
#include <stdlib.h>

void figures_add(struct figures *figures, int64_t ns)
{
	if (figures->n == figures->n_max) {
		size_t n_max = figures->n_max ? 2 * figures->n_max : 1024;
		int64_t *more = realloc(figures->ns, n_max * sizeof(*more));

		if (!more)
			return;
		figures->ns = more;
		figures->n_max = n_max;
	}
	figures->ns[figures->n++] = ns;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

int64_t figures_at(struct figures *figures, unsigned ppm)
{
	size_t rank = (figures->n * (size_t)ppm + 999999) / 1000000;

	if (figures->n == 0)
		return -1;
	qsort(figures->ns, figures->n, sizeof(*figures->ns), compare);
	return figures->ns[rank > 0 ? rank - 1 : 0];
}

static double ms(int64_t ns)
{
	return (double)ns / 1e6;
}

void figures_print(struct figures *figures, const char *name)
{
	printf("%s: p50 %.2f, p99 %.2f, max %.2f ms (%zu)\n", name,
	       ms(figures_at(figures, 500000)), ms(figures_at(figures, 990000)),
	       ms(figures_at(figures, 1000000)), figures->n);
}

void figures_finish(struct figures *figures)
{
	free(figures->ns);
	*figures = (struct figures){ 0 };
}
