/* SPDX-License-Identifier: MIT */
#include "live.h"

#include "tools/common/status_text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* How often the link is looked at, and a terminal redrawn. */
#define LOOK_MS 500
#define APPEND_MS 5000

/* How long a link may take to answer. */
#define ANSWER_MS 1000

/* res: what came of asking; status is filled in if it is 0. */
static void fill_block(struct leat_block *block, const char *link, int res,
		       struct leat_link_status *status)
{
	size_t n = LEAT_BLOCK_LINE_BYTES;

	if (res < 0)
		leat_status_unknown(status);
	if (res < 0)
		snprintf(block->line[0], n, "%s: %s", link,
			 res == -ENOENT ? "down (leat-jack is away)"
					: "unknown (leat-jack does not "
					  "answer)");
	else
		leat_status_head(block->line[0], n, link, status);
	leat_status_columns(block->line[1], n);
	leat_status_row(block->line[2], n, status, LEAT_TO_PIPEWIRE);
	leat_status_row(block->line[3], n, status, LEAT_TO_JACK);
}

static void show(struct leat_live *live, const struct leat_block *block)
{
	snprintf(live->head, sizeof(live->head), "%s", block->line[0]);
	leat_console_show(live->console, block);
	if (live->console->failed)
		live->loop->stopped = true;
}

/* On a terminal each look is shown; elsewhere those that are due or news. */
static void take(struct leat_live *live, int res,
		 struct leat_link_status *status)
{
	int64_t now_ms = leat_now_ms();
	struct leat_block block;

	fill_block(&block, live->link, res, status);
	if (!live->console->in_place && now_ms < live->due_ms &&
	    strcmp(block.line[0], live->head) == 0)
		return;
	if (now_ms >= live->due_ms)
		live->due_ms = now_ms + live->interval_ms;
	show(live, &block);
}

static void on_answer(void *user)
{
	struct leat_live *live = user;
	struct leat_link_status status;
	int res;

	/* What has been read is closed, too. */
	leat_loop_remove(&live->answer);
	res = leat_status_answer(live->answer.fd, &status);
	if (res == -EAGAIN)
		res = leat_loop_add(live->loop, &live->answer);
	else
		live->answer.fd = -1;
	if (live->answer.loop)
		return;
	leat_source_close(&live->answer);
	take(live, res, &status);
}

/*
 * Never wait here: a link may be frozen, and there is more to look after. One
 * that has not answered is not asked again before its time is over.
 */
static void on_timer(void *user)
{
	struct leat_live *live = user;
	struct leat_link_status status;
	int res;

	leat_timer_clear(&live->timer);
	if (live->answer.fd >= 0) {
		if (leat_now_ms() - live->asked_ms < ANSWER_MS)
			return;
		leat_source_close(&live->answer);
		take(live, -ETIMEDOUT, &status);
	}
	res = leat_status_ask(live->link);
	live->asked_ms = leat_now_ms();
	live->answer.fd = res < 0 ? -1 : res;
	if (res >= 0)
		res = leat_loop_add(live->loop, &live->answer);
	if (res < 0) {
		leat_source_close(&live->answer);
		take(live, res, &status);
	}
}

int leat_live_start(struct leat_live *live, const char *link,
		    struct leat_loop *loop, struct leat_console *console,
		    int64_t interval_ms)
{
	int64_t look_ms = LOOK_MS;
	int res = leat_timer_init(&live->timer, loop, on_timer, live);

	live->answer = (struct leat_source){ -1, on_answer, live, NULL };
	if (res < 0)
		return res;
	if (interval_ms == 0)
		interval_ms = console->in_place ? LOOK_MS : APPEND_MS;
	if (console->in_place || interval_ms < look_ms)
		look_ms = interval_ms;
	live->link = link;
	live->loop = loop;
	live->console = console;
	live->interval_ms = interval_ms;
	live->due_ms = leat_now_ms();
	leat_timer_set(&live->timer, 1, look_ms);
	return 0;
}

void leat_live_finish(struct leat_live *live)
{
	struct leat_link_status status;
	struct leat_block block;
	int res;

	if (!live->loop)
		return;
	res = leat_status_query(live->link, &status);
	fill_block(&block, live->link, res, &status);
	leat_console_show(live->console, &block);
	/* What comes now goes below it. */
	live->console->n_drawn = 0;
	leat_source_close(&live->timer);
	leat_source_close(&live->answer);
	live->loop = NULL;
}
