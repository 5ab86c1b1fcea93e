/* SPDX-License-Identifier: MIT */
#include "live.h"

#include "status_text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* How often the link is looked at, and a terminal redrawn. */
#define LOOK_MS 500
#define APPEND_MS 5000

static void fill_block(struct leat_block *block, const char *link)
{
	struct leat_link_status status;
	int res = leat_status_query(link, &status);
	size_t n = LEAT_BLOCK_LINE_BYTES;

	if (res < 0)
		leat_status_unknown(&status);
	if (res < 0)
		snprintf(block->line[0], n, "%s: %s", link,
			 res == -ENOENT ? "down (leat-jack is away)"
					: "unknown (leat-jack does not "
					  "answer)");
	else
		leat_status_head(block->line[0], n, link, &status);
	leat_status_columns(block->line[1], n);
	leat_status_row(block->line[2], n, &status, LEAT_TO_PIPEWIRE);
	leat_status_row(block->line[3], n, &status, LEAT_TO_JACK);
}

static void show(struct leat_live *live, const struct leat_block *block)
{
	snprintf(live->head, sizeof(live->head), "%s", block->line[0]);
	leat_console_show(live->console, block);
	if (live->console->failed)
		live->loop->stopped = true;
}

/* On a terminal each look is shown; elsewhere those that are due or news. */
static void on_timer(void *user)
{
	struct leat_live *live = user;
	int64_t now_ms = leat_now_ms();
	struct leat_block block;

	leat_timer_clear(&live->timer);
	fill_block(&block, live->link);
	if (!live->console->in_place && now_ms < live->due_ms &&
	    strcmp(block.line[0], live->head) == 0)
		return;
	if (now_ms >= live->due_ms)
		live->due_ms = now_ms + live->interval_ms;
	show(live, &block);
}

int leat_live_start(struct leat_live *live, const char *link,
		    struct leat_loop *loop, struct leat_console *console,
		    int64_t interval_ms)
{
	int64_t look_ms = LOOK_MS;
	int res = leat_timer_init(&live->timer, loop, on_timer, live);

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
	struct leat_block block;

	if (!live->loop)
		return;
	fill_block(&block, live->link);
	leat_console_show(live->console, &block);
	/* What comes now goes below it. */
	live->console->n_drawn = 0;
	leat_source_close(&live->timer);
	live->loop = NULL;
}
