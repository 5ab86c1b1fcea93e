/* SPDX-License-Identifier: MIT */
#include "ledger.h"

#include <stdlib.h>

/* ---- hearing ---- */

static uint64_t clip(const struct xrun_hearer *hearer, uint64_t frame)
{
	if (frame < hearer->from)
		return hearer->from;
	return frame < hearer->to ? frame : hearer->to;
}

static void note_hole(struct xrun_hearer *hearer, uint64_t to, int64_t time_ns)
{
	struct xrun_hole hole = { clip(hearer, hearer->next), clip(hearer, to),
				  hearer->heard_ns, time_ns };

	if (hole.to > hole.from)
		xrun_list_add(&hearer->holes, &hole, sizeof(hole));
}

void xrun_hearer_take(struct xrun_hearer *hearer, uint64_t frame,
		      uint32_t n_frames, int64_t time_ns)
{
	uint64_t end = frame + n_frames;

	if (!hearer->locked) {
		hearer->locked = true;
		hearer->next = frame;
	}
	if (end <= hearer->next)
		return;
	if (frame > hearer->next)
		note_hole(hearer, frame, time_ns);
	else
		frame = hearer->next;
	hearer->n_heard += clip(hearer, end) - clip(hearer, frame);
	hearer->next = end;
	hearer->heard_ns = time_ns;
}

void xrun_hearer_close(struct xrun_hearer *hearer, int64_t time_ns)
{
	if (!hearer->locked || hearer->next >= hearer->to)
		return;
	note_hole(hearer, hearer->to, time_ns);
	hearer->next = hearer->to;
}

/* ---- what is missing where ---- */

static const struct xrun_hole *hole_at(const struct xrun_list *list, uint32_t i)
{
	const struct xrun_hole *holes = list->items;

	return &holes[i];
}

/* The first hole that ends behind a frame. */
static uint32_t find_hole(const struct xrun_list *list, uint64_t frame)
{
	uint32_t low = 0, high = list->n_items;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (hole_at(list, mid)->to <= frame)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Frames of a hole that are in others as well, of which none overlap. */
static uint64_t n_covered(const struct xrun_list *list, uint64_t from,
			  uint64_t to)
{
	uint64_t n = 0;

	for (uint32_t i = find_hole(list, from);
	     i < list->n_items && hole_at(list, i)->from < to; i++) {
		const struct xrun_hole *hole = hole_at(list, i);

		n += (hole->to < to ? hole->to : to) -
		     (hole->from > from ? hole->from : from);
	}
	return n;
}

/* Frames that are in both lists, within a span. */
static uint64_t n_common(const struct xrun_list *a, const struct xrun_list *b,
			 uint64_t from, uint64_t to)
{
	uint64_t n = 0;

	for (uint32_t i = find_hole(a, from);
	     i < a->n_items && hole_at(a, i)->from < to; i++) {
		const struct xrun_hole *hole = hole_at(a, i);

		n += n_covered(b, hole->from > from ? hole->from : from,
			       hole->to < to ? hole->to : to);
	}
	return n;
}

static void add_gap(struct xrun_list *gaps, const struct xrun_hole *hole,
		    enum xrun_place place, uint64_t n_frames)
{
	const struct xrun_gap gap = { place, hole->from_ns, hole->to_ns,
				      n_frames };

	if (n_frames > 0)
		xrun_list_add(gaps, &gap, sizeof(gap));
}

static int compare_gaps(const void *a, const void *b)
{
	const struct xrun_gap *left = a, *right = b;

	return (left->from_ns > right->from_ns) -
	       (left->from_ns < right->from_ns);
}

void xrun_ledger(const struct xrun_list *skipped, const struct xrun_list *node,
		 const struct xrun_list *client, struct xrun_list *gaps)
{
	for (uint32_t i = 0; i < node->n_items; i++) {
		const struct xrun_hole *hole = hole_at(node, i);
		uint64_t n = hole->to - hole->from;

		n -= n_covered(skipped, hole->from, hole->to);
		add_gap(gaps, hole, XRUN_TO_PIPEWIRE, n);
	}
	for (uint32_t i = 0; i < client->n_items; i++) {
		const struct xrun_hole *hole = hole_at(client, i);
		uint64_t n = hole->to - hole->from;

		/* A frame may be in both of the others. */
		n -= n_covered(skipped, hole->from, hole->to) +
		     n_covered(node, hole->from, hole->to) -
		     n_common(skipped, node, hole->from, hole->to);
		add_gap(gaps, hole, XRUN_TO_JACK, n);
	}
	if (gaps->n_items > 0)
		qsort(gaps->items, gaps->n_items, sizeof(struct xrun_gap),
		      compare_gaps);
}
