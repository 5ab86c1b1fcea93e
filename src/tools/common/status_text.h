/* SPDX-License-Identifier: MIT */
/* The status of a link in words and figures, for people and for programs. */
#ifndef LEAT_TOOLS_STATUS_TEXT_H
#define LEAT_TOOLS_STATUS_TEXT_H

#include "load.h"

#include <leat/status.h>

#include <stddef.h>
#include <stdio.h>

/* Bytes of a figure, with the final 0. */
#define LEAT_FIGURE_BYTES 24

/* A number, or "-" if it is not known. Returns text. */
const char *leat_figure(char text[LEAT_FIGURE_BYTES], uint64_t value);

/* A status in which nothing is known: that of a link nobody hosts. */
void leat_status_unknown(struct leat_link_status *status);

/* The link's mode: "follow" and so on; NULL if it is not known. */
const char *leat_status_mode(const struct leat_link_status *status);

/* "LINK: state, mode (reason)". */
void leat_status_head(char *text, size_t text_bytes, const char *link_name,
		      const struct leat_link_status *status);

/* The columns of leat_status_row(). */
void leat_status_columns(char *text, size_t text_bytes);

/* One direction in one line that fits a terminal of 80 columns. */
void leat_status_row(char *text, size_t text_bytes,
		     const struct leat_link_status *status,
		     enum leat_direction direction);

/* Everything, for people. load: NULL if it is not known, here and below. */
void leat_status_print(FILE *file, const char *link_name,
		       const struct leat_link_status *status,
		       const struct leat_link_load *load);

/* Everything, as a JSON object; the state is told by who asked the link. */
void leat_status_print_json(FILE *file, const char *link_name,
			    const char *state,
			    const struct leat_link_status *status,
			    const struct leat_link_load *load);

#endif
