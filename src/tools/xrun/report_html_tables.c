/* SPDX-License-Identifier: MIT */
#include "report_parts.h"

#include "html.h"
#include "words.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* More rows than that nobody reads; --json has them all. */
enum { N_STEPS_SHOWN = 200, N_EVENTS_SHOWN = 200 };

static void put_count(FILE *file, uint64_t count)
{
	char text[XRUN_WORDS_BYTES];

	if (count == XRUN_UNKNOWN)
		fputs("<td class=\"n\">unknown</td>", file);
	else
		xrun_html(file, "<td class=\"n\">%s</td>",
			  xrun_words_count(text, count));
}

static void put_time(FILE *file, double time_ns)
{
	char text[XRUN_WORDS_BYTES];

	xrun_html(file, "<td class=\"n\">%s</td>",
		  xrun_words_time(text, time_ns));
}

static void put_load(FILE *file, const struct xrun_step *step)
{
	char text[XRUN_LOAD_BYTES];

	xrun_html(file, "<td>%s</td>", xrun_load_text(text, step));
}

static void begin_table(FILE *file, const char *name)
{
	xrun_html(file,
		  "<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
		  "aria-label=\"%s\"><table><thead><tr>",
		  name);
}

static void put_head(FILE *file, const char *name, bool is_number)
{
	xrun_html(file, "<th scope=\"col\" class=\"%s\">%s</th>",
		  is_number ? "n" : "t", name);
}

static void end_table(FILE *file)
{
	fputs("</tbody></table></div>\n", file);
}

static bool has_arms(const struct xrun_result *result)
{
	return result->n_arms > 1;
}

static const char *arm_name(const struct xrun_result *result, uint32_t arm)
{
	return arm < result->n_arms ? result->arm[arm].name : "";
}

/* ---- who was late ---- */

void xrun_html_causes(FILE *file, const struct xrun_result *result)
{
	struct xrun_sums sums = xrun_sums_of(result, xrun_main_arm(result));

	if (sums.n_steps == 0)
		return;
	fputs("<section aria-labelledby=\"who\"><h2 id=\"who\">Who was to "
	      "blame</h2>\n",
	      file);
	begin_table(file, "Late periods and lost frames by who was to blame");
	put_head(file, "Who", false);
	put_head(file, "Late periods", true);
	put_head(file, "Frames lost", true);
	fputs("</tr></thead><tbody>\n", file);
	for (int cause = 0; cause < XRUN_N_CAUSES; cause++) {
		xrun_html(file, "<tr><th scope=\"row\">%s</th>",
			  xrun_cause_text((enum xrun_cause)cause));
		put_count(file, sums.late_by[cause]);
		put_count(file, sums.n_uncounted == sums.n_steps
					? XRUN_UNKNOWN
					: sums.lost_by[cause]);
		fputs("</tr>\n", file);
	}
	end_table(file);
	fputs("</section>\n", file);
}

/* ---- steps ---- */

static void put_step(FILE *file, const struct xrun_result *result,
		     const struct xrun_step *step)
{
	fputs("<tr>", file);
	if (has_arms(result))
		xrun_html(file, "<td><bdi>%s</bdi></td>",
			  arm_name(result, step->arm));
	put_load(file, step);
	put_count(file, step->period);
	if (step->skipped) {
		xrun_html(file, "<td colspan=\"8\">not run: <bdi>%s</bdi></td>",
			  step->why);
	} else {
		xrun_html(file, "<td class=\"n\">%.1f s</td>",
			  xrun_step_begin_s(result, step));
		put_time(file, (double)step->duration_ns);
		put_count(file, xrun_step_late(step));
		for (int place = 0; place < XRUN_N_PLACES; place++)
			put_count(
				file,
				step->is_counted
					? xrun_step_lost_at(
						  step, (enum xrun_place)place)
					: XRUN_UNKNOWN);
		put_count(file, step->n_jack_xruns);
		put_count(file, result->machine.has_witness ? step->n_stalls
							    : XRUN_UNKNOWN);
	}
	fputs("</tr>\n", file);
}

void xrun_html_steps(FILE *file, const struct xrun_result *result)
{
	if (result->n_steps == 0)
		return;
	fputs("<section aria-labelledby=\"steps\"><h2 id=\"steps\">Step by "
	      "step</h2>\n",
	      file);
	begin_table(file, "Steps of the experiment");
	if (has_arms(result))
		put_head(file, "Bridge", false);
	put_head(file, "Load", false);
	put_head(file, "Period", true);
	put_head(file, "From", true);
	put_head(file, "For", true);
	put_head(file, "Late", true);
	put_head(file, "Lost in JACK", true);
	put_head(file, "Lost to PipeWire", true);
	put_head(file, "Lost to JACK", true);
	put_head(file, "Xruns JACK told", true);
	put_head(file, "Stalls", true);
	fputs("</tr></thead><tbody>\n", file);
	for (uint32_t i = 0; i < result->n_steps && i < N_STEPS_SHOWN; i++)
		put_step(file, result, &result->step[i]);
	end_table(file);
	fputs("<p>Periods are in frames, and so is what was lost.", file);
	if (result->n_steps > N_STEPS_SHOWN)
		xrun_html(file, " %u more steps are left out here.",
			  result->n_steps - N_STEPS_SHOWN);
	fputs("</p></section>\n", file);
}

/* ---- events ---- */

static const char *event_text(const struct xrun_event *event)
{
	switch (event->kind) {
	case XRUN_LATE:
		return "late";
	case XRUN_SKIPPED:
		return "periods left out";
	case XRUN_GAP:
		return "frames lost";
	default:
		return "stall";
	}
}

static const char *event_where(const struct xrun_event *event)
{
	switch (event->kind) {
	case XRUN_LATE:
	case XRUN_SKIPPED:
		return xrun_callback_text(event->callback);
	case XRUN_GAP:
		return xrun_place_text(event->place);
	default:
		return "processor";
	}
}

static void put_event(FILE *file, double begin_s,
		      const struct xrun_event *event)
{
	xrun_html(file, "<tr><td class=\"n\">%.3f s</td><td>%s</td><td>%s",
		  begin_s + (double)event->time_ns / 1e9, event_text(event),
		  event_where(event));
	if (event->kind == XRUN_STALL && event->cpu >= 0)
		xrun_html(file, " %d", event->cpu);
	xrun_html(file, "</td><td>%s</td>", xrun_cause_text(event->cause));
	if (event->size_ns == XRUN_UNKNOWN)
		fputs("<td class=\"n\">unknown</td>", file);
	else
		put_time(file, (double)event->size_ns);
	if (event->kind == XRUN_GAP || event->kind == XRUN_SKIPPED)
		put_count(file, event->n_frames);
	else
		fputs("<td></td>", file);
	fputs("</tr>\n", file);
}

/* How many there were of the main bridge; the first ones are shown. */
static uint32_t put_events(FILE *file, const struct xrun_result *result)
{
	uint32_t n = 0, arm = xrun_main_arm(result);

	for (uint32_t i = 0; i < result->n_steps; i++) {
		const struct xrun_step *step = &result->step[i];

		for (uint32_t e = 0; step->arm == arm && e < step->n_events;
		     e++)
			if (n++ < N_EVENTS_SHOWN)
				put_event(file, xrun_step_begin_s(result, step),
					  &step->event[e]);
	}
	return n;
}

static bool has_events(const struct xrun_result *result)
{
	for (uint32_t i = 0; i < result->n_steps; i++)
		if (result->step[i].arm == xrun_main_arm(result) &&
		    result->step[i].n_events > 0)
			return true;
	return false;
}

void xrun_html_events(FILE *file, const struct xrun_result *result)
{
	char text[XRUN_WORDS_BYTES];
	uint32_t n;

	if (!has_events(result))
		return;
	fputs("<section aria-labelledby=\"events\"><h2 id=\"events\">One by "
	      "one</h2>\n<details><summary>What happened, in order of time"
	      "</summary>\n",
	      file);
	begin_table(file, "Events in order of time");
	put_head(file, "At", true);
	put_head(file, "What", false);
	put_head(file, "Where", false);
	put_head(file, "To blame", false);
	put_head(file, "By, or for", true);
	put_head(file, "Frames", true);
	fputs("</tr></thead><tbody>\n", file);
	n = put_events(file, result);
	end_table(file);
	if (n > N_EVENTS_SHOWN)
		xrun_html(file,
			  "<p>These are the first %d of %s; --json has all."
			  "</p>\n",
			  N_EVENTS_SHOWN, xrun_words_count(text, n));
	fputs("</details></section>\n", file);
}

/* ---- bridges beside each other ---- */

static double per_million(uint64_t n, uint64_t of)
{
	return of > 0 ? (double)n / (double)of * 1e6 : 0;
}

/* Three digits of it, and none that are not there. */
static void put_share(FILE *file, double share)
{
	if (share < 1000)
		xrun_html(file, "<td class=\"n\">%.3g</td>", share);
	else
		put_count(file, (uint64_t)(share + 0.5));
}

/* "× 2.5", or what to say where one of them is 0. */
static void put_ratio(FILE *file, double value, double of)
{
	if (value == of)
		fputs("<td class=\"n\">the same</td>", file);
	else if (of == 0)
		fputs("<td class=\"n\">–</td>", file);
	else
		xrun_html(file, "<td class=\"n\">× %.3g</td>", value / of);
}

static void put_round_trip(FILE *file, const struct xrun_arm *arm)
{
	char text[XRUN_WORDS_BYTES];

	if (arm->round_trip_frames == XRUN_UNKNOWN)
		fputs("<td class=\"n\">unknown</td>", file);
	else
		xrun_html(
			file, "<td class=\"n\">%s</td>",
			xrun_words_some(text, arm->round_trip_frames, "frame"));
}

/* The most that was borne of the load that was ramped up. */
static void put_highest(FILE *file, const struct xrun_result *result,
			const struct xrun_arm *arm)
{
	const struct xrun_step step = { .load = xrun_ramp_load(result),
					.level = arm->highest_level };
	char text[XRUN_LOAD_BYTES];

	xrun_html(file, "<td>%s</td>",
		  arm->has_highest ? xrun_load_text(text, &step)
				   : "not even none");
}

static void put_arm(FILE *file, const struct xrun_result *result, uint32_t arm,
		    const struct xrun_sums *reference)
{
	struct xrun_sums sums = xrun_sums_of(result, arm);
	double lost = per_million(sums.n_lost, sums.n_sent);
	double late = per_million(sums.n_late, sums.n_cycles);

	xrun_html(file, "<tr><th scope=\"row\"><bdi>%s</bdi></th>",
		  result->arm[arm].name);
	put_count(file, sums.n_late);
	put_share(file, late);
	put_ratio(file, late,
		  per_million(reference->n_late, reference->n_cycles));
	if (sums.n_uncounted == sums.n_steps) {
		fputs("<td class=\"n\" colspan=\"3\">unknown</td>", file);
	} else {
		put_count(file, sums.n_lost);
		put_share(file, lost);
		put_ratio(file, lost,
			  per_million(reference->n_lost, reference->n_sent));
	}
	put_round_trip(file, &result->arm[arm]);
	if (result->settings.plan == XRUN_PLAN_RAMP)
		put_highest(file, result, &result->arm[arm]);
	fputs("</tr>\n", file);
}

void xrun_html_compare(FILE *file, const struct xrun_result *result)
{
	struct xrun_sums reference =
		xrun_sums_of(result, xrun_main_arm(result));

	if (!has_arms(result))
		return;
	xrun_html(file,
		  "<section aria-labelledby=\"compare\"><h2 id=\"compare\">"
		  "Beside each other</h2>\n<p>All were measured in one run, "
		  "by turns. Ratios are to <bdi>%s</bdi>.</p>\n",
		  arm_name(result, xrun_main_arm(result)));
	begin_table(file, "Bridges beside each other");
	put_head(file, "Bridge", false);
	put_head(file, "Late periods", true);
	put_head(file, "of a million", true);
	put_head(file, "ratio", true);
	put_head(file, "Frames lost", true);
	put_head(file, "of a million", true);
	put_head(file, "ratio", true);
	put_head(file, "Round trip", true);
	if (result->settings.plan == XRUN_PLAN_RAMP)
		put_head(file, "Highest load without loss", false);
	fputs("</tr></thead><tbody>\n", file);
	for (uint32_t arm = 0; arm < result->n_arms; arm++)
		put_arm(file, result, arm, &reference);
	end_table(file);
	fputs("</section>\n", file);
}
