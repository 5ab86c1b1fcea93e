/* SPDX-License-Identifier: MIT */
/* Times that were measured, and what they come to. */
#ifndef LEAT_FAULT_FIGURES_H
#define LEAT_FAULT_FIGURES_H

#include <stddef.h>
#include <stdint.h>

/* Zero it before use. */
struct figures {
	int64_t *ns;
	size_t n;
	size_t n_max;
};

/* One that there is no memory for is left out. */
void figures_add(struct figures *figures, int64_t ns);

/* The smallest that so many of a million are not above; -1 of nothing. */
int64_t figures_at(struct figures *figures, unsigned ppm);

/* "NAME: p50 ... p99 ... max ... ms (N)" */
void figures_print(struct figures *figures, const char *name);

void figures_finish(struct figures *figures);

#endif
