/* SPDX-License-Identifier: MIT */
#include "report_parts.h"

#include <string.h>

uint32_t xrun_main_arm(const struct xrun_result *result)
{
	for (uint32_t i = 0; i < result->n_arms; i++)
		if (strcmp(result->arm[i].name, "leat") == 0)
			return i;
	return 0;
}

void xrun_sums_add(struct xrun_sums *sums, const struct xrun_step *step)
{
	uint64_t n_lost = xrun_step_lost(step);

	if (step->skipped)
		return;
	sums->n_steps++;
	sums->n_uncounted += !step->is_counted;
	sums->n_late += xrun_step_late(step);
	sums->n_lost += n_lost;
	sums->n_sent += step->n_sent;
	sums->n_cycles += step->n_cycles[XRUN_CALL_JACK_CLIENT];
	for (int cause = 0; cause < XRUN_N_CAUSES; cause++) {
		sums->late_by[cause] += step->n_late[cause];
		sums->lost_by[cause] +=
			xrun_step_lost_by(step, (enum xrun_cause)cause);
	}
	sums->n_stalls += step->n_stalls;
	if (step->longest_stall_ns > sums->longest_stall_ns)
		sums->longest_stall_ns = step->longest_stall_ns;
	sums->duration_ns += step->duration_ns;
	if (step->rate_hz > 0)
		sums->lost_s += (double)n_lost / step->rate_hz;
}

struct xrun_sums xrun_sums_of(const struct xrun_result *result, uint32_t arm)
{
	struct xrun_sums sums = { 0 };

	for (uint32_t i = 0; i < result->n_steps; i++)
		if (result->step[i].arm == arm)
			xrun_sums_add(&sums, &result->step[i]);
	return sums;
}

/* The first that was run: those that were skipped have no time. */
static int64_t begin_ns(const struct xrun_result *result)
{
	for (uint32_t i = 0; i < result->n_steps; i++)
		if (!result->step[i].skipped)
			return result->step[i].start_ns;
	return 0;
}

double xrun_step_begin_s(const struct xrun_result *result,
			 const struct xrun_step *step)
{
	return (double)(step->start_ns - begin_ns(result)) / 1e9;
}

double xrun_end_s(const struct xrun_result *result)
{
	double end_s = 0;

	for (uint32_t i = 0; i < result->n_steps; i++) {
		const struct xrun_step *step = &result->step[i];
		double at_s = xrun_step_begin_s(result, step) +
			      (double)step->duration_ns / 1e9;

		if (!step->skipped && at_s > end_s)
			end_s = at_s;
	}
	return end_s;
}
