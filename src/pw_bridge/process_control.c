/* SPDX-License-Identifier: MIT */
/*
 * Changes to what the data loop uses: asked for on the main thread, made on
 * the data loop while the main thread waits, so that neither needs a lock.
 */
#include "process.h"

#include "clock.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

typedef void (*change_fn)(struct leat_pw_process *self, const void *data);

struct change {
	change_fn fn;
	const void *data;
};

static int do_change(struct spa_loop *loop, bool async, uint32_t seq,
		     const void *data, size_t size, void *user)
{
	const struct change *change = *(const struct change *const *)data;
	struct leat_pw_process *self = user;

	(void)loop;
	(void)async;
	(void)seq;
	(void)size;
	change->fn(self, change->data);
	self->n_changes++;
	return 0;
}

/* Run fn on the data loop and wait for it. */
static void change(struct leat_pw_process *self, change_fn fn, const void *data)
{
	struct change what = { fn, data };
	const struct change *pointer = &what;

	pw_data_loop_invoke(self->data_loop, do_change, 0, &pointer,
			    sizeof(pointer), true, self);
}

/* What a new stream of cycles begins with. */
static void restart(struct leat_pw_process *self)
{
	leat_pw_stop_cycles(self);
	if (self->adaptive)
		leat_pw_adaptive_pause(self->adaptive);
	/* What JACK wrote while nobody listened is of no interest. */
	if (self->wire)
		self->handled = leat_consumer_newest(
			leat_frames_consumer_ring(self->wire->in));
}

static void set_wire(struct leat_pw_process *self, const void *data)
{
	struct leat_wire *const *wire = data;
	struct pw_loop *loop = pw_data_loop_get_loop(self->data_loop);

	if (self->crossing)
		pw_loop_destroy_source(loop, self->crossing);
	self->crossing = NULL;
	self->wire = *wire;
	__atomic_store_n(&self->poisoned, false, __ATOMIC_SEQ_CST);
	__atomic_store_n(&self->races, false, __ATOMIC_SEQ_CST);
	if (self->wire) {
		self->crossing = pw_loop_add_io(
			loop, leat_frames_wait_fd(self->wire->in),
			LEAT_PW_CROSSING, false, leat_pw_on_crossing, self);
		self->error = self->crossing ? 0 : errno;
		leat_fade_restart(&self->fade);
	}
	/* A new ring has stamps and indices of its own. */
	if (self->adaptive)
		leat_pw_adaptive_restart(self->adaptive);
	restart(self);
	leat_pw_look(self);
}

int leat_pw_process_set_wire(struct leat_pw_process *self,
			     struct leat_wire *wire)
{
	self->error = 0;
	change(self, set_wire, &wire);
	return -self->error;
}

static void set_streams(struct leat_pw_process *self, const void *data)
{
	const struct leat_pw_streams *streams = data;

	self->driver = streams->driver;
	self->queue_is_enough = self->is_old;
	self->adaptive = streams->adaptive;
	self->rate_hz = streams->rate_hz;
	self->follow_rate_hz = streams->follow_rate_hz;
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		self->stream[d] = streams->stream[d];
		self->n_channels[d] = streams->n_channels[d];
		self->streaming[d] = false;
		self->clock[d] = NULL;
		self->driven[d] = false;
		self->said_target[d] = 0;
	}
	self->position = NULL;
	self->turning = false;
	__atomic_store_n(&self->other_driver, false, __ATOMIC_SEQ_CST);
	__atomic_store_n(&self->other_rate_hz, 0, __ATOMIC_SEQ_CST);
	__atomic_store_n(&self->room, 0, __ATOMIC_SEQ_CST);
	__atomic_store_n(&self->other_rate_stays, false, __ATOMIC_SEQ_CST);
	self->other_rate_ns = 0;
	leat_pw_forget_places(self);
	if (self->rate_hz > 0)
		leat_fade_init(&self->fade, self->rate_hz);
	restart(self);
}

void leat_pw_process_set_streams(struct leat_pw_process *self,
				 const struct leat_pw_streams *streams)
{
	change(self, set_streams, streams);
}

/* Where the driver's clock is; its name is ours to give if it is our own. */
static void find_position(struct leat_pw_process *self)
{
	self->position = NULL;
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		if (!self->driver || self->stream[d] != self->driver)
			continue;
		self->position = self->clock[d];
		if (self->position && !self->driven[d])
			leat_pw_clock_name(self->position, self->link_name);
	}
}

static void retune(struct leat_pw_process *self, const void *data)
{
	const struct leat_pw_streams *streams = data;
	bool other_clock = self->driver != streams->driver;

	self->driver = streams->driver;
	self->adaptive = streams->adaptive;
	__atomic_store_n(&self->other_driver, false, __ATOMIC_SEQ_CST);
	__atomic_store_n(&self->other_rate_hz, 0, __ATOMIC_SEQ_CST);
	__atomic_store_n(&self->other_rate_stays, false, __ATOMIC_SEQ_CST);
	self->other_rate_ns = 0;
	find_position(self);
	if (self->rate_hz != streams->rate_hz)
		leat_fade_init(&self->fade, streams->rate_hz);
	self->rate_hz = streams->rate_hz;
	self->follow_rate_hz = streams->follow_rate_hz;
	leat_pw_forget_places(self);
	if (other_clock)
		leat_pw_turn(self);
	restart(self);
	leat_pw_look(self);
}

void leat_pw_process_retune(struct leat_pw_process *self,
			    const struct leat_pw_streams *streams)
{
	change(self, retune, streams);
}

struct streaming {
	enum leat_direction direction;
	bool streaming;
};

static void set_streaming(struct leat_pw_process *self, const void *data)
{
	const struct streaming *streaming = data;

	if (self->streaming[streaming->direction] == streaming->streaming)
		return;
	self->streaming[streaming->direction] = streaming->streaming;
	restart(self);
	leat_pw_look(self);
}

void leat_pw_process_set_streaming(struct leat_pw_process *self,
				   enum leat_direction direction,
				   bool streaming)
{
	struct streaming data = { direction, streaming };

	change(self, set_streaming, &data);
}

struct clock {
	enum leat_direction direction;
	struct spa_io_position *position;
	bool own;
};

static void set_position(struct leat_pw_process *self, const void *data)
{
	const struct clock *clock = data;
	struct pw_stream *stream = self->stream[clock->direction];

	self->clock[clock->direction] = clock->position;
	self->driven[clock->direction] = !clock->own;
	if (self->driver && stream == self->driver)
		find_position(self);
}

void leat_pw_process_set_position(struct leat_pw_process *self,
				  enum leat_direction direction,
				  struct spa_io_position *position, bool own)
{
	struct clock clock = { direction, position, own };

	change(self, set_position, &clock);
}

static void set_period(struct leat_pw_process *self, const void *data)
{
	if (self->adaptive)
		leat_pw_adaptive_set_period(self->adaptive,
					    *(const uint32_t *)data);
}

void leat_pw_process_set_period(struct leat_pw_process *self, uint32_t period)
{
	change(self, set_period, &period);
}

void leat_pw_process_set_delay(struct leat_pw_process *self, int64_t delay)
{
	__atomic_store_n(&self->delay, delay, __ATOMIC_RELAXED);
}

/* ---- set-up ---- */

static void add_sources(struct leat_pw_process *self, const void *data)
{
	struct pw_loop *loop = pw_data_loop_get_loop(self->data_loop);

	(void)data;
	self->again = pw_loop_add_event(loop, leat_pw_on_again, self);
	if (self->again)
		self->rested = pw_loop_add_timer(loop, leat_pw_on_rested, self);
	self->error = self->rested ? 0 : errno;
}

static void look_at_policy(struct leat_pw_process *self, const void *data)
{
	(void)data;
	self->policy = sched_getscheduler(0);
}

int leat_pw_process_policy(struct leat_pw_process *self)
{
	change(self, look_at_policy, NULL);
	return self->policy;
}

static void remove_sources(struct leat_pw_process *self, const void *data)
{
	struct pw_loop *loop = pw_data_loop_get_loop(self->data_loop);

	(void)data;
	if (self->crossing)
		pw_loop_destroy_source(loop, self->crossing);
	if (self->again)
		pw_loop_destroy_source(loop, self->again);
	if (self->rested)
		pw_loop_destroy_source(loop, self->rested);
	self->crossing = NULL;
	self->again = NULL;
	self->rested = NULL;
	self->wire = NULL;
}

static bool library_is_old(void)
{
	unsigned major, minor;

	return sscanf(pw_get_library_version(), "%u.%u", &major, &minor) == 2 &&
	       (major < 1 || (major == 1 && minor < 2));
}

int leat_pw_process_init(struct leat_pw_process *self,
			 struct pw_context *context, struct pw_loop *main_loop,
			 struct leat_side_words *status, const char *link_name,
			 spa_source_event_func_t changed, void *user)
{
	memset(self, 0, sizeof(*self));
	self->data_loop = pw_context_get_data_loop(context);
	self->status = status;
	self->main_loop = main_loop;
	self->link_name = link_name;
	self->pace.held = true;
	self->rest.held = true;
	self->is_old = library_is_old();
	self->changed = pw_loop_add_event(main_loop, changed, user);
	if (!self->changed)
		return -errno;
	change(self, add_sources, NULL);
	return -self->error;
}

void leat_pw_process_finish(struct leat_pw_process *self)
{
	if (!self->data_loop)
		return;
	change(self, remove_sources, NULL);
	if (self->changed)
		pw_loop_destroy_source(self->main_loop, self->changed);
	self->changed = NULL;
	self->data_loop = NULL;
}
