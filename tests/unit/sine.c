/* SPDX-License-Identifier: MIT */
#include "sine.h"

#include <math.h>
#include <stdlib.h>

struct sums {
	double cc, cs, ss, c, s, yc, ys, y;
};

/* Cosines and sines of the phases, n of each. */
struct waves {
	double *c, *s;
	size_t n;
};

static int waves_alloc(struct waves *waves, size_t n)
{
	waves->c = malloc(2 * n * sizeof(*waves->c));
	waves->s = waves->c + n;
	waves->n = n;
	return waves->c ? 0 : -1;
}

static struct waves part_of(const struct waves *waves, size_t from, size_t n)
{
	return (struct waves){ waves->c + from, waves->s + from, n };
}

static struct sums add_up(const float *samples, const struct waves *waves)
{
	struct sums sums = { 0 };

	for (size_t i = 0; i < waves->n; i++) {
		double c = waves->c[i], s = waves->s[i];
		double y = (double)samples[i];

		sums.cc += c * c;
		sums.cs += c * s;
		sums.ss += s * s;
		sums.c += c;
		sums.s += s;
		sums.yc += y * c;
		sums.ys += y * s;
		sums.y += y;
	}
	return sums;
}

/* Cramer's rule on the three normal equations. */
static double det(const double m[3][3])
{
	return m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1]) -
	       m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0]) +
	       m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0]);
}

static void solve(const struct sums *sums, double n, double x[3])
{
	const double m[3][3] = { { sums->cc, sums->cs, sums->c },
				 { sums->cs, sums->ss, sums->s },
				 { sums->c, sums->s, n } };
	const double y[3] = { sums->yc, sums->ys, sums->y };
	double whole = det(m);

	for (int column = 0; column < 3; column++) {
		double replaced[3][3];

		for (int i = 0; i < 3; i++)
			for (int k = 0; k < 3; k++)
				replaced[i][k] = k == column ? y[i] : m[i][k];
		x[column] = det((const double(*)[3])replaced) / whole;
	}
}

/* x: the shares of cosine and sine, and the offset. */
static struct sine_fit fit_waves(const float *samples,
				 const struct waves *waves, double x[3])
{
	struct sums sums = add_up(samples, waves);
	double n = (double)waves->n, rest = 0;
	struct sine_fit fit;

	solve(&sums, n, x);
	for (size_t i = 0; i < waves->n; i++) {
		double e = (double)samples[i] - x[0] * waves->c[i] -
			   x[1] * waves->s[i] - x[2];

		rest += e * e;
	}
	rest += x[2] * x[2] * n;
	fit.amplitude = hypot(x[0], x[1]);
	fit.phase = atan2(x[0], x[1]);
	fit.sinad_db =
		10 * log10(fit.amplitude * fit.amplitude / 2 / (rest / n));
	return fit;
}

struct sine_fit sine_fit(const float *samples, const double *phases, size_t n)
{
	struct sine_fit fit = { .sinad_db = -INFINITY };
	struct waves waves;
	double x[3];

	if (waves_alloc(&waves, n) < 0)
		return fit;
	for (size_t i = 0; i < n; i++) {
		waves.c[i] = cos(phases[i]);
		waves.s[i] = sin(phases[i]);
	}
	fit = fit_waves(samples, &waves, x);
	free(waves.c);
	return fit;
}

/* ---- with a free frequency ---- */

/* The phases' sines, made anew from this often, and turned on in between. */
#define N_TURNED 64
#define N_ROUNDS 4

static void make_waves(struct waves *waves, double radians_per_sample)
{
	double turn_c = cos(radians_per_sample);
	double turn_s = sin(radians_per_sample);

	for (size_t i = 0; i < waves->n; i++) {
		double *c = &waves->c[i], *s = &waves->s[i];

		if (i % N_TURNED == 0) {
			*c = cos(radians_per_sample * (double)i);
			*s = sin(radians_per_sample * (double)i);
		} else {
			*c = c[-1] * turn_c - s[-1] * turn_s;
			*s = s[-1] * turn_c + c[-1] * turn_s;
		}
	}
}

static double wrapped(double radians)
{
	return radians - 2 * M_PI * round(radians / (2 * M_PI));
}

/* From the phases of the two halves, whose middles are half of n apart. */
static double step_by_halves(const float *samples, const struct waves *waves)
{
	size_t half = waves->n / 2;
	struct waves first = part_of(waves, 0, half);
	struct waves last = part_of(waves, half, half);
	double x[3];

	return wrapped(fit_waves(samples + half, &last, x).phase -
		       fit_waves(samples, &first, x).phase) /
	       (double)half;
}

/*
 * The step of Gauss and Newton: the slope that what remains has in the
 * direction in which the fitted sine's phase would move it.
 */
static double step_by_rest(const float *samples, const struct waves *waves,
			   const double x[3])
{
	double middle = (double)(waves->n - 1) / 2, by = 0, norm = 0;

	for (size_t i = 0; i < waves->n; i++) {
		double c = waves->c[i], s = waves->s[i];
		double e = (double)samples[i] - x[0] * c - x[1] * s - x[2];
		double along = (x[1] * c - x[0] * s) * ((double)i - middle);

		by += e * along;
		norm += along * along;
	}
	return norm > 0 ? by / norm : 0;
}

struct sine_fit sine_fit_free(const float *samples, double radians_per_sample,
			      size_t n, double *pitch)
{
	struct sine_fit fit = { .sinad_db = -INFINITY };
	double step = radians_per_sample, x[3];
	struct waves waves;

	*pitch = 1;
	if (waves_alloc(&waves, n) < 0)
		return fit;
	for (int i = 0; i < N_ROUNDS; i++) {
		make_waves(&waves, step);
		fit = fit_waves(samples, &waves, x);
		*pitch = step / radians_per_sample;
		step += i == 0 ? step_by_halves(samples, &waves)
			       : step_by_rest(samples, &waves, x);
	}
	free(waves.c);
	return fit;
}
