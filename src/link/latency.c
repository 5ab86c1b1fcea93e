/* SPDX-License-Identifier: MIT */
#include "latency.h"

#include <math.h>

static uint32_t most_frames(uint32_t rate_hz)
{
	return LEAT_LATENCY_MAX_S * rate_hz;
}

static uint32_t within(int64_t frames, uint32_t most)
{
	if (frames < 0)
		return 0;
	return frames < most ? (uint32_t)frames : most;
}

struct leat_latency_range leat_latency_sum(uint32_t added,
					   struct leat_latency_range beyond,
					   int32_t trim, uint32_t rate_hz)
{
	uint32_t most = most_frames(rate_hz);
	int64_t more = (int64_t)added + trim;

	return (struct leat_latency_range){
		.min = within(beyond.min + more, most),
		.max = within(beyond.max + more, most),
	};
}

uint32_t leat_latency_keep(uint32_t told, uint32_t now)
{
	uint32_t apart = now > told ? now - told : told - now;

	return apart < LEAT_LATENCY_STEP ? told : now;
}

static bool adds_more(uint32_t before, uint32_t now)
{
	/* What follow mode adds is the least there is. */
	return now != LEAT_LATENCY_FOLLOW &&
	       (before == LEAT_LATENCY_FOLLOW || now > before);
}

bool leat_latency_rises(const struct leat_link_latency *before,
			const struct leat_link_latency *now)
{
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		if (now->beyond[d].max > before->beyond[d].max ||
		    now->beyond[d].min > before->beyond[d].min ||
		    adds_more(before->added[d], now->added[d]))
			return true;
	return false;
}

uint32_t leat_latency_scale(uint32_t n_frames, uint32_t from_hz, uint32_t to_hz)
{
	if (from_hz == 0)
		return 0;
	return (uint32_t)(((uint64_t)n_frames * to_hz + from_hz / 2) / from_hz);
}

void leat_latency_add_port(struct leat_latency_ports *ports,
			   struct leat_latency_range range)
{
	if (!ports->any)
		ports->range = range;
	ports->any = true;
	if (range.min < ports->range.min)
		ports->range.min = range.min;
	if (range.max > ports->range.max)
		ports->range.max = range.max;
}

uint32_t leat_latency_of(const struct leat_latency_graph *graph, float quanta,
			 int64_t n_frames, int64_t time_ns)
{
	double frames = (double)quanta * graph->quantum + (double)n_frames +
			(double)time_ns * 1e-9 * graph->rate_hz;
	uint32_t most = most_frames(graph->jack_rate_hz);

	if (graph->rate_hz == 0)
		return 0;
	frames = frames * graph->jack_rate_hz / graph->rate_hz;
	/* Written so that not-a-number is nothing. */
	if (!(frames > 0))
		return 0;
	return frames < most ? (uint32_t)lround(frames) : most;
}

/* ---- when ---- */

int64_t leat_latency_wait_ms(const struct leat_latency_pace *pace, bool rises,
			     int64_t now_ms)
{
	int64_t apart_ms = rises ? LEAT_LATENCY_APART_MS : LEAT_LATENCY_FALL_MS;
	int64_t since_ms = now_ms - pace->last_ms;

	if (!pace->begun)
		return 0;
	if (rises && pace->brakes && pace->n_rises >= LEAT_LATENCY_RISES)
		apart_ms = LEAT_LATENCY_HELD_MS;
	return since_ms < apart_ms ? apart_ms - since_ms : 0;
}

void leat_latency_told(struct leat_latency_pace *pace, bool rises,
		       int64_t now_ms)
{
	bool soon = now_ms - pace->last_ms < LEAT_LATENCY_SOON_MS;

	if (!rises || (!soon && pace->n_rises < LEAT_LATENCY_RISES))
		pace->n_rises = 0;
	if (rises)
		pace->n_rises++;
	pace->begun = true;
	pace->last_ms = now_ms;
}

/* ---- loops ---- */

static bool about(int64_t a, int64_t b)
{
	return a - b <= LEAT_LATENCY_ROUNDING && b - a <= LEAT_LATENCY_ROUNDING;
}

void leat_latency_loop_report(struct leat_latency_loop *loop, uint32_t reported,
			      uint32_t heard)
{
	if (reported == loop->reported)
		return;
	loop->before = loop->reported;
	loop->reported = reported;
	loop->heard = heard;
}

/* What is heard moved by what we report, and is no less than that was. */
static bool followed(const struct leat_latency_loop *loop, uint32_t heard)
{
	int64_t moved = (int64_t)loop->reported - loop->before;

	return loop->heard != LEAT_LATENCY_UNHEARD && !about(moved, 0) &&
	       loop->heard + LEAT_LATENCY_ROUNDING >= loop->before &&
	       about((int64_t)heard - loop->heard, moved);
}

/* It may be behind by what we report since a moment ago. */
static bool ours(const struct leat_latency_loop *loop, uint32_t heard)
{
	return about(heard, (int64_t)loop->reported + loop->around) ||
	       about(heard, (int64_t)loop->before + loop->around);
}

bool leat_latency_loop_hear(struct leat_latency_loop *loop, uint32_t heard)
{
	if (loop->closed && ours(loop, heard))
		return true;
	loop->closed = followed(loop, heard);
	if (loop->closed)
		loop->around = heard > loop->reported ? heard - loop->reported
						      : 0;
	return loop->closed;
}

struct leat_latency_range
leat_latency_loop_cut(const struct leat_latency_loop *loop,
		      struct leat_latency_range heard)
{
	struct leat_latency_range cut = { loop->around, loop->around };

	/* What is less comes from elsewhere as well. */
	if (heard.min < heard.max && heard.min < cut.min)
		cut.min = heard.min;
	if (heard.min < heard.max && heard.min > cut.max)
		cut.max = heard.min;
	return cut;
}
