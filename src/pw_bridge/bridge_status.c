/* SPDX-License-Identifier: MIT */
#include "bridge_state.h"

#include "cli/log.h"
#include <leat/inline/atomics.h>

#include <stdio.h>
#include <string.h>

bool leat_pw_bridge_other_driver(const struct leat_pw_bridge *self)
{
	return __atomic_load_n(&self->process.other_driver, __ATOMIC_SEQ_CST);
}

enum leat_mode leat_pw_bridge_mode(const struct leat_pw_bridge *self)
{
	const struct leat_pw_clocks *clocks = &self->nodes.clocks;

	if (!self->nodes.made)
		return self->setup->mode == LEAT_PW_ADAPTIVE
			       ? LEAT_MODE_ADAPTIVE
			       : LEAT_MODE_FOLLOW;
	return !clocks->follows || (clocks->adapts &&
				    leat_pw_bridge_other_driver(self))
		       ? LEAT_MODE_ADAPTIVE
		       : LEAT_MODE_FOLLOW;
}

/* Why the nodes are made as they are. */
static enum leat_reason choice(const struct leat_pw_bridge *self)
{
	if (self->setup->mode == LEAT_PW_ADAPTIVE)
		return LEAT_REASON_CHOSEN;
	if (!self->nodes.clocks.follows)
		return LEAT_REASON_RATES_DIFFER;
	return leat_pw_bridge_other_driver(self) ? LEAT_REASON_OTHER_DRIVER
						 : LEAT_REASON_RATES_AGREE;
}

static enum leat_reason reason(const struct leat_pw_bridge *self)
{
	if (self->refused)
		return LEAT_REASON_RATES_DIFFER;
	if (!self->graph.ready)
		return LEAT_REASON_NO_PIPEWIRE;
	if (!leat_pw_nodes_streaming(&self->nodes))
		return LEAT_REASON_NOT_LINKED;
	return choice(self);
}

/* Whether the graph calls the nodes, and they serve it. */
static bool runs(const struct leat_pw_bridge *self)
{
	return self->wire && !self->refused && self->graph.ready &&
	       leat_pw_nodes_streaming(&self->nodes) &&
	       (leat_pw_bridge_mode(self) == LEAT_MODE_ADAPTIVE ||
		!leat_pw_bridge_other_driver(self));
}

void leat_pw_bridge_refresh_status(struct leat_pw_bridge *self)
{
	struct leat_side_words *status = self->status;
	enum leat_reason why = reason(self);
	bool known = self->nodes.made;

	leat_word_set(&status->alive, self->graph.ready);
	leat_word_set(&status->mode, leat_pw_bridge_mode(self));
	leat_word_set(&status->reason, why);
	leat_word_set(&status->running, runs(self));
	leat_word_set(&status->rate_hz,
		      known ? self->nodes.clocks.rate_hz : LEAT_UNKNOWN);
	/* On another driver's clock the data loop says it. */
	if (!known || leat_pw_bridge_mode(self) == LEAT_MODE_FOLLOW)
		leat_word_set(&status->period,
			      known ? self->nodes.spec.period : LEAT_UNKNOWN);
}

void leat_pw_bridge_init_status(struct leat_pw_bridge *self)
{
	struct leat_side_words *status = self->status;
	struct leat_direction_words *to_pipewire =
		&status->direction[LEAT_TO_PIPEWIRE];

	strncpy(status->server, leat_pw_graph_remote_name(&self->graph),
		sizeof(status->server) - 1);
	leat_word_set(&status->xruns, 0);
	leat_word_set(&status->cycles, 0);
	leat_word_set(&status->reconnects, 0);
	leat_word_set(&status->rests, 0);
	leat_word_set(&to_pipewire->frames, 0);
	leat_word_set(&to_pipewire->underruns, 0);
	leat_word_set(&to_pipewire->overruns, 0);
	leat_word_set(&to_pipewire->lost, 0);
	leat_word_set(&to_pipewire->inserted, 0);
	leat_word_set(&to_pipewire->slips, 0);
	leat_word_set(&to_pipewire->target, 0);
	leat_word_set(&status->direction[LEAT_TO_JACK].overruns, 0);
	leat_word_set(&status->direction[LEAT_TO_JACK].lost, 0);
	leat_word_set(&status->direction[LEAT_TO_JACK].wakeups, 0);
	leat_word_set(&status->direction[LEAT_TO_JACK].slips, 0);
	leat_word_set(&status->direction[LEAT_TO_JACK].inserted, 0);
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		leat_word_set(&status->direction[d].poisoned, 0);
	leat_pw_bridge_refresh_status(self);
}

/* ---- the log ---- */

void leat_pw_bridge_tell_guard(const struct leat_pw_bridge *self)
{
	char text[192];

	(void)leat_rt_guard_tell(&self->guard, text, sizeof(text));
	leat_log_at(LEAT_LOG_INFO, "%s: %s", self->setup->link_name, text);
}

static void describe_mode(const struct leat_pw_bridge *self, char *text,
			  size_t text_bytes)
{
	if (leat_pw_bridge_mode(self) == LEAT_MODE_FOLLOW)
		snprintf(text, text_bytes,
			 "follow mode, PipeWire runs on JACK's clock");
	else
		snprintf(text, text_bytes,
			 "adaptive mode, PipeWire at %u Hz on its own clock: "
			 "%s",
			 self->nodes.clocks.rate_hz,
			 leat_reason_text(choice(self)));
}

void leat_pw_bridge_tell_mode(struct leat_pw_bridge *self)
{
	char text[160];

	if (self->told_mode == leat_pw_bridge_mode(self))
		return;
	describe_mode(self, text, sizeof(text));
	if (self->told_mode == 0)
		leat_log_limited_at(&self->peer_log, LEAT_LOG_INFO,
				    "%s: bridged at %u Hz, period %u: %s",
				    self->spec.link_name, self->spec.rate_hz,
				    self->spec.period, text);
	else
		leat_log_limited_at(&self->peer_log, LEAT_LOG_INFO, "%s: %s",
				    self->spec.link_name, text);
	self->told_mode = leat_pw_bridge_mode(self);
}
