/* SPDX-License-Identifier: MIT */
#include "watch.h"

#include "tools/common/status_text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define NOTHING "There are no links: 'leat up' makes one."

/* ---- on a terminal ---- */

/* Control sequences of ECMA-48. */
#define HOME "\033[H"
#define ERASE_LINE "\033[K"
#define ERASE_BELOW "\033[J"

static void print_screen(FILE *file, const struct leat_links *links)
{
	for (unsigned i = 0; i < links->n_links; i++) {
		const struct leat_link_answer *answer = &links->answer[i];

		if (i > 0)
			fputc('\n', file);
		if (answer->res == 0)
			leat_status_print(file, answer->name, &answer->status,
					  answer->load);
		else
			fprintf(file, "%s: %s\n", answer->name,
				leat_link_answer_state(answer));
	}
	if (links->n_links == 0)
		fputs(NOTHING "\n", file);
}

/*
 * From the upper left corner on, each line cut at the width, and no more of
 * them than there are rows: so nothing scrolls and nothing flickers.
 */
static void draw(const char *text)
{
	struct winsize size = { .ws_row = 24, .ws_col = 80 };

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_row == 0 ||
	    size.ws_col == 0)
		size = (struct winsize){ .ws_row = 24, .ws_col = 80 };
	fputs(HOME, stdout);
	for (int row = 1; row < size.ws_row && *text; row++) {
		int length = (int)strcspn(text, "\n");

		printf("%.*s" ERASE_LINE "\n",
		       length < size.ws_col ? length : size.ws_col, text);
		text += length + (text[length] == '\n');
	}
	fputs(ERASE_BELOW, stdout);
}

static void show_in_place(const struct leat_links *links)
{
	size_t n_bytes;
	char *text = NULL;
	FILE *file = open_memstream(&text, &n_bytes);

	if (!file)
		return;
	print_screen(file, links);
	if (fclose(file) == 0)
		draw(text);
	free(text);
}

/* ---- elsewhere ---- */

static void show_columns(void)
{
	char columns[256];

	leat_status_columns(columns, sizeof(columns));
	printf("%-20s %-12s %-11s %s\n", "# time", "link", "state", columns);
}

static void show_lines(const struct leat_links *links, time_t now_s)
{
	struct tm tm;
	char when[32], row[256];

	gmtime_r(&now_s, &tm);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	for (unsigned i = 0; i < links->n_links; i++)
		for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
			const struct leat_link_answer *answer =
				&links->answer[i];

			leat_status_row(row, sizeof(row), &answer->status,
					(enum leat_direction)d);
			printf("%-20s %-12s %-11s %s\n", when, answer->name,
			       leat_link_answer_state(answer), row);
		}
}

static void show_json(const struct leat_links *links,
		      const struct timespec *now)
{
	fputs("{\"links\":[", stdout);
	for (unsigned i = 0; i < links->n_links; i++) {
		const struct leat_link_answer *answer = &links->answer[i];

		if (i > 0)
			putchar(',');
		leat_status_print_json(stdout, answer->name,
				       leat_link_answer_state(answer),
				       &answer->status, answer->load);
	}
	printf("],\"time\":%lld.%03ld}\n", (long long)now->tv_sec,
	       now->tv_nsec / 1000000);
}

/* ---- again and again ---- */

static void show(const struct leat_watch *watch, const struct leat_links *links,
		 bool in_place)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (watch->json)
		show_json(links, &now);
	else if (in_place)
		show_in_place(links);
	else
		show_lines(links, now.tv_sec);
}

static bool can_redraw(void)
{
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && term && term[0] &&
	       strcmp(term, "dumb") != 0;
}

/* Asked for at a steady rate, however long the links take to answer. */
static int watch_once(const struct leat_watch *watch, bool in_place,
		      struct leat_error *error)
{
	struct leat_links links;
	int64_t wait_ms = watch->interval_ms < LEAT_LINKS_ANSWER_MS
				  ? watch->interval_ms
				  : LEAT_LINKS_ANSWER_MS;
	int res = leat_links_ask(&links, watch->names, watch->n_names,
				 (int)wait_ms, error);

	if (res < 0)
		return res;
	show(watch, &links, in_place);
	leat_links_finish(&links);
	return 0;
}

int leat_watch_run(const struct leat_watch *watch, struct leat_loop *loop,
		   struct leat_error *error)
{
	bool in_place = !watch->json && can_redraw(), never = false;
	int64_t due_ms = leat_now_ms();
	int res = 0;

	if (in_place)
		fputs(HOME ERASE_BELOW, stdout);
	else if (!watch->json)
		show_columns();
	while (!loop->stopped && res == 0) {
		res = watch_once(watch, in_place, error);
		if (fflush(stdout) != 0)
			return 0;
		due_ms += watch->interval_ms;
		if (due_ms < leat_now_ms())
			due_ms = leat_now_ms();
		leat_loop_until(loop, &never, due_ms);
	}
	return res;
}
