/* SPDX-License-Identifier: MIT */
#include "model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int leat_top_model_init(struct leat_top_model *model)
{
	memset(model, 0, sizeof(*model));
	model->link = calloc(LEAT_LINKS_MAX, sizeof(*model->link));
	return model->link ? 0 : -ENOMEM;
}

static void forget_load(struct leat_top_link *link)
{
	free(link->load);
	free(link->before);
	link->load = link->before = NULL;
}

void leat_top_model_finish(struct leat_top_model *model)
{
	for (unsigned i = 0; i < model->n_links; i++)
		forget_load(&model->link[i]);
	free(model->link);
	memset(model, 0, sizeof(*model));
}

/* ---- one look ---- */

static void read_causes(uint64_t causes[LEAT_TOP_CAUSES],
			const struct leat_link_status *status)
{
	causes[LEAT_TOP_JACK_XRUNS] = status->jack.xruns;
	causes[LEAT_TOP_PIPEWIRE_XRUNS] = status->pipewire.xruns;
	causes[LEAT_TOP_SKIPPED] = status->jack.skipped_periods;
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		const struct leat_direction_status *direction =
			&status->direction[d];

		causes[LEAT_TOP_UNDERRUNS + d] = direction->underruns;
		causes[LEAT_TOP_OVERRUNS + d] = direction->overruns;
		causes[LEAT_TOP_SLIPS + d] = direction->slips;
		causes[LEAT_TOP_LOST + d] = direction->lost;
		causes[LEAT_TOP_INSERTED + d] = direction->inserted;
	}
}

/*
 * What has been added. A side that died and came back counts from 0 again; of
 * one that is away for a while nothing is known, and it goes on from there.
 */
static uint64_t added(uint64_t *last, uint64_t now)
{
	uint64_t before = *last;

	if (now == LEAT_UNKNOWN)
		return 0;
	*last = now;
	return before == LEAT_UNKNOWN || now < before ? now : now - before;
}

static struct leat_link_load *copy_of(const struct leat_link_load *load)
{
	struct leat_link_load *copy = load ? malloc(sizeof(*copy)) : NULL;

	if (copy)
		*copy = *load;
	return copy;
}

/* A process that came anew counts from 0: what was before it is nothing. */
static void forget_ended(struct leat_top_link *link,
			 const struct leat_link_status *now)
{
	const struct leat_link_status *last = &link->answer.status;
	struct leat_side_load *side = link->before ? link->before->side : NULL;

	if (!side)
		return;
	if (now->jack.pid != last->jack.pid) {
		memset(&side[LEAT_LOAD_JACK], 0, sizeof(*side));
		link->before->n_late[LEAT_LOAD_JACK] = 0;
	}
	if (now->pipewire.pid != last->pipewire.pid) {
		memset(&side[LEAT_LOAD_PIPEWIRE], 0, sizeof(*side));
		link->before->n_late[LEAT_LOAD_PIPEWIRE] = 0;
	}
}

static void take_load(struct leat_top_link *link,
		      const struct leat_link_answer *answer)
{
	forget_ended(link, &answer->status);
	free(link->load);
	link->load = copy_of(answer->load);
}

static void take_link(struct leat_top_link *link,
		      const struct leat_link_answer *answer, bool is_new)
{
	uint64_t causes[LEAT_TOP_CAUSES], events = 0;

	take_load(link, answer);
	link->answer = *answer;
	link->answer.load = NULL;
	link->here = true;
	read_causes(causes, &answer->status);
	for (int i = 0; i < LEAT_TOP_CAUSES; i++) {
		uint64_t n = added(&link->last[i], causes[i]);

		link->total[i] += n;
		if (i < LEAT_TOP_EVENTS)
			events += n;
	}
	/* What went wrong before the first look is not of this moment. */
	link->events[link->n_looks++ % LEAT_TOP_HISTORY] = is_new ? 0 : events;
}

static struct leat_top_link *find(struct leat_top_model *model,
				  const char *name)
{
	for (unsigned i = 0; i < model->n_links; i++)
		if (strcmp(model->link[i].answer.name, name) == 0)
			return &model->link[i];
	return NULL;
}

static void take_answer(struct leat_top_model *model,
			const struct leat_link_answer *answer)
{
	struct leat_top_link *link = find(model, answer->name);
	bool is_new = !link;

	if (is_new && model->n_links == LEAT_LINKS_MAX)
		return;
	if (is_new) {
		link = &model->link[model->n_links++];
		memset(link, 0, sizeof(*link));
		for (int i = 0; i < LEAT_TOP_CAUSES; i++)
			link->last[i] = LEAT_UNKNOWN;
	}
	take_link(link, answer, is_new);
}

static void forget_gone(struct leat_top_model *model)
{
	unsigned n = 0;

	for (unsigned i = 0; i < model->n_links; i++)
		if (model->link[i].here)
			model->link[n++] = model->link[i];
		else
			forget_load(&model->link[i]);
	model->n_links = n;
}

void leat_top_take(struct leat_top_model *model, const struct leat_links *links)
{
	for (unsigned i = 0; i < model->n_links; i++)
		model->link[i].here = false;
	for (unsigned i = 0; i < links->n_links; i++)
		take_answer(model, &links->answer[i]);
	forget_gone(model);
	leat_top_sort(model, model->order);
}

void leat_top_reset(struct leat_top_model *model)
{
	for (unsigned i = 0; i < model->n_links; i++) {
		struct leat_top_link *link = &model->link[i];

		memset(link->total, 0, sizeof(link->total));
		link->n_looks = 0;
		free(link->before);
		link->before = copy_of(link->load);
	}
}

bool leat_top_link_load(const struct leat_top_link *link,
			struct leat_link_load *load)
{
	if (!link->load)
		return false;
	leat_link_load_between(load, link->load, link->before);
	return true;
}

/* ---- order ---- */

uint64_t leat_top_link_events(const struct leat_top_link *link)
{
	uint64_t n = 0;

	for (int i = 0; i < LEAT_TOP_EVENTS; i++)
		n += link->total[i];
	return n;
}

static uint64_t latency(const struct leat_top_link *link)
{
	uint64_t sum = 0;

	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		uint64_t frames =
			link->answer.status.direction[d].latency_frames;

		sum += frames == LEAT_UNKNOWN ? 0 : frames;
	}
	return sum;
}

static int by_name(const void *a, const void *b)
{
	const struct leat_top_link *one = a, *other = b;

	return strcmp(one->answer.name, other->answer.name);
}

static int most_first(uint64_t one, uint64_t other, const void *a,
		      const void *b)
{
	return one != other ? (one < other) - (one > other) : by_name(a, b);
}

static int by_events(const void *a, const void *b)
{
	return most_first(leat_top_link_events(a), leat_top_link_events(b), a,
			  b);
}

static int by_latency(const void *a, const void *b)
{
	return most_first(latency(a), latency(b), a, b);
}

static int by_state(const void *a, const void *b)
{
	const struct leat_top_link *one = a, *other = b;
	int order = strcmp(leat_link_answer_state(&one->answer),
			   leat_link_answer_state(&other->answer));

	return order ? order : by_name(a, b);
}

static const struct {
	const char *name;
	int (*compare)(const void *a, const void *b);
} orders[LEAT_TOP_N_ORDERS] = {
	[LEAT_TOP_BY_NAME] = { "name", by_name },
	[LEAT_TOP_BY_XRUNS] = { "xruns", by_events },
	[LEAT_TOP_BY_LATENCY] = { "latency", by_latency },
	[LEAT_TOP_BY_STATE] = { "state", by_state },
};

const char *leat_top_order_name(enum leat_top_order order)
{
	return orders[order].name;
}

void leat_top_sort(struct leat_top_model *model, enum leat_top_order order)
{
	model->order = order;
	qsort(model->link, model->n_links, sizeof(*model->link),
	      orders[order].compare);
}

uint64_t leat_top_link_history(const struct leat_top_link *link, unsigned n_ago)
{
	if (n_ago >= link->n_looks || n_ago >= LEAT_TOP_HISTORY)
		return 0;
	return link->events[(link->n_looks - 1 - n_ago) % LEAT_TOP_HISTORY];
}
