/* SPDX-License-Identifier: MIT */
#include "screen.h"

#include "view.h"

#include <curses.h>
#include <langinfo.h>
#include <locale.h>
#include <string.h>
#include <term.h>
#include <unistd.h>

/* What is ours at the top and at the bottom. */
#define TOP_ROWS 2
#define BOTTOM_ROWS 1

static const char *const help_text[] = {
	"q          leave",
	"s          sort by name, xruns, latency, state",
	"r          count xruns, frames and load from 0 again, here alone",
	"p, space   pause, and go on",
	"up, down   scroll, also j and k, page up and down, home",
	"h, ?       this help",
	"",
	"fill       frames in the ring; | marks the target",
	"a/b        to_pipewire and to_jack",
	"skipped    periods in which JACK did not call the link",
	"under      cycles without a block;  over: blocks that nobody took",
	"load %     how long callbacks took, of a period: p50/p99/max",
	"late       cycles that took over half a period, or came so late",
	"last       what went wrong, all causes, at each look",
};

bool leat_top_screen_open(void)
{
	SCREEN *terminal;

	setlocale(LC_CTYPE, "");
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return false;
	/* initscr() would end the program. */
	terminal = newterm(NULL, stdout, stdin);
	if (!terminal)
		return false;
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	curs_set(0);
	start_color();
	use_default_colors();
	init_pair(LEAT_TOP_WRONG, COLOR_RED, -1);
	init_pair(LEAT_TOP_FAINT, COLOR_CYAN, -1);
	return true;
}

void leat_top_screen_close(void)
{
	endwin();
}

/* ---- drawing ---- */

/* Rows as they come, of which a window is shown. */
struct window {
	unsigned first, n_rows, n_seen;
};

static void attribute(enum leat_top_style style)
{
	attrset(A_NORMAL);
	if (style == LEAT_TOP_HEAD)
		attron(A_BOLD);
	else if (style != LEAT_TOP_PLAIN)
		attron(COLOR_PAIR(style));
}

static void put_row(void *user, enum leat_top_style style, const char *text)
{
	struct window *window = user;
	unsigned at = window->n_seen++;

	if (at < window->first || at - window->first >= window->n_rows)
		return;
	attribute(style);
	mvaddstr((int)(TOP_ROWS + at - window->first), 0, text);
	attrset(A_NORMAL);
}

static void draw_frame(const struct leat_top_screen *screen,
		       const struct leat_top_model *model)
{
	attron(A_REVERSE);
	mvhline(0, 0, ' ', COLS);
	mvprintw(0, 0, "leat top  %u link%s  by %s  every %.3g s%s",
		 model->n_links, model->n_links == 1 ? "" : "s",
		 leat_top_order_name(model->order),
		 (double)screen->interval_ms / 1000,
		 screen->paused ? "  PAUSED" : "");
	attrset(A_NORMAL);
	mvaddnstr(LINES - 1, 0,
		  "q leave  s sort  r reset  p pause  h help  up/down scroll",
		  COLS - 1);
}

static void draw_help(void)
{
	int n = (int)(sizeof(help_text) / sizeof(help_text[0]));

	for (int i = 0; i < n && TOP_ROWS + i < LINES - BOTTOM_ROWS; i++)
		mvaddnstr(TOP_ROWS + i, 2, help_text[i], COLS - 3);
}

static void draw_links(struct leat_top_screen *screen,
		       const struct leat_top_model *model)
{
	int n_rows = LINES - TOP_ROWS - BOTTOM_ROWS;
	struct window window = { screen->first_row,
				 n_rows > 0 ? (unsigned)n_rows : 0, 0 };
	const struct leat_top_rows rows = {
		.n_columns = (unsigned)COLS,
		.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
		.history_s = (double)screen->interval_ms / 1000,
		.row = put_row,
		.user = &window,
	};

	for (unsigned i = 0; i < model->n_links; i++)
		leat_top_view_link(&rows, &model->link[i]);
	if (model->n_links == 0)
		leat_top_view_nothing(&rows);
}

/* No further than that the last row is the last on the screen. */
static void limit_scrolling(struct leat_top_screen *screen, unsigned n_links)
{
	int n_rows = LINES - TOP_ROWS - BOTTOM_ROWS;
	int most = (int)(n_links * LEAT_TOP_LINK_ROWS) - n_rows;

	if (most < 0)
		most = 0;
	if (screen->first_row > (unsigned)most)
		screen->first_row = (unsigned)most;
}

void leat_top_screen_draw(struct leat_top_screen *screen,
			  const struct leat_top_model *model)
{
	erase();
	limit_scrolling(screen, model->n_links);
	draw_frame(screen, model);
	if (screen->help)
		draw_help();
	else
		draw_links(screen, model);
	refresh();
}

/* ---- keys ---- */

static enum leat_top_key scroll_by(struct leat_top_screen *screen, int n_rows)
{
	int first = (int)screen->first_row + n_rows;

	screen->first_row = first > 0 ? (unsigned)first : 0;
	return LEAT_TOP_KEY_REDRAW;
}

static enum leat_top_key toggle(bool *what)
{
	*what = !*what;
	return LEAT_TOP_KEY_REDRAW;
}

static enum leat_top_key scroll_key(struct leat_top_screen *screen, int key)
{
	switch (key) {
	case KEY_UP:
	case 'k':
		return scroll_by(screen, -1);
	case KEY_DOWN:
	case 'j':
		return scroll_by(screen, 1);
	case KEY_PPAGE:
		return scroll_by(screen, -(LINES - TOP_ROWS - BOTTOM_ROWS));
	case KEY_NPAGE:
		return scroll_by(screen, LINES - TOP_ROWS - BOTTOM_ROWS);
	case KEY_HOME:
		return scroll_by(screen, -(int)screen->first_row);
	default:
		/* Of a key that means nothing, or a new size. */
		return LEAT_TOP_KEY_REDRAW;
	}
}

enum leat_top_key leat_top_screen_key(struct leat_top_screen *screen)
{
	int key = getch();

	switch (key) {
	case ERR:
		return LEAT_TOP_KEY_NONE;
	case 'q':
		return LEAT_TOP_KEY_QUIT;
	case 's':
		return LEAT_TOP_KEY_SORT;
	case 'r':
		return LEAT_TOP_KEY_RESET;
	case 'p':
	case ' ':
		return toggle(&screen->paused);
	case 'h':
	case '?':
		return toggle(&screen->help);
	default:
		return scroll_key(screen, key);
	}
}
