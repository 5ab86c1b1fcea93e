/* SPDX-License-Identifier: MIT */
#include "picture.h"

#include "svg.h"
#include "words.h"

#include <math.h>
#include <string.h>

enum { LANE_PX = 34, N_TICKS = 10 };

/* What falls into one of them is one mark. */
enum { N_CELLS = 300 };

/* Of the height of a lane. */
#define MARK_LOW 0.14

static const double mark_high[] = {
	[XRUN_SEEN] = 0.24,
	[XRUN_WAS_LATE] = 0.5,
	[XRUN_WAS_LOST] = 0.86,
};

struct cell {
	double first_s, last_s, late_ns;
	uint64_t n_late, n_lost;
	enum xrun_weight weight; /* the most */
};

static void tick_time(char text[XRUN_TICK_BYTES], double value)
{
	snprintf(text, XRUN_TICK_BYTES, "%g s", value);
}

static size_t cell_at(double at_s, double end_s)
{
	double place = at_s / end_s * N_CELLS;

	if (!(place > 0))
		return 0;
	return place < N_CELLS ? (size_t)place : N_CELLS - 1;
}

static void take(struct cell *cell, const struct xrun_moment *moment)
{
	if (cell->n_late == 0)
		cell->first_s = moment->at_s;
	cell->first_s = fmin(cell->first_s, moment->at_s);
	cell->last_s = fmax(cell->last_s, moment->at_s);
	cell->late_ns = fmax(cell->late_ns, moment->late_ns);
	cell->n_lost += moment->n_lost;
	if (moment->weight > cell->weight)
		cell->weight = moment->weight;
	cell->n_late++;
}

/* "JACK, at 3.20 s: 2 late periods, by up to 4 ms; 512 frames lost" */
static void put_tip(char *tip, size_t tip_bytes, const char *lane,
		    const struct cell *cell)
{
	char late[XRUN_WORDS_BYTES], time[XRUN_WORDS_BYTES];
	char lost[XRUN_WORDS_BYTES];

	snprintf(tip, tip_bytes, "%.60s, at %.2f s: %s%s%s%s%s", lane,
		 cell->first_s, xrun_words_some(late, cell->n_late, "time"),
		 cell->late_ns > 0 ? cell->weight == XRUN_SEEN
					     ? ", for up to "
					     : ", late by up to "
				   : "",
		 cell->late_ns > 0 ? xrun_words_time(time, cell->late_ns) : "",
		 cell->n_lost > 0 ? "; lost: " : "",
		 cell->n_lost > 0 ? xrun_words_some(lost, cell->n_lost, "frame")
				  : "");
}

static void draw_cell(const struct xrun_svg *svg, const struct xrun_lane *lane,
		      double bottom, const struct cell *cell)
{
	char tip[320], css_class[64];

	put_tip(tip, sizeof(tip), lane->name, cell);
	snprintf(css_class, sizeof(css_class), "event %.40s", lane->css_class);
	xrun_svg_mark(svg, css_class, (cell->first_s + cell->last_s) / 2,
		      bottom + MARK_LOW, bottom + mark_high[cell->weight], tip);
}

static void draw_lane(const struct xrun_svg *svg, const struct xrun_lane *lane,
		      unsigned number, double bottom, double end_s,
		      const struct xrun_moment *moment, size_t n_moments)
{
	struct cell cells[N_CELLS];

	memset(cells, 0, sizeof(cells));
	for (size_t i = 0; i < n_moments; i++)
		if (moment[i].lane == number)
			take(&cells[cell_at(moment[i].at_s, end_s)],
			     &moment[i]);
	for (size_t i = 0; i < N_CELLS; i++)
		if (cells[i].n_late > 0)
			draw_cell(svg, lane, bottom, &cells[i]);
}

void xrun_picture_timeline(FILE *file, const char *alternative, double end_s,
			   const struct xrun_lane *lane, size_t n_lanes,
			   const struct xrun_moment *moment, size_t n_moments)
{
	struct xrun_svg svg = { .file = file };
	double n = (double)n_lanes;

	end_s = end_s > 0 ? end_s : 1;
	svg.x = (struct xrun_axis){ 0, end_s, false };
	svg.y = (struct xrun_axis){ 0, n, false };
	xrun_svg_begin(&svg, (unsigned)n_lanes * LANE_PX, alternative);
	xrun_svg_axis_x(&svg, N_TICKS, tick_time, "time since the start");
	for (size_t i = 0; i < n_lanes; i++) {
		double bottom = n - 1 - (double)i;

		xrun_svg_level(&svg, "lane", bottom);
		xrun_svg_row(&svg, bottom + 0.5, lane[i].name);
		draw_lane(&svg, &lane[i], (unsigned)i, bottom, end_s, moment,
			  n_moments);
	}
	xrun_svg_end(&svg);
}
