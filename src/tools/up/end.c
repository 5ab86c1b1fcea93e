/* SPDX-License-Identifier: MIT */
#include "end.h"

#include <signal.h>

static bool wait_for_end(struct leat_loop *loop, const struct leat_service *a,
			 const struct leat_service *b, int64_t deadline_ms)
{
	while (!a->ended || !b->ended) {
		int left_ms = leat_left_ms(deadline_ms);

		if (left_ms == 0)
			return false;
		leat_loop_step(loop, left_ms);
	}
	return true;
}

void leat_up_kill_two(struct leat_console *console, struct leat_service *a,
		      struct leat_service *b)
{
	struct leat_service *const services[2] = { a, b };

	for (int i = 0; i < 2; i++) {
		if (!services[i]->ended)
			leat_console_log(console, "%s does not end: killing it",
					 services[i]->name);
		leat_service_stop(services[i], SIGKILL);
	}
}

void leat_up_end_two(struct leat_loop *loop, struct leat_console *console,
		     struct leat_service *a, struct leat_service *b)
{
	leat_service_stop(a, SIGTERM);
	leat_service_stop(b, SIGTERM);
	if (wait_for_end(loop, a, b, leat_now_ms() + LEAT_UP_END_MS))
		return;
	leat_up_kill_two(console, a, b);
	wait_for_end(loop, a, b, leat_now_ms() + LEAT_UP_KILL_MS);
}
