/* SPDX-License-Identifier: MIT */
#include "link.h"

#include "cli/options.h"
#include "end.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define READY_TIMEOUT_MS 10000

static struct leat_console *console_of(const struct leat_up_link *link)
{
	return link->shared->servers->console;
}

static const char *name_of(const struct leat_up_link *link)
{
	return link->plan.name;
}

/* ---- time ---- */

static void on_timer(void *user)
{
	struct leat_up_link *link = user;

	leat_timer_clear(&link->timer);
	*link->shared->news = true;
}

static void set_deadline(struct leat_up_link *link, int64_t ms)
{
	link->deadline_ms = leat_now_ms() + ms;
	leat_timer_set(&link->timer, ms, 0);
}

static bool is_late(const struct leat_up_link *link)
{
	return leat_now_ms() >= link->deadline_ms;
}

/* ---- failing ---- */

/* What was started ends; then it has failed. */
static void fail(struct leat_up_link *link, int status)
{
	link->is_over = true;
	link->status = status;
	leat_up_link_end(link);
}

__attribute__((format(printf, 2, 3))) static void
fail_because(struct leat_up_link *link, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(link->why.text, sizeof(link->why.text), format, args);
	va_end(args);
	leat_console_log(console_of(link), "%s", link->why.text);
	fail(link, LEAT_EXIT_FAILED);
}

/* A side says itself why it does not get up, if it can. */
static bool has_said_why(const struct leat_service *side)
{
	const struct leat_child *child = &side->child;

	return side->ended && !child->killed &&
	       (child->status == LEAT_EXIT_FAILED ||
		child->status == LEAT_EXIT_USAGE ||
		child->status == LEAT_CHILD_NOT_RUN);
}

static void fail_side(struct leat_up_link *link,
		      const struct leat_service *side)
{
	char how[64];

	if (has_said_why(side)) {
		snprintf(link->why.text, sizeof(link->why.text), "%s",
			 side->said[0] ? side->said : "see the log");
		fail(link, side->child.status == LEAT_EXIT_USAGE
				   ? LEAT_EXIT_USAGE
				   : LEAT_EXIT_FAILED);
		return;
	}
	snprintf(how, sizeof(how), "did not get up within %d s",
		 READY_TIMEOUT_MS / 1000);
	if (side->ended)
		leat_child_how(&side->child, how, sizeof(how));
	fail_because(link, "%s %s: the link '%s' is not bridged", side->name,
		     how, name_of(link));
}

/* ---- starting ---- */

/* Servers that are waited for may take as long as they like. */
static int64_t patience_ms(const struct leat_up_link *link)
{
	return link->shared->servers->wait ? INT32_MAX : READY_TIMEOUT_MS;
}

static bool start_side(struct leat_up_link *link, struct leat_service *side)
{
	if (link->shared->servers->wait)
		leat_command_add(&side->command, "--wait");
	if (leat_service_start(side) == 0) {
		set_deadline(link, patience_ms(link));
		return true;
	}
	snprintf(link->why.text, sizeof(link->why.text), "cannot start %s",
		 side->name);
	fail(link, LEAT_EXIT_FAILED);
	return false;
}

/* It is up: from now on its server may be away when it is started again. */
static void keep_up(struct leat_up_link *link, struct leat_service *side)
{
	if (!link->shared->servers->wait)
		leat_command_add(&side->command, "--wait");
	leat_service_watch(side);
}

static void step_jack(struct leat_up_link *link)
{
	struct leat_service *side = &link->jack_side;

	if (!side->settled && !is_late(link))
		return;
	if (!side->up) {
		fail_side(link, side);
		return;
	}
	keep_up(link, side);
	leat_up_pipewire_command(link->shared->servers, &link->pipewire,
				 &link->pipewire_side.command, "--ready-fd");
	if (start_side(link, &link->pipewire_side))
		link->state = LEAT_UP_PIPEWIRE;
}

/* Servers that were waited for have no name yet. */
static void say_bridged(struct leat_up_link *link)
{
	struct leat_link_status status;
	const char *jack = link->jack.probe.server;
	const char *pipewire = link->pipewire.probe.server;

	if ((!jack[0] || !pipewire[0]) &&
	    leat_status_query(name_of(link), &status) == 0) {
		jack = status.jack.server;
		pipewire = status.pipewire.server;
	}
	leat_console_say(console_of(link),
			 "The link '%s' bridges JACK (%.64s) and PipeWire "
			 "(%.64s). Ctrl-C ends it.",
			 name_of(link), jack, pipewire);
}

static void step_pipewire(struct leat_up_link *link)
{
	struct leat_service *side = &link->pipewire_side;
	int res = 0;

	if (!side->settled && !is_late(link))
		return;
	if (!side->up) {
		fail_side(link, side);
		return;
	}
	keep_up(link, side);
	link->state = LEAT_UP_BRIDGED;
	say_bridged(link);
	if (!link->shared->quiet)
		res = leat_live_start(&link->live, name_of(link),
				      link->shared->view);
	if (res < 0)
		fail_because(link, "cannot make a timer: %s",
			     leat_errno_text(res));
}

/* ---- ending ---- */

static void step_ending(struct leat_up_link *link)
{
	if (!link->is_asked)
		return;
	if (link->jack_side.ended && link->pipewire_side.ended) {
		link->state = link->is_over ? LEAT_UP_FAILED : LEAT_UP_GONE;
		return;
	}
	if (!is_late(link))
		return;
	leat_up_kill_two(console_of(link), &link->pipewire_side,
			 &link->jack_side);
	set_deadline(link, LEAT_UP_KILL_MS);
}

void leat_up_link_end(struct leat_up_link *link)
{
	if (link->state == LEAT_UP_FAILED)
		link->state = LEAT_UP_GONE;
	if (link->state == LEAT_UP_GONE || link->state == LEAT_UP_ENDING)
		return;
	leat_live_finish(&link->live);
	link->state = LEAT_UP_ENDING;
	*link->shared->news = true;
}

void leat_up_link_ask(struct leat_up_link *link)
{
	link->is_asked = true;
	leat_service_stop(&link->pipewire_side, SIGTERM);
	leat_service_stop(&link->jack_side, SIGTERM);
	set_deadline(link, LEAT_UP_END_MS);
	*link->shared->news = true;
}

void leat_up_link_step(struct leat_up_link *link)
{
	switch (link->state) {
	case LEAT_UP_JACK:
		step_jack(link);
		break;
	case LEAT_UP_PIPEWIRE:
		step_pipewire(link);
		break;
	case LEAT_UP_ENDING:
		step_ending(link);
		break;
	case LEAT_UP_BRIDGED:
	case LEAT_UP_GONE:
	case LEAT_UP_FAILED:
		break;
	}
}

/* ---- the whole ---- */

static int check_free(struct leat_up_link *link)
{
	struct leat_link_status status;

	if (leat_status_query(name_of(link), &status) != 0)
		return 0;
	snprintf(link->why.text, sizeof(link->why.text),
		 "the link '%s' is bridged already (process %d): stop that one "
		 "or choose another link name",
		 name_of(link), (int)status.jack.pid);
	leat_console_log(console_of(link), "%s", link->why.text);
	return LEAT_EXIT_FAILED;
}

static int make_words(struct leat_up_link *link)
{
	const struct leat_settings *settings = &link->plan.settings;
	int res =
		leat_up_words_make(&link->jack.words, settings, LEAT_FOR_JACK);

	if (res == 0)
		res = leat_up_words_make(&link->pipewire.words, settings,
					 LEAT_FOR_PIPEWIRE);
	link->jack.link = name_of(link);
	link->pipewire.link = name_of(link);
	link->jack.is_named = settings->value[LEAT_SET_SERVER] != NULL;
	link->pipewire.is_named = settings->value[LEAT_SET_REMOTE] != NULL;
	return res;
}

static int init_side(struct leat_up_link *link, struct leat_service *side,
		     const char *name)
{
	side->has_ready_fd = true;
	side->relay = link->shared->relay;
	side->news = link->shared->news;
	return leat_service_init(side, name, link->shared->servers->loop,
				 console_of(link));
}

/* 0 or -errno, without a message. */
static int init(struct leat_up_link *link, const struct leat_plan_link *plan)
{
	int res;

	memcpy(link->plan.name, plan->name, sizeof(plan->name));
	res = leat_settings_lay(&link->plan.settings, &plan->settings);
	if (res == 0)
		res = make_words(link);
	if (res == 0)
		res = leat_timer_init(&link->timer, link->shared->servers->loop,
				      on_timer, link);
	if (res == 0)
		res = init_side(link, &link->jack_side, "leat-jack");
	if (res == 0)
		res = init_side(link, &link->pipewire_side, "leat-pipewire");
	return res;
}

static void begin(struct leat_up_link *link)
{
	struct leat_up_servers *servers = link->shared->servers;
	int res = check_free(link);

	if (res == 0)
		res = leat_up_servers_provide(servers, &link->jack,
					      &link->pipewire, &link->why);
	if (res != 0) {
		link->status = res == LEAT_UP_STOPPED ? 0 : res;
		link->state = LEAT_UP_FAILED;
		return;
	}
	link->state = LEAT_UP_JACK;
	leat_up_jack_command(servers, &link->jack, &link->jack_side.command,
			     "--ready-fd");
	start_side(link, &link->jack_side);
}

struct leat_up_link *leat_up_link_create(const struct leat_up_shared *shared,
					 const struct leat_plan_link *plan)
{
	struct leat_up_link *link = calloc(1, sizeof(*link));
	int res;

	if (!link) {
		leat_console_log(shared->servers->console,
				 "cannot start the link '%s': %s", plan->name,
				 leat_errno_text(ENOMEM));
		return NULL;
	}
	link->shared = shared;
	link->timer.fd = -1;
	link->jack_side.ended = true;
	link->pipewire_side.ended = true;
	res = init(link, plan);
	if (res == 0) {
		begin(link);
		return link;
	}
	leat_console_log(shared->servers->console,
			 "cannot start the link '%s': %s", plan->name,
			 leat_errno_text(res));
	link->state = LEAT_UP_FAILED;
	leat_up_link_destroy(link);
	return NULL;
}

bool leat_up_link_is_settled(const struct leat_up_link *link)
{
	return link->state == LEAT_UP_BRIDGED || link->state == LEAT_UP_FAILED;
}

/* What a link that is up lacks at the moment. */
static const char *lack(const struct leat_up_link *link)
{
	if (link->jack_side.ended)
		return "leat-jack is started again";
	if (link->pipewire_side.ended)
		return "leat-pipewire is started again";
	return "bridged";
}

void leat_up_link_text(const struct leat_up_link *link, char *text,
		       size_t text_bytes)
{
	bool wait = link->shared->servers->wait;
	const char *how = "";

	switch (link->state) {
	case LEAT_UP_JACK:
		how = wait ? "waits for JACK" : "starts its JACK side";
		break;
	case LEAT_UP_PIPEWIRE:
		how = wait ? "waits for PipeWire" : "starts its PipeWire side";
		break;
	case LEAT_UP_BRIDGED:
		how = lack(link);
		break;
	case LEAT_UP_ENDING:
	case LEAT_UP_GONE:
		how = link->is_over ? link->why.text : "ends";
		break;
	case LEAT_UP_FAILED:
		how = link->why.text;
		break;
	}
	snprintf(text, text_bytes, "%s: %s", name_of(link), how);
}

void leat_up_link_destroy(struct leat_up_link *link)
{
	leat_live_finish(&link->live);
	leat_service_finish(&link->pipewire_side);
	leat_service_finish(&link->jack_side);
	leat_source_close(&link->timer);
	leat_up_words_clear(&link->jack.words);
	leat_up_words_clear(&link->pipewire.words);
	leat_settings_clear(&link->plan.settings);
	free(link);
}
