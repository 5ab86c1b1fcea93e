/* SPDX-License-Identifier: MIT */
#include "matrix.h"

#include <math.h>
#include <stdio.h>

static const uint32_t sizes[] = { 16,  32,   64,   128,	 256,  441,
				  512, 1000, 1024, 2048, 4096, 8192 };
static const double drifts[] = { 1, -1, 50, -50, 200, -200, 1000, -1000 };
static const uint32_t rates[][2] = {
	{ 48000, 48000 },
	{ 44100, 48000 },
	{ 48000, 44100 },
	{ 96000, 48000 },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct tally {
	unsigned n_runs, n_failed;
	double hours;
	double worst_noise, worst_error, worst_settled;
	double least_sinad;
};

double matrix_quiet_s(const struct sim_config *config)
{
	double scale = config->jitter_kind == SIM_UNIFORM ? sqrt(1.0 / 12) : 1;
	double sigma = scale * config->jack_jitter_s;
	double dt =
		fmax((double)config->p / config->jack_hz,
		     (double)config->q / config->pw_hz / LEAT_STAMP_LOG_SIZE);

	if (config->pw_stamps_late)
		sigma = hypot(sigma, scale * config->pw_jitter_s);
	return MATRIX_SETTLED_S +
	       4 * cbrt(pow(sigma / (MATRIX_NOISE_PPM * 1e-6), 2) * 12 * dt);
}

static bool complain(const struct sim_config *config, const char *what,
		     double value)
{
	printf("P %u at %u Hz, Q %u at %u Hz, %+g ppm, jitter %g and %g ms, "
	       "seed %llu: %s %g\n",
	       config->p, config->jack_hz, config->q, config->pw_hz,
	       config->jack_ppm, config->jack_jitter_s * 1e3,
	       config->pw_jitter_s * 1e3, (unsigned long long)config->seed,
	       what, value);
	return false;
}

bool matrix_judge(const struct sim_config *config,
		  const struct sim_result *result)
{
	bool good = true;

	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		const struct sim_direction *direction = &result->direction[d];

		if (direction->underruns > 0)
			good = complain(config, "underruns",
					(double)direction->underruns);
		if (direction->overruns > 0)
			good = complain(config, "overruns",
					(double)direction->overruns);
		if (direction->error_rms > MATRIX_ERROR_FRAMES)
			good = complain(config, "error, frames rms",
					direction->error_rms);
	}
	if (result->noise_ppm > MATRIX_NOISE_PPM)
		good = complain(config, "noise, ppm rms", result->noise_ppm);
	if (result->n_reopenings > 0)
		good = complain(config, "reopenings", result->n_reopenings);
	if (result->n_updates == 0)
		good = complain(config, "updates", 0);
	return good;
}

/* After 15 s nothing runs short, and the latency is there to a millisecond. */
static bool settles(struct tally *tally, struct sim_config config)
{
	struct sim_result result;
	bool good = true;

	config.length_s = 60;
	config.judge_from_s = 1 + MATRIX_SETTLED_S;
	result = sim_run(&config);
	tally->hours += config.length_s / 3600;
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		const struct sim_direction *direction = &result.direction[d];
		double off =
			direction->error_peak - fabs(direction->error_mean);

		tally->worst_settled = fmax(tally->worst_settled, off);
		if (off > 1e-3 * config.jack_hz)
			good = complain(&config, "after 15 s off, frames", off);
		if (direction->underruns + direction->overruns > 0)
			good = complain(&config, "after 15 s short", 0);
	}
	return good;
}

static void try(struct tally *tally, struct sim_config config)
{
	struct sim_result result;
	bool good;

	/* Lateness of either graph uses the margin up. */
	config.margin =
		48 + (config.jack_jitter_s + config.pw_jitter_s) *
			     config.jack_hz *
			     (config.jitter_kind == SIM_UNIFORM ? 1 : 5);
	config.judge_from_s = matrix_quiet_s(&config);
	config.length_s += config.judge_from_s;
	good = settles(tally, config);
	result = sim_run(&config);
	good = matrix_judge(&config, &result) && good;
	tally->n_runs++;
	tally->n_failed += !good;
	tally->hours += config.length_s / 3600;
	tally->worst_noise = fmax(tally->worst_noise, result.noise_ppm);
	tally->least_sinad = fmin(tally->least_sinad, result.sinad_db);
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		tally->worst_error =
			fmax(tally->worst_error, result.direction[d].error_rms);
}

static struct sim_config cell(size_t i, size_t k, size_t turn)
{
	struct sim_config config = sim_default(sizes[i], sizes[k]);

	config.jack_ppm = drifts[turn % COUNT(drifts)];
	config.jack_hz = rates[turn / 2 % COUNT(rates)][0];
	config.pw_hz = rates[turn / 2 % COUNT(rates)][1];
	config.pw_ppm = turn % 3 == 1 ? 30 : 0;
	config.seed = turn + 1;
	config.jack_jitter_s = 1e-3;
	config.pw_jitter_s = 1e-3;
	config.length_s = 500;
	return config;
}

static void try_everything(struct tally *tally, size_t i, size_t k)
{
	for (size_t turn = 0; turn < COUNT(drifts) * COUNT(rates); turn++) {
		struct sim_config config = cell(i, k, turn);

		config.jack_hz = rates[turn / COUNT(drifts)][0];
		config.pw_hz = rates[turn / COUNT(drifts)][1];
		try(tally, config);
		config.jitter_kind = SIM_EXPONENTIAL;
		config.jack_jitter_s = 0.2e-3;
		try(tally, config);
	}
}

unsigned matrix_run(bool everything, uint32_t only_p)
{
	struct tally tally = { .least_sinad = 999 };

	for (size_t i = 0; i < COUNT(sizes); i++)
		for (size_t k = 0; k < COUNT(sizes); k++)
			if (only_p && sizes[i] != only_p)
				continue;
			else if (everything)
				try_everything(&tally, i, k);
			else
				try(&tally, cell(i, k, i * 5 + k));
	printf("%u runs, %.1f virtual hours: noise at most %.3f ppm rms, error "
	       "at most %.3f frames rms,\nafter 15 s at most %.1f frames off; "
	       "1 kHz in windows of 1 s at least %.1f dB; %u failed\n",
	       tally.n_runs, tally.hours, tally.worst_noise, tally.worst_error,
	       tally.worst_settled, tally.least_sinad, tally.n_failed);
	return tally.n_failed;
}
