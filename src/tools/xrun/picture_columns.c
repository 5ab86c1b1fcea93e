/* SPDX-License-Identifier: MIT */
#include "picture.h"

#include "html.h"
#include "svg.h"
#include "words.h"

#include <math.h>

enum { HEIGHT_PX = 190, N_TICKS_Y = 4, N_NAMES = 12 };

/* Of the room that each has. */
#define COLUMN_WIDTH 0.64

static void tick_value(char text[XRUN_TICK_BYTES], double value)
{
	char words[XRUN_WORDS_BYTES];

	if (value != floor(value))
		snprintf(text, XRUN_TICK_BYTES, "%g", value);
	else
		snprintf(text, XRUN_TICK_BYTES, "%.30s",
			 xrun_words_count(words, (uint64_t)value));
}

static double sum_of(const struct xrun_column *column, size_t n_parts)
{
	double sum = 0;

	for (size_t i = 0; i < n_parts; i++)
		sum += column->part[i];
	return sum;
}

static void draw_column(const struct xrun_svg *svg,
			const struct xrun_column *column, double left,
			const struct xrun_lane *part, size_t n_parts,
			const char *unit)
{
	double bottom = 0;

	for (size_t i = 0; i < n_parts; i++) {
		char css_class[64], tip[256];

		if (!(column->part[i] > 0))
			continue;
		snprintf(css_class, sizeof(css_class), "column %.40s",
			 part[i].css_class);
		snprintf(tip, sizeof(tip), "%s, %.60s: %.4g %s", column->name,
			 part[i].name, column->part[i], unit);
		xrun_svg_bar(svg, css_class, left, left + COLUMN_WIDTH, bottom,
			     bottom + column->part[i], tip);
		bottom += column->part[i];
	}
}

/* Every so many of them, so that they do not run into each other. */
static void name_column(const struct xrun_svg *svg, size_t number,
			size_t n_columns, const char *name)
{
	size_t every = (n_columns + N_NAMES - 1) / N_NAMES;

	if (number % every == 0)
		xrun_svg_below(svg, (double)number + 0.5,
			       n_columns > 6 && number / every % 2 == 1, name);
}

void xrun_picture_columns(FILE *file, const char *alternative, const char *unit,
			  const char *x_name, const struct xrun_column *column,
			  size_t n_columns, const struct xrun_lane *part,
			  size_t n_parts)
{
	struct xrun_svg svg = { .file = file };
	double most = 0;

	for (size_t i = 0; i < n_columns; i++)
		most = fmax(most, sum_of(&column[i], n_parts));
	svg.x = (struct xrun_axis){ 0, fmax((double)n_columns, 1), false };
	svg.y = xrun_axis_from_zero(most);
	xrun_svg_begin(&svg, HEIGHT_PX, alternative);
	xrun_svg_axis_y(&svg, N_TICKS_Y, tick_value, unit);
	xrun_svg_name_x(&svg, x_name);
	for (size_t i = 0; i < n_columns; i++) {
		draw_column(&svg, &column[i],
			    (double)i + (1 - COLUMN_WIDTH) / 2, part, n_parts,
			    unit);
		name_column(&svg, i, n_columns, column[i].name);
	}
	xrun_svg_end(&svg);
}
