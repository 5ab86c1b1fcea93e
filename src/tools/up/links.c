/* SPDX-License-Identifier: MIT */
#include "links.h"

#include "cli/options.h"

#include <stdio.h>
#include <string.h>

void leat_up_links_init(struct leat_up_links *links,
			struct leat_up_servers *servers, struct leat_view *view)
{
	memset(links, 0, sizeof(*links));
	links->shared = (struct leat_up_shared){
		.servers = servers,
		.view = view,
		.news = &links->news,
	};
}

static struct leat_up_link *find(const struct leat_up_links *links,
				 const char *name)
{
	struct leat_up_link *link = links->first;

	while (link && strcmp(link->plan.name, name) != 0)
		link = link->next;
	return link;
}

static bool is_planned(const struct leat_up_links *links,
		       const struct leat_up_link *link)
{
	const struct leat_plan_link *planned =
		leat_plan_find(links->plan, link->plan.name);

	return planned &&
	       leat_settings_equal(&planned->settings, &link->plan.settings);
}

void leat_up_links_plan(struct leat_up_links *links,
			const struct leat_plan *plan)
{
	links->plan = plan;
	for (struct leat_up_link *link = links->first; link; link = link->next)
		if (link->state == LEAT_UP_FAILED || !is_planned(links, link))
			leat_up_link_end(link);
	links->news = true;
}

/* ---- taking them on ---- */

static void remove_gone(struct leat_up_links *links)
{
	struct leat_up_link **at = &links->first;

	while (*at) {
		struct leat_up_link *link = *at;

		if (link->state != LEAT_UP_GONE) {
			at = &link->next;
			continue;
		}
		*at = link->next;
		leat_up_link_destroy(link);
	}
}

static void append(struct leat_up_links *links, struct leat_up_link *link)
{
	struct leat_up_link **at = &links->first;

	while (*at)
		at = &(*at)->next;
	*at = link;
}

static const struct leat_up_link *first_in(const struct leat_up_links *links,
					   enum leat_up_link_state state)
{
	const struct leat_up_link *link = links->first;

	while (link && link->state != state)
		link = link->next;
	return link;
}

/*
 * jackd 1.9.21 was seen to stand still for good where clients close, or open and
 * close, at the same time. So they come and go one after the other.
 */
static void end_one(struct leat_up_links *links)
{
	struct leat_up_link *next = NULL;

	for (struct leat_up_link *link = links->first; link;
	     link = link->next) {
		if (link->state != LEAT_UP_ENDING)
			continue;
		if (link->is_asked)
			return;
		if (!next)
			next = link;
	}
	if (next)
		leat_up_link_ask(next);
}

/* A server that is waited for must not keep the links of others waiting. */
static bool may_start(const struct leat_up_links *links)
{
	const struct leat_up_servers *servers = links->shared.servers;

	return !servers->loop->stopped && !first_in(links, LEAT_UP_ENDING) &&
	       (servers->wait || !first_in(links, LEAT_UP_JACK));
}

static void add_planned(struct leat_up_links *links)
{
	const struct leat_plan *plan = links->plan;

	for (unsigned i = 0; i < plan->n_links; i++) {
		struct leat_up_link *link;

		if (!may_start(links))
			return;
		if (find(links, plan->link[i].name))
			continue;
		link = leat_up_link_create(&links->shared, &plan->link[i]);
		links->no_memory = !link;
		if (!link)
			return;
		append(links, link);
	}
}

void leat_up_links_step(struct leat_up_links *links)
{
	links->news = false;
	for (struct leat_up_link *link = links->first; link; link = link->next)
		leat_up_link_step(link);
	end_one(links);
	remove_gone(links);
	add_planned(links);
}

/* ---- how they are ---- */

bool leat_up_links_are_settled(const struct leat_up_links *links)
{
	for (unsigned i = 0; i < links->plan->n_links; i++) {
		const struct leat_up_link *link =
			find(links, links->plan->link[i].name);

		if (!link && links->no_memory)
			break;
		if (!link || !leat_up_link_is_settled(link))
			return false;
	}
	return !first_in(links, LEAT_UP_ENDING);
}

static bool any_is_bridged(const struct leat_up_links *links)
{
	for (const struct leat_up_link *link = links->first; link;
	     link = link->next)
		if (link->state == LEAT_UP_BRIDGED)
			return true;
	return false;
}

bool leat_up_links_are_ready(const struct leat_up_links *links)
{
	return leat_up_links_are_settled(links) && any_is_bridged(links);
}

int leat_up_links_failure(const struct leat_up_links *links)
{
	if (any_is_bridged(links))
		return 0;
	return links->first ? links->first->status : LEAT_EXIT_FAILED;
}

bool leat_up_links_news(struct leat_up_links *links, char *text,
			size_t text_bytes)
{
	size_t n = 0;

	text[0] = 0;
	for (const struct leat_up_link *link = links->first; link;
	     link = link->next) {
		char one[600];

		leat_up_link_text(link, one, sizeof(one));
		n += (size_t)snprintf(text + n, text_bytes - n, "%s%s",
				      n > 0 ? "; " : "", one);
		if (n >= text_bytes)
			break;
	}
	if (strcmp(text, links->shown) == 0)
		return false;
	snprintf(links->shown, sizeof(links->shown), "%s", text);
	return true;
}

/* ---- the end ---- */

void leat_up_links_finish(struct leat_up_links *links, struct leat_loop *loop)
{
	for (struct leat_up_link *link = links->first; link; link = link->next)
		leat_up_link_end(link);
	while (links->first) {
		links->news = false;
		for (struct leat_up_link *link = links->first; link;
		     link = link->next) {
			leat_up_link_step(link);
			if (link->state == LEAT_UP_FAILED)
				link->state = LEAT_UP_GONE;
		}
		end_one(links);
		remove_gone(links);
		while (links->first && !links->news)
			leat_loop_step(loop, -1);
	}
}
