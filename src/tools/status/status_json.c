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

static void print_jack(FILE *file, const struct leat_side_status *side)
{
	fputs(",\"jack\":{", file);
	print_text(file, "server", side->server);
	print_number(file, "rate", side->rate_hz);
	print_number(file, "period", side->period);
	print_number(file, "xruns", side->xruns);
	print_number(file, "skipped_periods", side->skipped_periods);
	print_alive(file, side);
	print_number(file, "reconnects", side->reconnects);
	fputc('}', file);
}

static void print_pipewire(FILE *file, const struct leat_side_status *side)
{
	fputs(",\"pipewire\":{", file);
	print_first(file, "rate", side->rate_hz);
	print_number(file, "quantum", side->period);
	print_number(file, "xruns", side->xruns);
	print_alive(file, side);
	print_number(file, "reconnects", side->reconnects);
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
			    const struct leat_link_status *status)
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
	print_jack(file, &status->jack);
	print_pipewire(file, &status->pipewire);
	print_direction(file, "to_pipewire",
			&status->direction[LEAT_TO_PIPEWIRE]);
	print_direction(file, "to_jack", &status->direction[LEAT_TO_JACK]);
	print_clock(file, &status->clock);
	fputc('}', file);
}
