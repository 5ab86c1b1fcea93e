/* SPDX-License-Identifier: MIT */
#include "process.h"

#include "cli/now.h"
#include <leat/inline/atomics.h>

#include <limits.h>
#include <string.h>

void leat_jack_process_init(struct leat_jack_process *self,
			    jack_client_t *client,
			    struct leat_side_words *status,
			    uint32_t sync_wait_percent)
{
	memset(self, 0, sizeof(*self));
	self->client = client;
	self->status = status;
	self->sync_wait.percent = sync_wait_percent;
	/* The kernel's page with the clock is here before the callback is. */
	self->time_ns = leat_now_ns();
	self->rate_hz = jack_get_sample_rate(client);
	leat_fade_init(&self->fade, self->rate_hz);
}

void leat_jack_process_set_wire(struct leat_jack_process *self,
				struct leat_wire *wire)
{
	leat_pointer_store_ordered(&self->wire_wanted, wire);
}

bool leat_jack_process_uses(const struct leat_jack_process *self,
			    const struct leat_wire *wire)
{
	return leat_pointer_load_ordered(&self->wire_used) == wire;
}

void leat_jack_process_stopped(struct leat_jack_process *self)
{
	leat_pointer_store(&self->wire_used, NULL);
	self->wire = NULL;
}

/* ---- below here, only the process thread runs ---- */

/*
 * What is wanted, once the main thread can see that it is used: it may have
 * changed its mind meanwhile, and destroyed what nobody used yet. NULL then,
 * until the next cycle.
 */
static struct leat_wire *claim_wire(struct leat_jack_process *self)
{
	struct leat_wire *wire = leat_pointer_load(&self->wire_wanted);

	if (wire == self->wire)
		return wire;
	leat_pointer_store_ordered(&self->wire_used, wire);
	if (leat_pointer_load_ordered(&self->wire_wanted) == wire)
		return wire;
	leat_pointer_store(&self->wire_used, NULL);
	return NULL;
}

static void take_wire(struct leat_jack_process *self)
{
	struct leat_wire *wire = claim_wire(self);

	if (wire == self->wire)
		return;
	self->wire = wire;
	self->n_before = 0;
	self->has_sent = false;
	self->sync_wait.is_missing = false;
	self->poison_told = false;
	if (!wire)
		return;
	leat_fade_restart(&self->fade);
	self->index = leat_producer_index(leat_frames_producer_ring(wire->out));
	self->newest = self->index;
	leat_frames_set_activity(wire->out, LEAT_ACTIVE);
}

/* How long JACK's cycle was under way when this one began, by its own clock. */
static uint64_t wakeup_ns(const struct leat_jack_process *self)
{
	jack_nframes_t frame_time;
	jack_time_t start_us, next_us;
	float period_us;

	if (jack_get_cycle_times(self->client, &frame_time, &start_us, &next_us,
				 &period_us) != 0)
		return LEAT_UNKNOWN;
	return leat_load_since(jack_get_time() * 1000, start_us * 1000);
}

static void begin_load(struct leat_jack_process *self, jack_nframes_t n_frames)
{
	struct leat_load_cycle *cycle = &self->cycle;
	bool goes_on = self->n_cycle > 0;

	if (!self->load)
		return;
	cycle->interval_ns = goes_on ? self->time_ns - cycle->start_ns
				     : LEAT_UNKNOWN;
	cycle->start_ns = self->time_ns;
	cycle->period_ns = leat_load_period_ns(n_frames, self->rate_hz);
	cycle->wakeup_ns = wakeup_ns(self);
}

static void end_load(struct leat_jack_process *self)
{
	if (!self->load)
		return;
	self->cycle.duration_ns = leat_now_ns() - self->cycle.start_ns;
	leat_load_record(self->load, &self->cycle);
}

/*
 * xrun callbacks miss some losses, so periods that the server skipped are
 * counted from its frame time.
 */
static void note_cycle(struct leat_jack_process *self, jack_nframes_t n_frames)
{
	jack_nframes_t frame_time = jack_last_frame_time(self->client);
	jack_nframes_t gap = frame_time - self->frame_time - self->n_cycle;

	if (self->n_cycle > 0 && gap > 0 && gap < UINT32_MAX / 2)
		leat_word_add(&self->status->skipped_periods,
			      (gap + n_frames - 1) / n_frames);
	self->frame_time = frame_time;
	self->time_ns = leat_now_ns();
	begin_load(self, n_frames);
	self->n_cycle = n_frames;
	leat_word_add(&self->status->cycles, 1);
}

static void get_planes(struct leat_jack_process *self, jack_nframes_t n_frames)
{
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		for (uint32_t i = 0; i < self->n_ports[d]; i++)
			self->planes[d][i] = jack_port_get_buffer(
				self->ports[d][i], n_frames);
}

static void copy_out(void *user, const struct leat_frames_view *view) LEAT_RT
{
	struct leat_jack_process *self = user;

	for (uint32_t c = 0; c < view->n_channels; c++)
		memcpy(self->planes[LEAT_TO_JACK][c] + view->n_before,
		       leat_frames_view_plane(view, c),
		       view->n_frames * sizeof(float));
}

static void copy_in(void *user, const struct leat_frames_room *room) LEAT_RT
{
	struct leat_jack_process *self = user;

	for (uint32_t c = 0; c < room->n_channels; c++)
		memcpy(leat_frames_room_plane(room, c),
		       self->planes[LEAT_TO_PIPEWIRE][c] + room->n_before,
		       room->n_frames * sizeof(float));
}

/* Frames that came and will not be played: a part, or a block too late. */
static uint64_t count_lost(const struct leat_jack_process *self, uint64_t start,
			   uint64_t newest, jack_nframes_t n_frames)
{
	uint64_t part = newest - start;

	if (part > 0 && part < n_frames)
		return part;
	return newest != self->newest ? n_frames : 0;
}

/* Count a cycle without a block, unless PipeWire is idle anyway. */
static void count_missing(struct leat_jack_process *self, uint64_t start,
			  jack_nframes_t n_frames)
{
	struct leat_direction_words *words =
		&self->status->direction[LEAT_TO_JACK];
	struct leat_consumer *ring = leat_frames_consumer_ring(self->wire->in);
	uint64_t newest = leat_consumer_newest(ring);

	leat_word_add(&words->lost, count_lost(self, start, newest, n_frames));
	if (leat_frames_activity(self->wire->in) != LEAT_IDLE) {
		leat_word_add(&words->underruns, 1);
		leat_word_add(&words->inserted, n_frames);
	}
	self->newest = newest;
	if (!leat_consumer_poisoned(ring) || self->poison_told)
		return;
	self->poison_told = true;
	leat_word_add(&words->poisoned, 1);
	self->poisoned(self->user);
}

/* The block at start, if it is there; it is `latency` frames old. */
static bool receive(struct leat_jack_process *self, uint64_t start,
		    jack_nframes_t n_frames, uint32_t latency)
{
	struct leat_direction_words *words =
		&self->status->direction[LEAT_TO_JACK];

	if (leat_frames_recv_at(self->wire->in, start, n_frames, copy_out,
				self) != n_frames) {
		count_missing(self, start, n_frames);
		return false;
	}
	self->newest =
		leat_consumer_newest(leat_frames_consumer_ring(self->wire->in));
	leat_word_add(&words->frames, n_frames);
	leat_word_set(&words->latency, latency);
	return true;
}

/*
 * [W-P, W); a period of another length ends one later. In follow mode the
 * ring's index is W then, in adaptive mode it is ahead.
 */
static bool receive_last(struct leat_jack_process *self,
			 jack_nframes_t n_frames)
{
	uint64_t start = self->index - n_frames;

	if (self->n_before == n_frames)
		return receive(self, start, n_frames, n_frames);
	count_missing(self, start, n_frames);
	return false;
}

/*
 * Frames of time since the wire was last written to, by a client of this one's
 * server or of one before it: that server's count goes on if both clocks agree.
 */
static uint64_t hole_by_stamp(const struct leat_jack_process *self)
{
	struct leat_stamp last = leat_frames_last_stamp(self->wire->out);
	uint64_t written = self->index - last.index;
	uint64_t passed_us = (self->time_ns - last.time_ns) / 1000;
	uint64_t passed = passed_us * self->rate_hz / 1000000;
	uint32_t by_count =
		self->frame_time - (uint32_t)(last.frame_time + written);
	int64_t by_time = (int64_t)(passed - written);

	if (last.time_ns == 0)
		return 0;
	if (by_time > (int64_t)by_count - (int64_t)self->rate_hz / 20 &&
	    by_time < (int64_t)by_count + (int64_t)self->rate_hz / 20)
		return by_count;
	return by_time > 0 ? (uint64_t)by_time : 0;
}

/* The ring goes on where it was; taps are told how much time has passed. */
static void note_hole(struct leat_jack_process *self, jack_nframes_t n_frames)
{
	uint64_t hole = (jack_nframes_t)(self->frame_time - self->due_time);

	if (!self->has_sent)
		hole = hole_by_stamp(self);
	if (hole > 0 && hole < UINT32_MAX / 2)
		leat_frames_note(self->wire->out, LEAT_EVENT_XRUN, hole);
	self->has_sent = true;
	self->due_time = self->frame_time + n_frames;
}

/* [W, W+P) */
static void send(struct leat_jack_process *self, jack_nframes_t n_frames)
{
	struct leat_direction_words *words =
		&self->status->direction[LEAT_TO_PIPEWIRE];
	struct leat_stamp stamp = {
		.index = self->index,
		.frame_time = self->frame_time,
		.time_ns = self->time_ns,
	};
	uint64_t n_wakeups = leat_frames_wakeups(self->wire->out);
	uint64_t n_calls = leat_frames_wake_calls(self->wire->out);

	note_hole(self, n_frames);
	leat_frames_set_stamp(self->wire->out, &stamp);
	leat_frames_send_at(self->wire->out, self->index, n_frames, copy_in,
			    self);
	self->index += n_frames;
	self->n_before = n_frames;
	leat_word_add(&words->wakeups,
		      leat_frames_wakeups(self->wire->out) - n_wakeups);
	n_calls = leat_frames_wake_calls(self->wire->out) - n_calls;
	leat_rt_guard_allow(self->guard, (unsigned)n_calls);
}

/* Where the two rings are, for those who want to know the fill. */
static void publish_gauges(struct leat_jack_process *self, uint32_t latency)
{
	struct leat_direction_words *words = self->status->direction;

	leat_word_set(&words[LEAT_TO_PIPEWIRE].index, self->index);
	/* Where that ended what was wanted back. */
	leat_word_set(&words[LEAT_TO_JACK].index, self->index - latency);
	leat_word_set(&words[LEAT_TO_JACK].target, latency);
}

/* Send [W, W+P), and take back what is due. */
static bool exchange(struct leat_jack_process *self, jack_nframes_t n_frames)
{
	uint64_t index = self->index;
	bool waits = leat_sync_wait_wanted(&self->sync_wait, self->wire->in);
	bool received = false;

	if (!waits)
		received = receive_last(self, n_frames);
	send(self, n_frames);
	if (waits) {
		leat_rt_guard_allow(self->guard, UINT_MAX / 2);
		(void)leat_sync_wait(&self->sync_wait, self->wire->in,
				     &(struct leat_sync_wait_block){
					     .index = index,
					     .n_frames = n_frames,
					     .rate_hz = self->rate_hz,
					     .start_ns = self->time_ns,
				     });
		received = receive(self, index, n_frames, 0);
	}
	publish_gauges(self, waits ? 0 : n_frames);
	return received;
}

/*
 * JACK runs as fast as it can, for a file. PipeWire, whose time goes on as ever,
 * has no part in that: nothing is sent, nothing is waited for, and the rings
 * stand still until JACK is back in real time.
 */
static void freewheel(struct leat_jack_process *self, jack_nframes_t n_frames)
{
	take_wire(self);
	get_planes(self, n_frames);
	leat_fade_silence(&self->fade, self->planes[LEAT_TO_JACK],
			  self->n_ports[LEAT_TO_JACK], n_frames);
	self->n_before = 0;
	self->n_cycle = 0;
}

static void run_cycle(struct leat_jack_process *self, jack_nframes_t n_frames)
{
	float *const *outputs = self->planes[LEAT_TO_JACK];

	if (__atomic_load_n(&self->freewheels, __ATOMIC_RELAXED)) {
		freewheel(self, n_frames);
		return;
	}
	take_wire(self);
	note_cycle(self, n_frames);
	get_planes(self, n_frames);
	if (self->wire && exchange(self, n_frames))
		leat_fade_played(&self->fade, outputs,
				 self->n_ports[LEAT_TO_JACK], n_frames);
	else
		leat_fade_silence(&self->fade, outputs,
				  self->n_ports[LEAT_TO_JACK], n_frames);
	end_load(self);
}

int leat_jack_process_callback(jack_nframes_t n_frames, void *user)
{
	struct leat_jack_process *self = user;

	leat_rt_guard_begin(self->guard);
	run_cycle(self, n_frames);
	leat_rt_guard_end(self->guard);
	return 0;
}
