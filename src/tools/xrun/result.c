/* SPDX-License-Identifier: MIT */
#include "result.h"

#include <stdlib.h>
#include <string.h>

/* ---- words ---- */

static const struct {
	const char *word, *text;
} causes[XRUN_N_CAUSES] = {
	[XRUN_MACHINE] = { "machine", "the machine" },
	[XRUN_JACK_CLIENT] = { "jack-client", "a JACK client" },
	[XRUN_JACK_SERVER] = { "jack-server", "the JACK server" },
	[XRUN_PIPEWIRE_NODE] = { "pipewire-node", "a PipeWire node" },
	[XRUN_PIPEWIRE_SERVER] = { "pipewire-server", "the PipeWire daemon" },
	[XRUN_BRIDGE_JACK] = { "bridge-jack", "the bridge's JACK side" },
	[XRUN_BRIDGE_PIPEWIRE] = { "bridge-pipewire",
				   "the bridge's PipeWire side" },
	[XRUN_CAUSE_UNKNOWN] = { "unknown", "nobody that is known" },
};

static const struct {
	const char *word, *text;
} places[XRUN_N_PLACES] = {
	[XRUN_IN_JACK] = { "in-jack", "in JACK" },
	[XRUN_TO_PIPEWIRE] = { "to-pipewire", "from JACK to PipeWire" },
	[XRUN_TO_JACK] = { "to-jack", "from PipeWire to JACK" },
};

static const struct {
	const char *word, *text;
} callbacks[XRUN_N_CALLBACKS] = {
	[XRUN_CALL_JACK_CLIENT] = { "jack-client", "JACK client" },
	[XRUN_CALL_PIPEWIRE_NODE] = { "pipewire-node", "PipeWire node" },
	[XRUN_CALL_BRIDGE_JACK] = { "bridge-jack", "bridge in JACK" },
	[XRUN_CALL_BRIDGE_PIPEWIRE] = { "bridge-pipewire",
					"bridge in PipeWire" },
};

static const char *const measures[XRUN_N_MEASURES] = {
	[XRUN_INTERVAL] = "interval",
	[XRUN_DURATION] = "duration",
	[XRUN_WAKEUP] = "wakeup",
};

static const char *const event_kinds[] = {
	[XRUN_LATE] = "late",
	[XRUN_SKIPPED] = "skipped",
	[XRUN_GAP] = "gap",
	[XRUN_STALL] = "stall",
};

static const struct {
	const char *word, *unit;
} loads[XRUN_N_LOADS] = {
	[XRUN_LOAD_NONE] = { "none", "" },
	[XRUN_LOAD_JACK] = { "jack", "%" },
	[XRUN_LOAD_PIPEWIRE] = { "pipewire", "%" },
	[XRUN_LOAD_CPU] = { "cpu", "workers" },
	[XRUN_LOAD_MEMORY] = { "memory", "workers" },
	[XRUN_LOAD_IO] = { "io", "workers" },
	[XRUN_LOAD_CACHE] = { "cache", "workers" },
	[XRUN_LOAD_QUOTA] = { "quota", "%" },
	[XRUN_LOAD_INVERSION] = { "inversion", "%" },
};

static const char *const plans[] = {
	[XRUN_PLAN_HOLD] = "hold",
	[XRUN_PLAN_RAMP] = "ramp",
	[XRUN_PLAN_MATRIX] = "matrix",
};

static const char *const verdicts[] = {
	[XRUN_NOTHING_LOST] = "nothing-lost",
	[XRUN_LOST] = "lost",
	[XRUN_NOT_MEASURED] = "not-measured",
};

const char *xrun_cause_word(enum xrun_cause cause)
{
	return causes[cause].word;
}

const char *xrun_cause_text(enum xrun_cause cause)
{
	return causes[cause].text;
}

const char *xrun_place_word(enum xrun_place place)
{
	return places[place].word;
}

const char *xrun_place_text(enum xrun_place place)
{
	return places[place].text;
}

const char *xrun_callback_word(enum xrun_callback callback)
{
	return callbacks[callback].word;
}

const char *xrun_callback_text(enum xrun_callback callback)
{
	return callbacks[callback].text;
}

const char *xrun_measure_word(enum xrun_measure measure)
{
	return measures[measure];
}

const char *xrun_event_word(enum xrun_event_kind kind)
{
	return event_kinds[kind];
}

const char *xrun_load_word(enum xrun_load load)
{
	return loads[load].word;
}

const char *xrun_load_unit(enum xrun_load load)
{
	return loads[load].unit;
}

const char *xrun_plan_word(enum xrun_plan plan)
{
	return plans[plan];
}

const char *xrun_verdict_word(enum xrun_verdict verdict)
{
	return verdicts[verdict];
}

/* ---- sums ---- */

uint64_t xrun_step_late(const struct xrun_step *step)
{
	uint64_t sum = 0;

	for (int cause = 0; cause < XRUN_N_CAUSES; cause++)
		sum += step->n_late[cause];
	return sum;
}

uint64_t xrun_step_lost_at(const struct xrun_step *step, enum xrun_place place)
{
	uint64_t sum = 0;

	for (int cause = 0; cause < XRUN_N_CAUSES; cause++)
		sum += step->n_lost[place][cause];
	return sum;
}

uint64_t xrun_step_lost_by(const struct xrun_step *step, enum xrun_cause cause)
{
	uint64_t sum = 0;

	for (int place = 0; place < XRUN_N_PLACES; place++)
		sum += step->n_lost[place][cause];
	return sum;
}

uint64_t xrun_step_lost(const struct xrun_step *step)
{
	uint64_t sum = 0;

	for (int place = 0; place < XRUN_N_PLACES; place++)
		sum += xrun_step_lost_at(step, (enum xrun_place)place);
	return sum;
}

/* ---- the end ---- */

static void finish_step(struct xrun_step *step)
{
	for (int c = 0; c < XRUN_N_CALLBACKS; c++)
		for (int m = 0; m < XRUN_N_MEASURES; m++)
			free(step->histogram[c][m].bucket);
	free(step->event);
	free(step->fill);
}

void xrun_result_finish(struct xrun_result *result)
{
	for (uint32_t i = 0; i < result->n_steps; i++)
		finish_step(&result->step[i]);
	free(result->step);
	free(result->arm);
	free(result->machine.doctor);
	memset(result, 0, sizeof(*result));
}
