/* SPDX-License-Identifier: MIT */
#include "lists.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 256u

static bool grow(struct xrun_list *list, uint32_t item_bytes)
{
	uint32_t room = list->room > 0 ? 2 * list->room : FIRST_ROOM;
	void *items;

	if (list->n_items >= XRUN_LIST_MAX)
		return false;
	items = reallocarray(list->items, room, item_bytes);
	if (!items)
		return false;
	list->items = items;
	list->room = room;
	return true;
}

void xrun_list_add(struct xrun_list *list, const void *item,
		   uint32_t item_bytes)
{
	if (list->n_items == list->room && !grow(list, item_bytes)) {
		list->n_left_out++;
		return;
	}
	memcpy((char *)list->items + (size_t)list->n_items++ * item_bytes, item,
	       item_bytes);
}

void xrun_list_clear(struct xrun_list *list)
{
	list->n_items = 0;
	list->n_left_out = 0;
}

void xrun_list_finish(struct xrun_list *list)
{
	free(list->items);
	memset(list, 0, sizeof(*list));
}
