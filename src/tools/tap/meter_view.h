/* SPDX-License-Identifier: MIT */
/*
 * The meter on a terminal: what the bars do with time, and the lines that show
 * it, as text with the colours of ECMA-48.
 */
#ifndef LEAT_TAP_METER_VIEW_H
#define LEAT_TAP_METER_VIEW_H

#include "meter_text.h"

#include <stdbool.h>

/* The bars' lower end, in dB of full scale. */
#define METER_FLOOR_DB (-60.0)

/* One direction. */
struct meter_view {
	struct meter_subject subject;
	struct loudness_values values;
	double level_db[LEAT_CHANNELS_MAX]; /* what the bars show */
	double hold_db[LEAT_CHANNELS_MAX];  /* the marks above them */
	double hold_s[LEAT_CHANNELS_MAX];   /* how long they stay there */
};

/* Take new values, seconds after the last ones: bars rise at once. */
void meter_view_update(struct meter_view *view,
		       const struct loudness_values *values, double seconds);

/*
 * The bar of a level and a hold mark, width cells wide, without colours: '#',
 * ' ' and '|'. Returns how many are '#'.
 */
unsigned meter_view_bar(char *bar, unsigned width, double level_db,
			double hold_db);

/*
 * Write the lines of n_views directions on a screen of so many rows and
 * columns: each ends with "\r\n" and is erased to its end. No more than
 * rows - 1 lines; channels that have no room are counted.
 */
void meter_view_draw(FILE *file, const struct meter_view *views,
		     uint32_t n_views, unsigned n_rows, unsigned n_columns,
		     bool colours);

#endif
