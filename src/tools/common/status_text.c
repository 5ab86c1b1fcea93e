/* SPDX-License-Identifier: MIT */
#include "status_text.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static const char *const direction_names[LEAT_N_DIRECTIONS] = {
	[LEAT_TO_PIPEWIRE] = "to_pipewire",
	[LEAT_TO_JACK] = "to_jack",
};

const char *leat_figure(char text[LEAT_FIGURE_BYTES], uint64_t value)
{
	if (value == LEAT_UNKNOWN)
		strcpy(text, "-");
	else
		snprintf(text, LEAT_FIGURE_BYTES, "%" PRIu64, value);
	return text;
}

/* The same of a number that need not be whole. */
static const char *measure(char text[LEAT_FIGURE_BYTES], double value)
{
	if (isfinite(value))
		snprintf(text, LEAT_FIGURE_BYTES, "%.4g", value);
	else
		strcpy(text, "-");
	return text;
}

void leat_status_unknown(struct leat_link_status *status)
{
	memset(status, 0xff, sizeof(*status));
	status->jack.present = false;
	status->jack.server[0] = 0;
	status->pipewire.present = false;
	status->pipewire.server[0] = 0;
}

const char *leat_status_mode(const struct leat_link_status *status)
{
	uint64_t mode = status->pipewire.mode;

	if (mode == LEAT_UNKNOWN)
		mode = status->jack.mode;
	if (mode == LEAT_MODE_ADAPTIVE)
		return "adaptive";
	return mode == LEAT_MODE_FOLLOW ? "follow" : NULL;
}

void leat_status_head(char *text, size_t text_bytes, const char *link_name,
		      const struct leat_link_status *status)
{
	const char *mode = leat_status_mode(status);
	const char *reason = leat_reason_text(leat_link_status_reason(status));

	snprintf(text, text_bytes, "%s: %s%s%s%s%s%s", link_name,
		 leat_link_status_state(status), mode ? ", " : "",
		 mode ? mode : "", reason[0] ? " (" : "", reason,
		 reason[0] ? ")" : "");
}

void leat_status_columns(char *text, size_t text_bytes)
{
	snprintf(text, text_bytes,
		 "%-11s %-8s %4s %4s %5s %7s %10s %5s %5s %5s %5s", "", "mode",
		 "P", "Q", "fill", "latency", "frames", "xruns", "under",
		 "over", "slips");
}

static void xruns_text(char *text, size_t text_bytes,
		       const struct leat_link_status *status)
{
	char jack[LEAT_FIGURE_BYTES], pipewire[LEAT_FIGURE_BYTES];

	snprintf(text, text_bytes, "%s/%s",
		 leat_figure(jack, status->jack.xruns),
		 leat_figure(pipewire, status->pipewire.xruns));
}

void leat_status_row(char *text, size_t text_bytes,
		     const struct leat_link_status *status,
		     enum leat_direction direction)
{
	const struct leat_direction_status *d = &status->direction[direction];
	const char *mode = leat_status_mode(status);
	char figure[8][LEAT_FIGURE_BYTES], xruns[2 * LEAT_FIGURE_BYTES];

	xruns_text(xruns, sizeof(xruns), status);
	snprintf(text, text_bytes,
		 "%-11s %-8s %4s %4s %5s %7s %10s %5s %5s %5s %5s",
		 direction_names[direction], mode ? mode : "-",
		 leat_figure(figure[0], status->jack.period),
		 leat_figure(figure[1], status->pipewire.period),
		 leat_figure(figure[2], d->fill),
		 leat_figure(figure[3], d->latency_frames),
		 leat_figure(figure[4], d->frames), xruns,
		 leat_figure(figure[5], d->underruns),
		 leat_figure(figure[6], d->overruns),
		 leat_figure(figure[7], d->slips));
}

/* A name from another process may hold anything; a terminal obeys some of it. */
static void print_name(FILE *file, const char *name)
{
	if (!name[0])
		fputs("-", file);
	for (; *name; name++) {
		unsigned char c = (unsigned char)*name;

		fputc(c < 0x20 || c == 0x7f ? '?' : c, file);
	}
}

static void print_side(FILE *file, const char *name, const char *period_name,
		       const struct leat_side_status *side)
{
	char rate[LEAT_FIGURE_BYTES], period[LEAT_FIGURE_BYTES];
	char xruns[LEAT_FIGURE_BYTES], reconnects[LEAT_FIGURE_BYTES];

	fprintf(file, "  %-9s ", name);
	if (!side->present) {
		fputs("away\n", file);
		return;
	}
	print_name(file, side->server);
	fprintf(file, "%s  %s Hz  %s %s  xruns %s  reconnects %s",
		side->alive == 1 ? "" : " (away)",
		leat_figure(rate, side->rate_hz), period_name,
		leat_figure(period, side->period),
		leat_figure(xruns, side->xruns),
		leat_figure(reconnects, side->reconnects));
}

static void print_pair(FILE *file, const char *name, uint64_t a, uint64_t b)
{
	char first[LEAT_FIGURE_BYTES], second[LEAT_FIGURE_BYTES];

	fprintf(file, "  %-16s %12s %12s\n", name, leat_figure(first, a),
		leat_figure(second, b));
}

static void print_measures(FILE *file, const char *name, double a, double b)
{
	char first[LEAT_FIGURE_BYTES], second[LEAT_FIGURE_BYTES];

	fprintf(file, "  %-16s %12s %12s\n", name, measure(first, a),
		measure(second, b));
}

/* From the shortest way to the longest. */
static const char *span_text(char text[2 * LEAT_FIGURE_BYTES],
			     const struct leat_span_status *span)
{
	char min[LEAT_FIGURE_BYTES], max[LEAT_FIGURE_BYTES];

	leat_figure(max, span->max);
	if (span->min == span->max)
		strcpy(text, max);
	else
		snprintf(text, 2 * LEAT_FIGURE_BYTES, "%s-%s",
			 leat_figure(min, span->min), max);
	return text;
}

static void print_spans(FILE *file, const char *name,
			const struct leat_span_status *a,
			const struct leat_span_status *b)
{
	char first[2 * LEAT_FIGURE_BYTES], second[2 * LEAT_FIGURE_BYTES];

	fprintf(file, "  %-16s %12s %12s\n", name, span_text(first, a),
		span_text(second, b));
}

static void print_directions(FILE *file, const struct leat_direction_status *a,
			     const struct leat_direction_status *b)
{
	fprintf(file, "  %-16s %12s %12s\n", "",
		direction_names[LEAT_TO_PIPEWIRE],
		direction_names[LEAT_TO_JACK]);
	print_pair(file, "channels", a->n_channels, b->n_channels);
	print_pair(file, "capacity", a->capacity, b->capacity);
	print_pair(file, "fill", a->fill, b->fill);
	print_pair(file, "target", a->target, b->target);
	print_measures(file, "resampler delay", a->resampler_delay,
		       b->resampler_delay);
	print_pair(file, "latency (frames)", a->latency_frames,
		   b->latency_frames);
	print_spans(file, "beyond, JACK", &a->beyond_jack, &b->beyond_jack);
	print_spans(file, "beyond, PipeWire", &a->beyond_pipewire,
		    &b->beyond_pipewire);
	print_spans(file, "end to end", &a->end_to_end, &b->end_to_end);
	print_pair(file, "frames", a->frames, b->frames);
	print_pair(file, "underruns", a->underruns, b->underruns);
	print_pair(file, "overruns", a->overruns, b->overruns);
	print_pair(file, "lost", a->lost, b->lost);
	print_pair(file, "inserted", a->inserted, b->inserted);
	print_pair(file, "slips", a->slips, b->slips);
	print_pair(file, "wakeups", a->wakeups, b->wakeups);
	print_pair(file, "poisoned", a->poisoned, b->poisoned);
}

/* In follow mode there is one clock, and nothing to be measured. */
static void print_clock(FILE *file, const struct leat_link_status *status)
{
	const struct leat_clock_status *clock = &status->clock;
	char figure[5][LEAT_FIGURE_BYTES];

	if (status->pipewire.mode != LEAT_MODE_ADAPTIVE)
		return;
	fprintf(file,
		"  clocks    rate %s ppm  error %s frames  bandwidth %s Hz\n"
		"  jitter %s us  last upset %s s ago\n",
		measure(figure[0], clock->rate_ppm),
		measure(figure[1], clock->loop_error_frames),
		measure(figure[2], clock->loop_bandwidth_hz),
		measure(figure[3], clock->jitter_us),
		measure(figure[4], clock->last_upset_s));
}

/* Of a period in percent: the usual, what 99 of 100 stay below, the most. */
static void print_load(FILE *file, const struct leat_link_status *status,
		       const struct leat_link_load *load)
{
	char jack[64], pipewire[64], taps[LEAT_FIGURE_BYTES];

	if (!load || (!load->side[LEAT_LOAD_JACK].known &&
		      !load->side[LEAT_LOAD_PIPEWIRE].known))
		return;
	leat_load_text(jack, sizeof(jack), "jack", &load->side[LEAT_LOAD_JACK],
		       &status->jack);
	leat_load_text(pipewire, sizeof(pipewire), "pipewire",
		       &load->side[LEAT_LOAD_PIPEWIRE], &status->pipewire);
	fprintf(file, "  load %%    %s  %s  taps %s\n", jack, pipewire,
		leat_figure(taps, load->n_taps));
}

void leat_status_print(FILE *file, const char *link_name,
		       const struct leat_link_status *status,
		       const struct leat_link_load *load)
{
	char text[256], skipped[LEAT_FIGURE_BYTES];

	leat_status_head(text, sizeof(text), link_name, status);
	fprintf(file, "%s\n", text);
	print_side(file, "jack", "period", &status->jack);
	if (status->jack.present)
		fprintf(file, "  skipped periods %s\n",
			leat_figure(skipped, status->jack.skipped_periods));
	print_side(file, "pipewire", "quantum", &status->pipewire);
	if (status->pipewire.present)
		fputc('\n', file);
	print_load(file, status, load);
	print_clock(file, status);
	print_directions(file, &status->direction[LEAT_TO_PIPEWIRE],
			 &status->direction[LEAT_TO_JACK]);
}
