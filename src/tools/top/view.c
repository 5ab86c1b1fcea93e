/* SPDX-License-Identifier: MIT */
#include "view.h"

#include "tools/common/json.h"
#include "tools/common/load.h"
#include "tools/common/status_text.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- rows ---- */

/*
 * Cut at the width: each character of ours takes one column, and what a name
 * has beyond that is shown as '?'.
 */
static void fit(char *text, unsigned n_columns)
{
	unsigned column = 0;
	char *at = text;

	while (*at && column < n_columns) {
		unsigned n = leat_utf8_length((const unsigned char *)at);

		if (n == 0 ||
		    (n == 1 && ((unsigned char)*at < 0x20 || *at == 0x7f))) {
			*at = '?';
			n = 1;
		}
		at += n;
		column++;
	}
	*at = 0;
}

__attribute__((format(printf, 3, 4))) static void
put(const struct leat_top_rows *rows, enum leat_top_style style,
    const char *format, ...)
{
	char text[LEAT_TOP_ROW_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fit(text, rows->n_columns);
	rows->row(rows->user, style, text);
}

/* ---- bars and sparklines ---- */

static void append(char text[LEAT_TOP_ROW_BYTES], const char *what)
{
	size_t used = strlen(text);

	snprintf(text + used, LEAT_TOP_ROW_BYTES - used, "%s", what);
}

static unsigned bound(unsigned n_columns)
{
	return n_columns < LEAT_TOP_COLUMNS_MAX ? n_columns
						: LEAT_TOP_COLUMNS_MAX;
}

void leat_top_bar(char text[LEAT_TOP_ROW_BYTES], unsigned n_columns, bool utf8,
		  uint64_t fill, uint64_t target, uint64_t period)
{
	bool known = target != LEAT_UNKNOWN;
	unsigned n_full = 0, mark, i;
	double whole;

	n_columns = bound(n_columns);
	mark = known && target > 0 ? n_columns / 2 : 0;
	/* Without a target, a period is as much as should be there. */
	whole = known && target > 0	 ? 2.0 * (double)target
		: period != LEAT_UNKNOWN ? (double)period
					 : 0.0;
	if (fill != LEAT_UNKNOWN && whole > 0) {
		double part = (double)fill / whole * n_columns + 0.5;

		n_full = part < n_columns ? (unsigned)part : n_columns;
	}
	text[0] = 0;
	for (i = 0; i < n_columns; i++) {
		if (known && i == mark)
			append(text, "|");
		else if (i < n_full)
			append(text, utf8 ? "\xe2\x96\x88" : "#");
		else
			append(text, utf8 ? "\xc2\xb7" : ".");
	}
}

/* Of eight heights; 0 is none. A row of ASCII has figures. */
static void append_height(char text[LEAT_TOP_ROW_BYTES], bool utf8,
			  uint64_t value, uint64_t most)
{
	char block[4] = "\xe2\x96\x81", digit[2] = "9";

	if (value == 0) {
		append(text, utf8 ? "\xc2\xb7" : ".");
	} else if (utf8) {
		/* U+2581 to U+2588 */
		block[2] = (char)(0x81 + (int)(value * 7 / most));
		append(text, block);
	} else {
		digit[0] = value < 9 ? (char)('0' + (int)value) : '9';
		append(text, digit);
	}
}

void leat_top_sparkline(char text[LEAT_TOP_ROW_BYTES], unsigned n_columns,
			bool utf8, const struct leat_top_link *link)
{
	unsigned n = bound(n_columns);
	uint64_t most = 1;

	if (n > LEAT_TOP_HISTORY)
		n = LEAT_TOP_HISTORY;
	for (unsigned i = 0; i < n; i++) {
		uint64_t value = leat_top_link_history(link, i);

		/* So that it can be multiplied. */
		if (value > UINT32_MAX)
			value = UINT32_MAX;
		most = value > most ? value : most;
	}
	text[0] = 0;
	while (n-- > 0) {
		uint64_t value = leat_top_link_history(link, n);

		append_height(text, utf8, value < most ? value : most, most);
	}
}

/* ---- a link ---- */

static void put_head(const struct leat_top_rows *rows,
		     const struct leat_top_link *link)
{
	const struct leat_link_answer *answer = &link->answer;
	char text[256];

	if (answer->res == 0)
		leat_status_head(text, sizeof(text), answer->name,
				 &answer->status);
	else
		snprintf(text, sizeof(text), "%s: %s", answer->name,
			 leat_link_answer_state(answer));
	put(rows, LEAT_TOP_HEAD, "%s", text);
}

static const char *server_name(const struct leat_side_status *side)
{
	if (!side->present)
		return "away";
	return side->server[0] ? side->server : "-";
}

static void put_servers(const struct leat_top_rows *rows,
			const struct leat_link_status *status)
{
	char figure[4][LEAT_FIGURE_BYTES], clock[96] = "";
	double ppm = status->clock.rate_ppm, jitter = status->clock.jitter_us;

	if (status->pipewire.mode == LEAT_MODE_ADAPTIVE && isfinite(ppm) &&
	    isfinite(jitter))
		snprintf(clock, sizeof(clock), "  %+.2f ppm  jitter %.1f us",
			 ppm, jitter);
	put(rows, LEAT_TOP_PLAIN,
	    "  JACK %s  %s Hz  P %s   PipeWire %s  %s Hz  Q %s%s",
	    server_name(&status->jack),
	    leat_figure(figure[0], status->jack.rate_hz),
	    leat_figure(figure[1], status->jack.period),
	    server_name(&status->pipewire),
	    leat_figure(figure[2], status->pipewire.rate_hz),
	    leat_figure(figure[3], status->pipewire.period), clock);
}

/* Counted in JACK's frames. */
static void latency_text(char text[64], const struct leat_link_status *status,
			 int direction)
{
	uint64_t frames = status->direction[direction].latency_frames;
	uint64_t rate_hz = status->jack.rate_hz;

	if (frames == LEAT_UNKNOWN)
		strcpy(text, "-");
	else if (rate_hz == LEAT_UNKNOWN || rate_hz == 0)
		snprintf(text, 64, "%" PRIu64, frames);
	else
		snprintf(text, 64, "%" PRIu64 " (%.2f ms)", frames,
			 (double)frames / (double)rate_hz * 1000);
}

static void put_direction(const struct leat_top_rows *rows,
			  const struct leat_link_status *status, int d,
			  const char *name)
{
	const struct leat_direction_status *direction = &status->direction[d];
	char bar[LEAT_TOP_ROW_BYTES], fill[LEAT_FIGURE_BYTES];
	char target[LEAT_FIGURE_BYTES], latency[64];
	unsigned n_bar = rows->n_columns > 80 ? rows->n_columns - 60 : 20;

	if (n_bar > 60)
		n_bar = 60;
	leat_top_bar(bar, n_bar, rows->utf8, direction->fill, direction->target,
		     status->jack.period);
	latency_text(latency, status, d);
	put(rows, LEAT_TOP_PLAIN, "  %-11s %s fill %6s of %-6s latency %s",
	    name, bar, leat_figure(fill, direction->fill),
	    leat_figure(target, direction->target), latency);
}

/* What was never told is unknown, and not 0. */
static const char *cause(char text[LEAT_FIGURE_BYTES],
			 const struct leat_top_link *link, int which)
{
	return leat_figure(text, link->last[which] == LEAT_UNKNOWN
					 ? LEAT_UNKNOWN
					 : link->total[which]);
}

/* Both directions: "to_pipewire/to_jack". */
static const char *pair(char text[2 * LEAT_FIGURE_BYTES],
			const struct leat_top_link *link, int which)
{
	char one[LEAT_FIGURE_BYTES], other[LEAT_FIGURE_BYTES];

	snprintf(text, 2 * LEAT_FIGURE_BYTES, "%s/%s", cause(one, link, which),
		 cause(other, link, which + LEAT_TO_JACK));
	return text;
}

static void put_causes(const struct leat_top_rows *rows,
		       const struct leat_top_link *link)
{
	char figure[3][LEAT_FIGURE_BYTES], both[5][2 * LEAT_FIGURE_BYTES];
	bool wrong = leat_top_link_events(link) > 0;

	put(rows, wrong ? LEAT_TOP_WRONG : LEAT_TOP_PLAIN,
	    "  xruns       JACK %s  PipeWire %s  skipped %s  under %s  over %s"
	    "  slips %s",
	    cause(figure[0], link, LEAT_TOP_JACK_XRUNS),
	    cause(figure[1], link, LEAT_TOP_PIPEWIRE_XRUNS),
	    cause(figure[2], link, LEAT_TOP_SKIPPED),
	    pair(both[0], link, LEAT_TOP_UNDERRUNS),
	    pair(both[1], link, LEAT_TOP_OVERRUNS),
	    pair(both[2], link, LEAT_TOP_SLIPS));
	put(rows, LEAT_TOP_PLAIN, "  frames      lost %s  inserted %s",
	    pair(both[3], link, LEAT_TOP_LOST),
	    pair(both[4], link, LEAT_TOP_INSERTED));
}

static void put_load(const struct leat_top_rows *rows,
		     const struct leat_top_link *link)
{
	const struct leat_link_status *status = &link->answer.status;
	char jack[64] = "JACK -", pipewire[64] = "PipeWire -";
	char late[2][LEAT_FIGURE_BYTES], taps[LEAT_FIGURE_BYTES];
	struct leat_link_load load = {
		.n_taps = LEAT_UNKNOWN, .n_late = { LEAT_UNKNOWN, LEAT_UNKNOWN }
	};

	if (leat_top_link_load(link, &load)) {
		leat_load_text(jack, sizeof(jack), "JACK",
			       &load.side[LEAT_LOAD_JACK], &status->jack);
		leat_load_text(pipewire, sizeof(pipewire), "PipeWire",
			       &load.side[LEAT_LOAD_PIPEWIRE],
			       &status->pipewire);
	}
	put(rows, LEAT_TOP_PLAIN, "  load %%      %s  %s  late %s/%s  taps %s",
	    jack, pipewire, leat_figure(late[0], load.n_late[LEAT_LOAD_JACK]),
	    leat_figure(late[1], load.n_late[LEAT_LOAD_PIPEWIRE]),
	    leat_figure(taps, load.n_taps));
}

static void put_history(const struct leat_top_rows *rows,
			const struct leat_top_link *link)
{
	char line[LEAT_TOP_ROW_BYTES], span[32];
	unsigned n = rows->n_columns > 50 ? rows->n_columns - 30 : 20;

	if (n > LEAT_TOP_HISTORY)
		n = LEAT_TOP_HISTORY;
	leat_top_sparkline(line, n, rows->utf8, link);
	snprintf(span, sizeof(span), "last %.3g s", rows->history_s * n);
	put(rows, LEAT_TOP_FAINT, "  %-11s %s", span, line);
}

void leat_top_view_link(const struct leat_top_rows *rows,
			const struct leat_top_link *link)
{
	const struct leat_link_status *status = &link->answer.status;

	put_head(rows, link);
	put_servers(rows, status);
	put_direction(rows, status, LEAT_TO_PIPEWIRE, "to_pipewire");
	put_direction(rows, status, LEAT_TO_JACK, "to_jack");
	put_causes(rows, link);
	put_load(rows, link);
	if (rows->history_s > 0)
		put_history(rows, link);
	put(rows, LEAT_TOP_PLAIN, "%s", "");
}

void leat_top_view_nothing(const struct leat_top_rows *rows)
{
	put(rows, LEAT_TOP_PLAIN, "There are no links: 'leat up' makes one.");
}
