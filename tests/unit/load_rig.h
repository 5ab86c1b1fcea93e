/* SPDX-License-Identifier: MIT */
/* What tests of the callbacks' load stand on. Each asserts for itself. */
#ifndef LEAT_UNIT_LOAD_RIG_H
#define LEAT_UNIT_LOAD_RIG_H

#include "node.h"

#include <leat/load.h>

#include <stddef.h>
#include <stdint.h>

/* A part of a peer's, with one byte changed and so many of them. */
int load_forge(size_t offset, int flip, size_t n_bytes);

/* A link of two nodes, in a directory of its own. */
void load_open_both(struct node *host, struct node *guest);
void load_close_both(struct node *host, struct node *guest);

/* Ask as leat_load_open() does, with the host in this thread. */
int load_ask(struct leat_load **load, struct node *host, struct node *guest);

void load_make_pair(int pair[2]);

/* A connection with a host's answer: these load parts, which it takes. */
int load_say(uint32_t loads, int part, int other_part);

/* The same, taken as leat_load_answer() does. */
int load_answer(struct leat_load **load, uint32_t loads, int part,
		int other_part);

#endif
