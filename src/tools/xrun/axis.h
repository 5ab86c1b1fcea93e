/* SPDX-License-Identifier: MIT */
/* Where values lie on an axis, and which of them are written beside it. */
#ifndef LEAT_XRUN_AXIS_H
#define LEAT_XRUN_AXIS_H

#include <stdbool.h>

struct xrun_axis {
	double low, high; /* of what is shown; low < high */
	bool is_log;	  /* then 0 < low */
};

/* Any more would not be read. */
#define XRUN_TICKS_MAX 16

struct xrun_tick {
	double value;
	bool minor; /* may go where there is little room */
};

/* From 0 to a round number that is at least most, and more than 0. */
struct xrun_axis xrun_axis_from_zero(double most);

/* Linear, from a round number to another, around what lies between. */
struct xrun_axis xrun_axis_around(double low, double high);

/*
 * For times and the like: logarithmic, from at most low to at least high, in
 * steps of 1, 2 and 5 times a power of ten. Both are more than 0.
 */
struct xrun_axis xrun_axis_log(double low, double high);

/* 0 at the low end to 1 at the high one, and never beyond. */
double xrun_axis_place(const struct xrun_axis *axis, double value);

/* About n_wanted of them, in order; how many they are. */
unsigned xrun_axis_ticks(const struct xrun_axis *axis, unsigned n_wanted,
			 struct xrun_tick ticks[XRUN_TICKS_MAX]);

#endif
