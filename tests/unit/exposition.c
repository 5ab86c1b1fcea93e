/* SPDX-License-Identifier: MIT */
#include "exposition.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_CHARS                                                             \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

struct parser {
	struct exposition *out;
	unsigned line;
	char metric[128]; /* whose samples may come now */
	bool typed;	  /* its TYPE was there */
	bool histogram;	  /* and it is one */
	unsigned n_seen;
	char seen[256][128];
};

static bool fail(struct parser *parser, const char *why)
{
	snprintf(parser->out->error, sizeof(parser->out->error), "line %u: %s",
		 parser->line, why);
	return false;
}

static size_t name_length(const char *text)
{
	size_t n = strspn(text, NAME_CHARS);

	return n > 0 && (text[0] < '0' || text[0] > '9') ? n : 0;
}

static bool is_known(const struct parser *parser, const char *name)
{
	for (unsigned i = 0; i < parser->n_seen; i++)
		if (strcmp(parser->seen[i], name) == 0)
			return true;
	return false;
}

static bool take_help(struct parser *parser, const char *text)
{
	size_t n = name_length(text);

	if (n == 0 || n >= sizeof(parser->metric) || text[n] != ' ' ||
	    !text[n + 1])
		return fail(parser, "a HELP without a name or a text");
	snprintf(parser->metric, sizeof(parser->metric), "%.*s", (int)n, text);
	if (is_known(parser, parser->metric))
		return fail(parser, "a metric that was there before");
	strcpy(parser->seen[parser->n_seen++ % 256], parser->metric);
	parser->typed = false;
	parser->out->n_metrics++;
	return true;
}

static bool take_type(struct parser *parser, const char *text)
{
	size_t n = name_length(text), end = strlen(parser->metric);
	bool total = end > 6 && strcmp(parser->metric + end - 6, "_total") == 0;
	bool counter = strcmp(text + n, " counter") == 0;
	bool histogram = strcmp(text + n, " histogram") == 0;

	if (n != end || strncmp(text, parser->metric, n) != 0 || parser->typed)
		return fail(parser, "a TYPE that does not follow its HELP");
	if (!counter && !histogram && strcmp(text + n, " gauge") != 0)
		return fail(parser, "an unknown type");
	if (total != counter)
		return fail(parser, "counters, and only they, end with _total");
	parser->typed = true;
	parser->histogram = histogram;
	return true;
}

/* NAME="VALUE"; what follows it, or NULL. */
static const char *skip_label(const char *text)
{
	text += name_length(text);
	if (strncmp(text, "=\"", 2) != 0)
		return NULL;
	for (text += 2; *text != '"'; text++) {
		if ((unsigned char)*text < 0x20)
			return NULL;
		if (*text == '\\' && !strchr("\\\"n", *++text))
			return NULL;
	}
	return text + 1;
}

static const char *skip_labels(const char *text)
{
	if (*text != '{')
		return text;
	do {
		text++;
		if (name_length(text) == 0)
			return NULL;
		text = skip_label(text);
	} while (text && *text == ',');
	return text && *text == '}' ? text + 1 : NULL;
}

/* Whether a sample is of the metric: by its name, or what a histogram adds. */
static bool is_of_metric(const struct parser *parser, const char *text,
			 size_t n)
{
	static const char *const parts[] = { "_bucket", "_sum", "_count" };
	size_t end = strlen(parser->metric);

	if (!parser->typed || n < end ||
	    strncmp(text, parser->metric, end) != 0)
		return false;
	if (!parser->histogram)
		return n == end;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (n - end == strlen(parts[i]) &&
		    strncmp(text + end, parts[i], n - end) == 0)
			return true;
	return false;
}

static bool take_sample(struct parser *parser, const char *text)
{
	struct exposition *out = parser->out;
	struct exposition_sample *sample = &out->sample[out->n_samples];
	size_t n = name_length(text);
	const char *labels_end = n > 0 ? skip_labels(text + n) : NULL;
	char *value_end;

	if (!labels_end || *labels_end != ' ')
		return fail(parser, "a sample that is none");
	if (!is_of_metric(parser, text, n))
		return fail(parser, "a sample that is not its metric's");
	if (out->n_samples == EXPOSITION_MAX ||
	    (size_t)(labels_end - text) >= sizeof(sample->series))
		return fail(parser, "too much");
	snprintf(sample->series, sizeof(sample->series), "%.*s",
		 (int)(labels_end - text), text);
	for (unsigned i = 0; i < out->n_samples; i++)
		if (strcmp(out->sample[i].series, sample->series) == 0)
			return fail(parser, "a series that was there before");
	sample->value = strtod(labels_end + 1, &value_end);
	if (value_end == labels_end + 1 || *value_end ||
	    !isfinite(sample->value))
		return fail(parser, "a value that is none");
	out->n_samples++;
	return true;
}

static bool take_line(struct parser *parser, const char *line)
{
	parser->line++;
	if (strncmp(line, "# HELP ", 7) == 0)
		return take_help(parser, line + 7);
	if (strncmp(line, "# TYPE ", 7) == 0)
		return take_type(parser, line + 7);
	return take_sample(parser, line);
}

bool exposition_parse(struct exposition *exposition, const char *text)
{
	struct parser parser = { .out = exposition };
	char line[2048];

	memset(exposition, 0, sizeof(*exposition));
	while (*text) {
		size_t n = strcspn(text, "\n");

		if (text[n] != '\n' || n >= sizeof(line))
			return fail(&parser, "a line that does not end");
		memcpy(line, text, n);
		line[n] = 0;
		if (!take_line(&parser, line))
			return false;
		text += n + 1;
	}
	return true;
}

double exposition_value(const struct exposition *exposition, const char *series)
{
	for (unsigned i = 0; i < exposition->n_samples; i++)
		if (strcmp(exposition->sample[i].series, series) == 0)
			return exposition->sample[i].value;
	return (double)NAN;
}
