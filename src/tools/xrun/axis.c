/* SPDX-License-Identifier: MIT */
#include "axis.h"

#include <math.h>

/* The smallest of 1, 2 and 5 times a power of ten that is at least value. */
static double round_up(double value)
{
	double power = pow(10, floor(log10(value)));
	double digit = value / power;

	/* A hair of slack: 1000 must not become 2000. */
	if (digit <= 1 + 1e-9)
		return power;
	if (digit <= 2 + 1e-9)
		return 2 * power;
	return digit <= 5 + 1e-9 ? 5 * power : 10 * power;
}

static double round_down(double value)
{
	double power = pow(10, floor(log10(value) + 1e-9));
	double digit = value / power + 1e-9;

	return digit >= 5 ? 5 * power : digit >= 2 ? 2 * power : power;
}

/* Steps of which some n make up a length. */
static double step_of(double length, unsigned n)
{
	return round_up(length / n);
}

struct xrun_axis xrun_axis_from_zero(double most)
{
	double step;

	if (!(most > 0) || !isfinite(most))
		most = 1;
	step = step_of(most, 5);
	return (struct xrun_axis){ 0, ceil(most / step - 1e-9) * step, false };
}

struct xrun_axis xrun_axis_around(double low, double high)
{
	double step;

	if (high <= low)
		high = low > 0 ? low * 1.1 : low + 1;
	step = step_of(high - low, 5);
	return (struct xrun_axis){ floor(low / step + 1e-9) * step,
				   ceil(high / step - 1e-9) * step, false };
}

struct xrun_axis xrun_axis_log(double low, double high)
{
	struct xrun_axis axis = { round_down(low), round_up(high), true };

	if (axis.high <= axis.low)
		axis.high = round_up(axis.low * 1.5);
	return axis;
}

double xrun_axis_place(const struct xrun_axis *axis, double value)
{
	double place;

	if (axis->is_log)
		place = value <= axis->low
				? 0
				: log(value / axis->low) /
					  log(axis->high / axis->low);
	else
		place = (value - axis->low) / (axis->high - axis->low);
	return place >= 0 ? fmin(place, 1) : 0;
}

/* So many have room everywhere. */
enum { N_ALWAYS = 5 };

static unsigned linear_ticks(const struct xrun_axis *axis, unsigned n_wanted,
			     struct xrun_tick ticks[XRUN_TICKS_MAX])
{
	double step = step_of(axis->high - axis->low, n_wanted);
	/* ceil() gives -0 for 0. */
	double at = ceil(axis->low / step - 1e-9) + 0.0;
	unsigned n = 0;

	for (; n < XRUN_TICKS_MAX && at * step <= axis->high + step * 1e-9;
	     at++) {
		/* Every other one where there is little room, from 0 on. */
		ticks[n].minor = fmod(at, 2) != 0;
		ticks[n++].value = at * step;
	}
	return n;
}

/* 1, 2 and 5 times each power of ten, or only the first or only some. */
static unsigned log_ticks(const struct xrun_axis *axis, unsigned n_wanted,
			  struct xrun_tick ticks[XRUN_TICKS_MAX])
{
	static const double digits[] = { 1, 2, 5 };
	double n_powers = log10(axis->high / axis->low);
	double every = ceil(n_powers / n_wanted);
	bool all = n_powers * 3 <= n_wanted;
	double power = floor(log10(axis->low) + 1e-9);
	unsigned n = 0;

	for (; power <= log10(axis->high) + 1e-9; power++) {
		for (int i = 0; i < (all ? 3 : 1) && n < XRUN_TICKS_MAX; i++) {
			double value = digits[i] * pow(10, power);

			if (value < axis->low * (1 - 1e-9) ||
			    value > axis->high * (1 + 1e-9) ||
			    fmod(power, every) != 0)
				continue;
			ticks[n].minor = all ? i > 0
					     : fmod(power, 2 * every) != 0;
			ticks[n++].value = value;
		}
	}
	return n;
}

unsigned xrun_axis_ticks(const struct xrun_axis *axis, unsigned n_wanted,
			 struct xrun_tick ticks[XRUN_TICKS_MAX])
{
	unsigned n = axis->is_log ? log_ticks(axis, n_wanted, ticks)
				  : linear_ticks(axis, n_wanted, ticks);

	for (unsigned i = 0; i < n && n <= N_ALWAYS; i++)
		ticks[i].minor = false;
	return n;
}
