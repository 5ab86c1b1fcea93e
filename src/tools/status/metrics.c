/* SPDX-License-Identifier: MIT */
#include "metrics.h"

#include "tools/common/json.h"
#include "tools/common/status_text.h"

#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

enum kind { GAUGE, COUNTER };

/* A metric of one side, or one direction: where its word lies. */
struct metric {
	const char *name;
	const char *help;
	enum kind kind;
	size_t offset;
};

static void print_head(FILE *file, const char *name, const char *help,
		       enum kind kind)
{
	fprintf(file, "# HELP %s %s\n# TYPE %s %s\n", name, help, name,
		kind == COUNTER ? "counter" : "gauge");
}

/* The format has three escapes, and its text is UTF-8. */
static void print_label(FILE *file, const char *name, const char *value)
{
	fprintf(file, "%s=\"", name);
	while (*value) {
		unsigned n = leat_utf8_length((const unsigned char *)value);

		if (n == 0)
			fputs("\xef\xbf\xbd", file);
		else if (*value == '\n')
			fputs("\\n", file);
		else if ((unsigned char)*value < 0x20 || *value == 0x7f)
			fputc('?', file);
		else if (*value == '"' || *value == '\\')
			fprintf(file, "\\%c", *value);
		else
			fwrite(value, 1, n, file);
		value += n > 0 ? n : 1;
	}
	fputc('"', file);
}

/* NAME{link="..."[,OTHER="..."]} */
static void begin_sample(FILE *file, const char *name, const char *link,
			 const char *other, const char *value)
{
	fprintf(file, "%s{", name);
	print_label(file, "link", link);
	if (other) {
		fputc(',', file);
		print_label(file, other, value);
	}
	fputs("} ", file);
}

/* What is not known has no sample: 0 would be a lie. */
static void print_word(FILE *file, const char *name, const char *link,
		       const char *other, const char *value, uint64_t word)
{
	if (word == LEAT_UNKNOWN)
		return;
	begin_sample(file, name, link, other, value);
	fprintf(file, "%" PRIu64 "\n", word);
}

static void print_double(FILE *file, const char *name, const char *link,
			 const char *other, const char *value, double number)
{
	if (!isfinite(number))
		return;
	begin_sample(file, name, link, other, value);
	fprintf(file, "%.9g\n", number);
}

static uint64_t word_at(const void *base, size_t offset)
{
	uint64_t word;

	memcpy(&word, (const char *)base + offset, sizeof(word));
	return word;
}

/* ---- the link ---- */

static void print_up(FILE *file, const struct leat_links *links)
{
	print_head(file, "leat_link_up", "Whether the link answers.", GAUGE);
	for (unsigned i = 0; i < links->n_links; i++)
		print_word(file, "leat_link_up", links->answer[i].name, NULL,
			   NULL, links->answer[i].res == 0);
}

/* One sample for each that can be, of which one is 1. */
static void print_choice(FILE *file, const char *name, const char *label,
			 const char *const *choices, const char *link,
			 const char *choice)
{
	for (int i = 0; choices[i]; i++)
		print_word(file, name, link, label, choices[i],
			   strcmp(choices[i], choice) == 0);
}

static void print_states(FILE *file, const struct leat_links *links)
{
	static const char *const states[] = {
		"running", "idle",	  "suspended", "refused", "no-jack",
		"no-peer", "no-pipewire", "down",      "unknown", NULL
	};

	print_head(file, "leat_link_state", "What the link does: 1 for that.",
		   GAUGE);
	for (unsigned i = 0; i < links->n_links; i++)
		print_choice(file, "leat_link_state", "state", states,
			     links->answer[i].name,
			     leat_link_answer_state(&links->answer[i]));
}

static void print_modes(FILE *file, const struct leat_links *links)
{
	static const char *const modes[] = { "follow", "adaptive", NULL };

	print_head(file, "leat_link_mode",
		   "How the two clocks are brought together: 1 for that.",
		   GAUGE);
	for (unsigned i = 0; i < links->n_links; i++) {
		const char *mode = leat_status_mode(&links->answer[i].status);

		if (mode)
			print_choice(file, "leat_link_mode", "mode", modes,
				     links->answer[i].name, mode);
	}
}

/* ---- the sides ---- */

#define SIDE(word) offsetof(struct leat_side_status, word)

static const struct metric side_metrics[] = {
	{ "leat_side_alive", "Whether the side's server is there.", GAUGE,
	  SIDE(alive) },
	{ "leat_side_rate_hertz", "Sample rate of the side's graph.", GAUGE,
	  SIDE(rate_hz) },
	{ "leat_side_period_frames", "JACK's period, or PipeWire's quantum.",
	  GAUGE, SIDE(period) },
	{ "leat_side_cycles_total",
	  "Cycles of the graph that were taken part "
	  "in.",
	  COUNTER, SIDE(cycles) },
	{ "leat_side_xruns_total", "Xruns that the server has reported.",
	  COUNTER, SIDE(xruns) },
	{ "leat_side_skipped_periods_total",
	  "Periods in which the link was not called.", COUNTER,
	  SIDE(skipped_periods) },
	{ "leat_side_reconnects_total",
	  "Times that the server came back after it was gone.", COUNTER,
	  SIDE(reconnects) },
	{ "leat_side_rests_total",
	  "Times that the other side had to be kept from keeping it busy.",
	  COUNTER, SIDE(rests) },
};

/* A process that is not there has no word at all. */
static void print_side(FILE *file, const struct metric *metric,
		       const char *link, const char *name,
		       const struct leat_side_status *side)
{
	if (side->present)
		print_word(file, metric->name, link, "side", name,
			   word_at(side, metric->offset));
	else if (metric->offset == SIDE(alive))
		print_word(file, metric->name, link, "side", name, 0);
}

static void print_sides(FILE *file, const struct leat_links *links)
{
	size_t n = sizeof(side_metrics) / sizeof(side_metrics[0]);

	for (size_t m = 0; m < n; m++) {
		const struct metric *metric = &side_metrics[m];

		print_head(file, metric->name, metric->help, metric->kind);
		for (unsigned i = 0; i < links->n_links; i++) {
			const struct leat_link_answer *answer =
				&links->answer[i];

			if (answer->res < 0)
				continue;
			print_side(file, metric, answer->name, "jack",
				   &answer->status.jack);
			print_side(file, metric, answer->name, "pipewire",
				   &answer->status.pipewire);
		}
	}
}

static void print_servers(FILE *file, const struct leat_links *links)
{
	static const char name[] = "leat_jack_server_info";

	print_head(file, name, "The JACK server's name; the value is 1.",
		   GAUGE);
	for (unsigned i = 0; i < links->n_links; i++) {
		const struct leat_side_status *jack =
			&links->answer[i].status.jack;

		if (jack->present && jack->server[0])
			print_word(file, name, links->answer[i].name, "server",
				   jack->server, 1);
	}
}

/* ---- the directions ---- */

#define DIRECTION(word) offsetof(struct leat_direction_status, word)

static const struct metric direction_metrics[] = {
	{ "leat_direction_channels", "Channels.", GAUGE,
	  DIRECTION(n_channels) },
	{ "leat_direction_capacity_frames", "Frames that the ring can hold.",
	  GAUGE, DIRECTION(capacity) },
	{ "leat_direction_fill_frames", "Frames in the ring.", GAUGE,
	  DIRECTION(fill) },
	{ "leat_direction_target_frames",
	  "Frames of latency that are aimed at.", GAUGE, DIRECTION(target) },
	{ "leat_direction_latency_frames",
	  "Frames by which the link delays this direction.", GAUGE,
	  DIRECTION(latency_frames) },
	{ "leat_direction_beyond_jack_frames",
	  "Frames of latency on JACK's graph beyond the link, the longest way.",
	  GAUGE, DIRECTION(beyond_jack.max) },
	{ "leat_direction_beyond_pipewire_frames",
	  "Frames of latency on PipeWire's graph beyond it, the longest way.",
	  GAUGE, DIRECTION(beyond_pipewire.max) },
	{ "leat_direction_end_to_end_frames",
	  "Frames of latency of all that is told, with the trim, at most.",
	  GAUGE, DIRECTION(end_to_end.max) },
	{ "leat_direction_frames_total", "Frames carried.", COUNTER,
	  DIRECTION(frames) },
	{ "leat_direction_underruns_total",
	  "Cycles in which there was no block to be played.", COUNTER,
	  DIRECTION(underruns) },
	{ "leat_direction_overruns_total", "Blocks that nobody took.", COUNTER,
	  DIRECTION(overruns) },
	{ "leat_direction_lost_frames_total",
	  "Frames that were sent and never played.", COUNTER, DIRECTION(lost) },
	{ "leat_direction_inserted_frames_total",
	  "Frames of silence played in place of missing ones.", COUNTER,
	  DIRECTION(inserted) },
	{ "leat_direction_slips_total",
	  "Jumps made to bring the latency back to its target.", COUNTER,
	  DIRECTION(slips) },
	{ "leat_direction_wakeups_total",
	  "Signals sent to wake the other side.", COUNTER, DIRECTION(wakeups) },
	{ "leat_direction_poisoned_rings_total",
	  "Rings given up because the other side wrote what cannot be true.",
	  COUNTER, DIRECTION(poisoned) },
};

static const char *const direction_names[LEAT_N_DIRECTIONS] = {
	[LEAT_TO_PIPEWIRE] = "to_pipewire",
	[LEAT_TO_JACK] = "to_jack",
};

static void print_directions(FILE *file, const struct leat_links *links)
{
	size_t n = sizeof(direction_metrics) / sizeof(direction_metrics[0]);

	for (size_t m = 0; m < n; m++) {
		const struct metric *metric = &direction_metrics[m];

		print_head(file, metric->name, metric->help, metric->kind);
		for (unsigned i = 0; i < links->n_links; i++) {
			const struct leat_link_answer *answer =
				&links->answer[i];

			for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
				print_word(file, metric->name, answer->name,
					   "direction", direction_names[d],
					   word_at(&answer->status.direction[d],
						   metric->offset));
		}
	}
}

/* The latency is counted in JACK's frames. */
static double latency_s(const struct leat_link_status *status, int direction)
{
	uint64_t frames = status->direction[direction].latency_frames;
	uint64_t rate_hz = status->jack.rate_hz;

	if (frames == LEAT_UNKNOWN || rate_hz == LEAT_UNKNOWN)
		return (double)NAN;
	/* A rate of 0 comes to no number either. */
	return (double)frames / (double)rate_hz;
}

static void print_delays(FILE *file, const struct leat_links *links)
{
	static const char latency[] = "leat_direction_latency_seconds";
	static const char delay[] = "leat_direction_resampler_delay_frames";

	print_head(file, latency,
		   "Time by which the link delays this direction.", GAUGE);
	for (unsigned i = 0; i < links->n_links; i++)
		for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
			print_double(file, latency, links->answer[i].name,
				     "direction", direction_names[d],
				     latency_s(&links->answer[i].status, d));
	print_head(file, delay,
		   "Frames of the latency that lie in the resampler.", GAUGE);
	for (unsigned i = 0; i < links->n_links; i++)
		for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
			print_double(file, delay, links->answer[i].name,
				     "direction", direction_names[d],
				     links->answer[i]
					     .status.direction[d]
					     .resampler_delay);
}

/* ---- the callbacks ---- */

static const struct {
	const char *name;
	const char *help;
} load_metrics[LEAT_N_LOAD_KINDS] = {
	[LEAT_LOAD_DURATION] = { "leat_side_callback_duration_seconds",
				 "How long a cycle's callbacks took." },
	[LEAT_LOAD_INTERVAL] = { "leat_side_callback_interval_seconds",
				 "From one cycle's callback to the next." },
	[LEAT_LOAD_WAKEUP] = { "leat_side_callback_wakeup_seconds",
			       "How long after the graph's cycle began the "
			       "callback did." },
};

static const char *const side_names[LEAT_N_LOAD_SIDES] = {
	[LEAT_LOAD_JACK] = "jack",
	[LEAT_LOAD_PIPEWIRE] = "pipewire",
};

/* From 2 us to a second: whole buckets of ours, so that none is guessed. */
#define OCTAVE_FIRST 2u
#define OCTAVE_LAST 20u

static void begin_load_sample(FILE *file, const char *name, const char *suffix,
			      const char *link, const char *side)
{
	fprintf(file, "%s%s{", name, suffix);
	print_label(file, "link", link);
	fputc(',', file);
	print_label(file, "side", side);
}

/* What another process wrote may be anything, but never goes down. */
static uint64_t add_up(uint64_t a, uint64_t b)
{
	return a + b < a ? UINT64_MAX : a + b;
}

static void print_histogram(FILE *file, const char *name, const char *link,
			    const char *side,
			    const struct leat_histogram *histogram)
{
	uint64_t n = 0;
	uint32_t bucket = 0;

	for (uint32_t octave = OCTAVE_FIRST; octave <= OCTAVE_LAST; octave++) {
		uint32_t end = octave * LEAT_HISTOGRAM_SUB;

		while (bucket < end)
			n = add_up(n, histogram->counts[bucket++]);
		begin_load_sample(file, name, "_bucket", link, side);
		fprintf(file, ",le=\"%.9g\"} %" PRIu64 "\n",
			(double)(leat_histogram_least_ns(end) - 1) * 1e-9, n);
	}
	begin_load_sample(file, name, "_bucket", link, side);
	fprintf(file, ",le=\"+Inf\"} %" PRIu64 "\n", histogram->n);
	begin_load_sample(file, name, "_sum", link, side);
	fprintf(file, "} %.9f\n", (double)histogram->sum_ns * 1e-9);
	begin_load_sample(file, name, "_count", link, side);
	fprintf(file, "} %" PRIu64 "\n", histogram->n);
}

static void print_histograms(FILE *file, const struct leat_links *links,
			     int kind)
{
	const char *name = load_metrics[kind].name;

	fprintf(file, "# HELP %s %s\n# TYPE %s histogram\n", name,
		load_metrics[kind].help, name);
	for (unsigned i = 0; i < links->n_links; i++)
		for (int s = 0; s < LEAT_N_LOAD_SIDES; s++) {
			const struct leat_link_answer *answer =
				&links->answer[i];

			if (answer->load && answer->load->side[s].known)
				print_histogram(
					file, name, answer->name, side_names[s],
					&answer->load->side[s].histogram[kind]);
		}
}

static void print_load(FILE *file, const struct leat_links *links)
{
	static const char late[] = "leat_side_late_cycles_total";
	static const char taps[] = "leat_link_taps";

	print_head(file, taps, "Taps that listen.", GAUGE);
	for (unsigned i = 0; i < links->n_links; i++)
		if (links->answer[i].load)
			print_word(file, taps, links->answer[i].name, NULL,
				   NULL, links->answer[i].load->n_taps);
	print_head(file, late,
		   "Cycles whose callbacks took more than half of the period "
		   "or came more than half of one late.",
		   COUNTER);
	for (unsigned i = 0; i < links->n_links; i++)
		for (int s = 0; s < LEAT_N_LOAD_SIDES; s++)
			if (links->answer[i].load)
				print_word(file, late, links->answer[i].name,
					   "side", side_names[s],
					   links->answer[i].load->n_late[s]);
	for (int kind = 0; kind < LEAT_N_LOAD_KINDS; kind++)
		print_histograms(file, links, kind);
}

/* ---- the clocks ---- */

struct clock_metric {
	const char *name;
	const char *help;
	size_t offset;
	double unit; /* one of ours is so many of the metric's */
};

#define CLOCK(member) offsetof(struct leat_clock_status, member)

static const struct clock_metric clock_metrics[] = {
	{ "leat_clock_rate_ppm",
	  "By how many millionths JACK's clock runs faster.", CLOCK(rate_ppm),
	  1 },
	{ "leat_clock_loop_error_frames",
	  "How far JACK's last time stamp was off.", CLOCK(loop_error_frames),
	  1 },
	{ "leat_clock_loop_bandwidth_hertz",
	  "How fast the loop follows the clocks.", CLOCK(loop_bandwidth_hz),
	  1 },
	{ "leat_clock_jitter_seconds",
	  "How far JACK's time stamps are off in the mean.", CLOCK(jitter_us),
	  1e-6 },
	{ "leat_clock_last_upset_seconds",
	  "Time since something upset the loop.", CLOCK(last_upset_s), 1 },
};

static void print_clocks(FILE *file, const struct leat_links *links)
{
	size_t n = sizeof(clock_metrics) / sizeof(clock_metrics[0]);

	for (size_t m = 0; m < n; m++) {
		const struct clock_metric *metric = &clock_metrics[m];

		print_head(file, metric->name, metric->help, GAUGE);
		for (unsigned i = 0; i < links->n_links; i++) {
			const struct leat_link_answer *answer =
				&links->answer[i];
			double value;

			memcpy(&value,
			       (const char *)&answer->status.clock +
				       metric->offset,
			       sizeof(value));
			print_double(file, metric->name, answer->name, NULL,
				     NULL, value * metric->unit);
		}
	}
}

void leat_metrics_print(FILE *file, const struct leat_links *links)
{
	print_head(file, "leat_links", "Links that are there.", GAUGE);
	fprintf(file, "leat_links %u\n", links->n_links);
	print_up(file, links);
	print_states(file, links);
	print_modes(file, links);
	print_servers(file, links);
	print_sides(file, links);
	print_directions(file, links);
	print_delays(file, links);
	print_load(file, links);
	print_clocks(file, links);
}
