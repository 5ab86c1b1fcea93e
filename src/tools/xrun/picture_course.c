/* SPDX-License-Identifier: MIT */
#include "picture.h"

#include "svg.h"
#include "words.h"

#include <math.h>

enum { N_TICKS_X = 10, N_TICKS_Y = 3 };

/* Of more values, what each of so many spans has at least and at most. */
enum { N_SPANS = 400 };

static void tick_time(char text[XRUN_TICK_BYTES], double value)
{
	snprintf(text, XRUN_TICK_BYTES, "%g s", value);
}

static void tick_value(char text[XRUN_TICK_BYTES], double value)
{
	char words[XRUN_WORDS_BYTES];

	if (value < 10 && value != floor(value))
		snprintf(text, XRUN_TICK_BYTES, "%g", value);
	else
		snprintf(text, XRUN_TICK_BYTES, "%.30s",
			 xrun_words_count(words, (uint64_t)(value + 0.5)));
}

static double most_of(const struct xrun_course *course, double most)
{
	for (size_t i = 0; i < course->n_values; i++)
		most = fmax(most, course->value[i].value);
	return most;
}

/* All of them, in steps or not. */
static void draw_values(const struct xrun_svg *svg,
			const struct xrun_course *course)
{
	const struct xrun_value *value = course->value;

	for (size_t i = 0; i < course->n_values; i++) {
		bool begins = i == 0 || value[i].begins;

		if (course->is_step && !begins)
			xrun_svg_to(svg, false, value[i].at_s,
				    value[i - 1].value);
		xrun_svg_to(svg, begins, value[i].at_s, value[i].value);
	}
	if (course->is_step && course->n_values > 0)
		xrun_svg_to(svg, false, svg->x.high,
			    value[course->n_values - 1].value);
}

/* Each span as an upright stroke from the least to the most. */
static void draw_spans(const struct xrun_svg *svg,
		       const struct xrun_course *course)
{
	double span_s = (svg->x.high - svg->x.low) / N_SPANS;
	size_t i = 0;

	while (i < course->n_values) {
		const struct xrun_value *first = &course->value[i];
		double low = first->value, high = low;
		double end_s = (floor(first->at_s / span_s) + 1) * span_s;

		for (i++;
		     i < course->n_values && course->value[i].at_s < end_s &&
		     !course->value[i].begins;
		     i++) {
			low = fmin(low, course->value[i].value);
			high = fmax(high, course->value[i].value);
		}
		xrun_svg_to(svg, first == course->value || first->begins,
			    first->at_s, low);
		xrun_svg_to(svg, false, first->at_s, high);
	}
}

static void draw(const struct xrun_svg *svg, const struct xrun_course *course)
{
	xrun_svg_path(svg, course->css_class);
	if (course->n_values > N_SPANS)
		draw_spans(svg, course);
	else
		draw_values(svg, course);
	xrun_svg_path_end(svg);
}

void xrun_picture_course(FILE *file, const char *alternative,
			 unsigned height_px, const char *unit, double end_s,
			 const struct xrun_course *course,
			 const struct xrun_course *aim, bool has_bottom)
{
	struct xrun_svg svg = { .file = file };

	svg.x = (struct xrun_axis){ 0, end_s > 0 ? end_s : 1, false };
	svg.y = xrun_axis_from_zero(most_of(course, aim ? most_of(aim, 0) : 0));
	xrun_svg_begin(&svg, height_px, alternative);
	xrun_svg_axis_y(&svg, N_TICKS_Y, tick_value, unit);
	if (has_bottom)
		xrun_svg_axis_x(&svg, N_TICKS_X, tick_time,
				"time since the start");
	else
		xrun_svg_grid_x(&svg, N_TICKS_X);
	draw(&svg, course);
	if (aim)
		draw(&svg, aim);
	xrun_svg_end(&svg);
}
