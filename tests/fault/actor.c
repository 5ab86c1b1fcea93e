/* SPDX-License-Identifier: MIT */
#include "actor.h"

#include "voice.h"

#include <leat/link.h>
#include <leat/positions.h>

#include <malloc.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* How often a guest looks for its host, and a wire for its end. */
#define LOOK_MS 1

/* Nearly all that malloc takes from the kernel at first. */
#define HEAP_BYTES 120000

/* Wires that the voice may not have let go of yet. */
#define RETIRING_MAX 4

struct actor {
	const struct actor_setup *setup;
	struct fault_page *page;
	struct leat_host *host;
	struct leat_guest *guest;
	struct leat_wire *wire;
	struct leat_wire *retiring[RETIRING_MAX];
	struct voice voice;
};

/* ---- wires ---- */

static bool retire(struct actor *actor)
{
	bool waiting = false;

	for (int i = 0; i < RETIRING_MAX; i++) {
		if (actor->retiring[i] &&
		    !voice_uses(&actor->voice, actor->retiring[i])) {
			leat_wire_destroy(actor->retiring[i]);
			actor->retiring[i] = NULL;
		}
		waiting = waiting || actor->retiring[i];
	}
	return waiting;
}

static void use_wire(struct actor *actor, struct leat_wire *wire)
{
	struct leat_wire *old = actor->wire;

	actor->wire = wire;
	voice_set_wire(&actor->voice, wire);
	for (int i = 0; old && i < RETIRING_MAX; i++)
		if (!actor->retiring[i]) {
			actor->retiring[i] = old;
			old = NULL;
		}
	/* The voice takes up each wire, so that the books have it. */
	while (old && retire(actor))
		poll(NULL, 0, LOOK_MS);
	leat_wire_destroy(old);
}

static void on_spec(void *user, const struct leat_link_spec *spec)
{
	(void)user;
	(void)spec;
}

static void on_wire_up(void *user, struct leat_wire *wire)
{
	struct actor *actor = user;

	use_wire(actor, wire);
	/* One that is replaced at once would be missing in the books. */
	while (!voice_uses(&actor->voice, wire))
		poll(NULL, 0, LOOK_MS);
	atomic_fetch_add(&actor->page->n_wires, 1);
}

static void on_peer_gone(void *user, const char *text)
{
	struct actor *actor = user;

	(void)text;
	/* One that dies may take a connection more before it is gone. */
	if (!actor->wire)
		return;
	atomic_store(&actor->page->gone_ns, voice_now_ns());
	atomic_fetch_add(&actor->page->n_gone, 1);
	use_wire(actor, NULL);
}

static const struct leat_link_events events = {
	.spec = on_spec,
	.wire_up = on_wire_up,
	.peer_gone = on_peer_gone,
};

/* ---- meeting ---- */

static struct leat_link_spec make_spec(const struct actor_setup *setup)
{
	struct leat_link_spec spec = {
		.link_name = ACTOR_LINK,
		.rate_hz = 48000,
		.period = ACTOR_BLOCK,
		.n_channels = { VOICE_CHANNELS, VOICE_CHANNELS },
		.capacity = ACTOR_CAPACITY,
		.ring_flags = { 0, LEAT_RING_POLL },
		.first_index = setup->first_index,
		.jack_alive = true,
	};

	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		leat_positions_default(spec.position[d], spec.n_channels[d]);
	return spec;
}

static int open_link(struct actor *actor)
{
	struct leat_link_spec spec = make_spec(actor->setup);
	struct leat_error error;

	return actor->setup->role == FAULT_HOST
		       ? leat_host_create(&actor->host, &spec, &events, actor,
					  &error)
		       : leat_guest_create(&actor->guest, ACTOR_LINK, &events,
					   actor, &error);
}

static int link_fd(const struct actor *actor)
{
	return actor->host ? leat_host_fd(actor->host)
			   : leat_guest_fd(actor->guest);
}

static void dispatch(struct actor *actor)
{
	if (actor->host)
		leat_host_dispatch(actor->host);
	else
		leat_guest_dispatch(actor->guest);
}

static bool is_away(const struct actor *actor)
{
	return actor->guest && !leat_guest_connected(actor->guest);
}

/* ---- the loop ---- */

static bool readable(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	return poll(&pfd, 1, 0) > 0;
}

static int64_t heap_bytes(void)
{
#ifdef __GLIBC__
	return (int64_t)mallinfo2().uordblks;
#else
	return 0;
#endif
}

/*
 * Once this is answered, all that the peer has done before it died has been
 * dealt with: its last words and its end were there to be read.
 */
static void settle(struct actor *actor)
{
	uint32_t asked = atomic_load(&actor->page->settle);
	eventfd_t n;

	(void)eventfd_read(actor->setup->settle_fd, &n);
	while (readable(link_fd(actor)))
		dispatch(actor);
	while (retire(actor))
		poll(NULL, 0, LOOK_MS);
	atomic_store(&actor->page->heap_bytes, heap_bytes());
	atomic_store(&actor->page->settled, asked);
}

static void step(struct actor *actor)
{
	struct leat_error error;
	struct pollfd fds[2] = {
		{ .fd = link_fd(actor), .events = POLLIN },
		{ .fd = actor->setup->settle_fd, .events = POLLIN },
	};
	bool waits = retire(actor) || is_away(actor);

	if (is_away(actor))
		(void)!leat_guest_connect(actor->guest, &error);
	if (poll(fds, 2, waits ? LOOK_MS : -1) <= 0)
		return;
	if (fds[1].revents)
		settle(actor);
	else
		dispatch(actor);
}

/*
 * malloc walks through all of its first heap before it takes up what is free
 * again: that is there from the start, so that growth means something.
 */
static void touch_heap(void)
{
	void *memory = malloc(HEAP_BYTES);

	if (memory)
		explicit_bzero(memory, HEAP_BYTES);
	free(memory);
}

int actor_run(void *user)
{
	const struct actor_setup *setup = user;
	struct actor actor = { .setup = setup, .page = setup->page };

	touch_heap();
	voice_init(&actor.voice, setup);
	/* A lock that its dead holder's process still holds is soon free. */
	for (int i = 0; open_link(&actor) < 0; i++) {
		if (i == 1000)
			return 1;
		poll(NULL, 0, LOOK_MS);
	}
	if (!voice_start(&actor.voice))
		return 2;
	atomic_store(&actor.page->life, setup->life);
	for (;;)
		step(&actor);
}
