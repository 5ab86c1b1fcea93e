/* SPDX-License-Identifier: MIT */
#include "load.h"

#include "cli/now.h"
#include "link/load_record.h"

static void record(struct leat_pw_load *load) LEAT_RT
{
	if (load->cycle.start_ns > 0)
		leat_load_record(load->words, &load->cycle);
}

/* Without a clock, each callback is a cycle of its own. */
static void begin_cycle(struct leat_pw_load *load,
			const struct spa_io_position *position, uint64_t now_ns)
	LEAT_RT
{
	uint64_t last_ns = load->cycle.start_ns;

	record(load);
	load->clock_ns = position ? position->clock.nsec : 0;
	load->cycle = (struct leat_load_cycle){
		.start_ns = now_ns,
		.interval_ns = last_ns > 0 ? now_ns - last_ns : LEAT_UNKNOWN,
		.wakeup_ns = LEAT_UNKNOWN,
		.period_ns = LEAT_UNKNOWN,
	};
	if (!position)
		return;
	load->cycle.wakeup_ns = leat_load_since(now_ns, load->clock_ns);
	load->cycle.period_ns = leat_load_period_ns(position->clock.duration,
						    position->clock.rate.denom);
}

void leat_pw_load_begin(struct leat_pw_load *load,
			const struct spa_io_position *position)
{
	if (!load->words)
		return;
	load->begin_ns = leat_now_ns();
	if (load->cycle.start_ns == 0 || !position ||
	    position->clock.nsec != load->clock_ns)
		begin_cycle(load, position, load->begin_ns);
}

void leat_pw_load_end(struct leat_pw_load *load)
{
	if (load->words)
		load->cycle.duration_ns += leat_now_ns() - load->begin_ns;
}

void leat_pw_load_stop(struct leat_pw_load *load)
{
	record(load);
	load->cycle.start_ns = 0;
}
