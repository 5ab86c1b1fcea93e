/* SPDX-License-Identifier: MIT */
/*
 * What becomes of the latency that is wanted: P and Q may need more, and the
 * rings may have less room. The data loop finds out; here it is said and asked.
 */
#include "bridge_state.h"

#include "cli/log.h"
#include <leat/inline/atomics.h>

#include <errno.h>
#include <stdio.h>

static const struct leat_pw_latency *wanted(const struct leat_pw_bridge *self)
{
	return &self->setup->nodes.latency;
}

static uint32_t load(const uint32_t *value)
{
	return __atomic_load_n(value, __ATOMIC_SEQ_CST);
}

/* "320 frames to PipeWire and 330 to JACK", or one of them. */
static void describe(char *text, size_t text_bytes,
		     const uint32_t raised[LEAT_N_DIRECTIONS])
{
	uint32_t a = raised[LEAT_TO_PIPEWIRE], b = raised[LEAT_TO_JACK];

	if (a > 0 && b > 0)
		snprintf(text, text_bytes,
			 "%u frames to PipeWire and %u to JACK", a, b);
	else
		snprintf(text, text_bytes, "%u frames to %s", a > 0 ? a : b,
			 a > 0 ? "PipeWire" : "JACK");
}

/* Said once, and again only if it becomes even more. */
static void tell_raised(struct leat_pw_bridge *self)
{
	uint32_t raised[LEAT_N_DIRECTIONS] = { 0 }, most = 0;
	bool fixed = wanted(self)->fixed > 0;
	char text[64];

	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		if (self->spec.n_channels[d] > 0)
			raised[d] = load(&self->process.raised[d]);
		most = raised[d] > most ? raised[d] : most;
	}
	if (most <= self->told_raised)
		return;
	self->told_raised = most;
	describe(text, sizeof(text), raised);
	leat_log_at(
		LEAT_LOG_WARNING,
		"%s: %slatency%s %u cannot be kept with JACK's period %u and "
		"PipeWire's quantum %u: the least there can be is %s, which "
		"is used",
		self->spec.link_name, self->setup->dashes, fixed ? "" : "-max",
		fixed ? wanted(self)->fixed : wanted(self)->max,
		self->spec.period,
		(unsigned)leat_word_peek(&self->status->period), text);
}

static void tell_no_room(struct leat_pw_bridge *self, uint32_t room, int res)
{
	if (room <= self->told_room)
		return;
	self->told_room = room;
	if (res == -ENOTSUP)
		leat_log_at(
			LEAT_LOG_WARNING,
			"%s: the latency needs rings of %u frames, and "
			"leat-jack is of an older version that makes none "
			"larger than these of %u: it is what fits into them, "
			"until both are of one version",
			self->spec.link_name, room, self->spec.capacity);
	else
		leat_log_at(LEAT_LOG_WARNING,
			    "%s: the latency needs rings of %u frames, and the "
			    "most for so many channels is %u: it is what fits "
			    "into those",
			    self->spec.link_name, room,
			    self->spec.capacity_max);
}

static void ask_for_room(struct leat_pw_bridge *self)
{
	uint32_t room = load(&self->process.room);
	int res;

	if (!self->wire || room <= self->spec.capacity)
		return;
	res = leat_guest_ask_room(self->guest, room);
	if (res == -ENOTSUP || res == -ERANGE)
		tell_no_room(self, room, res);
}

void leat_pw_bridge_look_at_targets(struct leat_pw_bridge *self)
{
	tell_raised(self);
	ask_for_room(self);
}

void leat_pw_bridge_tell_useless(const struct leat_pw_bridge *self)
{
	const struct leat_pw_latency *latency = wanted(self);
	const char *name = latency->fixed ? "latency"
			   : latency->min ? "latency-min"
					  : "latency-max";

	if (self->setup->mode == LEAT_PW_FOLLOW &&
	    (latency->fixed || latency->min || latency->max))
		leat_log_at(LEAT_LOG_WARNING,
			    "%s: %s%s changes nothing in follow mode, whose "
			    "latency is always the least there can be",
			    self->setup->link_name, self->setup->dashes, name);
}
