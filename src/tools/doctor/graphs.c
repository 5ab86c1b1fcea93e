/* SPDX-License-Identifier: MIT */
#include "graphs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- libjack ---- */

static void judge_wrong_libjack(struct leat_finding *finding,
				const struct leat_libjack *libjack)
{
	leat_finding_set(finding, LEAT_VERDICT_FAIL,
			 "%s is PipeWire's own (%s): leat would bridge "
			 "PipeWire to itself, and refuses to",
			 libjack->path, libjack->version);
	if (libjack->configured[0])
		leat_finding_cure(finding, "sudo rm '%s' && sudo ldconfig",
				  libjack->configured);
	else
		leat_finding_cure(finding, "env -u LD_LIBRARY_PATH leat up  # "
					   "that is, without pw-jack");
}

void leat_judge_libjack(struct leat_finding *finding,
			const struct leat_libjack *libjack)
{
	if (!libjack->looked) {
		leat_finding_set(finding, LEAT_VERDICT_UNKNOWN,
				 "leat was built without JACK");
	} else if (!libjack->found) {
		leat_finding_set(finding, LEAT_VERDICT_FAIL,
				 "there is no libjack.so.0");
		leat_finding_cure(finding, "sudo apt install libjack-jackd2-0 "
					   "jackd2");
	} else if (strstr(libjack->version, "PipeWire")) {
		judge_wrong_libjack(finding, libjack);
	} else {
		leat_finding_set(finding, LEAT_VERDICT_OK, "%s%s%s",
				 libjack->path,
				 libjack->version[0] ? ", version " : "",
				 libjack->version);
	}
}

/* ---- PipeWire ---- */

static void not_running(struct leat_finding *finding,
			const struct leat_pw_view *pipewire)
{
	if (pipewire->frozen)
		leat_finding_set(finding, LEAT_VERDICT_UNKNOWN,
				 "the PipeWire daemon '%s' does not answer",
				 pipewire->remote);
	else if (pipewire->looked)
		leat_finding_set(finding, LEAT_VERDICT_UNKNOWN,
				 "no PipeWire daemon '%s' runs for this user",
				 pipewire->remote);
	else
		leat_finding_set(finding, LEAT_VERDICT_UNKNOWN,
				 "leat was built without PipeWire");
}

/* As one number; 0 if it is no version. */
static uint32_t version_number(const char *text)
{
	unsigned major, minor, micro = 0;

	if (sscanf(text, "%u.%u.%u", &major, &minor, &micro) < 2)
		return 0;
	return major << 20 | (minor & 1023) << 10 | (micro & 1023);
}

void leat_judge_pw_version(struct leat_finding *finding,
			   const struct leat_pw_view *pipewire)
{
	uint32_t daemon = version_number(pipewire->version);
	uint32_t library = version_number(pipewire->library);
	uint32_t least = version_number("0.3.65");

	if (!pipewire->running || daemon == 0 || library == 0) {
		not_running(finding, pipewire);
		return;
	}
	leat_finding_set(finding, LEAT_VERDICT_OK, "%s", pipewire->version);
	if (daemon < least || library < least) {
		leat_finding_set(finding, LEAT_VERDICT_FAIL,
				 "the daemon is %s and libpipewire %s; leat "
				 "needs 0.3.65",
				 pipewire->version, pipewire->library);
		leat_finding_cure(finding, "sudo apt update && sudo apt "
					   "install pipewire");
		leat_finding_cure(finding, "systemctl --user restart pipewire");
	} else if (daemon != library) {
		leat_finding_set(finding, LEAT_VERDICT_WARN,
				 "the daemon is %s but libpipewire %s: it was "
				 "not started again after an upgrade",
				 pipewire->version, pipewire->library);
		leat_finding_cure(finding, "systemctl --user restart pipewire");
	}
}

/*
 * What the period is compared with: JACK's, or one that most would call low
 * latency while JACK does not run.
 */
#define USUAL_PERIOD 256

static void cure_setting(struct leat_finding *finding, const char *key,
			 uint32_t value)
{
	leat_finding_cure(finding, "pw-metadata -n settings 0 %s %u", key,
			  value);
}

void leat_judge_quantum(struct leat_finding *finding,
			const struct leat_pw_view *pipewire,
			const struct leat_jack_view *jack)
{
	uint32_t period = jack->period > 0 ? jack->period : USUAL_PERIOD;
	const char *whose = jack->period > 0 ? "JACK's period" : "a period";

	if (!pipewire->running || pipewire->max_quantum == 0) {
		not_running(finding, pipewire);
	} else if (pipewire->force_quantum > 0 &&
		   pipewire->force_quantum != period) {
		leat_finding_set(finding, LEAT_VERDICT_WARN,
				 "the quantum is forced to %u frames, but %s "
				 "is %u",
				 pipewire->force_quantum, whose, period);
		cure_setting(finding, "clock.force-quantum", 0);
	} else if (pipewire->min_quantum > period) {
		leat_finding_set(finding, LEAT_VERDICT_WARN,
				 "the quantum may not be less than %u frames, "
				 "but %s is %u",
				 pipewire->min_quantum, whose, period);
		cure_setting(finding, "clock.min-quantum", period);
	} else if (pipewire->max_quantum < period) {
		leat_finding_set(finding, LEAT_VERDICT_WARN,
				 "the quantum may not be more than %u frames, "
				 "but %s is %u",
				 pipewire->max_quantum, whose, period);
		cure_setting(finding, "clock.max-quantum", period);
	} else {
		leat_finding_set(finding, LEAT_VERDICT_OK,
				 "from %u to %u frames; %s is %u",
				 pipewire->min_quantum, pipewire->max_quantum,
				 whose, period);
	}
}

static bool may_run_at(const struct leat_pw_view *pipewire, uint32_t rate_hz)
{
	for (uint32_t i = 0; i < pipewire->n_allowed; i++)
		if (pipewire->allowed_hz[i] == rate_hz)
			return true;
	return pipewire->rate_hz == rate_hz;
}

void leat_judge_rate(struct leat_finding *finding,
		     const struct leat_pw_view *pipewire,
		     const struct leat_jack_view *jack)
{
	uint32_t forced = pipewire->force_rate_hz;

	if (!pipewire->running || pipewire->rate_hz == 0) {
		not_running(finding, pipewire);
	} else if (!jack->running) {
		leat_finding_set(finding, LEAT_VERDICT_UNKNOWN,
				 jack->frozen ? "the JACK server '%s' does not "
						"answer"
					      : "no JACK server '%s' runs for "
						"this user",
				 jack->name);
	} else if (forced > 0 && forced != jack->rate_hz) {
		leat_finding_set(finding, LEAT_VERDICT_WARN,
				 "PipeWire is forced to %u Hz, but JACK runs "
				 "at %u",
				 forced, jack->rate_hz);
		cure_setting(finding, "clock.force-rate", 0);
	} else if (forced == 0 && !may_run_at(pipewire, jack->rate_hz)) {
		leat_finding_set(finding, LEAT_VERDICT_WARN,
				 "JACK runs at %u Hz, which PipeWire may not",
				 jack->rate_hz);
		leat_finding_cure(finding,
				  "pw-metadata -n settings 0 "
				  "clock.allowed-rates '[ %u %u ]'",
				  pipewire->rate_hz, jack->rate_hz);
	} else {
		leat_finding_set(finding, LEAT_VERDICT_OK,
				 "PipeWire may run at JACK's %u Hz",
				 jack->rate_hz);
	}
}

/* "[ 44100, 48000 ]": its numbers. */
static void set_allowed(struct leat_pw_view *view, const char *text)
{
	char *end;

	view->n_allowed = 0;
	while (*text && view->n_allowed < LEAT_RATES_MAX) {
		unsigned long rate = strtoul(text, &end, 10);

		if (end == text) {
			text++;
			continue;
		}
		view->allowed_hz[view->n_allowed++] = (uint32_t)rate;
		text = end;
	}
}

void leat_pw_view_set(struct leat_pw_view *view, const char *key,
		      const char *value)
{
	const struct {
		const char *key;
		uint32_t *value;
	} numbers[] = {
		{ "clock.rate", &view->rate_hz },
		{ "clock.force-rate", &view->force_rate_hz },
		{ "clock.min-quantum", &view->min_quantum },
		{ "clock.max-quantum", &view->max_quantum },
		{ "clock.force-quantum", &view->force_quantum },
	};

	if (strncmp(key, "default.", 8) == 0)
		key += 8;
	if (strcmp(key, "clock.allowed-rates") == 0)
		set_allowed(view, value);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (strcmp(key, numbers[i].key) == 0)
			*numbers[i].value = (uint32_t)strtoul(value, NULL, 10);
}
