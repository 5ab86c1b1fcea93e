/* SPDX-License-Identifier: MIT */
#include "process.h"

#include "clock.h"
#include "link/latency.h"
#include <leat/inline/atomics.h>

#include <string.h>

/* How long the graph and the streams may differ in their rate. */
#define OTHER_RATE_NS UINT64_C(50000000)

/* ---- of both modes: all of this runs on the data loop ---- */

void leat_pw_stop_cycles(struct leat_pw_process *self)
{
	self->n_block = 0;
	self->busy = false;
	self->late = false;
	self->steady = false;
	leat_pw_load_stop(&self->load);
	if (self->wire)
		leat_frames_set_activity(self->wire->out, LEAT_IDLE);
}

/* Follow mode has no targets but those that JACK's side knows. */
void leat_pw_forget_places(struct leat_pw_process *self)
{
	struct leat_direction_words *words = self->status->direction;

	leat_word_set(&words[LEAT_TO_PIPEWIRE].target, 0);
	leat_word_set(&words[LEAT_TO_JACK].target, LEAT_UNKNOWN);
	leat_word_set(&words[LEAT_TO_JACK].latency, LEAT_UNKNOWN);
	leat_pw_adaptive_forget(&self->status->clock);
}

void leat_pw_turn(struct leat_pw_process *self)
{
	self->turning = true;
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		leat_word_add(&self->status->direction[d].slips, 1);
		self->said_target[d] = 0;
	}
	leat_pw_stop_cycles(self);
}

static void tell_other_rate(struct leat_pw_process *self, uint32_t rate_hz,
			    bool stays)
{
	if (self->other_rate_hz == rate_hz && self->other_rate_stays == stays)
		return;
	__atomic_store_n(&self->other_rate_hz, rate_hz, __ATOMIC_SEQ_CST);
	__atomic_store_n(&self->other_rate_stays, stays, __ATOMIC_SEQ_CST);
	leat_rt_guard_allow(self->guard, 1);
	pw_loop_signal_event(self->main_loop, self->changed);
}

bool leat_pw_rate_agrees(struct leat_pw_process *self, uint32_t rate_hz,
			 uint64_t now_ns)
{
	if (rate_hz == self->rate_hz || rate_hz == 0) {
		self->other_rate_ns = 0;
		tell_other_rate(self, 0, false);
		return true;
	}
	if (self->other_rate_ns == 0)
		self->other_rate_ns = now_ns;
	tell_other_rate(self, rate_hz,
			now_ns - self->other_rate_ns > OTHER_RATE_NS);
	return false;
}

/* ---- adaptive mode: a cycle of somebody else's ---- */

static bool adapts(const struct leat_pw_process *self)
{
	return self->adaptive && (!self->driver || self->other_driver);
}

/* What a stream's cycle goes by; NULL if that is not known. */
static const struct spa_io_position *
clock_of(const struct leat_pw_process *self, enum leat_direction direction)
{
	return adapts(self) ? self->clock[direction] : self->position;
}

/* The main thread asks for larger rings, and says what cannot be. */
static void tell_needs(struct leat_pw_process *self)
{
	uint32_t room = leat_pw_adaptive_room(self->adaptive);
	bool changed = room > self->adaptive->capacity && room > self->room;

	if (changed)
		__atomic_store_n(&self->room, room, __ATOMIC_SEQ_CST);
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		uint32_t raised = leat_pw_adaptive_raised(
			self->adaptive, (enum leat_direction)d);

		changed = changed || raised != self->raised[d];
		__atomic_store_n(&self->raised[d], raised, __ATOMIC_SEQ_CST);
	}
	if (!changed)
		return;
	leat_rt_guard_allow(self->guard, 1);
	pw_loop_signal_event(self->main_loop, self->changed);
}

/* Another target is another latency to be reported. */
static void look_at_target(struct leat_pw_process *self,
			   enum leat_direction direction)
{
	uint64_t target =
		leat_word_peek(&self->status->direction[direction].target);
	uint64_t said = self->said_target[direction];
	uint64_t apart = target > said ? target - said : said - target;

	if (target == LEAT_UNKNOWN || apart < LEAT_LATENCY_STEP)
		return;
	self->said_target[direction] = target;
	leat_rt_guard_allow(self->guard, 1);
	pw_loop_signal_event(self->main_loop, self->changed);
}

/* Whether a stream's cycle is one that adaptive mode can serve. */
static bool begin_adaptive(struct leat_pw_process *self,
			   enum leat_direction direction)
{
	const struct spa_io_position *position = self->clock[direction];
	struct leat_pw_adaptive_cycle cycle;

	if (!self->wire || !position || leat_pw_clock_recovering(position) ||
	    !leat_pw_rate_agrees(self, position->clock.rate.denom,
				 position->clock.nsec))
		return false;
	cycle.clock_id = position->clock.id;
	cycle.quantum = (uint32_t)position->clock.duration;
	cycle.clock.frame = position->clock.position;
	cycle.clock.time_ns = position->clock.nsec;
	cycle.clock.rate_diff = position->clock.rate_diff;
	if (leat_pw_adaptive_update(self->adaptive, self->wire->in, &cycle)) {
		leat_word_add(&self->status->cycles, 1);
		leat_word_set(&self->status->period, cycle.quantum);
		tell_needs(self);
	}
	return true;
}

/* ---- the source: from JACK's ring into the graph ---- */

static void copy_block(void *user, const struct leat_frames_view *view) LEAT_RT
{
	struct leat_pw_process *self = user;

	for (uint32_t c = 0; c < view->n_channels; c++)
		memcpy(self->planes[c] + view->n_before,
		       leat_frames_view_plane(view, c),
		       view->n_frames * sizeof(float));
}

/* Frames that the graph wants from this buffer, and where they go. */
static uint32_t map_source(struct leat_pw_process *self,
			   struct pw_buffer *buffer)
{
	const struct spa_io_position *position =
		clock_of(self, LEAT_TO_PIPEWIRE);
	uint64_t n = position ? position->clock.duration : buffer->requested;
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

static void finish_source(struct pw_buffer *buffer, uint32_t n_frames)
{
	for (uint32_t c = 0; c < buffer->buffer->n_datas; c++) {
		struct spa_chunk *chunk = buffer->buffer->datas[c].chunk;

		chunk->offset = 0;
		chunk->size = n_frames * (uint32_t)sizeof(float);
		chunk->stride = sizeof(float);
		chunk->flags = 0;
	}
	buffer->size = n_frames;
}

static bool play_block(struct leat_pw_process *self, uint32_t n_frames)
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

static void play_silence(struct leat_pw_process *self, uint32_t n_frames)
{
	leat_fade_silence(&self->fade, self->planes,
			  self->n_channels[LEAT_TO_PIPEWIRE], n_frames);
}

static void play_following(struct leat_pw_process *self, uint32_t n_frames)
{
	struct leat_direction_words *words =
		&self->status->direction[LEAT_TO_PIPEWIRE];

	if (play_block(self, n_frames))
		return;
	play_silence(self, n_frames);
	if (self->triggering && self->steady) {
		leat_word_add(&words->underruns, 1);
		leat_word_add(&words->inserted, n_frames);
	}
}

static void play_adaptive(struct leat_pw_process *self, uint32_t n_frames)
{
	if (!begin_adaptive(self, LEAT_TO_PIPEWIRE)) {
		play_silence(self, n_frames);
		return;
	}
	leat_pw_adaptive_read(self->adaptive, self->wire->in, self->planes,
			      n_frames);
	look_at_target(self, LEAT_TO_PIPEWIRE);
	leat_fade_played(&self->fade, self->planes,
			 self->n_channels[LEAT_TO_PIPEWIRE], n_frames);
}

/* What one mode played goes to nothing, then the other fades in. */
static void play_turn(struct leat_pw_process *self, uint32_t n_frames)
{
	play_silence(self, n_frames);
	self->turning = self->fade.out_left > 0;
	if (!self->turning)
		leat_fade_restart(&self->fade);
}

/* Streams that are being taken down are still called, and known no more. */
static struct pw_buffer *take_buffer(struct leat_pw_process *self,
				     enum leat_direction direction)
{
	struct pw_stream *stream = self->stream[direction];

	return stream ? pw_stream_dequeue_buffer(stream) : NULL;
}

/* The buffer with what was played, or NULL. */
static struct pw_buffer *run_source(struct leat_pw_process *self)
{
	struct pw_buffer *buffer = take_buffer(self, LEAT_TO_PIPEWIRE);
	uint32_t n_frames;

	if (!buffer)
		return NULL;
	n_frames = map_source(self, buffer);
	if (n_frames > 0 && self->turning)
		play_turn(self, n_frames);
	else if (n_frames > 0 && adapts(self))
		play_adaptive(self, n_frames);
	else if (n_frames > 0)
		play_following(self, n_frames);
	finish_source(buffer, n_frames);
	return buffer;
}

static void give(struct leat_pw_process *self, struct pw_buffer *buffer)
{
	pw_stream_queue_buffer(self->stream[LEAT_TO_PIPEWIRE], buffer);
}

/* What giving it runs are calls of libpipewire's, and not guarded. */
bool leat_pw_process_play(struct leat_pw_process *self)
{
	struct pw_buffer *buffer;

	leat_rt_guard_begin(self->guard);
	leat_pw_load_begin(&self->load, clock_of(self, LEAT_TO_PIPEWIRE));
	buffer = run_source(self);
	leat_pw_load_end(&self->load);
	leat_rt_guard_end(self->guard);
	if (buffer)
		give(self, buffer);
	return buffer;
}

void leat_pw_process_source(void *user)
{
	struct leat_pw_process *self = user;
	struct pw_buffer *buffer;

	leat_rt_guard_begin(self->guard);
	leat_pw_load_begin(&self->load, clock_of(self, LEAT_TO_PIPEWIRE));
	buffer = run_source(self);
	if (buffer)
		give(self, buffer);
	leat_pw_load_end(&self->load);
	leat_rt_guard_end(self->guard);
}

/* ---- the sink: from the graph into JACK's other ring ---- */

static void fill_block(void *user, const struct leat_frames_room *room) LEAT_RT
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
static bool writable(const struct leat_pw_process *self,
		     const struct spa_buffer *buffer)
{
	return self->wire && leat_pw_driving(self) && self->n_block > 0 &&
	       self->steady && !self->late &&
	       !leat_pw_clock_recovering(self->position) &&
	       has_frames(buffer, self->n_channels[LEAT_TO_JACK],
			  self->n_block);
}

/* JACK has been there, and played silence. */
static bool is_missed(const struct leat_pw_process *self)
{
	struct leat_consumer *ring = leat_frames_consumer_ring(self->wire->in);

	return leat_consumer_newest(ring) - self->start != self->n_block;
}

static void write_following(struct leat_pw_process *self,
			    struct spa_buffer *buffer)
{
	struct leat_direction_words *words =
		&self->status->direction[LEAT_TO_JACK];

	if (writable(self, buffer) && !is_missed(self)) {
		leat_frames_send_at(self->wire->out, self->start, self->n_block,
				    fill_block, buffer);
		leat_word_set(&words->index, self->start + self->n_block);
		self->n_block = 0;
	} else if (self->steady && self->n_block > 0 &&
		   (self->late || is_missed(self))) {
		leat_word_add(&words->lost, self->n_block);
		self->n_block = 0;
	}
}

static void write_adaptive(struct leat_pw_process *self,
			   const struct spa_buffer *buffer)
{
	const float *planes[LEAT_CHANNELS_MAX];
	uint32_t n_channels = self->n_channels[LEAT_TO_JACK];
	uint32_t n_frames;

	if (!begin_adaptive(self, LEAT_TO_JACK) || buffer->n_datas == 0)
		return;
	n_frames = buffer->datas[0].chunk->size / (uint32_t)sizeof(float);
	if (n_frames == 0 || !has_frames(buffer, n_channels, n_frames))
		return;
	for (uint32_t c = 0; c < n_channels; c++)
		planes[c] = (const float *)buffer->datas[c].data +
			    buffer->datas[c].chunk->offset / sizeof(float);
	if (!leat_pw_adaptive_write(self->adaptive, self->wire->out, planes,
				    n_frames))
		return;
	look_at_target(self, LEAT_TO_JACK);
	/* From now on JACK may count what it misses. */
	if (!self->steady)
		leat_frames_set_activity(self->wire->out, LEAT_ACTIVE);
	self->steady = true;
}

static void run_sink(struct leat_pw_process *self)
{
	struct pw_buffer *buffer = take_buffer(self, LEAT_TO_JACK);

	if (!buffer)
		return;
	self->busy = false;
	if (adapts(self))
		write_adaptive(self, buffer->buffer);
	else
		write_following(self, buffer->buffer);
	pw_stream_queue_buffer(self->stream[LEAT_TO_JACK], buffer);
}

void leat_pw_process_sink(void *user)
{
	struct leat_pw_process *self = user;

	leat_rt_guard_begin(self->guard);
	leat_pw_load_begin(&self->load, clock_of(self, LEAT_TO_JACK));
	run_sink(self);
	leat_pw_load_end(&self->load);
	leat_rt_guard_end(self->guard);
}

void leat_pw_process_found(void *user)
{
	struct leat_pw_process *self = user;

	pw_loop_signal_event(self->main_loop, self->changed);
}
