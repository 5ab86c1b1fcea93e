/* SPDX-License-Identifier: MIT */
/*
 * clock-sim: adaptive mode in virtual time.
 *
 *   clock-sim matrix           every period with every quantum
 *   clock-sim matrix --long P  those of one period, with everything
 *   clock-sim trace WHAT       a table for clocks.gnuplot: step, ramp or stall
 */
#include "matrix.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* 100 ppm at once after 200 s, with the jitter of an idle machine. */
static struct sim_config step(void)
{
	struct sim_config config = sim_default(128, 128);

	config.step_ppm = 100;
	config.step_at_s = 200;
	config.jack_jitter_s = 50e-6;
	config.length_s = 500;
	return config;
}

/* 10 ppm a minute for ten minutes. */
static struct sim_config ramp(void)
{
	struct sim_config config = sim_default(128, 128);

	config.ramp_ppm_s = 10.0 / 60;
	config.ramp_at_s = 100;
	config.ramp_end_s = 700;
	config.jack_jitter_s = 50e-6;
	config.length_s = 900;
	return config;
}

/* JACK is silent for 300 ms. */
static struct sim_config stall(void)
{
	struct sim_config config = sim_default(128, 128);

	config.jack_ppm = 200;
	config.jack_jitter_s = 50e-6;
	config.stall.at_s = 100;
	config.stall.length_s = 0.3;
	config.length_s = 200;
	return config;
}

static int trace(const char *what)
{
	struct sim_config config;

	if (strcmp(what, "step") == 0)
		config = step();
	else if (strcmp(what, "ramp") == 0)
		config = ramp();
	else if (strcmp(what, "stall") == 0)
		config = stall();
	else
		return 2;
	config.trace = stdout;
	puts("# time s, latency error frames, correction ppm, true ppm, "
	     "bandwidth Hz, jitter us");
	sim_run(&config);
	return EXIT_SUCCESS;
}

static int matrix(int argc, char **argv)
{
	bool everything = argc > 0 && strcmp(argv[0], "--long") == 0;
	unsigned long p = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;

	return matrix_run(everything, (uint32_t)p) ? EXIT_FAILURE
						   : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	int res = 2;

	if (argc >= 2 && strcmp(argv[1], "matrix") == 0)
		res = matrix(argc - 2, argv + 2);
	else if (argc == 3 && strcmp(argv[1], "trace") == 0)
		res = trace(argv[2]);
	if (res == 2)
		fprintf(stderr, "usage: clock-sim matrix [--long [P]] | trace "
				"step|ramp|stall\n");
	return res;
}
