/* SPDX-License-Identifier: MIT */
#include "meter_text.h"

#include "duration.h"

#include <leat/positions.h>

#include <inttypes.h>
#include <math.h>

const char *meter_number(char *text, size_t text_bytes, double value)
{
	if (isnan(value))
		snprintf(text, text_bytes, "-");
	else if (isinf(value))
		snprintf(text, text_bytes, value < 0 ? "-inf" : "inf");
	else
		snprintf(text, text_bytes, "%.1f", value);
	return text;
}

static const char *name_of(const struct meter_subject *subject, uint32_t c)
{
	const char *name = leat_position_name(subject->position[c]);

	return name ? name : "?";
}

/* JSON has no infinity: silence is null, as is what is not known. */
static void print_number(FILE *file, const char *name, double value,
			 const char *end)
{
	if (isfinite(value))
		fprintf(file, "\"%s\":%.2f%s", name, value, end);
	else
		fprintf(file, "\"%s\":null%s", name, end);
}

static void print_channel(FILE *file, const char *name,
			  const struct loudness_channel *channel)
{
	fprintf(file, "{\"name\":\"%s\",", name);
	print_number(file, "peak", loudness_db(channel->peak), ",");
	print_number(file, "true_peak", loudness_db(channel->true_peak), ",");
	print_number(file, "max_peak", loudness_db(channel->max_peak), ",");
	print_number(file, "max_true_peak", loudness_db(channel->max_true_peak),
		     ",");
	fprintf(file, "\"clips\":%" PRIu64 "}", channel->n_clips);
}

/* Names of links and positions need no quoting. */
void meter_print_json(FILE *file, const struct meter_subject *subject,
		      const struct loudness_values *values)
{
	fprintf(file,
		"{\"link\":\"%s\",\"direction\":\"%s\",\"rate\":%" PRIu32
		",\"frames\":%" PRIu64 ",\"seconds\":%.3f,",
		subject->link, subject->direction, subject->rate_hz,
		values->n_frames, (double)values->n_frames / subject->rate_hz);
	print_number(file, "momentary", values->momentary, ",");
	print_number(file, "short_term", values->short_term, ",");
	print_number(file, "integrated", values->integrated, ",");
	print_number(file, "correlation", values->correlation, ",");
	fprintf(file, "\"missing\":%" PRIu64 ",\"channels\":[",
		subject->n_missing);
	for (uint32_t c = 0; c < values->n_channels; c++) {
		if (c > 0)
			fputc(',', file);
		print_channel(file, name_of(subject, c), &values->channel[c]);
	}
	fputs("]}\n", file);
}

/* In few words: beyond eight channels only the loudest is named. */
static void print_peaks(FILE *file, const struct meter_subject *subject,
			const struct loudness_values *values)
{
	uint32_t loudest = 0;
	char text[16];

	for (uint32_t c = 0; c < values->n_channels; c++) {
		if (values->channel[c].max_true_peak >
		    values->channel[loudest].max_true_peak)
			loudest = c;
		if (values->n_channels <= 8)
			fprintf(file, "  %s %s", name_of(subject, c),
				meter_number(
					text, sizeof(text),
					loudness_db(
						values->channel[c].true_peak)));
	}
	fprintf(file, "  max %s %s dBTP", name_of(subject, loudest),
		meter_number(
			text, sizeof(text),
			loudness_db(values->channel[loudest].max_true_peak)));
}

static uint64_t count_clips(const struct loudness_values *values)
{
	uint64_t n = 0;

	for (uint32_t c = 0; c < values->n_channels; c++)
		n += values->channel[c].n_clips;
	return n;
}

void meter_print_line(FILE *file, const struct meter_subject *subject,
		      const struct loudness_values *values)
{
	char time[32], m[16], s[16], i[16];

	fprintf(file, "%s %s  M %s  S %s  I %s LUFS",
		duration_print(time, sizeof(time),
			       values->n_frames / subject->rate_hz),
		subject->direction,
		meter_number(m, sizeof(m), values->momentary),
		meter_number(s, sizeof(s), values->short_term),
		meter_number(i, sizeof(i), values->integrated));
	print_peaks(file, subject, values);
	if (isfinite(values->correlation))
		fprintf(file, "  correlation %+.2f", values->correlation);
	fprintf(file, "  clips %" PRIu64 "  missing %" PRIu64 "\n",
		count_clips(values), subject->n_missing);
}
