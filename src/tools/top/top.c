/* SPDX-License-Identifier: MIT */
/* leat-top: all links on a terminal, as they are at this moment. */
#include "model.h"
#include "screen.h"
#include "view.h"

#include "cli/log.h"
#include "cli/now.h"
#include "cli/options.h"
#include "tools/common/loop.h"
#include "tools/common/named.h"
#include "tools/common/output.h"

#include <argp.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *argp_program_version = "leat-top " LEAT_VERSION;

#define INTERVAL_MIN_S 0.1
#define INTERVAL_MAX_S 3600.0
#define INTERVAL_MS 1000

/* A link that is frozen may keep the keys waiting so long. */
#define ANSWER_MS 200

#define ONCE_COLUMNS 120

struct options {
	bool once;
	int64_t interval_ms;
	struct leat_named named;
};

static const struct argp_option option_table[] = {
	{ "once", '1', NULL, 0, "Print it once, and leave", 0 },
	{ "interval", 'i', "SECONDS", 0, "Time between looks (1)", 0 },
	{ 0 },
};

static void set_interval(struct argp_state *state, const char *arg)
{
	struct options *options = state->input;

	if (!leat_parse_seconds(arg, INTERVAL_MIN_S, INTERVAL_MAX_S,
				&options->interval_ms))
		argp_error(state,
			   "--interval '%s' will not do: give it a number of "
			   "seconds from %g to %g",
			   arg, INTERVAL_MIN_S, INTERVAL_MAX_S);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case '1':
		options->once = true;
		return 0;
	case 'i':
		set_interval(state, arg);
		return 0;
	case ARGP_KEY_ARG:
		leat_named_add(&options->named, state, arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = option_table,
	.parser = parse,
	.args_doc = "[LINK...]",
	.doc = "Show links between JACK and PipeWire on the whole terminal: "
	       "those named, or all. Press h for the keys.",
};

/* ---- looking ---- */

static bool look(struct leat_top_model *model, const struct options *options,
		 int timeout_ms, struct leat_error *error)
{
	struct leat_links links;

	if (leat_links_ask(&links, options->named.links, options->named.n_links,
			   timeout_ms, error) < 0)
		return false;
	leat_top_take(model, &links);
	leat_links_finish(&links);
	return true;
}

/* ---- once ---- */

static void print_row(void *user, enum leat_top_style style, const char *text)
{
	(void)user;
	(void)style;
	puts(text);
}

static bool run_once(struct leat_top_model *model,
		     const struct options *options)
{
	struct leat_top_rows rows = { .n_columns = ONCE_COLUMNS,
				      .row = print_row };
	struct leat_error error;

	setlocale(LC_CTYPE, "");
	rows.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	if (!look(model, options, LEAT_LINKS_ANSWER_MS, &error)) {
		leat_log("%s", error.text);
		return false;
	}
	for (unsigned i = 0; i < model->n_links; i++)
		leat_top_view_link(&rows, &model->link[i]);
	if (model->n_links == 0)
		leat_top_view_nothing(&rows);
	return true;
}

/* ---- on a terminal ---- */

struct top {
	struct leat_loop loop;
	struct leat_source keys;
	struct leat_top_screen screen;
	struct leat_top_model model;
	const struct options *options;
};

/* Keys are taken after every event; a terminal that is gone has none. */
static void on_input(void *user)
{
	struct top *top = user;
	struct pollfd pfd = { STDIN_FILENO, POLLIN, 0 };

	if (poll(&pfd, 1, 0) == 1 && (pfd.revents & (POLLHUP | POLLERR)))
		top->loop.stopped = true;
}

static void take_key(struct top *top, enum leat_top_key key)
{
	if (key == LEAT_TOP_KEY_QUIT)
		top->loop.stopped = true;
	if (key == LEAT_TOP_KEY_SORT)
		leat_top_sort(&top->model,
			      (top->model.order + 1) % LEAT_TOP_N_ORDERS);
	if (key == LEAT_TOP_KEY_RESET)
		leat_top_reset(&top->model);
}

/* All that were pressed; also told by one is that the size has changed. */
static void take_keys(struct top *top)
{
	enum leat_top_key key = leat_top_screen_key(&top->screen);
	bool redraw = key != LEAT_TOP_KEY_NONE;

	while (key != LEAT_TOP_KEY_NONE) {
		take_key(top, key);
		key = leat_top_screen_key(&top->screen);
	}
	if (redraw)
		leat_top_screen_draw(&top->screen, &top->model);
}

static bool watch(struct top *top, struct leat_error *error)
{
	int64_t due_ms = leat_now_ms();

	while (!top->loop.stopped) {
		if (leat_left_ms(due_ms) > 0) {
			leat_loop_step(&top->loop, leat_left_ms(due_ms));
			take_keys(top);
			continue;
		}
		due_ms = leat_now_ms() + top->screen.interval_ms;
		if (!top->screen.paused &&
		    !look(&top->model, top->options, ANSWER_MS, error))
			return false;
		leat_top_screen_draw(&top->screen, &top->model);
	}
	return true;
}

static bool run_on_screen(struct top *top)
{
	struct leat_error error;
	bool done;
	int res = leat_loop_init(&top->loop);

	top->keys = (struct leat_source){ STDIN_FILENO, on_input, top, NULL };
	if (res == 0)
		res = leat_loop_add(&top->loop, &top->keys);
	if (res < 0 || !leat_top_screen_open()) {
		leat_log("this terminal cannot be drawn on: set TERM, or use "
			 "--once");
		leat_loop_finish(&top->loop);
		return false;
	}
	done = watch(top, &error);
	leat_top_screen_close();
	leat_loop_finish(&top->loop);
	if (!done)
		leat_log("%s", error.text);
	return done;
}

int main(int argc, char **argv)
{
	struct options options = { .interval_ms = INTERVAL_MS };
	struct top top = { .options = &options };
	bool done;

	argp_err_exit_status = LEAT_EXIT_USAGE;
	if (!leat_output_open())
		return LEAT_EXIT_FAILED;
	if (!leat_named_init(&options.named, argc))
		return LEAT_EXIT_FAILED;
	if (leat_top_model_init(&top.model) < 0) {
		leat_log("out of memory");
		return LEAT_EXIT_FAILED;
	}
	if (argp_parse(&argp, argc, argv, 0, NULL, &options) != 0)
		return LEAT_EXIT_USAGE;
	top.screen.interval_ms = options.interval_ms;
	/* What is not a terminal gets it once, as if it had asked for that. */
	done = options.once || !isatty(STDOUT_FILENO)
		       ? run_once(&top.model, &options)
		       : run_on_screen(&top);
	leat_top_model_finish(&top.model);
	leat_named_finish(&options.named);
	return leat_output_close() && done ? 0 : LEAT_EXIT_FAILED;
}
