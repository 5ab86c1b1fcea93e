/* SPDX-License-Identifier: MIT */
#include "graph.h"

#include "cli/rate.h"
#include "link/resampler.h"

#include <spa/utils/json.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "[ 44100, 48000 ]"; what is no number is left out. */
static void set_allowed(struct leat_pw_graph_rates *rates, const char *value)
{
	struct spa_json outer, inner;
	int rate;

	rates->n_allowed = 0;
	spa_json_init(&outer, value, strlen(value));
	if (spa_json_enter_array(&outer, &inner) <= 0)
		return;
	while (rates->n_allowed < LEAT_PW_GRAPH_RATES_MAX &&
	       spa_json_get_int(&inner, &rate) > 0)
		if (rate > 0)
			rates->allowed[rates->n_allowed++] = (uint32_t)rate;
}

void leat_pw_graph_rates_set(struct leat_pw_graph_rates *rates, const char *key,
			     const char *value)
{
	/* The core's properties have the same keys behind "default.". */
	if (strncmp(key, "default.", 8) == 0)
		key += 8;
	if (strcmp(key, "clock.rate") == 0)
		rates->rate_hz = (uint32_t)strtoul(value, NULL, 10);
	else if (strcmp(key, "clock.force-rate") == 0)
		rates->force_rate_hz = (uint32_t)strtoul(value, NULL, 10);
	else if (strcmp(key, "clock.allowed-rates") == 0)
		set_allowed(rates, value);
}

int leat_pw_rates_apart(uint32_t jack_rate_hz, uint32_t rate_hz,
			struct leat_error *error)
{
	return leat_error_set(error, -EINVAL,
			      "JACK runs at %u Hz but PipeWire at %u Hz, which "
			      "is too far apart: bring one nearer to the other",
			      jack_rate_hz, rate_hz);
}

int leat_pw_graph_rates_check(const struct leat_pw_graph *self,
			      uint32_t jack_rate_hz, uint32_t rate_hz,
			      struct leat_error *error)
{
	uint64_t most = LEAT_RESAMPLER_RATIO_MAX;

	if (leat_rate_check("PipeWire daemon", leat_pw_graph_remote_name(self),
			    rate_hz, error) < 0)
		return -EINVAL;
	if (rate_hz <= most * jack_rate_hz && jack_rate_hz <= most * rate_hz)
		return 0;
	return leat_pw_rates_apart(jack_rate_hz, rate_hz, error);
}

int leat_pw_graph_rate_check(const struct leat_pw_graph_rates *rates,
			     uint32_t rate_hz, struct leat_error *error)
{
	if (rates->force_rate_hz == rate_hz)
		return 0;
	if (rates->force_rate_hz != 0)
		return leat_error_set(
			error, -EINVAL,
			"JACK runs at %u Hz but PipeWire is forced to %u Hz: "
			"run JACK at that rate, or undo it with 'pw-metadata "
			"-n settings 0 clock.force-rate 0'",
			rate_hz, rates->force_rate_hz);
	if (rates->rate_hz == rate_hz)
		return 0;
	for (uint32_t i = 0; i < rates->n_allowed; i++)
		if (rates->allowed[i] == rate_hz)
			return 0;
	return leat_error_set(
		error, -EINVAL,
		"JACK runs at %u Hz but PipeWire at %u Hz: run JACK at that "
		"rate, or let PipeWire follow with 'pw-metadata -n settings 0 "
		"clock.allowed-rates \"[ %u %u ]\"'",
		rate_hz, rates->rate_hz, rates->rate_hz, rate_hz);
}
