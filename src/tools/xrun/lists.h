/* SPDX-License-Identifier: MIT */
/* Arrays that grow, up to a bound: what was seen in a step. */
#ifndef LEAT_XRUN_LISTS_H
#define LEAT_XRUN_LISTS_H

#include <stdint.h>

/* Entries of a list: a step that has more tells how many are left out. */
#define XRUN_LIST_MAX (1u << 20)

struct xrun_list {
	void *items;
	uint32_t n_items, room;
	uint64_t n_left_out;
};

/* Add a copy of an item; if there is no room or memory, it is left out. */
void xrun_list_add(struct xrun_list *list, const void *item,
		   uint32_t item_bytes);

/* Forget what is in it, and keep the memory. */
void xrun_list_clear(struct xrun_list *list);
void xrun_list_finish(struct xrun_list *list);

#endif
