/* SPDX-License-Identifier: MIT */
#include <leat/frames.h>

#include <leat/fdring.h>
#include <leat/inline/atomics.h>
#include <leat/inline/touch.h>
#include <leat/shm.h>

#include "part.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct leat_frames_producer {
	struct leat_producer ring;
	struct leat_producer_part *part; /* own, in shm */
	float *planes;			 /* own, behind the part */
	size_t stride;			 /* samples */
	struct leat_signal wake;	 /* its fd is owned here */
	uint32_t block_max;		 /* the truth about the part's */
	struct leat_event_sums events;
	struct leat_stamp stamp; /* the last one */
	struct leat_frames_format format;
	struct leat_shm shm;	  /* own part */
	struct leat_shm peer_shm; /* the consumer's part */
};

struct leat_frames_consumer {
	struct leat_consumer ring;
	const struct leat_producer_part *peer; /* in peer_shm */
	const float *planes;		       /* the producer's */
	size_t stride;			       /* samples */
	struct leat_signal wait;	       /* its fd is owned here */
	struct leat_frames_format format;
	struct leat_shm shm;	  /* own part */
	struct leat_shm peer_shm; /* the producer's part */
};

/* ---- set-up ---- */

/* n is not 0. */
static bool power_of_two(uint32_t n)
{
	return (n & (n - 1)) == 0;
}

int leat_frames_format_check(const struct leat_frames_format *format)
{
	if (format->n_channels > LEAT_CHANNELS_MAX ||
	    format->capacity < LEAT_FRAMES_CAPACITY_MIN ||
	    format->capacity > LEAT_FRAMES_CAPACITY_MAX ||
	    !power_of_two(format->capacity) ||
	    format->rate_hz < LEAT_RATE_MIN_HZ ||
	    format->rate_hz > LEAT_RATE_MAX_HZ ||
	    format->ring_flags &
		    ~(uint32_t)(LEAT_RING_POLL | LEAT_RING_TIMED) ||
	    format->direction >= LEAT_N_DIRECTIONS)
		return -EINVAL;
	/* On 32 bits the largest do not fit into the address space. */
	if (leat_part_total_bytes(LEAT_PART_PRODUCER, format) > PTRDIFF_MAX)
		return -EINVAL;
	return 0;
}

/* Of a format that has been checked: it fits. */
static size_t part_bytes(enum leat_part_kind kind,
			 const struct leat_frames_format *format)
{
	return (size_t)leat_part_total_bytes(kind, format);
}

/* Create one's own part with its header and words filled in. */
static int create_part(struct leat_shm *shm, enum leat_part_kind kind,
		       const struct leat_frames_format *format)
{
	struct leat_consumer_part *part;
	int res = leat_frames_format_check(format);

	if (res < 0)
		return res;
	res = leat_shm_create(shm, "leat-part", part_bytes(kind, format));
	if (res < 0)
		return res;
	/* Header and words lie at the same place in both kinds. */
	part = shm->addr;
	leat_part_header_init(&part->header, kind, format);
	leat_ring_words_init(&part->words, format->first_index);
	return 0;
}

/* Map a peer's part after checking its header. Takes part_fd over. */
static int attach_part(struct leat_shm *shm, int part_fd,
		       enum leat_part_kind kind,
		       const struct leat_frames_format *format)
{
	struct leat_part_header header;
	int res = leat_shm_attach(shm, part_fd, part_bytes(kind, format));

	if (res < 0)
		return res;
	memcpy(&header, shm->addr, sizeof(header));
	res = leat_part_header_check(&header, kind, format);
	if (res < 0)
		leat_shm_finish(shm);
	return res;
}

/* Zeroed, on lines of its own: both ends may be in one process. */
static void *end_alloc(size_t size_bytes)
{
	void *end;

	size_bytes = (size_bytes + LEAT_LINE_BYTES - 1) &
		     ~(size_t)(LEAT_LINE_BYTES - 1);
	end = aligned_alloc(LEAT_LINE_BYTES, size_bytes);
	return end ? memset(end, 0, size_bytes) : NULL;
}

int leat_frames_producer_create(struct leat_frames_producer **producer,
				const struct leat_frames_format *format)
{
	const struct leat_shm none = LEAT_SHM_NONE;
	struct leat_frames_producer *self = end_alloc(sizeof(*self));
	int res;

	*producer = NULL;
	if (!self)
		return -ENOMEM;
	self->format = *format;
	self->wake.fd = -1;
	self->peer_shm = none;
	res = create_part(&self->shm, LEAT_PART_PRODUCER, format);
	if (res < 0) {
		free(self);
		return res;
	}
	self->part = self->shm.addr;
	leat_word_set(&self->part->events.n_slots, LEAT_EVENT_LOG_SIZE);
	self->planes = (float *)((unsigned char *)self->shm.addr +
				 LEAT_PART_PLANES_OFFSET);
	self->stride = leat_part_stride_bytes(format) / sizeof(float);
	*producer = self;
	return 0;
}

int leat_frames_consumer_create(struct leat_frames_consumer **consumer,
				const struct leat_frames_format *format)
{
	const struct leat_shm none = LEAT_SHM_NONE;
	struct leat_frames_consumer *self = end_alloc(sizeof(*self));
	int res;

	*consumer = NULL;
	if (!self)
		return -ENOMEM;
	self->format = *format;
	self->wait.fd = -1;
	self->peer_shm = none;
	res = create_part(&self->shm, LEAT_PART_CONSUMER, format);
	if (res < 0) {
		free(self);
		return res;
	}
	*consumer = self;
	return 0;
}

/* Keep a descriptor as a signal; it is closed with its owner. */
static int adopt_signal(struct leat_signal *signal, int fd)
{
	int res = leat_signal_init(signal, fd);

	if (res < 0) {
		close(fd);
		signal->fd = -1;
	}
	return res;
}

/* Keep nothing of a peer that was refused. */
static int refuse(struct leat_shm *peer_shm, struct leat_signal *signal,
		  int res)
{
	leat_shm_finish(peer_shm);
	if (signal->fd >= 0)
		close(signal->fd);
	signal->fd = -1;
	return res;
}

int leat_frames_producer_connect(struct leat_frames_producer *producer,
				 int part_fd, int raise_fd)
{
	const struct leat_consumer_part *peer;
	int res = adopt_signal(&producer->wake, raise_fd);

	if (res < 0) {
		close(part_fd);
		return res;
	}
	res = attach_part(&producer->peer_shm, part_fd, LEAT_PART_CONSUMER,
			  &producer->format);
	if (res < 0)
		return refuse(&producer->peer_shm, &producer->wake, res);
	peer = producer->peer_shm.addr;
	res = leat_producer_init(&producer->ring,
				 &(struct leat_ring_config){
					 .own = &producer->part->words,
					 .peer = &peer->words,
					 .capacity = producer->format.capacity,
					 .flags = producer->format.ring_flags,
				 });
	if (res < 0)
		return refuse(&producer->peer_shm, &producer->wake, res);
	return 0;
}

int leat_frames_consumer_connect(struct leat_frames_consumer *consumer,
				 int part_fd, int wait_fd)
{
	struct leat_consumer_part *own = consumer->shm.addr;
	int res = adopt_signal(&consumer->wait, wait_fd);

	if (res < 0) {
		close(part_fd);
		return res;
	}
	res = attach_part(&consumer->peer_shm, part_fd, LEAT_PART_PRODUCER,
			  &consumer->format);
	if (res < 0)
		return refuse(&consumer->peer_shm, &consumer->wait, res);
	consumer->peer = consumer->peer_shm.addr;
	consumer->planes =
		(const float *)((const unsigned char *)consumer->peer_shm.addr +
				LEAT_PART_PLANES_OFFSET);
	consumer->stride =
		leat_part_stride_bytes(&consumer->format) / sizeof(float);
	res = leat_consumer_init(&consumer->ring,
				 &(struct leat_ring_config){
					 .own = &own->words,
					 .peer = &consumer->peer->words,
					 .capacity = consumer->format.capacity,
					 .flags = consumer->format.ring_flags,
				 });
	if (res < 0)
		return refuse(&consumer->peer_shm, &consumer->wait, res);
	return 0;
}

void leat_frames_producer_destroy(struct leat_frames_producer *producer)
{
	if (!producer)
		return;
	leat_shm_finish(&producer->peer_shm);
	leat_shm_finish(&producer->shm);
	if (producer->wake.fd >= 0)
		close(producer->wake.fd);
	free(producer);
}

void leat_frames_consumer_destroy(struct leat_frames_consumer *consumer)
{
	if (!consumer)
		return;
	leat_shm_finish(&consumer->peer_shm);
	leat_shm_finish(&consumer->shm);
	if (consumer->wait.fd >= 0)
		close(consumer->wait.fd);
	free(consumer);
}

int leat_frames_producer_fd(const struct leat_frames_producer *producer)
{
	return producer->shm.fd;
}

int leat_frames_consumer_fd(const struct leat_frames_consumer *consumer)
{
	return consumer->shm.fd;
}

bool leat_frames_producer_is_locked(const struct leat_frames_producer *producer)
{
	return producer->shm.locked && producer->peer_shm.locked;
}

bool leat_frames_consumer_is_locked(const struct leat_frames_consumer *consumer)
{
	return consumer->shm.locked && consumer->peer_shm.locked;
}

const struct leat_frames_format *
leat_frames_producer_format(const struct leat_frames_producer *producer)
{
	return &producer->format;
}

const struct leat_frames_format *
leat_frames_consumer_format(const struct leat_frames_consumer *consumer)
{
	return &consumer->format;
}

struct leat_producer *
leat_frames_producer_ring(struct leat_frames_producer *producer)
{
	return &producer->ring;
}

struct leat_consumer *
leat_frames_consumer_ring(struct leat_frames_consumer *consumer)
{
	return &consumer->ring;
}

/* ---- frames ---- */

/* Fetch the lines that the next frames will go to, if they are as many. */
static void touch_next(const struct leat_frames_producer *producer,
		       uint32_t n_frames) LEAT_RT
{
	const struct leat_ring_end *end = &producer->ring.end;
	uint32_t n_channels = producer->format.n_channels;
	size_t n_bytes = n_frames * sizeof(float);

	if (n_bytes * n_channels < LEAT_TOUCH_MIN_BYTES ||
	    n_bytes * n_channels > LEAT_TOUCH_MAX_BYTES ||
	    !leat_touch_allowed(end, n_frames))
		return;
	for (uint32_t c = 0; c < n_channels; c++)
		leat_touch(producer->planes + leat_ring_offset(end) +
				   c * producer->stride,
			   n_bytes);
}

/* Known before the index that the ring jumps to. */
static void note_jump(struct leat_frames_producer *producer, uint64_t index,
		      uint32_t n_frames) LEAT_RT
{
	const struct leat_ring_end *end = &producer->ring.end;

	if (end->timed && n_frames <= end->capacity &&
	    leat_index_before(end->index, index))
		leat_event_log_write(&producer->part->events, &producer->events,
				     end->index, LEAT_EVENT_JUMP,
				     index - end->index);
}

static void fill_spans(struct leat_frames_producer *producer,
		       const struct leat_spans *spans, leat_frames_send_fn fn,
		       void *user) LEAT_RT
{
	struct leat_frames_room room = {
		.stride = producer->stride,
		.n_channels = producer->format.n_channels,
	};

	if (spans->n_items > producer->block_max) {
		producer->block_max = spans->n_items;
		leat_event_log_grow_block(&producer->part->events,
					  spans->n_items);
	}
	for (int i = 0; i < 2 && spans->span[i].n_items > 0; i++) {
		room.base = producer->planes + spans->span[i].offset;
		room.n_frames = spans->span[i].n_items;
		fn(user, &room);
		room.n_before += room.n_frames;
	}
	leat_producer_commit(&producer->ring, spans->n_items);
	if (leat_producer_take_wake(&producer->ring) &&
	    !leat_signal_raise(&producer->wake))
		leat_producer_keep_wake(&producer->ring);
	touch_next(producer, spans->n_items);
}

static void read_spans(struct leat_frames_consumer *consumer,
		       const struct leat_spans *spans, leat_frames_recv_fn fn,
		       void *user) LEAT_RT
{
	struct leat_frames_view view = {
		.stride = consumer->stride,
		.n_channels = consumer->format.n_channels,
	};

	for (int i = 0; i < 2 && spans->span[i].n_items > 0; i++) {
		view.base = consumer->planes + spans->span[i].offset;
		view.n_frames = spans->span[i].n_items;
		fn(user, &view);
		view.n_before += view.n_frames;
	}
}

uint32_t leat_frames_send(struct leat_frames_producer *producer,
			  uint32_t n_frames, leat_frames_send_fn fn, void *user)
{
	struct leat_spans spans;

	leat_producer_begin(&producer->ring, n_frames, &spans);
	fill_spans(producer, &spans, fn, user);
	return spans.n_items;
}

uint32_t leat_frames_send_at(struct leat_frames_producer *producer,
			     uint64_t index, uint32_t n_frames,
			     leat_frames_send_fn fn, void *user)
{
	struct leat_spans spans;

	if (index != leat_producer_index(&producer->ring))
		note_jump(producer, index, n_frames);
	if (leat_producer_begin_at(&producer->ring, index, n_frames, &spans) ==
	    0)
		return 0;
	fill_spans(producer, &spans, fn, user);
	return spans.n_items;
}

uint32_t leat_frames_recv(struct leat_frames_consumer *consumer,
			  uint32_t n_frames, leat_frames_recv_fn fn, void *user)
{
	struct leat_spans spans;

	leat_consumer_begin(&consumer->ring, n_frames, &spans);
	read_spans(consumer, &spans, fn, user);
	leat_consumer_commit(&consumer->ring, spans.n_items);
	return spans.n_items;
}

uint32_t leat_frames_recv_at(struct leat_frames_consumer *consumer,
			     uint64_t index, uint32_t n_frames,
			     leat_frames_recv_fn fn, void *user)
{
	struct leat_spans spans;
	uint32_t n;

	n = leat_consumer_begin_at(&consumer->ring, index, n_frames, &spans);
	read_spans(consumer, &spans, fn, user);
	if (n > 0 && !leat_consumer_intact(&consumer->ring, n_frames))
		n = 0;
	leat_consumer_pass(&consumer->ring, index + n_frames);
	return n;
}

/* ---- stamps ---- */

void leat_frames_set_stamp(struct leat_frames_producer *producer,
			   const struct leat_stamp *stamp)
{
	producer->stamp = *stamp;
	leat_stamp_write(&producer->part->stamp, stamp);
	leat_stamp_log_write(&producer->part->log, stamp);
}

struct leat_stamp
leat_frames_last_stamp(const struct leat_frames_producer *producer)
{
	return producer->stamp;
}

bool leat_frames_get_stamp(const struct leat_frames_consumer *consumer,
			   struct leat_stamp *stamp)
{
	return leat_stamp_read(&consumer->peer->stamp, stamp);
}

uint32_t leat_frames_get_stamps(const struct leat_frames_consumer *consumer,
				uint64_t *n_read, struct leat_stamp *stamps)
{
	return leat_stamp_log_read(&consumer->peer->log, n_read, stamps);
}

void leat_frames_note(struct leat_frames_producer *producer,
		      enum leat_frames_event kind, uint64_t n_frames)
{
	leat_event_log_write(&producer->part->events, &producer->events,
			     leat_producer_index(&producer->ring), kind,
			     n_frames);
}

void leat_frames_set_activity(struct leat_frames_producer *producer,
			      enum leat_activity activity)
{
	leat_word_store(&producer->part->activity, activity);
}

enum leat_activity
leat_frames_activity(const struct leat_frames_consumer *consumer)
{
	uint64_t activity = leat_word_load(&consumer->peer->activity);

	return activity < LEAT_N_ACTIVITIES ? (enum leat_activity)activity
					    : LEAT_IDLE;
}

/* ---- waking ---- */

uint64_t leat_frames_wakeups(const struct leat_frames_producer *producer)
{
	return producer->wake.n_raised;
}

uint64_t leat_frames_wake_calls(const struct leat_frames_producer *producer)
{
	return producer->wake.n_calls;
}

int leat_frames_wait_fd(const struct leat_frames_consumer *consumer)
{
	return consumer->wait.fd;
}

bool leat_frames_prepare_wait(struct leat_frames_consumer *consumer,
			      uint32_t n_frames)
{
	leat_signal_clear(&consumer->wait);
	return leat_consumer_arm(&consumer->ring, n_frames);
}

void leat_frames_clear_wait(struct leat_frames_consumer *consumer)
{
	leat_signal_clear(&consumer->wait);
}
