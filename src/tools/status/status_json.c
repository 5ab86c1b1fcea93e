/* SPDX-License-Identifier: MIT */
/* The JSON names are a promise: data/man/leat-status.1 has them. */
#include "tools/common/json.h"
#include "tools/common/status_text.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

static void print_text(FILE *file, const char *name, const char *text)
{
	fprintf(file, "\"%s\":", name);
	if (text && text[0])
		leat_json_string(file, text);
	else
		fputs("null", file);
}

/* The first member of an object has no comma before it. */
static void print_first(FILE *file, const char *name, uint64_t value)
{
	if (value == LEAT_UNKNOWN)
		fprintf(file, "\"%s\":null", name);
	else
		fprintf(file, "\"%s\":%" PRIu64, name, value);
}

static void print_number(FILE *file, const char *name, uint64_t value)
{
	fputc(',', file);
	print_first(file, name, value);
}

/* JSON has no word for what is no number, nor for what has no end. */
static void print_double(FILE *file, const char *name, double value)
{
	if (isfinite(value))
		fprintf(file, ",\"%s\":%.9g", name, value);
	else
		fprintf(file, ",\"%s\":null", name);
}

static void print_alive(FILE *file, const struct leat_side_status *side)
{
	bool alive = side->present && side->alive == 1;

	fprintf(file, ",\"alive\":%s", alive ? "true" : "false");
}

/* ---- load ---- */

static void print_microseconds(FILE *file, const char *name,
			       const struct leat_histogram *histogram)
{
	static const struct {
		const char *name;
		double percent;
	} parts[] = { { "p50", 50 }, { "p99", 99 }, { "p999", 99.9 } };

	fprintf(file, ",\"%s\":{\"mean\":%.9g", name,
		leat_histogram_mean_ns(histogram) / 1000);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		print_double(file, parts[i].name,
			     (double)leat_histogram_percentile(
				     histogram, parts[i].percent) /
				     1000);
	print_double(file, "max", (double)histogram->max_ns / 1000);
	fputc('}', file);
}

static void print_percent(FILE *file, const struct leat_side_load *side,
			  const struct leat_side_status *status)
{
	struct leat_load_percent load = leat_load_percent_of(side, status);

	print_double(file, "p50_percent", load.p50);
	print_double(file, "p99_percent", load.p99);
	print_double(file, "max_percent", load.max);
}

static void print_histograms(FILE *file, const struct leat_side_load *side)
{
	static const char *const names[LEAT_N_LOAD_KINDS] = {
		[LEAT_LOAD_DURATION] = "duration_us",
		[LEAT_LOAD_INTERVAL] = "interval_us",
		[LEAT_LOAD_WAKEUP] = "wakeup_us",
	};

	for (int kind = 0; kind < LEAT_N_LOAD_KINDS; kind++)
		if (side->histogram[kind].n > 0)
			print_microseconds(file, names[kind],
					   &side->histogram[kind]);
		else
			fprintf(file, ",\"%s\":null", names[kind]);
}

static void print_load(FILE *file, const struct leat_link_load *load,
		       enum leat_load_side side,
		       const struct leat_side_status *status)
{
	if (!load || !load->side[side].known) {
		fputs(",\"load\":null", file);
		return;
	}
	fputs(",\"load\":{", file);
	print_first(file, "cycles",
		    load->side[side].histogram[LEAT_LOAD_DURATION].n);
	print_number(file, "late_cycles", load->n_late[side]);
	print_percent(file, &load->side[side], status);
	print_histograms(file, &load->side[side]);
	fputc('}', file);
}

/* ---- the rest ---- */

static void print_jack(FILE *file, const struct leat_side_status *side,
		       const struct leat_link_load *load)
{
	fputs(",\"jack\":{", file);
	print_text(file, "server", side->server);
	print_number(file, "rate", side->rate_hz);
	print_number(file, "period", side->period);
	print_number(file, "xruns", side->xruns);
	print_number(file, "skipped_periods", side->skipped_periods);
	print_alive(file, side);
	print_number(file, "reconnects", side->reconnects);
	print_load(file, load, LEAT_LOAD_JACK, side);
	fputc('}', file);
}

static void print_pipewire(FILE *file, const struct leat_side_status *side,
			   const struct leat_link_load *load)
{
	fputs(",\"pipewire\":{", file);
	print_first(file, "rate", side->rate_hz);
	print_number(file, "quantum", side->period);
	print_number(file, "xruns", side->xruns);
	print_alive(file, side);
	print_number(file, "reconnects", side->reconnects);
	print_number(file, "rests", side->rests);
	print_load(file, load, LEAT_LOAD_PIPEWIRE, side);
	fputc('}', file);
}

static void print_span(FILE *file, const char *name,
		       const struct leat_span_status *span)
{
	fprintf(file, ",\"%s\":{", name);
	print_first(file, "min", span->min);
	print_number(file, "max", span->max);
	fputc('}', file);
}

static void print_direction(FILE *file, const char *name,
			    const struct leat_direction_status *direction)
{
	fprintf(file, ",\"%s\":{", name);
	print_first(file, "channels", direction->n_channels);
	print_number(file, "capacity", direction->capacity);
	print_number(file, "fill", direction->fill);
	print_number(file, "target", direction->target);
	print_number(file, "latency_frames", direction->latency_frames);
	print_number(file, "frames", direction->frames);
	print_number(file, "underruns", direction->underruns);
	print_number(file, "overruns", direction->overruns);
	print_number(file, "lost", direction->lost);
	print_number(file, "inserted", direction->inserted);
	print_number(file, "slips", direction->slips);
	print_number(file, "wakeups", direction->wakeups);
	print_number(file, "poisoned", direction->poisoned);
	print_double(file, "resampler_delay", direction->resampler_delay);
	print_span(file, "beyond_jack", &direction->beyond_jack);
	print_span(file, "beyond_pipewire", &direction->beyond_pipewire);
	print_span(file, "end_to_end", &direction->end_to_end);
	fputc('}', file);
}

static void print_clock(FILE *file, const struct leat_clock_status *clock)
{
	print_double(file, "rate_ppm", clock->rate_ppm);
	print_double(file, "loop_error_frames", clock->loop_error_frames);
	print_double(file, "loop_bandwidth_hz", clock->loop_bandwidth_hz);
	print_double(file, "jitter_us", clock->jitter_us);
	print_double(file, "last_upset_s", clock->last_upset_s);
}

void leat_status_print_json(FILE *file, const char *link_name,
			    const char *state,
			    const struct leat_link_status *status,
			    const struct leat_link_load *load)
{
	fputc('{', file);
	print_text(file, "name", link_name);
	fputc(',', file);
	print_text(file, "mode", leat_status_mode(status));
	fputc(',', file);
	print_text(file, "mode_reason",
		   leat_reason_text(leat_link_status_reason(status)));
	fputc(',', file);
	print_text(file, "state", state);
	print_jack(file, &status->jack, load);
	print_pipewire(file, &status->pipewire, load);
	print_direction(file, "to_pipewire",
			&status->direction[LEAT_TO_PIPEWIRE]);
	print_direction(file, "to_jack", &status->direction[LEAT_TO_JACK]);
	print_clock(file, &status->clock);
	print_number(file, "taps", load ? load->n_taps : LEAT_UNKNOWN);
	fputc('}', file);
}
