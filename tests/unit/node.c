/* SPDX-License-Identifier: MIT */
#include "node.h"

#include "helpers.h"

#include <leat/positions.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

/* ---- events ---- */

static void on_spec(void *user, const struct leat_link_spec *spec)
{
	struct node *node = user;

	node->spec = *spec;
	node->n_specs++;
}

static void on_wire_up(void *user, struct leat_wire *wire)
{
	struct node *node = user;

	leat_wire_destroy(node->wire);
	node->wire = wire;
	node->n_wires++;
}

static void on_peer_gone(void *user, const char *text)
{
	struct node *node = user;

	snprintf(node->text, sizeof(node->text), "%s", text);
	node->n_gone++;
}

static void on_room(void *user, uint32_t capacity)
{
	struct leat_link_spec spec = node_spec();
	struct node *node = user;

	node->room = capacity;
	node->n_rooms++;
	spec.capacity = capacity;
	leat_host_update(node->host, &spec);
}

static void on_latency(void *user, const struct leat_link_latency *latency)
{
	struct node *node = user;

	node->latency = *latency;
	node->n_latencies++;
}

static const struct leat_link_events events = {
	.spec = on_spec,
	.wire_up = on_wire_up,
	.peer_gone = on_peer_gone,
	.room = on_room,
	.latency = on_latency,
};

/* ---- set-up ---- */

struct leat_link_spec node_spec(void)
{
	struct leat_link_spec spec = {
		.link_name = NODE_LINK,
		.rate_hz = 48000,
		.period = 64,
		.n_channels = { 2, 1 },
		.capacity = 256,
		.first_index = UINT64_MAX - 100,
		.jack_alive = true,
	};

	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		leat_positions_default(spec.position[d], spec.n_channels[d]);
	return spec;
}

int node_host(struct node *node, const struct leat_link_spec *spec)
{
	struct leat_error error;

	memset(node, 0, sizeof(*node));
	return leat_host_create(&node->host, spec, &events, node, &error);
}

int node_guest(struct node *node)
{
	struct leat_error error;

	memset(node, 0, sizeof(*node));
	return leat_guest_create(&node->guest, NODE_LINK, &events, node,
				 &error);
}

void node_close(struct node *node)
{
	leat_wire_destroy(node->wire);
	leat_host_destroy(node->host);
	leat_guest_destroy(node->guest);
	memset(node, 0, sizeof(*node));
}

int node_fd(const struct node *node)
{
	if (node->host)
		return leat_host_fd(node->host);
	return node->guest ? leat_guest_fd(node->guest) : -1;
}

/* ---- running ---- */

static void dispatch(struct node *node)
{
	if (node->host)
		leat_host_dispatch(node->host);
	else if (node->guest)
		leat_guest_dispatch(node->guest);
}

void node_settle(struct node *a, struct node *b)
{
	/* Bounded: a descriptor that stays readable is for the test to see. */
	for (int i = 0; i < 1000; i++) {
		if (!unit_readable(node_fd(a), 0) &&
		    !unit_readable(node_fd(b), 0))
			return;
		dispatch(a);
		dispatch(b);
	}
}

bool node_wait(struct node *node, const unsigned *counter, unsigned n)
{
	while (*counter < n) {
		if (!unit_readable(node_fd(node), UNIT_DEADLINE_MS))
			return false;
		dispatch(node);
	}
	return true;
}

bool node_connect(struct node *node)
{
	int64_t deadline_ms = unit_now_ms() + UNIT_DEADLINE_MS;
	struct leat_error error;
	int res;

	while ((res = leat_guest_connect(node->guest, &error)) == -ENOENT &&
	       unit_now_ms() < deadline_ms)
		poll(NULL, 0, 1);
	return res == 0;
}

/* ---- frames ---- */

/* Where a closure is, and whether all was as it should be. */
struct cursor {
	uint64_t index;
	bool wrong;
};

static float sample(uint32_t channel, uint64_t index)
{
	return (float)((index * 64 + channel) % 16777213);
}

static void write_samples(void *user, const struct leat_frames_room *room)
{
	struct cursor *cursor = user;

	for (uint32_t c = 0; c < room->n_channels; c++)
		for (uint32_t i = 0; i < room->n_frames; i++)
			leat_frames_room_plane(room, c)[i] =
				sample(c, cursor->index + room->n_before + i);
}

static void read_samples(void *user, const struct leat_frames_view *view)
{
	struct cursor *cursor = user;

	for (uint32_t c = 0; c < view->n_channels; c++)
		for (uint32_t i = 0; i < view->n_frames; i++)
			if (leat_frames_view_plane(view, c)[i] !=
			    sample(c, cursor->index + view->n_before + i))
				cursor->wrong = true;
}

bool node_cross(struct leat_wire *from, struct leat_wire *to)
{
	struct cursor cursor = { 0 };

	for (int i = 0; i < 10; i++) {
		cursor.index = leat_producer_index(
			leat_frames_producer_ring(from->out));
		if (leat_frames_send(from->out, 100, write_samples, &cursor) !=
			    100 ||
		    leat_frames_recv(to->in, 256, read_samples, &cursor) !=
			    100 ||
		    cursor.wrong)
			return false;
	}
	return true;
}
