/* SPDX-License-Identifier: MIT */
/* Periods against loads, and load against loss. */
#include "report_parts.h"

#include "html.h"
#include "svg.h"
#include "words.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Any more would fit no page. */
enum { N_MOST = 64 };

static bool same_load(const struct xrun_step *a, const struct xrun_step *b)
{
	return a->load == b->load && a->level == b->level;
}

static int compare_loads(const void *a, const void *b)
{
	const struct xrun_step *left = *(const struct xrun_step *const *)a;
	const struct xrun_step *right = *(const struct xrun_step *const *)b;

	if (left->load != right->load)
		return left->load < right->load ? -1 : 1;
	return (left->level > right->level) - (left->level < right->level);
}

/* A step of each load that there was, by kind and level. */
static unsigned find_loads(const struct xrun_result *result,
			   const struct xrun_step *load[N_MOST])
{
	unsigned n = 0;

	for (uint32_t i = 0; i < result->n_steps && n < N_MOST; i++) {
		bool is_known = false;

		for (unsigned l = 0; l < n; l++)
			is_known |= same_load(load[l], &result->step[i]);
		if (!is_known)
			load[n++] = &result->step[i];
	}
	qsort(load, n, sizeof(load[0]), compare_loads);
	return n;
}

static int compare_periods(const void *a, const void *b)
{
	const uint32_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

static unsigned find_periods(const struct xrun_result *result,
			     uint32_t period[N_MOST])
{
	unsigned n = 0;

	for (uint32_t i = 0; i < result->n_steps && n < N_MOST; i++) {
		bool is_known = result->step[i].period == 0;

		for (unsigned p = 0; p < n; p++)
			is_known |= period[p] == result->step[i].period;
		if (!is_known)
			period[n++] = result->step[i].period;
	}
	qsort(period, n, sizeof(period[0]), compare_periods);
	return n;
}

/* ---- the matrix ---- */

static void put_cell(FILE *file, const struct xrun_sums *sums)
{
	char text[XRUN_WORDS_BYTES];

	if (sums->n_steps == 0)
		fputs("<td class=\"cell\">–</td>", file);
	else if (sums->n_uncounted > 0)
		fputs("<td class=\"cell is-warn\">? unknown</td>", file);
	else if (sums->n_lost > 0)
		xrun_html(file, "<td class=\"cell is-fail\">✗ %s lost</td>",
			  xrun_words_count(text, sums->n_lost));
	else if (sums->n_late > 0)
		xrun_html(file, "<td class=\"cell is-warn\">✓ %s late</td>",
			  xrun_words_count(text, sums->n_late));
	else
		fputs("<td class=\"cell is-ok\">✓</td>", file);
}

static void put_row(FILE *file, const struct xrun_result *result, uint32_t arm,
		    uint32_t period, const struct xrun_step *const *load,
		    unsigned n_loads)
{
	xrun_html(file, "<tr><th scope=\"row\">%u frames</th>", period);
	for (unsigned l = 0; l < n_loads; l++) {
		struct xrun_sums sums = { 0 };

		for (uint32_t i = 0; i < result->n_steps; i++)
			if (result->step[i].arm == arm &&
			    result->step[i].period == period &&
			    same_load(&result->step[i], load[l]))
				xrun_sums_add(&sums, &result->step[i]);
		put_cell(file, &sums);
	}
	fputs("</tr>\n", file);
}

static void put_matrix(FILE *file, const struct xrun_result *result,
		       uint32_t arm, const uint32_t *period, unsigned n_periods,
		       const struct xrun_step *const *load, unsigned n_loads)
{
	char text[XRUN_LOAD_BYTES];

	if (result->n_arms > 1)
		xrun_html(file, "<h3><bdi>%s</bdi></h3>\n",
			  result->arm[arm].name);
	xrun_html(file,
		  "<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
		  "aria-label=\"Periods against loads, bridge %u\"><table>"
		  "<thead><tr><th scope=\"col\">Period</th>",
		  arm + 1);
	for (unsigned l = 0; l < n_loads; l++)
		xrun_html(file, "<th scope=\"col\" class=\"c\">%s</th>",
			  xrun_load_text(text, load[l]));
	fputs("</tr></thead><tbody>\n", file);
	for (unsigned p = 0; p < n_periods; p++)
		put_row(file, result, arm, period[p], load, n_loads);
	fputs("</tbody></table></div>\n", file);
}

void xrun_html_matrix(FILE *file, const struct xrun_result *result)
{
	const struct xrun_step *load[N_MOST];
	uint32_t period[N_MOST];
	unsigned n_loads = find_loads(result, load);
	unsigned n_periods = find_periods(result, period);

	if (n_periods < 2)
		return;
	fputs("<section aria-labelledby=\"matrix\"><h2 id=\"matrix\">Which "
	      "period bears which load</h2>\n<p>✓ no sound was lost, if late "
	      "at times; ✗ so many frames were lost.</p>\n",
	      file);
	for (uint32_t arm = 0; arm < result->n_arms; arm++)
		put_matrix(file, result, arm, period, n_periods, load, n_loads);
	fputs("</section>\n", file);
}

/* ---- load against loss ---- */

static struct xrun_sums sums_of_load(const struct xrun_result *result,
				     const struct xrun_step *load)
{
	struct xrun_sums sums = { 0 };

	for (uint32_t i = 0; i < result->n_steps; i++)
		if (result->step[i].arm == xrun_main_arm(result) &&
		    same_load(&result->step[i], load))
			xrun_sums_add(&sums, &result->step[i]);
	return sums;
}

/* Shares of the whole, in percent, for each lane. */
static void fill_column(struct xrun_column *column,
			const uint64_t count[XRUN_N_CAUSES], uint64_t of)
{
	for (int cause = 0; cause < XRUN_N_CAUSES && of > 0; cause++)
		column->part[xrun_lane_of((enum xrun_cause)cause)] +=
			(double)count[cause] / (double)of * 100;
}

static void draw_columns(FILE *file, const struct xrun_result *result,
			 const struct xrun_step *const *load, unsigned n_loads,
			 bool is_lost)
{
	struct xrun_column *column = calloc(n_loads, sizeof(*column));
	const char *unit = xrun_load_unit(load[n_loads - 1]->load);
	char x_name[64];

	for (unsigned l = 0; column && l < n_loads; l++) {
		struct xrun_sums sums = sums_of_load(result, load[l]);

		if (load[l]->load == XRUN_LOAD_NONE)
			strcpy(column[l].name, "none");
		else
			snprintf(column[l].name, sizeof(column[l].name),
				 "%" PRIu32, load[l]->level);
		fill_column(&column[l], is_lost ? sums.lost_by : sums.late_by,
			    is_lost ? sums.n_sent : sums.n_cycles);
	}
	if (!column)
		return;
	snprintf(x_name, sizeof(x_name), "load (%s)%s%s",
		 xrun_load_name(load[n_loads - 1]->load), unit[0] ? ", " : "",
		 unit);
	xrun_html(file, "<h3>%s</h3>\n<div class=\"picture\">\n",
		  is_lost ? "Sound lost" : "Late periods");
	xrun_picture_columns(
		file,
		is_lost ? "Share of the frames that were lost, for each load; "
			  "the table of steps has it in figures."
			: "Share of the periods that were late, for each load; "
			  "the table of steps has it in figures.",
		is_lost ? "% of frames" : "% of periods", x_name, column,
		n_loads, xrun_lanes, XRUN_N_LANES);
	fputs("</div>\n", file);
	free(column);
}

/* Loads of one kind, with none as the least of it. How many they are. */
static unsigned take_kind(const struct xrun_step *const *load, unsigned n_loads,
			  enum xrun_load kind,
			  const struct xrun_step *of_kind[N_MOST])
{
	unsigned n = 0;

	for (unsigned l = 0; l < n_loads; l++)
		if (load[l]->load == kind || load[l]->load == XRUN_LOAD_NONE)
			of_kind[n++] = load[l];
	return n;
}

/* How many kinds there are, without none. */
static unsigned count_kinds(const struct xrun_step *const *load,
			    unsigned n_loads)
{
	unsigned n = 0;

	for (unsigned l = 0; l < n_loads; l++)
		n += load[l]->load != XRUN_LOAD_NONE &&
		     (l == 0 || load[l]->load != load[l - 1]->load);
	return n;
}

/* A share of each, in percent, as a bar and as a figure. */
static void put_bar(FILE *file, const uint64_t count[XRUN_N_CAUSES],
		    uint64_t of, double most)
{
	struct xrun_svg svg = { file, { 0, most, false }, { 0, 1, false } };
	struct xrun_column column = { .part = { 0 } };
	double at = 0;

	fill_column(&column, count, of);
	fputs("<td class=\"bar\"><svg aria-hidden=\"true\" width=\"100%\" "
	      "height=\"12\">",
	      file);
	for (int i = 0; i < XRUN_N_LANES; i++) {
		char css_class[64];

		if (!(column.part[i] > 0))
			continue;
		snprintf(css_class, sizeof(css_class), "column %s",
			 xrun_lanes[i].css_class);
		xrun_svg_bar(&svg, css_class, at, at + column.part[i], 0, 1,
			     xrun_lanes[i].name);
		at += column.part[i];
	}
	xrun_html(file, "</svg>%.3g %%</td>", at);
}

static double share(uint64_t n, uint64_t of)
{
	return of > 0 ? (double)n / (double)of * 100 : 0;
}

/* One row for each load, of whatever kind. */
static void put_rows(FILE *file, const struct xrun_result *result,
		     const struct xrun_step *const *load, unsigned n_loads)
{
	double most_lost = 1e-9, most_late = 1e-9;

	for (unsigned l = 0; l < n_loads; l++) {
		struct xrun_sums sums = sums_of_load(result, load[l]);

		most_lost = fmax(most_lost, share(sums.n_lost, sums.n_sent));
		most_late = fmax(most_late, share(sums.n_late, sums.n_cycles));
	}
	fputs("<table><thead><tr><th scope=\"col\">Load</th>"
	      "<th scope=\"col\">Frames lost</th>"
	      "<th scope=\"col\">Late periods</th></tr></thead><tbody>\n",
	      file);
	for (unsigned l = 0; l < n_loads; l++) {
		struct xrun_sums sums = sums_of_load(result, load[l]);
		char text[XRUN_LOAD_BYTES];

		xrun_html(file, "<tr><th scope=\"row\">%s</th>",
			  xrun_load_text(text, load[l]));
		put_bar(file, sums.lost_by, sums.n_sent, most_lost);
		put_bar(file, sums.late_by, sums.n_cycles, most_late);
		fputs("</tr>\n", file);
	}
	fputs("</tbody></table>\n", file);
}

void xrun_html_load(FILE *file, const struct xrun_result *result)
{
	const struct xrun_step *load[N_MOST], *of_kind[N_MOST];
	unsigned n_loads = find_loads(result, load);
	unsigned n_kinds = count_kinds(load, n_loads);

	if (n_loads < 2)
		return;
	fputs("<section aria-labelledby=\"load\"><h2 id=\"load\">Load against "
	      "loss</h2>\n<p>How much was lost, and how much was late, under "
	      "each load, and who was to blame.</p>\n",
	      file);
	if (n_kinds > 1)
		put_rows(file, result, load, n_loads);
	for (int kind = 1; kind < XRUN_N_LOADS; kind++) {
		unsigned n =
			take_kind(load, n_loads, (enum xrun_load)kind, of_kind);

		/* What has but one level is in the rows already. */
		if (n == 0 || of_kind[n - 1]->load != (enum xrun_load)kind ||
		    n < (n_kinds > 1 ? 3 : 2))
			continue;
		draw_columns(file, result, of_kind, n, true);
		draw_columns(file, result, of_kind, n, false);
	}
	xrun_html_lanes(file, false);
	fputs("</section>\n", file);
}
