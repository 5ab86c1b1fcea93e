/* SPDX-License-Identifier: MIT */
#include "voice.h"

#include <leat/inline/atomics.h>

#include <poll.h>
#include <sched.h>
#include <string.h>
#include <time.h>

#define PRIORITY 40

/* A life that begins so far from the last cannot be taken for it. */
#define FRAMES_PER_LIFE 100003u

/* After a stop, time goes on from now. */
#define BEHIND_MAX_NS (8 * ACTOR_PERIOD_NS)

int64_t voice_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

void voice_init(struct voice *voice, const struct actor_setup *setup)
{
	memset(voice, 0, sizeof(*voice));
	voice->setup = setup;
	voice->page = setup->page;
	voice->frame = 1 + setup->life * FRAMES_PER_LIFE;
}

void voice_set_wire(struct voice *voice, struct leat_wire *wire)
{
	leat_pointer_store(&voice->wire_wanted, wire);
}

bool voice_uses(const struct voice *voice, const struct leat_wire *wire)
{
	return leat_pointer_load(&voice->wire_used) == wire;
}

/* ---- below here, only the voice's thread runs ---- */

static void add(_Atomic uint64_t *word, uint64_t n)
{
	atomic_store(word, atomic_load(word) + n);
}

/* ---- sending ---- */

static void fill(void *user, const struct leat_frames_room *room)
{
	struct voice *voice = user;
	struct fault_books *books = &voice->page->now;
	float *planes[VOICE_SIGNAL_CHANNELS];
	float *life = leat_frames_room_plane(room, VOICE_SIGNAL_CHANNELS);

	for (uint32_t c = 0; c < VOICE_SIGNAL_CHANNELS; c++)
		planes[c] = leat_frames_room_plane(room, c);
	counting_write(planes, VOICE_SIGNAL_CHANNELS,
		       voice->frame + room->n_before, room->n_frames);
	for (uint32_t i = 0; i < room->n_frames; i++)
		life[i] = (float)voice->setup->life;
	atomic_store(&books->sent_in_hand, atomic_load(&books->sent) +
						   room->n_before +
						   room->n_frames);
}

static uint32_t send(struct voice *voice, uint32_t n_frames)
{
	struct fault_books *books = &voice->page->now;
	uint32_t n;

	if (atomic_load(&books->sent) == 0)
		atomic_store(&books->first_sent, voice->frame);
	n = leat_frames_send(voice->wire->out, n_frames, fill, voice);
	add(&books->sent, n);
	return n;
}

/* What there is no room for is dropped, and counted. */
static void produce(struct voice *voice, uint32_t n_frames)
{
	uint32_t n_sent;

	add(&voice->page->produced, n_frames);
	if (voice->wire) {
		n_sent = send(voice, n_frames);
		add(&voice->page->now.dropped, n_frames - n_sent);
	} else {
		add(&voice->page->away, n_frames);
	}
	voice->frame += n_frames;
}

/*
 * Send one whole block more, so that each frame that was dropped before shows
 * at the other end, and then no more.
 */
static void hold(struct voice *voice)
{
	uint32_t request = atomic_load(&voice->page->hold);

	if (atomic_load(&voice->page->still) == request)
		return;
	if (voice->wire && leat_producer_room(leat_frames_producer_ring(
				   voice->wire->out)) < ACTOR_BLOCK)
		return;
	produce(voice, ACTOR_BLOCK);
	atomic_store(&voice->page->still, request);
}

/* ---- receiving ---- */

static void judge(struct voice *voice, const float *const *planes, uint32_t at)
{
	struct fault_page *page = voice->page;
	uint32_t n_jumped;

	switch (counting_judge(&voice->check, planes, at, &n_jumped)) {
	case COUNTING_EXACT:
		return;
	case COUNTING_GAP:
		add(&page->now.missed, n_jumped);
		return;
	case COUNTING_REPEAT:
		add(&page->n_repeats, 1);
		return;
	default:
		add(&page->n_bad, 1);
		return;
	}
}

static void note_first(struct voice *voice, uint64_t life)
{
	struct fault_books *books = &voice->page->now;

	/* The judge says what comes next. */
	atomic_store(&books->first_got, voice->check.next - 1);
	atomic_store(&books->first_got_ns, voice_now_ns());
	atomic_store(&books->peer, life);
}

static void take(void *user, const struct leat_frames_view *view)
{
	struct voice *voice = user;
	struct fault_books *books = &voice->page->now;
	const float *planes[VOICE_SIGNAL_CHANNELS];
	const float *life = leat_frames_view_plane(view, VOICE_SIGNAL_CHANNELS);

	for (uint32_t c = 0; c < VOICE_SIGNAL_CHANNELS; c++)
		planes[c] = leat_frames_view_plane(view, c);
	for (uint32_t i = 0; i < view->n_frames; i++) {
		judge(voice, planes, i);
		if (atomic_load(&books->got) + view->n_before + i == 0)
			note_first(voice, (uint64_t)life[0]);
		if ((uint64_t)life[i] != atomic_load(&books->peer))
			add(&voice->page->n_strange, 1);
	}
	atomic_store(&books->got_in_hand, atomic_load(&books->got) +
						  view->n_before +
						  view->n_frames);
}

static uint32_t consume(struct voice *voice)
{
	uint32_t n =
		leat_frames_recv(voice->wire->in, ACTOR_CAPACITY, take, voice);

	add(&voice->page->now.got, n);
	return n;
}

/* ---- wires ---- */

static void copy_books(struct fault_books *to, const struct fault_books *from)
{
	atomic_store(&to->sent, atomic_load(&from->sent));
	atomic_store(&to->sent_in_hand, atomic_load(&from->sent_in_hand));
	atomic_store(&to->got, atomic_load(&from->got));
	atomic_store(&to->got_in_hand, atomic_load(&from->got_in_hand));
	atomic_store(&to->dropped, atomic_load(&from->dropped));
	atomic_store(&to->missed, atomic_load(&from->missed));
	atomic_store(&to->first_sent, atomic_load(&from->first_sent));
	atomic_store(&to->first_got, atomic_load(&from->first_got));
	atomic_store(&to->peer, atomic_load(&from->peer));
	atomic_store(&to->in_flight, atomic_load(&from->in_flight));
	atomic_store(&to->first_got_ns, atomic_load(&from->first_got_ns));
	atomic_store(&to->wire, atomic_load(&from->wire));
}

static void check_ring(struct voice *voice)
{
	if (leat_producer_poisoned(
		    leat_frames_producer_ring(voice->wire->out)) ||
	    leat_consumer_poisoned(leat_frames_consumer_ring(voice->wire->in)))
		add(&voice->page->n_misled, 1);
}

/* The peer is dead: what it has published is taken, what it has not is lost. */
static void close_books(struct voice *voice)
{
	struct fault_page *page = voice->page;
	struct fault_books *books = &page->now;
	uint32_t room;

	while (consume(voice) > 0)
		;
	check_ring(voice);
	room = leat_producer_room(leat_frames_producer_ring(voice->wire->out));
	atomic_store(&books->in_flight, ACTOR_CAPACITY - room);
	add(&page->lost, ACTOR_CAPACITY - room + atomic_load(&books->dropped));
	add(&page->delivered,
	    atomic_load(&books->sent) - (ACTOR_CAPACITY - room));
	copy_books(&page->last, books);
	add(&page->n_ended, 1);
}

static void open_books(struct voice *voice)
{
	struct fault_books *books = &voice->page->now;
	uint64_t number = atomic_load(&books->wire) + 1;
	struct fault_books none = { 0 };

	copy_books(books, &none);
	atomic_store(&books->wire, number);
	memset(&voice->check, 0, sizeof(voice->check));
	voice->check.n_channels = VOICE_SIGNAL_CHANNELS;
}

static void take_wire(struct voice *voice)
{
	struct leat_wire *wire = leat_pointer_load(&voice->wire_wanted);

	if (wire == voice->wire)
		return;
	if (voice->wire)
		close_books(voice);
	voice->wire = wire;
	voice->hung_up = false;
	if (wire)
		open_books(voice);
	leat_pointer_store(&voice->wire_used, wire);
}

/* ---- time ---- */

static int64_t left_ns(struct voice *voice)
{
	int64_t now_ns = voice_now_ns();

	if (now_ns - voice->next_ns > BEHIND_MAX_NS)
		voice->next_ns = now_ns;
	return voice->next_ns - now_ns;
}

static void sleep_until_due(struct voice *voice)
{
	struct timespec due = {
		.tv_sec = voice->next_ns / 1000000000,
		.tv_nsec = voice->next_ns % 1000000000,
	};

	if (left_ns(voice) > 0)
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
	voice->next_ns += ACTOR_PERIOD_NS;
}

/* Woken by the host's frames; a while without them is a period, too. */
static void sleep_until_woken(struct voice *voice)
{
	struct pollfd pfd = {
		.fd = leat_frames_wait_fd(voice->wire->in),
		.events = POLLIN,
	};

	if (!leat_frames_prepare_wait(voice->wire->in, ACTOR_BLOCK))
		poll(&pfd, 1, 1);
	/* A dead peer's descriptor is readable for ever. */
	if (pfd.revents & (POLLHUP | POLLERR))
		voice->hung_up = true;
	voice->next_ns = voice_now_ns() + ACTOR_PERIOD_NS;
}

static void *run(void *user)
{
	struct voice *voice = user;

	voice->next_ns = voice_now_ns();
	for (;;) {
		take_wire(voice);
		if (voice->wire)
			consume(voice);
		if (atomic_load(&voice->page->hold))
			hold(voice);
		else
			produce(voice, ACTOR_BLOCK);
		if (voice->wire && voice->setup->follows && !voice->hung_up)
			sleep_until_woken(voice);
		else
			sleep_until_due(voice);
	}
	return NULL;
}

bool voice_start(struct voice *voice)
{
	struct sched_param param = { .sched_priority = PRIORITY };

	if (pthread_create(&voice->thread, NULL, run, voice) != 0)
		return false;
	atomic_store(&voice->page->is_realtime,
		     pthread_setschedparam(voice->thread, SCHED_FIFO, &param) ==
			     0);
	return true;
}
