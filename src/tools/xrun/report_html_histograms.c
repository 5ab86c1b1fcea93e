/* SPDX-License-Identifier: MIT */
#include "report_parts.h"

#include "distribution.h"
#include "html.h"
#include "words.h"

#include <inttypes.h>
#include <stdlib.h>

/* Periods that are shown; and bars of each picture. */
enum { N_PERIODS = 8, N_BARS = 60 };

static const struct {
	const char *name, *about;
} measures[XRUN_N_MEASURES] = {
	[XRUN_INTERVAL] = { "Time between calls",
			    "Best is a narrow peak at one period." },
	[XRUN_DURATION] = { "Time that a call takes",
			    "What comes near the period is in danger." },
	[XRUN_WAKEUP] = { "Delay of the wake-up",
			  "From the beginning of a cycle until the program "
			  "runs: the machine's part, mostly." },
};

static const struct {
	const char *name;
	enum xrun_callback ours, bridge;
	const char *css_class;
} graphs[] = {
	{ "in JACK", XRUN_CALL_JACK_CLIENT, XRUN_CALL_BRIDGE_JACK,
	  "area jack" },
	{ "in PipeWire", XRUN_CALL_PIPEWIRE_NODE, XRUN_CALL_BRIDGE_PIPEWIRE,
	  "area pipewire" },
};

enum { N_GRAPHS = 2 };

struct choice {
	uint32_t arm, period, rate_hz;
};

static bool wants(const void *user, const struct xrun_step *step)
{
	const struct choice *choice = user;

	return !step->skipped && step->arm == choice->arm &&
	       step->period == choice->period &&
	       step->rate_hz == choice->rate_hz;
}

/* ---- the picture of a measure in a graph ---- */

static void put_legend(FILE *file, int graph, bool has_bridge)
{
	xrun_html(file,
		  "<ul class=\"legend\"><li><svg viewBox=\"0 0 18 14\" "
		  "aria-hidden=\"true\"><line class=\"%s\" stroke-width=\"3\" "
		  "x1=\"0\" x2=\"18\" y1=\"7\" y2=\"7\"/></svg>%s</li>",
		  graph == 0 ? "jack" : "pipewire",
		  xrun_callback_text(graphs[graph].ours));
	if (has_bridge)
		xrun_html(file,
			  "<li><svg viewBox=\"0 0 18 14\" "
			  "aria-hidden=\"true\"><line class=\"bridge\" "
			  "stroke-width=\"3\" stroke-dasharray=\"6 3\" "
			  "x1=\"0\" x2=\"18\" y1=\"7\" y2=\"7\"/></svg>%s</li>",
			  xrun_callback_text(graphs[graph].bridge));
	fputs("</ul>\n", file);
}

static void put_alternative(char *text, size_t text_bytes,
			    enum xrun_measure measure, int graph,
			    const struct xrun_merged *ours)
{
	char p50[XRUN_WORDS_BYTES], p99[XRUN_WORDS_BYTES];
	char max[XRUN_WORDS_BYTES];

	snprintf(text, text_bytes,
		 "Histogram. %s %s: half within %s, 99 of 100 within %s, at "
		 "most %s.",
		 measures[measure].name, graphs[graph].name,
		 xrun_words_time(p50, (double)ours->p50_ns),
		 xrun_words_time(p99, (double)ours->p99_ns),
		 xrun_words_time(max, (double)ours->max_ns));
}

static void put_picture(FILE *file, enum xrun_measure measure, int graph,
			const struct choice *choice, struct xrun_merged *ours,
			struct xrun_merged *bridge)
{
	double period_ns = choice->period * 1e9 / choice->rate_hz;
	struct xrun_distribution distribution[2];
	char alternative[320];

	put_alternative(alternative, sizeof(alternative), measure, graph, ours);
	xrun_merged_thin(ours, N_BARS);
	xrun_merged_thin(bridge, N_BARS);
	distribution[0] = (struct xrun_distribution){
		xrun_callback_text(graphs[graph].ours), graphs[graph].css_class,
		ours->bar, ours->n_bars
	};
	distribution[1] = (struct xrun_distribution){
		xrun_callback_text(graphs[graph].bridge), "line bridge second",
		bridge->bar, bridge->n_bars
	};
	xrun_html(file, "<figure><figcaption>%s %s</figcaption>\n",
		  measures[measure].name, graphs[graph].name);
	fputs("<div class=\"picture\">\n", file);
	xrun_picture_histogram(file, alternative, distribution,
			       bridge->n > 0 ? 2 : 1, period_ns, "one period");
	fputs("</div>\n", file);
	put_legend(file, graph, bridge->n > 0);
	fputs("</figure>\n", file);
}

static void put_graph(FILE *file, const struct xrun_result *result,
		      enum xrun_measure measure, int graph,
		      const struct choice *choice)
{
	struct xrun_merged ours, bridge;

	xrun_merge(&ours, result, graphs[graph].ours, measure, wants, choice);
	xrun_merge(&bridge, result, graphs[graph].bridge, measure, wants,
		   choice);
	if (ours.n > 0)
		put_picture(file, measure, graph, choice, &ours, &bridge);
	free(ours.bar);
	free(bridge.bar);
}

/* ---- the same in figures ---- */

static void put_time(FILE *file, uint64_t time_ns)
{
	char text[XRUN_WORDS_BYTES];

	xrun_html(file, "<td class=\"n\">%s</td>",
		  xrun_words_time(text, (double)time_ns));
}

static void put_row(FILE *file, const struct xrun_result *result,
		    enum xrun_measure measure, enum xrun_callback callback,
		    const struct choice *choice)
{
	struct xrun_merged merged;
	char text[XRUN_WORDS_BYTES];

	xrun_merge(&merged, result, callback, measure, wants, choice);
	if (merged.n > 0) {
		xrun_html(file,
			  "<tr><th scope=\"row\">%s, %s</th>"
			  "<td class=\"n\">%s</td>",
			  measures[measure].name, xrun_callback_text(callback),
			  xrun_words_count(text, merged.n));
		put_time(file, merged.p50_ns);
		put_time(file, merged.p99_ns);
		put_time(file, merged.p999_ns);
		put_time(file, merged.max_ns);
		fputs("</tr>\n", file);
	}
	free(merged.bar);
}

static void put_table(FILE *file, const struct xrun_result *result,
		      const struct choice *choice)
{
	fputs("<details><summary>The same in figures</summary>\n"
	      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
	      "aria-label=\"Times in figures\"><table><thead><tr>"
	      "<th scope=\"col\">What</th><th scope=\"col\" class=\"n\">Calls"
	      "</th><th scope=\"col\" class=\"n\">Median</th>"
	      "<th scope=\"col\" class=\"n\">99 %</th>"
	      "<th scope=\"col\" class=\"n\">99.9 %</th>"
	      "<th scope=\"col\" "
	      "class=\"n\">Longest</th></tr></thead><tbody>\n",
	      file);
	for (int measure = 0; measure < XRUN_N_MEASURES; measure++)
		for (int callback = 0; callback < XRUN_N_CALLBACKS; callback++)
			put_row(file, result, (enum xrun_measure)measure,
				(enum xrun_callback)callback, choice);
	fputs("</tbody></table></div></details>\n", file);
}

/* ---- each period that there was ---- */

static unsigned find_choices(const struct xrun_result *result,
			     struct choice choice[N_PERIODS])
{
	unsigned n = 0;

	for (uint32_t i = 0; i < result->n_steps && n < N_PERIODS; i++) {
		const struct xrun_step *step = &result->step[i];
		bool is_known = false;

		choice[n].arm = xrun_main_arm(result);
		choice[n].period = step->period;
		choice[n].rate_hz = step->rate_hz;
		for (unsigned c = 0; c < n; c++)
			is_known |= wants(&choice[c], step);
		if (!is_known && step->rate_hz > 0 && wants(&choice[n], step))
			n++;
	}
	return n;
}

static void put_choice(FILE *file, const struct xrun_result *result,
		       const struct choice *choice)
{
	for (int measure = 0; measure < XRUN_N_MEASURES; measure++) {
		xrun_html(file, "<h3>%s</h3><p class=\"why\">%s</p>\n",
			  measures[measure].name, measures[measure].about);
		fputs("<div class=\"pair\">\n", file);
		for (int graph = 0; graph < N_GRAPHS; graph++)
			put_graph(file, result, (enum xrun_measure)measure,
				  graph, choice);
		fputs("</div>\n", file);
	}
	put_table(file, result, choice);
}

void xrun_html_histograms(FILE *file, const struct xrun_result *result)
{
	struct choice choice[N_PERIODS];
	unsigned n = find_choices(result, choice);

	if (n == 0)
		return;
	fputs("<section aria-labelledby=\"times\"><h2 id=\"times\">How even "
	      "the times were</h2>\n<p>How often which time was taken. Both "
	      "axes are logarithmic where the times differ much, so that the "
	      "rare long ones, on the right, can be seen.</p>\n",
	      file);
	for (unsigned i = 0; i < n; i++) {
		if (n > 1)
			xrun_html(file,
				  i == 0 ? "<details open=\"\"><summary>Period "
					   "of %u frames</summary>\n"
					 : "<details><summary>Period of %u "
					   "frames</summary>\n",
				  choice[i].period);
		put_choice(file, result, &choice[i]);
		if (n > 1)
			fputs("</details>\n", file);
	}
	fputs("</section>\n", file);
}
