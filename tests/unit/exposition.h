/* SPDX-License-Identifier: MIT */
/*
 * Prometheus' text format 0.0.4, read strictly:
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */
#ifndef LEAT_UNIT_EXPOSITION_H
#define LEAT_UNIT_EXPOSITION_H

#include <stdbool.h>

#define EXPOSITION_MAX 4096

struct exposition_sample {
	char series[512]; /* NAME{LABELS}, as it stands there */
	double value;
};

struct exposition {
	unsigned n_samples;
	unsigned n_metrics;
	char error[256]; /* the first, with its line; "" if there is none */
	struct exposition_sample sample[EXPOSITION_MAX];
};

/*
 * Each metric has one HELP and one TYPE before its samples, which stand
 * together; a counter's name ends with _total, and no other's; no series is
 * there twice; the last line ends.
 */
bool exposition_parse(struct exposition *exposition, const char *text);

/* The value of a series; NaN if it is not there. */
double exposition_value(const struct exposition *exposition,
			const char *series);

#endif
