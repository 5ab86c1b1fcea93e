/* SPDX-License-Identifier: MIT */
/*
 * What a peer's counters may hold, as tools print it: in lines of figures and
 * as JSON, whatever is there, and nothing that a terminal would obey.
 */
#include "fuzz.h"

#include "link/histogram.h"
#include "link/side.h"
#include "tools/common/load.h"
#include "tools/status/metrics.h"
#include "tools/common/status_text.h"

/* Not among the sources that are fuzzed. */
#include "../unit/exposition.c"

#include <leat/inline/atomics.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void look_at_printable(const char *text, size_t n_bytes)
{
	for (size_t i = 0; i < n_bytes; i++)
		MUST((unsigned char)text[i] >= 0x20 && text[i] != 0x7f);
}

static size_t n_digits(const char *text)
{
	return strspn(text, "0123456789");
}

/* RFC 8259, section 6; what ends it. */
static const char *skip_number(const char *text)
{
	text += *text == '-';
	MUST(n_digits(text) > 0 && (*text != '0' || n_digits(text) == 1));
	text += n_digits(text);
	if (*text == '.') {
		MUST(n_digits(text + 1) > 0);
		text += 1 + n_digits(text + 1);
	}
	if (*text == 'e') {
		text += 1 + (text[1] == '+' || text[1] == '-');
		MUST(n_digits(text) > 0);
		text += n_digits(text);
	}
	return text;
}

/* What follows a colon. */
static void look_at_value(const char *text)
{
	static const char *const words[] = { "null", "true", "false" };
	const char *end = NULL;

	if (*text == '{' || *text == '"')
		return;
	for (int i = 0; i < 3; i++)
		if (strncmp(text, words[i], strlen(words[i])) == 0)
			end = text + strlen(words[i]);
	if (!end)
		end = skip_number(text);
	MUST(*end == ',' || *end == '}');
}

/* Strings are closed, braces match and numbers are numbers. */
static void look_at_json(const char *text, size_t n_bytes)
{
	bool in_string = false;
	int depth = 0;

	look_at_printable(text, n_bytes);
	for (size_t i = 0; i < n_bytes; i++) {
		if (in_string && text[i] == '\\')
			i++;
		else if (text[i] == '"')
			in_string = !in_string;
		else if (!in_string)
			depth += (text[i] == '{') - (text[i] == '}');
		if (!in_string && text[i] == ':')
			look_at_value(text + i + 1);
		MUST(depth > 0 || i == n_bytes - 1);
	}
	MUST(depth == 0 && !in_string);
}

static void print(const struct leat_link_status *status,
		  const struct leat_link_load *load)
{
	char text[16384];
	FILE *file = fmemopen(text, sizeof(text), "w");
	char *line;
	long n;

	MUST(file);
	leat_status_print_json(file, "fuzz", leat_link_status_state(status),
			       status, load);
	n = ftell(file);
	MUST(n > 0 && fflush(file) == 0);
	look_at_json(text, (size_t)n);
	rewind(file);
	leat_status_print(file, "fuzz", status, load);
	n = ftell(file);
	MUST(n > 0 && fclose(file) == 0);
	for (line = text; line < text + n; line += strcspn(line, "\n") + 1)
		look_at_printable(line, strcspn(line, "\n"));
}

/* As strictly as Prometheus reads it. */
static void print_metrics(const struct leat_link_status *status,
			  struct leat_link_load *load)
{
	static struct exposition exposition;
	struct leat_link_answer answer = { "fuzz", -1, 0, *status, load };
	const struct leat_links links = { &answer, 1, 0 };
	char *text = NULL;
	size_t n_bytes;
	FILE *file = open_memstream(&text, &n_bytes);

	MUST(file);
	leat_metrics_print(file, &links);
	MUST(fclose(file) == 0 && strlen(text) == n_bytes);
	MUST(exposition_parse(&exposition, text));
	free(text);
}

static void print_rows(const struct leat_link_status *status)
{
	char text[80];

	leat_status_head(text, sizeof(text), "fuzz", status);
	look_at_printable(text, strlen(text));
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		leat_status_row(text, sizeof(text), status,
				(enum leat_direction)d);
		look_at_printable(text, strlen(text));
	}
}

static void look_at_clock(const struct leat_link_status *status, bool has_guest)
{
	MUST(has_guest || isnan(status->clock.rate_ppm));
	MUST(has_guest || isnan(status->clock.last_upset_s));
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		MUST(has_guest || isnan(status->direction[d].resampler_delay));
}

/* A sum of what is known, and no more than that can be. */
static void look_at_way(const struct leat_direction_status *direction)
{
	const struct leat_span_status *whole = &direction->end_to_end;

	MUST(whole->max == LEAT_UNKNOWN || whole->max < UINT64_C(1) << 35);
	MUST(whole->max == LEAT_UNKNOWN ||
	     (direction->beyond_jack.max != LEAT_UNKNOWN &&
	      direction->beyond_pipewire.max != LEAT_UNKNOWN));
}

static void look_at_fill(const struct leat_direction_status *direction)
{
	MUST(direction->fill == LEAT_UNKNOWN ||
	     direction->fill <= direction->capacity);
}

static void take_histogram(struct fuzz_input *input,
			   struct leat_histogram *histogram)
{
	static struct leat_histogram_words words;

	memset(&words, 0, sizeof(words));
	words.sum_ns.atomic_value = fuzz_u64(input);
	words.max_ns.atomic_value = fuzz_u64(input);
	for (unsigned n = fuzz_u8(input) % 8; n > 0; n--) {
		uint32_t bucket = fuzz_u16(input) % LEAT_HISTOGRAM_N_BUCKETS;

		words.counts[bucket].atomic_value = fuzz_u64(input);
	}
	leat_histogram_read(histogram, &words);
}

/* What a link's processes may have recorded; behind the end all is 0. */
static void take_load(struct fuzz_input *input, struct leat_link_load *load)
{
	load->n_taps = fuzz_u64(input);
	for (int s = 0; s < LEAT_N_LOAD_SIDES; s++) {
		load->n_late[s] = fuzz_u64(input);
		load->side[s].known = fuzz_u8(input) % 2;
		for (int kind = 0; kind < LEAT_N_LOAD_KINDS; kind++)
			take_histogram(input, &load->side[s].histogram[kind]);
	}
}

void fuzz_begin(void)
{
}

/* Which side is there, and the words of both. */
void fuzz_one(struct fuzz_input *input)
{
	bool has_guest = fuzz_u8(input) % 2;
	static struct leat_link_load load, between;
	struct leat_side_words words[2];
	struct leat_link_status status;

	fuzz_take(input, words, sizeof(words));
	leat_status_read(&status, &words[0], has_guest ? &words[1] : NULL);
	MUST(memchr(status.jack.server, 0, sizeof(status.jack.server)));
	MUST(memchr(status.pipewire.server, 0, sizeof(status.pipewire.server)));
	look_at_fill(&status.direction[LEAT_TO_PIPEWIRE]);
	look_at_fill(&status.direction[LEAT_TO_JACK]);
	look_at_way(&status.direction[LEAT_TO_PIPEWIRE]);
	look_at_way(&status.direction[LEAT_TO_JACK]);
	look_at_clock(&status, has_guest);
	take_load(input, &load);
	leat_link_load_between(&between, &load, has_guest ? &load : NULL);
	print(&status, &load);
	print(&status, &between);
	print_metrics(&status, &load);
	print_rows(&status);
}

static void set_doubles(struct leat_clock_words *words)
{
	leat_word_set_double(&words->rate_ppm, -1e308);
	leat_word_set_double(&words->loop_error_frames, INFINITY);
	leat_word_set_double(&words->loop_bandwidth_hz, 5e-324);
	leat_word_set_double(&words->jitter_us, -0.0);
	leat_word_set_double(&words->resampler_delay[0], 48.25);
}

static void put_load(struct fuzz_seed *seed)
{
	fuzz_put_u64(seed, 3);
	for (int s = 0; s < LEAT_N_LOAD_SIDES; s++) {
		fuzz_put_u64(seed, 1);
		fuzz_put_u8(seed, 1);
		for (int kind = 0; kind < LEAT_N_LOAD_KINDS; kind++) {
			fuzz_put_u64(seed, 700000);
			fuzz_put_u64(seed, 100000);
			fuzz_put_u8(seed, 1);
			fuzz_put_u16(seed, 250);
			fuzz_put_u64(seed, 7);
		}
	}
}

void fuzz_seeds(void)
{
	struct fuzz_seed seed = { .n_bytes = 0 };
	struct leat_shm shm;

	MUST(leat_side_create(&shm) == 0);
	leat_side(&shm)->alive.atomic_value = 1;
	leat_side(&shm)->running.atomic_value = 1;
	leat_side(&shm)->mode.atomic_value = LEAT_MODE_ADAPTIVE;
	set_doubles(&leat_side(&shm)->clock);
	strcpy(leat_side(&shm)->server, "de\xc3\xa4ult\x1b[2J\"\\");
	for (int has_guest = 0; has_guest < 2; has_guest++) {
		fuzz_put_u8(&seed, (unsigned)has_guest);
		for (int i = 0; i < 2; i++)
			fuzz_put(&seed, leat_side(&shm),
				 sizeof(struct leat_side_words));
		put_load(&seed);
		fuzz_write_seed(&seed, has_guest ? "both" : "host");
	}
	leat_shm_finish(&shm);
}
