/* SPDX-License-Identifier: MIT */
#include "meter_view.h"

#include "duration.h"

#include <leat/positions.h>

#include <inttypes.h>
#include <math.h>
#include <string.h>

/*
 * IEC 60268-18: a digital peak meter falls 20 dB in 1.7 s. It holds peaks
 * where they are seen, for about as long as it takes to read them.
 */
#define FALL_DB_S (20 / 1.7)
#define HOLD_S 1.5

/* Cells of a row beside its bar: name, peak, true peak's maximum, clips. */
#define BESIDE 40u

#define BAR_MAX 200u

/* Where the colours change, in dB: EBU R128 aims at -23 with peaks below -1. */
#define YELLOW_DB (-18.0)
#define RED_DB (-1.0)

static void move_bar(struct meter_view *view, uint32_t c, double seconds)
{
	double peak = loudness_db(view->values.channel[c].peak);
	double fall = seconds * FALL_DB_S;

	view->level_db[c] =
		fmax(fmax(peak, METER_FLOOR_DB), view->level_db[c] - fall);
	view->hold_s[c] -= seconds;
	if (view->level_db[c] >= view->hold_db[c]) {
		view->hold_db[c] = view->level_db[c];
		view->hold_s[c] = HOLD_S;
	} else if (view->hold_s[c] < 0) {
		view->hold_db[c] =
			fmax(view->level_db[c], view->hold_db[c] - fall);
	}
}

void meter_view_update(struct meter_view *view,
		       const struct loudness_values *values, double seconds)
{
	bool first = view->values.n_channels != values->n_channels;

	view->values = *values;
	for (uint32_t c = 0; c < values->n_channels; c++) {
		if (first)
			view->level_db[c] = view->hold_db[c] = METER_FLOOR_DB;
		move_bar(view, c, seconds);
	}
}

static unsigned cells(double db, unsigned width)
{
	double part = (db - METER_FLOOR_DB) / -METER_FLOOR_DB;

	return (unsigned)lround(fmax(0, fmin(1, part)) * width);
}

unsigned meter_view_bar(char *bar, unsigned width, double level_db,
			double hold_db)
{
	unsigned n = cells(level_db, width), hold = cells(hold_db, width);

	memset(bar, '#', n);
	memset(bar + n, ' ', width - n);
	bar[width] = 0;
	if (hold > 0 && hold >= n)
		bar[hold - 1] = '|';
	return n;
}

/* ---- lines ---- */

struct screen {
	FILE *file;
	unsigned n_rows; /* left */
	unsigned n_columns;
	bool colours;
};

static void colour(const struct screen *screen, const char *code)
{
	if (screen->colours)
		fprintf(screen->file, "\033[%sm", code);
}

/* The end of a line, and of what was there before. */
static void end_line(struct screen *screen)
{
	fputs("\033[K\r\n", screen->file);
	screen->n_rows--;
}

static void put_line(struct screen *screen, const char *text)
{
	fprintf(screen->file, "%.*s", (int)screen->n_columns, text);
	end_line(screen);
}

static void draw_bar(const struct screen *screen, const char *bar,
		     unsigned width)
{
	unsigned yellow = cells(YELLOW_DB, width), red = cells(RED_DB, width);

	colour(screen, "32");
	fprintf(screen->file, "%.*s", (int)yellow, bar);
	colour(screen, "33");
	fprintf(screen->file, "%.*s", (int)(red - yellow), bar + yellow);
	colour(screen, "31");
	fputs(bar + red, screen->file);
	colour(screen, "0");
}

static void draw_channel(struct screen *screen, const struct meter_view *view,
			 uint32_t c)
{
	const struct loudness_channel *channel = &view->values.channel[c];
	const char *name = leat_position_name(view->subject.position[c]);
	unsigned width =
		screen->n_columns > BESIDE + 4 ? screen->n_columns - BESIDE : 4;
	char bar[BAR_MAX + 1], now[16], max[16];

	if (width > BAR_MAX)
		width = BAR_MAX;
	meter_view_bar(bar, width, view->level_db[c], view->hold_db[c]);
	fprintf(screen->file, "%-5.5s[", name ? name : "?");
	draw_bar(screen, bar, width);
	fprintf(screen->file, "]%6s  max%6s ",
		meter_number(now, sizeof(now), view->level_db[c]),
		meter_number(max, sizeof(max),
			     loudness_db(channel->max_true_peak)));
	if (channel->n_clips > 0) {
		colour(screen, "7;31");
		fprintf(screen->file, "CLIP %" PRIu64,
			channel->n_clips < 99999 ? channel->n_clips : 99999);
		colour(screen, "0");
	}
	end_line(screen);
}

static void draw_head(struct screen *screen, const struct meter_view *view)
{
	char text[160], time[32];

	snprintf(text, sizeof(text),
		 "%s %s  %" PRIu32 " Hz  %s  dBFS, max: true peak%s",
		 view->subject.link, view->subject.direction,
		 view->subject.rate_hz,
		 duration_print(time, sizeof(time),
				view->subject.rate_hz > 0
					? view->values.n_frames /
						  view->subject.rate_hz
					: 0),
		 view->values.n_frames > 0 ? "" : "  (nothing comes yet)");
	put_line(screen, text);
}

static void draw_foot(struct screen *screen, const struct meter_view *view)
{
	const struct loudness_values *values = &view->values;
	char text[160], m[16], s[16], i[16], correlation[16] = "-";

	if (isfinite(values->correlation))
		snprintf(correlation, sizeof(correlation), "%+.2f",
			 values->correlation);
	snprintf(text, sizeof(text),
		 "M %s  S %s  I %s LUFS  correlation %s  missing %" PRIu64,
		 meter_number(m, sizeof(m), values->momentary),
		 meter_number(s, sizeof(s), values->short_term),
		 meter_number(i, sizeof(i), values->integrated), correlation,
		 view->subject.n_missing);
	put_line(screen, text);
}

/* Rows for each direction's channels: head and foot take two. */
static unsigned rows_of(const struct screen *screen, uint32_t n_views_left)
{
	unsigned share = screen->n_rows / n_views_left;

	return share > 2 ? share - 2 : 0;
}

static void draw_view(struct screen *screen, const struct meter_view *view,
		      unsigned n_rows)
{
	uint32_t n = view->values.n_channels;
	char text[64];

	draw_head(screen, view);
	if (n > n_rows && n_rows > 0)
		n = n_rows - 1;
	for (uint32_t c = 0; c < n && n_rows > 0; c++)
		draw_channel(screen, view, c);
	if (n < view->values.n_channels && n_rows > 0) {
		snprintf(text, sizeof(text), "... and %" PRIu32 " channels",
			 view->values.n_channels - n);
		put_line(screen, text);
	}
	if (screen->n_rows > 0)
		draw_foot(screen, view);
}

void meter_view_draw(FILE *file, const struct meter_view *views,
		     uint32_t n_views, unsigned n_rows, unsigned n_columns,
		     bool colours)
{
	struct screen screen = { file, n_rows > 1 ? n_rows - 1 : 0, n_columns,
				 colours };

	for (uint32_t i = 0; i < n_views && screen.n_rows > 0; i++)
		draw_view(&screen, &views[i], rows_of(&screen, n_views - i));
}
