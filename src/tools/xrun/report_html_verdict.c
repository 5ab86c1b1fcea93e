/* SPDX-License-Identifier: MIT */
#include "report_parts.h"

#include "html.h"
#include "words.h"

#include <inttypes.h>
#include <stdarg.h>

/* What to do about each, for who plays and does not program. */
static const char *const advice[XRUN_N_CAUSES] = {
	[XRUN_MACHINE] =
		"A processor stood still for a while, and everything on it "
		"with it. No audio program can make up for that. A realtime "
		"kernel and the settings below help, and so does a longer "
		"period; in a virtual machine it is the host that decides.",
	[XRUN_JACK_CLIENT] =
		"A program in JACK took longer than it had. Give it less to "
		"do, or choose a longer period.",
	[XRUN_JACK_SERVER] =
		"The JACK server called its programs late. See that it runs at "
		"realtime priority, and what is said of the settings below.",
	[XRUN_PIPEWIRE_NODE] =
		"A program in PipeWire took longer than it had. Give it less "
		"to do, or choose a longer period.",
	[XRUN_PIPEWIRE_SERVER] =
		"PipeWire called its programs late. See that it runs at "
		"realtime priority, and what is said of the settings below.",
	[XRUN_BRIDGE_JACK] =
		"The bridge itself was late on JACK's side. With leat's own "
		"bridge that is a fault of leat: please report it, with this "
		"page.",
	[XRUN_BRIDGE_PIPEWIRE] =
		"The bridge itself was late on PipeWire's side. With leat's "
		"own bridge that is a fault of leat: please report it, with "
		"this page.",
	[XRUN_CAUSE_UNKNOWN] =
		"Nothing that was watched explains it. A longer experiment "
		"may, with the right to realtime priority.",
};

static int largest(const uint64_t count[XRUN_N_CAUSES])
{
	int most = 0;

	for (int cause = 1; cause < XRUN_N_CAUSES; cause++)
		if (count[cause] > count[most])
			most = cause;
	return count[most] > 0 ? most : -1;
}

/* Who lost most, or where nothing was lost, was late most; or -1. */
static int culprit(const struct xrun_sums *sums)
{
	int most = largest(sums->lost_by);

	return most >= 0 ? most : largest(sums->late_by);
}

static const struct xrun_arm *main_arm(const struct xrun_result *result)
{
	return result->n_arms > 0 ? &result->arm[xrun_main_arm(result)] : NULL;
}

/* A ramp found a load that was borne. */
static bool has_highest(const struct xrun_result *result)
{
	const struct xrun_arm *arm = main_arm(result);

	return result->settings.plan == XRUN_PLAN_RAMP && arm &&
	       arm->has_highest;
}

static void say_highest(FILE *file, const struct xrun_result *result)
{
	char text[XRUN_LOAD_BYTES];

	xrun_html(file, "No sound is lost up to a load of %s",
		  xrun_load_sentence(text, xrun_ramp_load(result),
				     main_arm(result)->highest_level));
}

static bool is_uncounted(const struct xrun_sums *sums)
{
	return sums->n_steps > 0 && sums->n_uncounted == sums->n_steps;
}

void xrun_html_sentence(FILE *file, const struct xrun_result *result)
{
	struct xrun_sums sums = xrun_sums_of(result, xrun_main_arm(result));
	char lost[XRUN_WORDS_BYTES], time[XRUN_WORDS_BYTES];

	if (result->verdict == XRUN_NOT_MEASURED || sums.n_steps == 0)
		fputs("Nothing was measured", file);
	else if (is_uncounted(&sums))
		fputs("What was lost could not be counted", file);
	else if (has_highest(result))
		say_highest(file, result);
	else if (sums.n_lost > 0)
		xrun_html(file, "Sound was lost: %s, which is %s",
			  xrun_words_some(lost, sums.n_lost, "frame"),
			  xrun_words_time(time, sums.lost_s * 1e9));
	else
		fputs("No sound was lost", file);
}

struct judgement {
	const char *css_class, *word;
};

static struct judgement judge(const struct xrun_result *result,
			      const struct xrun_sums *sums)
{
	if (result->verdict == XRUN_NOT_MEASURED || sums->n_steps == 0 ||
	    is_uncounted(sums))
		return (struct judgement){ "is-warn", "Not known" };
	if (has_highest(result) || sums->n_lost == 0)
		return (struct judgement){ "is-ok", "✓ Good" };
	return (struct judgement){ "is-fail", "✗ Sound was lost" };
}

/* What came through, and how often somebody was late. */
static void say_counts(FILE *file, const struct xrun_sums *sums)
{
	char time[XRUN_WORDS_BYTES], periods[XRUN_WORDS_BYTES];
	char sent[XRUN_WORDS_BYTES], late[XRUN_WORDS_BYTES];

	if (sums->n_uncounted == sums->n_steps) {
		xrun_html(file, "<p>In %s somebody was late %s.</p>\n",
			  xrun_words_time(time, (double)sums->duration_ns),
			  xrun_words_some(late, sums->n_late, "time"));
		return;
	}
	xrun_html(file, "<p>In %s with %s",
		  xrun_words_time(time, (double)sums->duration_ns),
		  xrun_words_some(periods, sums->n_cycles, "period"));
	if (sums->n_uncounted < sums->n_steps)
		xrun_html(file, ", %s%s came through",
			  sums->n_lost > 0 ? "not all of " : "each of ",
			  xrun_words_some(sent, sums->n_sent, "frame"));
	if (sums->n_late == 0)
		fputs(", and nobody was late.</p>\n", file);
	else
		xrun_html(file, ", and somebody was late %s%s.</p>\n",
			  xrun_words_some(late, sums->n_late, "time"),
			  sums->n_lost == 0 && sums->n_uncounted == 0
				  ? ", which was never heard"
				  : "");
}

static void say_culprit(FILE *file, const struct xrun_result *result,
			const struct xrun_sums *sums)
{
	int most = culprit(sums);
	bool is_lost = sums->n_lost > 0;
	double part;

	if (most < 0)
		return;
	part = is_lost ? (double)sums->lost_by[most] / (double)sums->n_lost
		       : (double)sums->late_by[most] / (double)sums->n_late;
	xrun_html(file,
		  "<p>%s<strong>%s</strong> was to blame for %.0f %% of the "
		  "%s. ",
		  has_highest(result) && is_lost ? "Beyond that, " : "Mostly, ",
		  xrun_cause_text((enum xrun_cause)most), part * 100,
		  is_lost ? "lost frames" : "late periods");
	if (is_lost)
		fputs(advice[most], file);
	fputs("</p>\n", file);
}

static void say_warnings(FILE *file, const struct xrun_result *result)
{
	if (result->settings.plant[0])
		xrun_html(
			file,
			"<p>A delay was made on purpose: <bdi>%s</bdi>.</p>\n",
			result->settings.plant);
	if (result->interrupted)
		fputs("<p>The experiment was interrupted; this is what had "
		      "been measured by then.</p>\n",
		      file);
	if (result->failed)
		fputs("<p>The experiment could not go on; this is what had "
		      "been measured by then.</p>\n",
		      file);
	if (!result->machine.has_witness)
		fputs("<p>Nobody watched for stalls of the machine, so others "
		      "may be blamed for them.</p>\n",
		      file);
	if (!result->machine.may_be_realtime)
		fputs("<p>Realtime priority could not be had: all of this is "
		      "worse than it need be. <code>leat doctor</code> says "
		      "what cures that.</p>\n",
		      file);
}

void xrun_html_verdict(FILE *file, const struct xrun_result *result)
{
	struct xrun_sums sums = xrun_sums_of(result, xrun_main_arm(result));
	struct judgement judgement = judge(result, &sums);

	xrun_html(file,
		  "<section class=\"verdict %s\" "
		  "aria-labelledby=\"verdict\">\n"
		  "<p class=\"mark\">%s</p>\n<h2 id=\"verdict\">",
		  judgement.css_class, judgement.word);
	xrun_html_sentence(file, result);
	fputs(".</h2>\n", file);
	if (sums.n_steps > 0) {
		say_counts(file, &sums);
		say_culprit(file, result, &sums);
	}
	say_warnings(file, result);
	fputs("</section>\n", file);
}

/* ---- figures ---- */

__attribute__((format(printf, 4, 5))) static void
tile(FILE *file, const char *name, const char *value, const char *format, ...)
{
	char more[160];
	va_list args;

	va_start(args, format);
	vsnprintf(more, sizeof(more), format, args);
	va_end(args);
	xrun_html(file, "<div><dt>%s</dt><dd>%s<small>%s</small></dd></div>\n",
		  name, value, more);
}

static void tile_lost(FILE *file, const struct xrun_sums *sums)
{
	char text[XRUN_WORDS_BYTES], time[XRUN_WORDS_BYTES];

	if (sums->n_uncounted == sums->n_steps)
		tile(file, "Frames lost", "unknown", "%s",
		     "the signal did not come round");
	else if (sums->n_lost == 0)
		tile(file, "Frames lost", "0", "of %s",
		     xrun_words_count(text, sums->n_sent));
	else
		tile(file, "Frames lost", xrun_words_count(text, sums->n_lost),
		     "%s; %.3g %% of all",
		     xrun_words_time(time, sums->lost_s * 1e9),
		     sums->n_sent > 0
			     ? (double)sums->n_lost / (double)sums->n_sent * 100
			     : 0);
}

static void tile_late(FILE *file, const struct xrun_sums *sums)
{
	char text[XRUN_WORDS_BYTES], all[XRUN_WORDS_BYTES];

	tile(file, "Late periods", xrun_words_count(text, sums->n_late),
	     "of %s", xrun_words_count(all, sums->n_cycles));
}

static void tile_stalls(FILE *file, const struct xrun_result *result,
			const struct xrun_sums *sums)
{
	char text[XRUN_WORDS_BYTES], time[XRUN_WORDS_BYTES];

	if (!result->machine.has_witness)
		tile(file, "Stalls of the machine", "unknown", "%s",
		     "not watched for");
	else if (sums->n_stalls == 0)
		tile(file, "Stalls of the machine", "0", "%s", "none seen");
	else
		tile(file, "Stalls of the machine",
		     xrun_words_count(text, sums->n_stalls), "the longest %s",
		     xrun_words_time(time, (double)sums->longest_stall_ns));
}

/* The only rate and period, or the first of several. */
static const struct xrun_step *first_step(const struct xrun_result *result)
{
	for (uint32_t i = 0; i < result->n_steps; i++)
		if (!result->step[i].skipped)
			return &result->step[i];
	return NULL;
}

static void tile_period(FILE *file, const struct xrun_result *result,
			const struct xrun_step *step)
{
	char text[XRUN_WORDS_BYTES], time[XRUN_WORDS_BYTES];
	uint32_t least = step->period, most = step->period;

	for (uint32_t i = 0; i < result->n_steps; i++) {
		const struct xrun_step *other = &result->step[i];

		if (other->skipped)
			continue;
		least = other->period < least ? other->period : least;
		most = other->period > most ? other->period : most;
	}
	if (least == most)
		tile(file, "Period", xrun_words_some(text, least, "frame"),
		     "%s at %" PRIu32 " Hz",
		     xrun_words_time(time, least * 1e9 / step->rate_hz),
		     step->rate_hz);
	else {
		snprintf(text, sizeof(text), "%" PRIu32 " to %" PRIu32, least,
			 most);
		tile(file, "Periods", text, "frames at %" PRIu32 " Hz",
		     step->rate_hz);
	}
}

static void tile_round_trip(FILE *file, const struct xrun_arm *arm,
			    uint32_t rate_hz)
{
	char text[XRUN_WORDS_BYTES], time[XRUN_WORDS_BYTES];

	if (!arm || arm->round_trip_frames == XRUN_UNKNOWN)
		return;
	tile(file, "Round trip",
	     xrun_words_time(time,
			     (double)arm->round_trip_frames * 1e9 / rate_hz),
	     "%s", xrun_words_some(text, arm->round_trip_frames, "frame"));
}

void xrun_html_tiles(FILE *file, const struct xrun_result *result)
{
	struct xrun_sums sums = xrun_sums_of(result, xrun_main_arm(result));
	const struct xrun_step *step = first_step(result);
	char text[XRUN_WORDS_BYTES], steps[XRUN_WORDS_BYTES];

	if (!step || step->rate_hz == 0)
		return;
	fputs("<dl class=\"tiles\">\n", file);
	tile_lost(file, &sums);
	tile_late(file, &sums);
	tile_stalls(file, result, &sums);
	tile(file, "Measured for",
	     xrun_words_time(text, (double)sums.duration_ns), "%s",
	     xrun_words_some(steps, sums.n_steps, "step"));
	tile_period(file, result, step);
	tile_round_trip(file, main_arm(result), step->rate_hz);
	fputs("</dl>\n", file);
}
