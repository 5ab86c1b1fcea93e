/* SPDX-License-Identifier: MIT */
#include "report_parts.h"

#include "html.h"
#include "words.h"

#include <inttypes.h>
#include <stdlib.h>

enum { LOAD_PX = 70, FILL_PX = 120 };

const struct xrun_lane xrun_lanes[XRUN_N_LANES] = {
	{ "JACK", "jack" },	  { "PipeWire", "pipewire" },
	{ "bridge", "bridge" },	  { "machine", "machine" },
	{ "unknown", "unknown" },
};

unsigned xrun_lane_of(enum xrun_cause cause)
{
	switch (cause) {
	case XRUN_JACK_CLIENT:
	case XRUN_JACK_SERVER:
		return 0;
	case XRUN_PIPEWIRE_NODE:
	case XRUN_PIPEWIRE_SERVER:
		return 1;
	case XRUN_BRIDGE_JACK:
	case XRUN_BRIDGE_PIPEWIRE:
		return 2;
	case XRUN_MACHINE:
		return 3;
	default:
		return 4;
	}
}

static void legend_mark(FILE *file, int height, const char *text)
{
	xrun_html(file,
		  "<li><svg viewBox=\"0 0 18 14\" aria-hidden=\"true\"><line "
		  "class=\"event unknown\" x1=\"9\" x2=\"9\" y1=\"%d\" "
		  "y2=\"14\"/></svg>%s</li>\n",
		  14 - height, text);
}

void xrun_html_lanes(FILE *file, bool has_marks)
{
	fputs("<ul class=\"legend\">\n", file);
	for (int i = 0; i < XRUN_N_LANES && !has_marks; i++)
		xrun_html(file,
			  "<li><svg viewBox=\"0 0 18 14\" "
			  "aria-hidden=\"true\"><rect class=\"%s\" x=\"2\" "
			  "y=\"1\" width=\"12\" height=\"12\"/></svg>%s</li>\n",
			  xrun_lanes[i].css_class, xrun_lanes[i].name);
	if (has_marks) {
		legend_mark(file, 14, "tall: sound was lost");
		legend_mark(file, 7, "short: late, but nothing lost");
		legend_mark(file, 3,
			    "dot: a processor stood still, and "
			    "nobody was late");
	}
	fputs("</ul>\n", file);
}

/* ---- late periods ---- */

static uint32_t count_events(const struct xrun_result *result, uint32_t arm)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < result->n_steps; i++)
		if (result->step[i].arm == arm)
			n += result->step[i].n_events;
	return n;
}

static uint32_t count_left_out(const struct xrun_result *result, uint32_t arm)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < result->n_steps; i++)
		if (result->step[i].arm == arm)
			n += result->step[i].n_events_left_out;
	return n;
}

static enum xrun_weight weight_of(const struct xrun_event *event)
{
	if (event->kind == XRUN_STALL)
		return XRUN_SEEN;
	return event->kind == XRUN_GAP && event->n_frames > 0 ? XRUN_WAS_LOST
							      : XRUN_WAS_LATE;
}

static struct xrun_moment moment_of(const struct xrun_event *event,
				    double begin_s)
{
	bool is_gap = event->kind == XRUN_GAP;
	bool is_timed = !is_gap && event->size_ns != XRUN_UNKNOWN;

	return (struct xrun_moment){
		.at_s = begin_s + (double)event->time_ns / 1e9,
		.lane = xrun_lane_of(event->cause),
		.weight = weight_of(event),
		.late_ns = is_timed ? (double)event->size_ns : 0,
		.n_lost = is_gap ? event->n_frames : 0,
	};
}

static size_t take_events(const struct xrun_result *result, uint32_t arm,
			  struct xrun_moment *moment)
{
	size_t n = 0;

	for (uint32_t i = 0; i < result->n_steps; i++) {
		const struct xrun_step *step = &result->step[i];
		double begin_s = xrun_step_begin_s(result, step);

		for (uint32_t e = 0; step->arm == arm && e < step->n_events;
		     e++)
			moment[n++] = moment_of(&step->event[e], begin_s);
	}
	return n;
}

static void draw_timeline(FILE *file, const struct xrun_result *result,
			  uint32_t arm)
{
	uint32_t n = count_events(result, arm);
	struct xrun_moment *moment = calloc(n > 0 ? n : 1, sizeof(*moment));
	char some[XRUN_WORDS_BYTES], alternative[256];

	if (!moment)
		return;
	snprintf(alternative, sizeof(alternative),
		 "When somebody was late or sound was lost: %s in all. The "
		 "tables below have the same in figures.",
		 xrun_words_some(some, n, "event"));
	fputs("<div class=\"picture lower\">\n", file);
	xrun_picture_timeline(file, alternative, xrun_end_s(result), xrun_lanes,
			      XRUN_N_LANES, moment,
			      take_events(result, arm, moment));
	fputs("</div>\n", file);
	free(moment);
}

/* ---- load ---- */

/*
 * Levels of one kind can be drawn over time; of several, they mean nothing
 * beside each other.
 */
static bool has_levels(const struct xrun_result *result)
{
	enum xrun_load kind = xrun_ramp_load(result);
	bool is_varied = false;

	for (uint32_t i = 0; i < result->n_steps; i++) {
		const struct xrun_step *step = &result->step[i];

		if (step->load != kind && step->load != XRUN_LOAD_NONE)
			return false;
		is_varied |= step->level != result->step[0].level;
	}
	return is_varied;
}

static void draw_load(FILE *file, const struct xrun_result *result)
{
	struct xrun_value *value = calloc(result->n_steps, sizeof(*value));
	struct xrun_course course = { "line unknown", value, 0, true };
	const char *unit = xrun_load_unit(xrun_ramp_load(result));
	char name[64];

	for (uint32_t i = 0; value && i < result->n_steps; i++)
		if (!result->step[i].skipped)
			value[course.n_values++] = (struct xrun_value){
				xrun_step_begin_s(result, &result->step[i]),
				result->step[i].level, false
			};
	if (!value)
		return;
	snprintf(name, sizeof(name), "load (%s)%s%s",
		 xrun_load_name(xrun_ramp_load(result)), unit[0] ? ", " : "",
		 unit);
	fputs("<div class=\"picture upper\">\n", file);
	xrun_picture_course(
		file, "The load over time, as in the table of steps.", LOAD_PX,
		name, xrun_end_s(result), &course, NULL, false);
	fputs("</div>\n", file);
	free(value);
}

/* ---- fill ---- */

static uint32_t count_fills(const struct xrun_result *result, uint32_t arm)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < result->n_steps; i++)
		if (result->step[i].arm == arm)
			n += result->step[i].n_fills;
	return n;
}

static uint64_t fill_of(const struct xrun_fill *fill, bool to_jack, bool aim)
{
	if (to_jack)
		return aim ? fill->to_jack_aim : fill->to_jack;
	return aim ? fill->to_pipewire_aim : fill->to_pipewire;
}

static size_t take_fills(const struct xrun_result *result, uint32_t arm,
			 bool to_jack, bool aim, struct xrun_value *value)
{
	size_t n = 0;

	for (uint32_t i = 0; i < result->n_steps; i++) {
		const struct xrun_step *step = &result->step[i];
		double begin_s = xrun_step_begin_s(result, step);
		bool begins = true;

		for (uint32_t f = 0; step->arm == arm && f < step->n_fills;
		     f++) {
			uint64_t fill = fill_of(&step->fill[f], to_jack, aim);

			if (fill == XRUN_UNKNOWN)
				continue;
			value[n++] = (struct xrun_value){
				begin_s + (double)step->fill[f].time_ns / 1e9,
				(double)fill, begins
			};
			begins = false;
		}
	}
	return n;
}

static void draw_fill(FILE *file, const struct xrun_result *result,
		      uint32_t arm, bool to_jack)
{
	uint32_t n = count_fills(result, arm);
	struct xrun_value *fills = calloc(n, sizeof(*fills));
	struct xrun_value *aims = calloc(n, sizeof(*aims));
	struct xrun_course fill = { to_jack ? "line jack" : "line pipewire",
				    fills, 0, false };
	struct xrun_course aim = { "limit", aims, 0, false };

	if (fills && aims) {
		fill.n_values = take_fills(result, arm, to_jack, false, fills);
		aim.n_values = take_fills(result, arm, to_jack, true, aims);
	}
	if (fill.n_values > 0) {
		xrun_html(file, "<h3>%s</h3>\n<div class=\"picture\">\n",
			  to_jack ? "From PipeWire to JACK"
				  : "From JACK to PipeWire");
		xrun_picture_course(
			file,
			to_jack ? "How full the ring from PipeWire to JACK was "
				  "over time, in frames."
				: "How full the ring from JACK to PipeWire was "
				  "over time, in frames.",
			FILL_PX, "frames waiting", xrun_end_s(result), &fill,
			aim.n_values > 0 ? &aim : NULL, true);
		fputs("</div>\n", file);
	}
	free(fills);
	free(aims);
}

static void put_fills(FILE *file, const struct xrun_result *result,
		      uint32_t arm)
{
	if (count_fills(result, arm) == 0)
		return;
	fputs("<section aria-labelledby=\"fill\"><h2 id=\"fill\">How full the "
	      "bridge was</h2>\n"
	      "<p>Sound waits in the bridge until the other side takes it. A "
	      "steady line is good; a jump is a loss or a delay.</p>\n",
	      file);
	draw_fill(file, result, arm, false);
	draw_fill(file, result, arm, true);
	fputs("<ul class=\"legend\"><li><svg viewBox=\"0 0 18 14\" "
	      "aria-hidden=\"true\"><line class=\"limit\" x1=\"0\" x2=\"18\" "
	      "y1=\"7\" y2=\"7\"/></svg>dashed: where it should be</li></ul>\n"
	      "</section>\n",
	      file);
}

void xrun_html_time(FILE *file, const struct xrun_result *result)
{
	uint32_t arm = xrun_main_arm(result);
	uint32_t n_left_out = count_left_out(result, arm);
	char some[XRUN_WORDS_BYTES];

	if (result->n_steps == 0)
		return;
	fputs("<section aria-labelledby=\"when\"><h2 id=\"when\">Who was late "
	      "when</h2>\n",
	      file);
	fputs("<p>Each mark is a moment at which somebody was late, or sound "
	      "was lost, in the row of who is to blame.</p>\n",
	      file);
	if (has_levels(result))
		draw_load(file, result);
	draw_timeline(file, result, arm);
	xrun_html_lanes(file, true);
	if (n_left_out > 0)
		xrun_html(file,
			  "<p>%s more were counted, but not kept one by one: "
			  "they are in the figures and not in the picture."
			  "</p>\n",
			  xrun_words_count(some, n_left_out));
	fputs("</section>\n", file);
	put_fills(file, result, arm);
}
