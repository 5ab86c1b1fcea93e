/* SPDX-License-Identifier: MIT */
#include "sine.h"

#include <math.h>
#include <stdlib.h>

struct sums {
	double cc, cs, ss, c, s, yc, ys, y;
};

static struct sums add_up(const float *samples, const double *phases, size_t n)
{
	struct sums sums = { 0 };

	for (size_t i = 0; i < n; i++) {
		double c = cos(phases[i]), s = sin(phases[i]);
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

struct sine_fit sine_fit(const float *samples, const double *phases, size_t n)
{
	struct sums sums = add_up(samples, phases, n);
	double x[3], rest = 0;
	struct sine_fit fit;

	solve(&sums, (double)n, x);
	for (size_t i = 0; i < n; i++) {
		double e = (double)samples[i] - x[0] * cos(phases[i]) -
			   x[1] * sin(phases[i]) - x[2];

		rest += e * e;
	}
	rest += x[2] * x[2] * (double)n;
	fit.amplitude = hypot(x[0], x[1]);
	fit.phase = atan2(x[0], x[1]);
	fit.sinad_db = 10 * log10(fit.amplitude * fit.amplitude / 2 /
				  (rest / (double)n));
	return fit;
}

static double wrapped(double radians)
{
	return radians - 2 * M_PI * round(radians / (2 * M_PI));
}

struct sine_fit sine_fit_free(const float *samples, double radians_per_sample,
			      size_t n, double *pitch)
{
	struct sine_fit fit = { .sinad_db = -INFINITY };
	double *phases = malloc(n * sizeof(*phases));
	size_t half = n / 2;

	*pitch = 1;
	for (int round = 0; phases && round < 5; round++) {
		double apart;

		for (size_t i = 0; i < n; i++)
			phases[i] = radians_per_sample * *pitch * (double)i;
		fit = sine_fit(samples, phases, n);
		apart = sine_fit(samples + half, phases + half, half).phase -
			sine_fit(samples, phases, half).phase;
		/* Their middles are half of the samples apart. */
		*pitch += wrapped(apart) / (radians_per_sample * (double)half);
	}
	free(phases);
	return fit;
}
