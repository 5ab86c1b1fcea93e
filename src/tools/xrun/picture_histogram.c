/* SPDX-License-Identifier: MIT */
#include "picture.h"

#include "svg.h"
#include "words.h"

#include <math.h>
#include <string.h>

enum { HEIGHT_PX = 190, N_TICKS_X = 7, N_TICKS_Y = 4 };

/* Below this ratio of the longest to the shortest, decades show nothing. */
#define LINEAR_RATIO 4

/* Shorter times lie at the edge. */
#define LOW_NS 500

/* What happened once stands above the bottom. */
#define COUNT_LOW 0.7

static void tick_time(char text[XRUN_TICK_BYTES], double value)
{
	char words[XRUN_WORDS_BYTES];

	snprintf(text, XRUN_TICK_BYTES, "%.30s", xrun_words_time(words, value));
}

static void tick_count(char text[XRUN_TICK_BYTES], double value)
{
	char words[XRUN_WORDS_BYTES];

	if (value >= 1e6)
		snprintf(text, XRUN_TICK_BYTES, "%.0f M", value / 1e6);
	else
		snprintf(text, XRUN_TICK_BYTES, "%.30s",
			 xrun_words_count(words, (uint64_t)(value + 0.5)));
}

/* For the name of the mark, above what there is. */
#define HEADROOM 4

struct extent {
	double low_ns, high_ns, most;
};

static void take_extent(struct extent *extent,
			const struct xrun_distribution *distribution)
{
	for (size_t i = 0; i < distribution->n_bars; i++) {
		const struct xrun_bar *bar = &distribution->bar[i];

		if (bar->count == 0)
			continue;
		extent->low_ns = fmin(extent->low_ns, bar->low_ns);
		extent->high_ns = fmax(extent->high_ns, bar->high_ns);
		extent->most = fmax(extent->most, (double)bar->count);
	}
}

static struct xrun_axis axis_of_times(const struct extent *extent)
{
	double low = fmax(extent->low_ns, LOW_NS), high = extent->high_ns;

	if (!(high > low))
		return xrun_axis_log(1e3, 1e6);
	return high / low < LINEAR_RATIO ? xrun_axis_around(low, high)
					 : xrun_axis_log(low, high);
}

static struct xrun_axis axis_of_counts(const struct extent *extent)
{
	struct xrun_axis axis = xrun_axis_log(1, fmax(extent->most, 5));

	axis.low = COUNT_LOW;
	axis.high *= HEADROOM;
	return axis;
}

/* The outline of all bars, along the bottom where there are none. */
static void draw_outline(const struct xrun_svg *svg, const char *css_class,
			 const struct xrun_bar *bar, size_t n_bars)
{
	double at = svg->x.low;

	xrun_svg_path(svg, css_class);
	xrun_svg_to(svg, true, at, COUNT_LOW);
	for (size_t i = 0; i < n_bars; i++) {
		if (bar[i].count == 0)
			continue;
		if (bar[i].low_ns > at) {
			xrun_svg_to(svg, false, at, COUNT_LOW);
			xrun_svg_to(svg, false, bar[i].low_ns, COUNT_LOW);
		}
		xrun_svg_to(svg, false, bar[i].low_ns, (double)bar[i].count);
		xrun_svg_to(svg, false, bar[i].high_ns, (double)bar[i].count);
		at = bar[i].high_ns;
	}
	xrun_svg_to(svg, false, at, COUNT_LOW);
	xrun_svg_path_end(svg);
}

static void draw_tip(const struct xrun_svg *svg, const char *name,
		     const struct xrun_bar *bar)
{
	char low[XRUN_WORDS_BYTES], high[XRUN_WORDS_BYTES];
	char count[XRUN_WORDS_BYTES], tip[256];

	snprintf(tip, sizeof(tip), "%.60s%s%s to %s: %s", name ? name : "",
		 name ? ", " : "", xrun_words_time(low, bar->low_ns),
		 xrun_words_time(high, bar->high_ns),
		 xrun_words_some(count, bar->count, "time"));
	xrun_svg_bar(svg, "hit", bar->low_ns, bar->high_ns, COUNT_LOW,
		     (double)bar->count, tip);
}

static void draw(const struct xrun_svg *svg,
		 const struct xrun_distribution *distribution)
{
	draw_outline(svg, distribution->css_class, distribution->bar,
		     distribution->n_bars);
	for (size_t i = 0; i < distribution->n_bars; i++)
		if (distribution->bar[i].count > 0)
			draw_tip(svg, distribution->name,
				 &distribution->bar[i]);
}

void xrun_picture_histogram(FILE *file, const char *alternative,
			    const struct xrun_distribution *distribution,
			    size_t n_distributions, double mark_ns,
			    const char *mark_name)
{
	struct extent extent = { INFINITY, 0, 0 };
	struct xrun_svg svg = { .file = file };

	for (size_t i = 0; i < n_distributions; i++)
		take_extent(&extent, &distribution[i]);
	if (mark_ns > 0) {
		extent.low_ns = fmin(extent.low_ns, mark_ns);
		extent.high_ns = fmax(extent.high_ns, mark_ns);
	}
	svg.x = axis_of_times(&extent);
	svg.y = axis_of_counts(&extent);
	xrun_svg_begin(&svg, HEIGHT_PX, alternative);
	xrun_svg_axis_y(&svg, N_TICKS_Y, tick_count, "how often");
	xrun_svg_axis_x(&svg, N_TICKS_X, tick_time, "time");
	for (size_t i = 0; i < n_distributions; i++)
		draw(&svg, &distribution[i]);
	if (mark_ns > 0) {
		xrun_svg_mark(&svg, "limit", mark_ns, svg.y.low, svg.y.high,
			      NULL);
		xrun_svg_note(&svg, mark_ns, svg.y.high / sqrt(HEADROOM),
			      mark_name);
	}
	xrun_svg_end(&svg);
}
