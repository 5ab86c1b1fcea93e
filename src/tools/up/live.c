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

void leat_view_init(struct leat_view *view, struct leat_loop *loop,
		    struct leat_console *console, int64_t interval_ms)
{
	memset(view, 0, sizeof(*view));
	view->loop = loop;
	view->console = console;
	view->interval_ms = interval_ms;
}

/* ---- what is shown ---- */

/* res: what came of asking; status is filled in if it is 0. */
static void fill_lines(struct leat_live *live, int res,
		       struct leat_link_status *status)
{
	size_t n = LEAT_BLOCK_LINE_BYTES;

	if (res < 0)
		leat_status_unknown(status);
	if (res < 0)
		snprintf(live->line[0], n, "%s: %s", live->link,
			 res == -ENOENT ? "down (leat-jack is away)"
					: "unknown (leat-jack does not "
					  "answer)");
	else
		leat_status_head(live->line[0], n, live->link, status);
	leat_status_columns(live->line[1], n);
	leat_status_row(live->line[2], n, status, LEAT_TO_PIPEWIRE);
	leat_status_row(live->line[3], n, status, LEAT_TO_JACK);
}

/* The columns are named once. */
static void add_to_block(struct leat_block *block, const struct leat_live *live,
			 bool columns)
{
	for (unsigned i = 0; i < LEAT_LIVE_LINES; i++)
		if ((i != 1 || columns) && block->n_lines < LEAT_BLOCK_LINES)
			memcpy(block->line[block->n_lines++], live->line[i],
			       LEAT_BLOCK_LINE_BYTES);
}

/* In place all links are drawn anew; elsewhere the one that has news. */
static void show(struct leat_live *live)
{
	struct leat_view *view = live->view;
	bool all = view->console->in_place;

	view->block.n_lines = 0;
	for (const struct leat_live *at = all ? view->first : live; at;
	     at = all ? at->next : NULL)
		add_to_block(&view->block, at, view->block.n_lines == 0);
	leat_console_show(view->console, &view->block);
	if (view->console->failed)
		view->loop->stopped = true;
}

/* On a terminal each look is shown; elsewhere those that are due or news. */
static void take(struct leat_live *live, int res,
		 struct leat_link_status *status)
{
	int64_t now_ms = leat_now_ms();

	fill_lines(live, res, status);
	if (!live->view->console->in_place && now_ms < live->due_ms &&
	    strcmp(live->line[0], live->head) == 0)
		return;
	if (now_ms >= live->due_ms)
		live->due_ms = now_ms + live->interval_ms;
	memcpy(live->head, live->line[0], sizeof(live->head));
	show(live);
}

/* ---- asking ---- */

static void on_answer(void *user)
{
	struct leat_live *live = user;
	struct leat_link_status status;
	int res;

	/* What has been read is closed, too. */
	leat_loop_remove(&live->answer);
	res = leat_status_answer(live->answer.fd, &status);
	if (res == -EAGAIN)
		res = leat_loop_add(live->view->loop, &live->answer);
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
		res = leat_loop_add(live->view->loop, &live->answer);
	if (res < 0) {
		leat_source_close(&live->answer);
		take(live, res, &status);
	}
}

/* Links of one view are shown in the order in which they came. */
static void append(struct leat_view *view, struct leat_live *live)
{
	struct leat_live **at = &view->first;

	while (*at)
		at = &(*at)->next;
	*at = live;
	live->next = NULL;
}

static void remove_from(struct leat_view *view, const struct leat_live *live)
{
	struct leat_live **at = &view->first;

	while (*at && *at != live)
		at = &(*at)->next;
	if (*at)
		*at = live->next;
}

int leat_live_start(struct leat_live *live, const char *link,
		    struct leat_view *view)
{
	bool in_place = view->console->in_place;
	int64_t look_ms = LOOK_MS, interval_ms = view->interval_ms;
	int res = leat_timer_init(&live->timer, view->loop, on_timer, live);

	live->answer = (struct leat_source){ -1, on_answer, live, NULL };
	if (res < 0)
		return res;
	if (interval_ms == 0)
		interval_ms = in_place ? LOOK_MS : APPEND_MS;
	if (in_place || interval_ms < look_ms)
		look_ms = interval_ms;
	live->link = link;
	live->view = view;
	live->interval_ms = interval_ms;
	live->due_ms = leat_now_ms();
	live->head[0] = 0;
	append(view, live);
	leat_timer_set(&live->timer, 1, look_ms);
	return 0;
}

static void look_again(struct leat_live *live)
{
	struct leat_link_status status;
	int res = leat_status_query(live->link, &status);

	fill_lines(live, res, &status);
	if (!live->view->console->in_place)
		show(live);
}

static void close_live(struct leat_live *live)
{
	leat_source_close(&live->timer);
	leat_source_close(&live->answer);
	remove_from(live->view, live);
	live->view = NULL;
}

void leat_live_finish(struct leat_live *live)
{
	if (!live->view)
		return;
	look_again(live);
	close_live(live);
}

void leat_view_finish(struct leat_view *view)
{
	for (struct leat_live *live = view->first; live; live = live->next)
		look_again(live);
	if (view->first && view->console->in_place)
		show(view->first);
	/* What comes now goes below it. */
	view->console->n_drawn = 0;
	while (view->first)
		close_live(view->first);
}
