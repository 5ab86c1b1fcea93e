/* SPDX-License-Identifier: MIT */
#include "watch.h"

#include <errno.h>
#include <unistd.h>

#define EVERY_NS INT64_C(250000000)

void watch_init(struct watch *watch, const char *link_name)
{
	*watch = (struct watch){ .link_name = link_name, .fd = -1 };
}

void watch_finish(struct watch *watch)
{
	if (watch->fd >= 0)
		close(watch->fd);
	watch->fd = -1;
}

/* A count that was unknown, or is smaller than before, is another process's. */
static uint64_t more(uint64_t *before, uint64_t now, bool known)
{
	uint64_t n = 0;

	if (known && now != LEAT_UNKNOWN && *before != LEAT_UNKNOWN &&
	    now > *before)
		n = now - *before;
	*before = now;
	return n;
}

struct watch_news watch_compare(struct watch *watch,
				const struct leat_link_status *status)
{
	struct watch_news news = {
		more(&watch->jack, status->jack.xruns, watch->known),
		more(&watch->pipewire, status->pipewire.xruns, watch->known),
	};

	watch->known = true;
	return news;
}

struct watch_news watch_run(struct watch *watch, int64_t now_ns)
{
	struct watch_news none = { 0, 0 };
	struct leat_link_status status;
	int res;

	if (watch->fd < 0) {
		if (watch->asked_ns != 0 && now_ns - watch->asked_ns < EVERY_NS)
			return none;
		watch->asked_ns = now_ns;
		watch->fd = leat_status_ask(watch->link_name);
		return none;
	}
	res = leat_status_answer(watch->fd, &status);
	if (res == -EAGAIN)
		return none;
	watch->fd = -1;
	return res == 0 ? watch_compare(watch, &status) : none;
}
