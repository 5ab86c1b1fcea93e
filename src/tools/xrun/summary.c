/* SPDX-License-Identifier: MIT */
#include "summary.h"

#include <inttypes.h>
#include <string.h>

const char *xrun_step_load_text(char text[XRUN_TEXT_BYTES],
				const struct xrun_step *step)
{
	if (step->load == XRUN_LOAD_NONE)
		snprintf(text, XRUN_TEXT_BYTES, "no load");
	else
		snprintf(text, XRUN_TEXT_BYTES, "%s %u %s",
			 xrun_load_word(step->load), step->level,
			 xrun_load_unit(step->load));
	return text;
}

/* ---- a step ---- */

static void print_late(FILE *file, const struct xrun_step *step)
{
	const char *comma = " by ";

	if (xrun_step_late(step) == 0) {
		fputs("nothing late", file);
		return;
	}
	fprintf(file, "%" PRIu64 " late", xrun_step_late(step));
	for (int c = 0; c < XRUN_N_CAUSES; c++) {
		if (step->n_late[c] == 0)
			continue;
		fprintf(file, "%s%s %" PRIu64, comma,
			xrun_cause_text((enum xrun_cause)c), step->n_late[c]);
		comma = ", ";
	}
}

static void print_lost(FILE *file, const struct xrun_step *step)
{
	const char *comma = ": ";

	if (!step->is_counted) {
		fputs("frames are not counted", file);
		return;
	}
	if (xrun_step_lost(step) == 0) {
		fputs("no frame lost", file);
		return;
	}
	fprintf(file, "%s%" PRIu64 " frames lost",
		step->is_exact ? "" : "about ", xrun_step_lost(step));
	for (int p = 0; p < XRUN_N_PLACES; p++) {
		uint64_t n = xrun_step_lost_at(step, (enum xrun_place)p);

		if (n == 0)
			continue;
		fprintf(file, "%s%" PRIu64 " %s", comma, n,
			xrun_place_text((enum xrun_place)p));
		comma = ", ";
	}
}

void xrun_summary_step(FILE *file, const struct xrun_result *result,
		       const struct xrun_step *step)
{
	char load[XRUN_TEXT_BYTES];

	if (result->n_arms > 1)
		fprintf(file, "%s, ", result->arm[step->arm].name);
	fprintf(file, "period %u, %s: ", step->period,
		xrun_step_load_text(load, step));
	if (step->skipped) {
		fprintf(file, "skipped: %s\n", step->why);
		return;
	}
	print_lost(file, step);
	fputs("; ", file);
	print_late(file, step);
	fputc('\n', file);
}

/* ---- all steps together ---- */

/* The sum of all steps of a bridge. */
static void sum_arm(const struct xrun_result *result, uint32_t arm,
		    struct xrun_step *sum)
{
	uint32_t n = 0;

	memset(sum, 0, sizeof(*sum));
	for (uint32_t i = 0; i < result->n_steps; i++) {
		const struct xrun_step *step = &result->step[i];

		if (step->arm != arm || step->skipped)
			continue;
		sum->duration_ns += step->duration_ns;
		sum->n_stalls += step->n_stalls;
		sum->is_counted = sum->is_counted || step->is_counted;
		sum->is_exact = n == 0 ? step->is_exact
				       : sum->is_exact && step->is_exact;
		n++;
		sum->n_sent += step->n_sent;
		sum->n_cycles[0] += step->n_cycles[0];
		sum->n_cycles[1] += step->n_cycles[1];
		for (int c = 0; c < XRUN_N_CAUSES; c++) {
			sum->n_late[c] += step->n_late[c];
			for (int p = 0; p < XRUN_N_PLACES; p++)
				sum->n_lost[p][c] += step->n_lost[p][c];
		}
	}
}

static void print_causes(FILE *file, const struct xrun_step *sum)
{
	if (xrun_step_late(sum) + xrun_step_lost(sum) == 0)
		return;
	fprintf(file, "  %-28s %8s %12s %12s %12s\n", "", "late",
		"lost in JACK", "to PipeWire", "to JACK");
	for (int c = 0; c < XRUN_N_CAUSES; c++) {
		enum xrun_cause cause = (enum xrun_cause)c;

		if (sum->n_late[c] + xrun_step_lost_by(sum, cause) == 0)
			continue;
		fprintf(file,
			"  %-28s %8" PRIu64 " %12" PRIu64 " %12" PRIu64
			" %12" PRIu64 "\n",
			xrun_cause_text(cause), sum->n_late[c],
			sum->n_lost[XRUN_IN_JACK][c],
			sum->n_lost[XRUN_TO_PIPEWIRE][c],
			sum->n_lost[XRUN_TO_JACK][c]);
	}
}

static void print_highest(FILE *file, const struct xrun_result *result,
			  uint32_t arm)
{
	enum xrun_load load = result->n_steps > 0 ? result->step[0].load
						  : XRUN_LOAD_NONE;

	if (result->settings.plan != XRUN_PLAN_RAMP)
		return;
	if (result->arm[arm].has_highest)
		fprintf(file,
			"  the highest load '%s' that loses nothing: %u %s\n",
			xrun_load_word(load), result->arm[arm].highest_level,
			xrun_load_unit(load));
	else
		fputs("  even without a load something was lost\n", file);
}

static void print_arm(FILE *file, const struct xrun_result *result,
		      uint32_t arm)
{
	struct xrun_step sum;

	sum_arm(result, arm, &sum);
	fprintf(file, "\n%s", result->arm[arm].name);
	if (result->arm[arm].mode[0])
		fprintf(file, " (%s)", result->arm[arm].mode);
	fprintf(file, ": %.1f s, %" PRIu64 " periods, ",
		(double)sum.duration_ns / 1e9,
		sum.n_cycles[XRUN_CALL_JACK_CLIENT]);
	print_lost(file, &sum);
	fprintf(file, "; the machine stalled %" PRIu64 " times\n",
		sum.n_stalls);
	print_causes(file, &sum);
	print_highest(file, result, arm);
}

/* ---- periods against loads ---- */

/* The sum of a bridge's rounds of one cell: as the step, at its period. */
static void sum_cell(const struct xrun_result *result,
		     const struct xrun_step *like, uint64_t *n_lost,
		     uint64_t *n_late)
{
	*n_lost = 0;
	*n_late = 0;
	for (uint32_t i = 0; i < result->n_steps; i++) {
		const struct xrun_step *step = &result->step[i];

		if (step->arm != like->arm || step->period != like->period ||
		    step->load != like->load || step->level != like->level)
			continue;
		*n_lost += xrun_step_lost(step);
		*n_late += xrun_step_late(step);
	}
}

static void print_cell(FILE *file, const struct xrun_result *result,
		       const struct xrun_step *step)
{
	uint64_t n_lost, n_late;
	char text[48];

	sum_cell(result, step, &n_lost, &n_late);
	snprintf(text, sizeof(text), "%" PRIu64 " / %" PRIu64, n_lost, n_late);
	fprintf(file, "%20s", step->skipped ? "skipped" : text);
}

static void print_matrix_head(FILE *file, const struct xrun_result *result,
			      uint32_t arm)
{
	char load[XRUN_TEXT_BYTES];

	fprintf(file, "\n%s: frames lost / late\n  period",
		result->arm[arm].name);
	for (uint32_t i = 0; i < result->n_steps; i++) {
		const struct xrun_step *step = &result->step[i];

		if (step->period == result->step[0].period &&
		    step->arm == arm && step->round == 0)
			fprintf(file, "%20s", xrun_step_load_text(load, step));
	}
}

/* In the order in which they were run: period by period, load by load. */
static void print_matrix(FILE *file, const struct xrun_result *result,
			 uint32_t arm)
{
	uint32_t period = 0;

	if (result->settings.plan != XRUN_PLAN_MATRIX)
		return;
	print_matrix_head(file, result, arm);
	for (uint32_t i = 0; i < result->n_steps; i++) {
		const struct xrun_step *step = &result->step[i];

		if (step->arm != arm || step->round > 0)
			continue;
		if (step->period != period)
			fprintf(file, "\n%8u", step->period);
		period = step->period;
		print_cell(file, result, step);
	}
	fputc('\n', file);
}

/* ---- one bridge beside another ---- */

static void print_ratio(FILE *file, const char *what, double leat, double other)
{
	fprintf(file, "  %-22s %12.6g %12.6g", what, leat, other);
	if (other > 0)
		fprintf(file, " %9.3g", leat / other);
	fputc('\n', file);
}

/* The mean of a percentile over the steps that have one. */
static double mean_p99_us(const struct xrun_result *result, uint32_t arm,
			  enum xrun_callback callback,
			  enum xrun_measure measure)
{
	double sum_us = 0;
	uint32_t n = 0;

	for (uint32_t i = 0; i < result->n_steps; i++) {
		const struct xrun_step *step = &result->step[i];

		if (step->arm != arm || step->skipped ||
		    step->histogram[callback][measure].n == 0)
			continue;
		sum_us +=
			(double)step->histogram[callback][measure].p99_ns / 1e3;
		n++;
	}
	return n > 0 ? sum_us / n : 0;
}

/* Of 1,000. */
static double per_mille(uint64_t n, uint64_t of)
{
	return of > 0 ? 1e3 * (double)n / (double)of : 0;
}

static bool is_late(const struct xrun_event *event, enum xrun_callback callback)
{
	return (event->kind == XRUN_LATE || event->kind == XRUN_SKIPPED) &&
	       event->callback == callback;
}

/* Of one callback alone: with leat, its own two are known as well. */
static double late_per_mille(const struct xrun_result *result, uint32_t arm,
			     enum xrun_callback callback)
{
	uint64_t n_late = 0, n_cycles = 0;

	for (uint32_t i = 0; i < result->n_steps; i++) {
		const struct xrun_step *step = &result->step[i];

		if (step->arm != arm)
			continue;
		n_cycles += step->n_cycles[callback];
		for (uint32_t j = 0; j < step->n_events; j++)
			n_late += is_late(&step->event[j], callback);
	}
	return per_mille(n_late, n_cycles);
}

static void compare(FILE *file, const struct xrun_result *result, uint32_t arm)
{
	struct xrun_step leat, other;

	sum_arm(result, 0, &leat);
	sum_arm(result, arm, &other);
	fprintf(file, "\n  %-22s %12s %12.12s %9s\n", "", result->arm[0].name,
		result->arm[arm].name, "ratio");
	print_ratio(file, "JACK late of 1000",
		    late_per_mille(result, 0, XRUN_CALL_JACK_CLIENT),
		    late_per_mille(result, arm, XRUN_CALL_JACK_CLIENT));
	print_ratio(file, "node late of 1000",
		    late_per_mille(result, 0, XRUN_CALL_PIPEWIRE_NODE),
		    late_per_mille(result, arm, XRUN_CALL_PIPEWIRE_NODE));
	if (other.is_counted)
		print_ratio(file, "lost of 1000 frames",
			    per_mille(xrun_step_lost(&leat), leat.n_sent),
			    per_mille(xrun_step_lost(&other), other.n_sent));
	print_ratio(
		file, "JACK interval p99, us",
		mean_p99_us(result, 0, XRUN_CALL_JACK_CLIENT, XRUN_INTERVAL),
		mean_p99_us(result, arm, XRUN_CALL_JACK_CLIENT, XRUN_INTERVAL));
	print_ratio(
		file, "JACK wake-up p99, us",
		mean_p99_us(result, 0, XRUN_CALL_JACK_CLIENT, XRUN_WAKEUP),
		mean_p99_us(result, arm, XRUN_CALL_JACK_CLIENT, XRUN_WAKEUP));
	print_ratio(
		file, "node interval p99, us",
		mean_p99_us(result, 0, XRUN_CALL_PIPEWIRE_NODE, XRUN_INTERVAL),
		mean_p99_us(result, arm, XRUN_CALL_PIPEWIRE_NODE,
			    XRUN_INTERVAL));
}

static void print_machine(FILE *file, const struct xrun_machine *machine)
{
	fputs("\nOn ", file);
	if (machine->n_cpus > 0)
		fprintf(file, "%u x ", machine->n_cpus);
	fprintf(file,
		"%s%s%s, Linux %s, preemption %s; JACK %s, PipeWire %s, leat "
		"%s.\n",
		machine->processor[0] ? machine->processor : "processors",
		machine->virtualization[0] ? ", " : "", machine->virtualization,
		machine->kernel,
		machine->preemption[0] ? machine->preemption : "not known",
		machine->jack_version, machine->pipewire_version,
		machine->leat_version);
	if (!machine->has_witness)
		fputs("Without realtime rights nobody watched for stalls of "
		      "the machine: they are blamed on others.\n",
		      file);
}

void xrun_summary(FILE *file, const struct xrun_result *result)
{
	for (uint32_t i = 0; i < result->n_arms; i++)
		print_arm(file, result, i);
	for (uint32_t i = 0; i < result->n_arms; i++)
		print_matrix(file, result, i);
	for (uint32_t i = 1; i < result->n_arms; i++)
		compare(file, result, i);
	if (result->interrupted || result->failed)
		fprintf(file,
			"\nThe experiment %s; this is what had been measured "
			"by then.\n",
			result->failed ? "could not go on" : "was interrupted");
	print_machine(file, &result->machine);
}
