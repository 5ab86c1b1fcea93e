/* SPDX-License-Identifier: MIT */
#include "links.h"

#include "status_text.h"

#include "cli/now.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- which links ---- */

static void add(struct leat_links *links, const char *name)
{
	struct leat_link_answer *answer = &links->answer[links->n_links];

	if (links->n_links == LEAT_LINKS_MAX) {
		links->n_left_out++;
		return;
	}
	memset(answer, 0, sizeof(*answer));
	/* A link's name, which fits: both ways here have checked it. */
	memcpy(answer->name, name, strnlen(name, sizeof(answer->name) - 1));
	answer->fd = -1;
	links->n_links++;
}

/* Sockets; where the kind is not told, asking the link shows what it is. */
static int is_link(const struct dirent *entry)
{
	struct leat_error error;

	return (entry->d_type == DT_SOCK || entry->d_type == DT_UNKNOWN) &&
	       leat_link_name_check(entry->d_name, &error) == 0;
}

static int find_all(struct leat_links *links, struct leat_error *error)
{
	struct dirent **entries;
	char dir[4096];
	int n, res = leat_runtime_dir(dir, sizeof(dir), false, error);

	if (res < 0)
		return res == -ENOENT ? 0 : res;
	n = scandir(dir, &entries, is_link, alphasort);
	if (n < 0)
		return leat_error_set(error, -errno, "cannot read %s: %s", dir,
				      leat_errno_text(errno));
	for (int i = 0; i < n; i++) {
		add(links, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return 0;
}

/* What is wrong with it is no link's fault; that it is missing is one's. */
static int check_place(struct leat_error *error)
{
	char dir[4096];
	int res = leat_runtime_dir(dir, sizeof(dir), false, error);

	return res == -ENOENT ? 0 : res;
}

/* ---- their answers ---- */

static void take(struct leat_link_answer *answer, int res)
{
	answer->fd = -1;
	answer->res = res;
	if (res < 0)
		leat_status_unknown(&answer->status);
}

static void ask(struct leat_link_answer *answer)
{
	int fd = leat_status_ask(answer->name);

	if (fd < 0)
		take(answer, fd);
	else
		answer->fd = fd;
}

/* Without memory for it, what a link counts is shown all the same. */
static void take_load(struct leat_link_answer *answer,
		      const struct leat_load *load)
{
	answer->load = malloc(sizeof(*answer->load));
	if (answer->load)
		leat_link_load_read(answer->load, load);
}

static void read_answer(struct leat_link_answer *answer)
{
	struct leat_load *load;
	int res = leat_load_answer(&load, answer->fd);

	if (res == -EAGAIN)
		return;
	take(answer, res);
	if (res < 0)
		return;
	leat_load_status(load, &answer->status);
	take_load(answer, load);
	leat_load_close(load);
}

/* Wait once. 0; or why no more is to come: -ETIMEDOUT, or what poll() says. */
static int wait_some(struct leat_links *links, int64_t deadline_ms)
{
	int64_t left_ms = deadline_ms - (int64_t)leat_now_ms();
	struct pollfd pfds[LEAT_LINKS_MAX];
	bool waiting = false;

	for (unsigned i = 0; i < links->n_links; i++) {
		pfds[i].fd = links->answer[i].fd;
		pfds[i].events = POLLIN;
		pfds[i].revents = 0;
		waiting |= pfds[i].fd >= 0;
	}
	if (!waiting || left_ms <= 0)
		return -ETIMEDOUT;
	if (poll(pfds, links->n_links, (int)left_ms) < 0 && errno != EINTR)
		return -errno;
	for (unsigned i = 0; i < links->n_links; i++)
		if (pfds[i].fd >= 0 && pfds[i].revents)
			read_answer(&links->answer[i]);
	return 0;
}

static void give_up(struct leat_link_answer *answer, int res)
{
	if (answer->fd < 0)
		return;
	close(answer->fd);
	take(answer, res);
}

/* Links that went away while we looked, or left their socket behind. */
static void drop_missing(struct leat_links *links)
{
	unsigned n = 0;

	for (unsigned i = 0; i < links->n_links; i++)
		if (links->answer[i].res != -ENOENT)
			links->answer[n++] = links->answer[i];
	links->n_links = n;
}

int leat_links_ask(struct leat_links *links, const char *const *names,
		   unsigned n_names, int timeout_ms, struct leat_error *error)
{
	int64_t deadline_ms = leat_now_ms() + timeout_ms;
	int res = 0;

	memset(links, 0, sizeof(*links));
	links->answer = calloc(LEAT_LINKS_MAX, sizeof(*links->answer));
	if (!links->answer)
		return leat_error_set(error, -ENOMEM, "cannot begin: %s",
				      leat_errno_text(ENOMEM));
	for (unsigned i = 0; i < n_names; i++)
		add(links, names[i]);
	if (n_names == 0)
		res = find_all(links, error);
	else
		res = check_place(error);
	if (res < 0) {
		leat_links_finish(links);
		return res;
	}
	for (unsigned i = 0; i < links->n_links; i++)
		ask(&links->answer[i]);
	do
		res = wait_some(links, deadline_ms);
	while (res == 0);
	for (unsigned i = 0; i < links->n_links; i++)
		give_up(&links->answer[i], res);
	if (n_names == 0)
		drop_missing(links);
	return 0;
}

void leat_links_finish(struct leat_links *links)
{
	for (unsigned i = 0; i < links->n_links; i++)
		free(links->answer[i].load);
	free(links->answer);
	memset(links, 0, sizeof(*links));
}

const char *leat_link_answer_state(const struct leat_link_answer *answer)
{
	if (answer->res == -ENOENT)
		return "down";
	return answer->res < 0 ? "unknown"
			       : leat_link_status_state(&answer->status);
}
