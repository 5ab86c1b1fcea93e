/* SPDX-License-Identifier: MIT */
#include "process.h"

#include "clock.h"
#include "ringbuf/atomics.h"

#include <errno.h>
#include <string.h>

/* Cycles run for one wake-up; more than one only if JACK overtakes us. */
#define CYCLES_PER_WAKE 4

/* ---- the cycle: all of this runs on the data loop ---- */

static bool streaming(const struct pw_process *self)
{
	enum leat_direction d = self->driver == self->stream[LEAT_TO_PIPEWIRE]
					? LEAT_TO_PIPEWIRE
					: LEAT_TO_JACK;

	return self->driver && self->streaming[d];
}

/* Newer libraries crash when asked before the stream is connected. */
static bool driving(const struct pw_process *self)
{
	return streaming(self) && pw_stream_is_driving(self->driver);
}

/* No cycle of ours runs now: JACK is not to wait for blocks. */
static void stop_cycles(struct pw_process *self)
{
	self->n_block = 0;
	self->busy = false;
	self->late = false;
	self->steady = false;
	if (self->wire)
		leat_frames_set_active(self->wire->out, false);
}

static void set_other_driver(struct pw_process *self, bool other)
{
	if (self->other_driver == other)
		return;
	__atomic_store_n(&self->other_driver, other, __ATOMIC_SEQ_CST);
	if (other)
		stop_cycles(self);
	pw_loop_signal_event(self->main_loop, self->changed);
}

/*
 * Find the newest block. Its length is what JACK's stamp says; a stamp that
 * does not fit is one that JACK is writing just now.
 */
static bool find_block(struct pw_process *self, uint64_t newest)
{
	struct leat_stamp stamp;
	uint64_t n;

	self->n_block = 0;
	if (!leat_frames_get_stamp(self->wire->in, &stamp))
		return false;
	n = newest - stamp.index;
	if (n == 0 || n > leat_frames_consumer_format(self->wire->in)->capacity)
		return false;
	self->start = stamp.index;
	self->n_block = (uint32_t)n;
	pw_clock_write(self->position, &stamp, self->n_block, self->rate_hz);
	return true;
}

/* Frames that JACK wrote and the graph never saw. */
static void count_passed_over(struct pw_process *self)
{
	struct leat_direction_words *words =
		&self->status->direction[LEAT_TO_PIPEWIRE];
	uint64_t passed = self->start - self->consumed;

	if (!self->steady || passed == 0 || passed > UINT32_MAX)
		return;
	leat_word_add(&words->lost, passed);
	leat_word_add(&words->overruns, 1);
}

static void run_cycle(struct pw_process *self, uint64_t newest)
{
	if (!find_block(self, newest))
		return;
	count_passed_over(self);
	self->consumed = newest;
	self->late = self->busy;
	if (self->busy)
		leat_word_add(&self->status->xruns, 1);
	self->busy = self->streaming[LEAT_TO_JACK];
	self->triggering = true;
	pw_stream_trigger_process(self->driver);
	self->triggering = false;
	if (!self->steady)
		leat_frames_set_active(self->wire->out,
				       self->streaming[LEAT_TO_JACK]);
	self->steady = true;
	leat_word_add(&self->status->cycles, 1);
	leat_consumer_pass(leat_frames_consumer_ring(self->wire->in), newest);
	leat_word_set(&self->status->direction[LEAT_TO_PIPEWIRE].index, newest);
}

/*
 * Run the graph for what JACK wrote since last time, then ask to be woken for
 * the next block. While nobody listens we do not ask, and JACK's thread has
 * nobody to wake.
 */
static void look(struct pw_process *self)
{
	struct leat_consumer *ring;

	if (!self->wire || !streaming(self))
		return;
	ring = leat_frames_consumer_ring(self->wire->in);
	for (int i = 0; i < CYCLES_PER_WAKE; i++) {
		uint64_t newest = leat_consumer_newest(ring);
		bool ours = pw_stream_is_driving(self->driver);

		set_other_driver(self, !ours);
		if (newest != self->handled && ours)
			run_cycle(self, newest);
		self->handled = newest;
		if (!leat_frames_prepare_wait(self->wire->in, 1))
			return;
		if (leat_consumer_poisoned(ring)) {
			leat_word_set(&self->status->direction[LEAT_TO_PIPEWIRE]
					       .poisoned,
				      1);
			return;
		}
	}
	pw_loop_signal_event(pw_data_loop_get_loop(self->data_loop),
			     self->again);
}

static void on_crossing(void *user, int fd, uint32_t mask)
{
	struct pw_process *self = user;

	(void)fd;
	if (mask & (SPA_IO_ERR | SPA_IO_HUP)) {
		/* The peer closed it: the main thread will hear of that too. */
		pw_loop_destroy_source(pw_data_loop_get_loop(self->data_loop),
				       self->crossing);
		self->crossing = NULL;
		return;
	}
	look(self);
	/* Not looked at while nothing streams, but not to spin on either. */
	if (self->wire && !streaming(self))
		leat_frames_clear_wait(self->wire->in);
}

static void on_again(void *user, uint64_t count)
{
	(void)count;
	look(user);
}

/* ---- the source: from JACK's ring into the graph ---- */

static void copy_block(void *user, const struct leat_frames_view *view)
{
	struct pw_process *self = user;

	for (uint32_t c = 0; c < view->n_channels; c++)
		memcpy(self->planes[c] + view->n_before,
		       leat_frames_view_plane(view, c),
		       view->n_frames * sizeof(float));
}

/* Frames that the graph wants from this buffer, and where they go. */
static uint32_t map_source(struct pw_process *self, struct pw_buffer *buffer)
{
	uint64_t n = self->position ? self->position->clock.duration
				    : buffer->requested;
	struct spa_buffer *spa = buffer->buffer;

	if (spa->n_datas < self->n_channels[LEAT_TO_PIPEWIRE])
		return 0;
	for (uint32_t c = 0; c < self->n_channels[LEAT_TO_PIPEWIRE]; c++) {
		uint32_t room = spa->datas[c].maxsize / sizeof(float);

		if (!spa->datas[c].data)
			return 0;
		self->planes[c] = spa->datas[c].data;
		n = n < room ? n : room;
	}
	return (uint32_t)n;
}

static void finish_source(struct pw_process *self, struct pw_buffer *buffer,
			  uint32_t n_frames)
{
	for (uint32_t c = 0; c < buffer->buffer->n_datas; c++) {
		struct spa_chunk *chunk = buffer->buffer->datas[c].chunk;

		chunk->offset = 0;
		chunk->size = n_frames * (uint32_t)sizeof(float);
		chunk->stride = sizeof(float);
		chunk->flags = 0;
	}
	buffer->size = n_frames;
	pw_stream_queue_buffer(self->stream[LEAT_TO_PIPEWIRE], buffer);
}

static bool play_block(struct pw_process *self, uint32_t n_frames)
{
	struct leat_direction_words *words =
		&self->status->direction[LEAT_TO_PIPEWIRE];
	uint64_t newest;

	if (!self->triggering || n_frames != self->n_block)
		return false;
	newest =
		leat_consumer_newest(leat_frames_consumer_ring(self->wire->in));
	if (leat_frames_recv_at(self->wire->in, self->start, n_frames,
				copy_block, self) != n_frames)
		return false;
	leat_word_add(&words->frames, n_frames);
	leat_word_set(&words->latency, newest - self->start - n_frames);
	leat_fade_played(&self->fade, self->planes,
			 self->n_channels[LEAT_TO_PIPEWIRE], n_frames);
	return true;
}

void pw_process_source(void *user)
{
	struct pw_process *self = user;
	struct leat_direction_words *words =
		&self->status->direction[LEAT_TO_PIPEWIRE];
	struct pw_buffer *buffer =
		pw_stream_dequeue_buffer(self->stream[LEAT_TO_PIPEWIRE]);
	uint32_t n_frames;

	if (!buffer)
		return;
	n_frames = map_source(self, buffer);
	if (n_frames > 0 && !play_block(self, n_frames)) {
		leat_fade_silence(&self->fade, self->planes,
				  self->n_channels[LEAT_TO_PIPEWIRE], n_frames);
		if (self->triggering && self->steady) {
			leat_word_add(&words->underruns, 1);
			leat_word_add(&words->inserted, n_frames);
		}
	}
	finish_source(self, buffer, n_frames);
}

/* ---- the sink: from the graph into JACK's other ring ---- */

static void fill_block(void *user, const struct leat_frames_room *room)
{
	const struct spa_buffer *buffer = user;

	for (uint32_t c = 0; c < room->n_channels; c++) {
		const struct spa_data *data = &buffer->datas[c];
		const float *plane = (const float *)data->data +
				     data->chunk->offset / sizeof(float);

		memcpy(leat_frames_room_plane(room, c), plane + room->n_before,
		       room->n_frames * sizeof(float));
	}
}

/* Whether every channel has just n_frames, inside its memory. */
static bool has_frames(const struct spa_buffer *buffer, uint32_t n_channels,
		       uint32_t n_frames)
{
	uint64_t n_bytes = (uint64_t)n_frames * sizeof(float);

	if (buffer->n_datas < n_channels)
		return false;
	for (uint32_t c = 0; c < n_channels; c++) {
		const struct spa_data *data = &buffer->datas[c];

		if (!data->data || data->chunk->size != n_bytes ||
		    data->chunk->offset % sizeof(float) != 0 ||
		    data->chunk->offset + n_bytes > data->maxsize)
			return false;
	}
	return true;
}

/*
 * A cycle that began before the last one had finished is not written: its
 * input may be of either, and JACK must never hear a block at a wrong time.
 */
static bool writable(const struct pw_process *self,
		     const struct spa_buffer *buffer)
{
	return self->wire && driving(self) && self->n_block > 0 &&
	       self->steady && !self->late &&
	       !pw_clock_recovering(self->position) &&
	       has_frames(buffer, self->n_channels[LEAT_TO_JACK],
			  self->n_block);
}

void pw_process_sink(void *user)
{
	struct pw_process *self = user;
	struct pw_buffer *buffer =
		pw_stream_dequeue_buffer(self->stream[LEAT_TO_JACK]);
	struct leat_direction_words *words =
		&self->status->direction[LEAT_TO_JACK];

	if (!buffer)
		return;
	self->busy = false;
	if (writable(self, buffer->buffer)) {
		leat_frames_send_at(self->wire->out, self->start, self->n_block,
				    fill_block, buffer->buffer);
		leat_word_set(&words->index, self->start + self->n_block);
		self->n_block = 0;
	}
	pw_stream_queue_buffer(self->stream[LEAT_TO_JACK], buffer);
}

/* ---- changes: asked for on the main thread, made on the data loop ---- */

typedef void (*change_fn)(struct pw_process *self, const void *data);

struct change {
	change_fn fn;
	const void *data;
};

static int do_change(struct spa_loop *loop, bool async, uint32_t seq,
		     const void *data, size_t size, void *user)
{
	const struct change *change = *(const struct change *const *)data;

	(void)loop;
	(void)async;
	(void)seq;
	(void)size;
	change->fn(user, change->data);
	return 0;
}

/* Run fn on the data loop and wait for it. */
static void change(struct pw_process *self, change_fn fn, const void *data)
{
	struct change what = { fn, data };
	const struct change *pointer = &what;

	pw_data_loop_invoke(self->data_loop, do_change, 0, &pointer,
			    sizeof(pointer), true, self);
}

/* What a new stream of cycles begins with. */
static void restart(struct pw_process *self)
{
	stop_cycles(self);
	/* What JACK wrote while nobody listened is of no interest. */
	if (self->wire)
		self->handled = leat_consumer_newest(
			leat_frames_consumer_ring(self->wire->in));
}

static void set_wire(struct pw_process *self, const void *data)
{
	struct leat_wire *const *wire = data;
	struct pw_loop *loop = pw_data_loop_get_loop(self->data_loop);

	if (self->crossing)
		pw_loop_destroy_source(loop, self->crossing);
	self->crossing = NULL;
	self->wire = *wire;
	if (self->wire) {
		self->crossing = pw_loop_add_io(
			loop, leat_frames_wait_fd(self->wire->in),
			SPA_IO_IN | SPA_IO_ERR | SPA_IO_HUP, false, on_crossing,
			self);
		leat_fade_restart(&self->fade);
	}
	restart(self);
	look(self);
}

void pw_process_set_wire(struct pw_process *self, struct leat_wire *wire)
{
	change(self, set_wire, &wire);
}

struct streams {
	struct pw_stream *source, *sink;
	const struct leat_link_spec *spec;
};

static void set_streams(struct pw_process *self, const void *data)
{
	const struct streams *streams = data;

	self->stream[LEAT_TO_PIPEWIRE] = streams->source;
	self->stream[LEAT_TO_JACK] = streams->sink;
	self->driver = streams->source ? streams->source : streams->sink;
	self->rate_hz = streams->spec->rate_hz;
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		self->n_channels[d] = streams->spec->n_channels[d];
	self->position = NULL;
	self->streaming[LEAT_TO_PIPEWIRE] = false;
	self->streaming[LEAT_TO_JACK] = false;
	if (self->rate_hz > 0)
		leat_fade_init(&self->fade, self->rate_hz);
	restart(self);
}

void pw_process_set_streams(struct pw_process *self, struct pw_stream *source,
			    struct pw_stream *sink,
			    const struct leat_link_spec *spec)
{
	struct streams streams = { source, sink, spec };

	change(self, set_streams, &streams);
}

struct streaming {
	enum leat_direction direction;
	bool streaming;
};

static void set_streaming(struct pw_process *self, const void *data)
{
	const struct streaming *streaming = data;

	if (self->streaming[streaming->direction] == streaming->streaming)
		return;
	self->streaming[streaming->direction] = streaming->streaming;
	restart(self);
	look(self);
}

void pw_process_set_streaming(struct pw_process *self,
			      enum leat_direction direction, bool streaming)
{
	struct streaming data = { direction, streaming };

	change(self, set_streaming, &data);
}

static void set_position(struct pw_process *self, const void *data)
{
	struct spa_io_position *const *position = data;

	self->position = *position;
	if (self->position)
		pw_clock_name(self->position, self->link_name);
}

void pw_process_set_position(struct pw_process *self,
			     struct spa_io_position *position)
{
	change(self, set_position, &position);
}

/* ---- set-up ---- */

static void add_again(struct pw_process *self, const void *data)
{
	(void)data;
	self->again = pw_loop_add_event(pw_data_loop_get_loop(self->data_loop),
					on_again, self);
}

static void remove_sources(struct pw_process *self, const void *data)
{
	struct pw_loop *loop = pw_data_loop_get_loop(self->data_loop);

	(void)data;
	if (self->crossing)
		pw_loop_destroy_source(loop, self->crossing);
	if (self->again)
		pw_loop_destroy_source(loop, self->again);
	self->crossing = NULL;
	self->again = NULL;
	self->wire = NULL;
}

int pw_process_init(struct pw_process *self, struct pw_context *context,
		    struct pw_loop *main_loop, struct leat_side_words *status,
		    const char *link_name, spa_source_event_func_t changed,
		    void *user)
{
	memset(self, 0, sizeof(*self));
	self->data_loop = pw_context_get_data_loop(context);
	self->status = status;
	self->main_loop = main_loop;
	self->link_name = link_name;
	self->changed = pw_loop_add_event(main_loop, changed, user);
	change(self, add_again, NULL);
	return self->changed && self->again ? 0 : -ENOMEM;
}

void pw_process_finish(struct pw_process *self)
{
	if (!self->data_loop)
		return;
	change(self, remove_sources, NULL);
	if (self->changed)
		pw_loop_destroy_source(self->main_loop, self->changed);
	self->changed = NULL;
	self->data_loop = NULL;
}
