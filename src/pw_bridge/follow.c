/* SPDX-License-Identifier: MIT */
/*
 * Follow mode: a crossing of the ring from JACK is a cycle of the graph, which
 * we drive. All of this runs on the data loop.
 */
#include "process.h"

#include "clock.h"
#include <leat/inline/atomics.h>

/* Cycles run for one wake-up; more than one only if JACK overtakes us. */
#define CYCLES_PER_WAKE 4

static enum leat_direction driving_way(const struct leat_pw_process *self)
{
	return self->driver == self->stream[LEAT_TO_PIPEWIRE] ? LEAT_TO_PIPEWIRE
							      : LEAT_TO_JACK;
}

static bool streaming(const struct leat_pw_process *self)
{
	return self->driver && self->streaming[driving_way(self)];
}

/*
 * Newer libraries believe that it drives while another driver does: see
 * nodes_retune.c. To trigger, or to write to the clock, would be that driver's.
 */
static bool drives(const struct leat_pw_process *self)
{
	return !self->driven[driving_way(self)] &&
	       pw_stream_is_driving(self->driver);
}

/* Newer libraries crash when asked before the stream is connected. */
bool leat_pw_driving(const struct leat_pw_process *self)
{
	return streaming(self) && drives(self);
}

static void turn(struct leat_pw_process *self, bool adapts)
{
	if (!self->adaptive)
		return;
	leat_pw_turn(self);
	if (adapts)
		leat_pw_adaptive_restart(self->adaptive);
	else
		leat_pw_forget_places(self);
}

static void set_other_driver(struct leat_pw_process *self, bool other)
{
	if (self->other_driver == other)
		return;
	__atomic_store_n(&self->other_driver, other, __ATOMIC_SEQ_CST);
	if (other)
		leat_pw_stop_cycles(self);
	turn(self, other);
	pw_loop_signal_event(self->main_loop, self->changed);
}

/*
 * Find the newest block. Its length is what JACK's stamp says; a stamp that
 * does not fit is one that JACK is writing just now.
 */
static bool find_block(struct leat_pw_process *self, uint64_t newest)
{
	struct leat_stamp stamp;
	uint64_t n;

	self->n_block = 0;
	if (!leat_frames_get_stamp(self->wire->in, &stamp))
		return false;
	n = newest - stamp.index;
	if (n == 0 || n > leat_frames_consumer_format(self->wire->in)->capacity)
		return false;
	/* At another rate PipeWire would resample, and be late. */
	if (!leat_pw_rate_agrees(self, self->follow_rate_hz, stamp.time_ns))
		return false;
	self->start = stamp.index;
	self->n_block = (uint32_t)n;
	leat_pw_clock_write(self->position, &stamp, self->n_block,
			    self->rate_hz,
			    __atomic_load_n(&self->delay, __ATOMIC_RELAXED));
	return true;
}

/* Frames that JACK wrote and the graph never saw. */
static void count_passed_over(struct leat_pw_process *self)
{
	struct leat_direction_words *words =
		&self->status->direction[LEAT_TO_PIPEWIRE];
	uint64_t passed = self->start - self->consumed;

	if (!self->steady || passed == 0 || passed > UINT32_MAX)
		return;
	leat_word_add(&words->lost, passed);
	leat_word_add(&words->overruns, 1);
}

/* The graph has a block and does not finish: it will not come back. */
static void count_stuck(struct leat_pw_process *self, uint32_t n_block)
{
	leat_word_add(&self->status->xruns, 1);
	leat_word_add(&self->status->direction[LEAT_TO_JACK].lost, n_block);
}

/*
 * Before PipeWire 1.2 a stream that has ever been triggered wakes the main
 * thread each cycle, to tell it that it is done. The older way to drive, still
 * in all of them, does not: to queue a buffer runs the graph. Where there is no
 * buffer this stream goes the other way from then on.
 */
static void run_graph(struct leat_pw_process *self) LEAT_RT
{
	if (self->queue_is_enough &&
	    self->driver == self->stream[LEAT_TO_PIPEWIRE] &&
	    leat_pw_process_play(self))
		return;
	self->queue_is_enough = false;
	pw_stream_trigger_process(self->driver);
}

/*
 * To trigger, libpipewire invokes a function on this very thread, and before
 * that it does what the main thread has asked for meanwhile. So the wire may be
 * another now, or none, and the streams gone. @return  Whether all is as it was.
 */
static bool trigger(struct leat_pw_process *self) LEAT_RT
{
	uint32_t n_changes = self->n_changes;

	self->triggering = true;
	run_graph(self);
	self->triggering = false;
	return self->n_changes == n_changes;
}

static void run_cycle(struct leat_pw_process *self, uint64_t newest)
{
	uint32_t n_before = self->n_block;

	if (!find_block(self, newest))
		return;
	count_passed_over(self);
	self->consumed = newest;
	self->late = self->busy;
	if (self->busy)
		count_stuck(self, n_before);
	self->busy = self->streaming[LEAT_TO_JACK];
	if (!trigger(self))
		return;
	if (!self->steady)
		leat_frames_set_activity(self->wire->out,
					 self->streaming[LEAT_TO_JACK]
						 ? LEAT_ANSWERS
						 : LEAT_IDLE);
	self->steady = true;
	leat_word_add(&self->status->cycles, 1);
	leat_consumer_pass(leat_frames_consumer_ring(self->wire->in), newest);
	leat_word_set(&self->status->direction[LEAT_TO_PIPEWIRE].index, newest);
}

/* The direction is silent from here on; the main thread makes a new wire. */
static void set_poisoned(struct leat_pw_process *self)
{
	if (self->poisoned)
		return;
	leat_word_add(&self->status->direction[LEAT_TO_PIPEWIRE].poisoned, 1);
	__atomic_store_n(&self->poisoned, true, __ATOMIC_SEQ_CST);
	pw_loop_signal_event(self->main_loop, self->changed);
}

/* Of an adaptive mode's ring nothing is known here; it wakes nobody. */
static uint32_t pace_rate(const struct leat_pw_process *self)
{
	return self->follow_rate_hz > 0 ? self->follow_rate_hz : 48000;
}

/*
 * Whether JACK keeps its pace, with so many frames more. Else it is looked at
 * no more, and the main thread leaves it.
 */
static bool keeps_pace(struct leat_pw_process *self, uint32_t n_frames)
{
	if (leat_pw_pace_keeps(&self->pace, n_frames, pace_rate(self)))
		return true;
	__atomic_store_n(&self->races, true, __ATOMIC_SEQ_CST);
	pw_loop_signal_event(self->main_loop, self->changed);
	return false;
}

static void forget_crossing(struct leat_pw_process *self)
{
	if (self->crossing)
		pw_loop_destroy_source(pw_data_loop_get_loop(self->data_loop),
				       self->crossing);
	self->crossing = NULL;
}

static void look_later(struct leat_pw_process *self)
{
	if (self->again)
		pw_loop_signal_event(pw_data_loop_get_loop(self->data_loop),
				     self->again);
}

/*
 * Whether the thread has to sleep before it looks any further. The loop, which
 * serves PipeWire as well, goes on and finds nothing of JACK's to do.
 */
static bool rests(struct leat_pw_process *self)
{
	struct timespec when = { 0, LEAT_PW_REST_NS };
	struct pw_loop *loop;

	if (!self->resting && !leat_pw_rest_needed(&self->rest))
		return false;
	loop = pw_data_loop_get_loop(self->data_loop);
	if (self->crossing)
		pw_loop_update_io(loop, self->crossing, 0);
	if (self->resting)
		return true;
	self->resting = true;
	pw_loop_update_timer(loop, self->rested, &when, NULL, false);
	leat_word_add(&self->status->rests, 1);
	pw_loop_signal_event(self->main_loop, self->changed);
	return true;
}

void leat_pw_look(struct leat_pw_process *self)
{
	struct leat_consumer *ring;

	if (!self->wire || self->races || self->resting || !streaming(self))
		return;
	ring = leat_frames_consumer_ring(self->wire->in);
	for (int i = 0; i < CYCLES_PER_WAKE; i++) {
		uint64_t newest = leat_consumer_newest(ring);
		uint64_t handled = self->handled;
		uint32_t n_changes = self->n_changes;
		bool ours = drives(self);

		set_other_driver(self, !ours);
		self->handled = newest;
		if (newest != handled && ours)
			run_cycle(self, newest);
		if (newest != handled && !keeps_pace(self, self->n_block))
			return;
		if (self->n_changes != n_changes) {
			look_later(self);
			return;
		}
		/* The ring may have seen more while the cycle read from it. */
		if (!leat_frames_prepare_wait(self->wire->in, 1) &&
		    leat_consumer_newest(ring) == self->handled)
			return;
		if (leat_consumer_poisoned(ring)) {
			set_poisoned(self);
			return;
		}
	}
	look_later(self);
}

void leat_pw_on_crossing(void *user, int fd, uint32_t mask)
{
	struct leat_pw_process *self = user;

	(void)fd;
	if (mask & (SPA_IO_ERR | SPA_IO_HUP)) {
		/* The peer closed it: the main thread will hear of that too. */
		forget_crossing(self);
		return;
	}
	if (rests(self))
		return;
	if (keeps_pace(self, 0))
		leat_pw_look(self);
	if (self->races) {
		forget_crossing(self);
		return;
	}
	/* Not looked at while nothing streams, but not to spin on either. */
	if (self->wire && !streaming(self))
		leat_frames_clear_wait(self->wire->in);
}

void leat_pw_on_again(void *user, uint64_t count)
{
	(void)count;
	if (!rests(user) && keeps_pace(user, 0))
		leat_pw_look(user);
}

void leat_pw_on_rested(void *user, uint64_t count)
{
	struct leat_pw_process *self = user;

	(void)count;
	self->resting = false;
	leat_pw_rest_over(&self->rest);
	if (self->crossing)
		pw_loop_update_io(pw_data_loop_get_loop(self->data_loop),
				  self->crossing, LEAT_PW_CROSSING);
	leat_pw_look(self);
}
