/* SPDX-License-Identifier: MIT */
/* The links as rows of text, for a screen or for a pipe. */
#ifndef LEAT_TOP_VIEW_H
#define LEAT_TOP_VIEW_H

#include "model.h"

/* Of the widest row, in UTF-8. */
#define LEAT_TOP_ROW_BYTES 1024
#define LEAT_TOP_COLUMNS_MAX 240

enum leat_top_style {
	LEAT_TOP_PLAIN,
	LEAT_TOP_HEAD,	/* a link's name and state */
	LEAT_TOP_WRONG, /* something that has gone wrong */
	LEAT_TOP_FAINT
};

struct leat_top_rows {
	unsigned n_columns;
	bool utf8;	  /* the blocks of Unicode may be used */
	double history_s; /* between two looks; 0: there is no history */
	/* One row is done; it is no wider than there are columns. */
	void (*row)(void *user, enum leat_top_style style, const char *text);
	void *user;
};

/* Rows that each link takes, with an empty one behind them. */
#define LEAT_TOP_LINK_ROWS 9

void leat_top_view_link(const struct leat_top_rows *rows,
			const struct leat_top_link *link);

/* The same for what a look at the links came to, if it is nothing. */
void leat_top_view_nothing(const struct leat_top_rows *rows);

/*
 * A bar of so many columns: how full a ring is, and a mark where it is to be.
 * The mark is in the middle, but at 0; nothing is drawn of what is not known.
 */
void leat_top_bar(char text[LEAT_TOP_ROW_BYTES], unsigned n_columns, bool utf8,
		  uint64_t fill, uint64_t target, uint64_t period);

/* One column for each of the last looks, the latest at the right. */
void leat_top_sparkline(char text[LEAT_TOP_ROW_BYTES], unsigned n_columns,
			bool utf8, const struct leat_top_link *link);

#endif
