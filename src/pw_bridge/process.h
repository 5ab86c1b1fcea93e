/* SPDX-License-Identifier: MIT */
/*
 * The realtime half of the PipeWire side: everything that runs on PipeWire's
 * data loop.
 *
 * A crossing of the ring from JACK wakes the data loop once per JACK cycle.
 * It triggers our driver node, so the graph runs at once, on JACK's clock.
 * The source plays the newest block that JACK wrote, [S, S+P); in the same
 * cycle the sink gets what the graph made of it and writes it back at index S,
 * where JACK will look for it in its next cycle, and nowhere else.
 *
 * In adaptive mode nobody is woken: PipeWire's own driver calls the streams,
 * and adaptive.h has what they do. If another driver takes the graph over while
 * we follow, and we may, both streams go on that way until it is ours again.
 *
 * The members are changed on the data loop only, through the functions below.
 */
#ifndef LEAT_PW_PROCESS_H
#define LEAT_PW_PROCESS_H

#include "adaptive.h"
#include "link/fade.h"
#include "load.h"
#include "pace.h"
#include "rest.h"
#include "rt_guard/rt_guard.h"

#include <leat/link.h>

#include <pipewire/pipewire.h>

struct leat_pw_process {
	struct pw_data_loop *data_loop;
	int policy; /* of its scheduling, as of sched(7) */
	int error;  /* errno of a source that could not be made on it, or 0 */
	struct leat_side_words *status;
	struct leat_pw_load load;
	struct leat_pw_pace pace; /* of the wire's peer */
	struct leat_pw_rest rest;
	bool resting; /* nobody looks at the ring */
	const char *link_name;
	bool is_old;		     /* libpipewire is older than 1.2 */
	struct spa_source *again;    /* event: look at the ring (again) */
	struct spa_source *crossing; /* the wire's wait fd, or NULL */
	struct spa_source *rested;   /* timer: a rest is over */
	struct pw_loop *main_loop;
	struct spa_source *changed; /* event of the main loop */

	struct leat_wire *wire;			     /* NULL: silence */
	struct pw_stream *stream[LEAT_N_DIRECTIONS]; /* source, sink */
	struct pw_stream *driver; /* one of them; NULL in adaptive mode */
	struct spa_io_position *position; /* the driver's clock, or NULL */
	/* Each stream's clock, or NULL. */
	struct spa_io_position *clock[LEAT_N_DIRECTIONS];
	bool driven[LEAT_N_DIRECTIONS];	   /* that is another node's */
	struct leat_pw_adaptive *adaptive; /* NULL: follow mode only */
	uint32_t n_channels[LEAT_N_DIRECTIONS];
	uint32_t rate_hz;	 /* of the streams */
	uint32_t follow_rate_hz; /* JACK's; what they need to follow it */
	bool streaming[LEAT_N_DIRECTIONS];

	/* The cycle. */
	uint64_t handled;	/* the newest index that was acted on */
	uint64_t start;		/* S of this cycle */
	uint64_t consumed;	/* where the source is */
	uint32_t n_block;	/* frames at S, 0 if there are none */
	uint32_t n_changes;	/* that the main thread has made here */
	bool triggering;	/* the graph runs: within trigger() */
	bool queue_is_enough;	/* a buffer queued runs it: see trigger() */
	bool busy;		/* the graph has not finished yet */
	bool late;		/* it had not when this cycle began */
	bool steady;		/* a cycle has run since streaming began */
	bool other_driver;	/* atomic: somebody else drives us */
	bool poisoned;		/* atomic: the wire's peer wrote nonsense */
	bool races;		/* atomic: it goes faster than any JACK */
	bool turning;		/* to another mode: fading out */
	uint32_t other_rate_hz; /* atomic: the graph's, if not the streams' */
	uint32_t room;		/* atomic: frames that the rings lack, or had */
	/* Atomic: what is used where the user wants less than can be; or 0. */
	uint32_t raised[LEAT_N_DIRECTIONS];
	bool other_rate_stays;	/* atomic: for longer than a change takes */
	uint64_t other_rate_ns; /* since when it is another one; 0: it is not */
	int64_t delay;		/* atomic: from the clock to JACK's devices */
	uint64_t said_target[LEAT_N_DIRECTIONS]; /* to the main thread */
	struct leat_fade fade;
	struct leat_rt_guard *guard;	  /* or NULL */
	float *planes[LEAT_CHANNELS_MAX]; /* of the source's buffer */
};

/* changed is called on the main loop when one of the atomics changed. */
int leat_pw_process_init(struct leat_pw_process *self,
			 struct pw_context *context, struct pw_loop *main_loop,
			 struct leat_side_words *status, const char *link_name,
			 spa_source_event_func_t changed, void *user);
void leat_pw_process_finish(struct leat_pw_process *self);

/*
 * Use a wire, or none (NULL); the old one is free to be destroyed then. 0, or a
 * negative errno: its signal cannot be watched.
 */
int leat_pw_process_set_wire(struct leat_pw_process *self,
			     struct leat_wire *wire);

/* How the data loop's thread is scheduled: SCHED_FIFO or what it is. */
int leat_pw_process_policy(struct leat_pw_process *self);

/* The streams, and what they are of. */
struct leat_pw_streams {
	struct pw_stream *stream[LEAT_N_DIRECTIONS]; /* source, sink */
	struct pw_stream *driver;
	struct leat_pw_adaptive *adaptive;
	uint32_t n_channels[LEAT_N_DIRECTIONS];
	uint32_t rate_hz;
	uint32_t follow_rate_hz;
};

/* What the streams are, before they are connected; all 0 to forget them. */
void leat_pw_process_set_streams(struct leat_pw_process *self,
				 const struct leat_pw_streams *streams);
/* The same streams, at other rates or on another clock. */
void leat_pw_process_retune(struct leat_pw_process *self,
			    const struct leat_pw_streams *streams);
void leat_pw_process_set_streaming(struct leat_pw_process *self,
				   enum leat_direction direction,
				   bool streaming);
void leat_pw_process_set_position(struct leat_pw_process *self,
				  enum leat_direction direction,
				  struct spa_io_position *position, bool own);
/* JACK's period, for adaptive mode. */
void leat_pw_process_set_period(struct leat_pw_process *self, uint32_t period);

/* What the clock says of its distance from JACK's devices, in frames. */
void leat_pw_process_set_delay(struct leat_pw_process *self, int64_t delay);

/* ---- on the data loop ---- */

/* No cycle of ours runs now: JACK is not to wait for blocks. */
LEAT_RT void leat_pw_stop_cycles(struct leat_pw_process *self);

/* From one mode to the other, with the same streams: fade, and count it. */
LEAT_RT void leat_pw_turn(struct leat_pw_process *self);

/* What adaptive mode told of its targets is not true any more. */
LEAT_RT void leat_pw_forget_places(struct leat_pw_process *self);

/*
 * Run the graph for what JACK wrote since last time, then ask to be woken for
 * the next block. While nobody listens we do not ask, and JACK's thread has
 * nobody to wake.
 */
LEAT_RT void leat_pw_look(struct leat_pw_process *self);

/*
 * Play a block into the graph, which runs it if a queued buffer is enough for
 * that; false if there is no buffer.
 */
LEAT_RT bool leat_pw_process_play(struct leat_pw_process *self);

/* Whether the node that drives is called, and drives. */
LEAT_RT bool leat_pw_driving(const struct leat_pw_process *self);

/*
 * Whether the streams run at the rate that they should. If not, the main thread
 * has them take it, unless they are just on their way to it.
 */
LEAT_RT bool leat_pw_rate_agrees(struct leat_pw_process *self, uint32_t rate_hz,
				 uint64_t now_ns);

/* What a crossing is watched for. */
#define LEAT_PW_CROSSING (SPA_IO_IN | SPA_IO_ERR | SPA_IO_HUP)

/*
 * The events that look: a crossing of the ring, one of our own, or the end of a
 * rest, which is taken where the first two do not let the thread sleep.
 */
LEAT_RT void leat_pw_on_crossing(void *user, int fd, uint32_t mask);
LEAT_RT void leat_pw_on_again(void *user, uint64_t count);
LEAT_RT void leat_pw_on_rested(void *user, uint64_t count);

/* The guard's event: tell the main thread. user: the process. */
LEAT_RT void leat_pw_process_found(void *user);

/* The streams' process events. */
LEAT_RT void leat_pw_process_source(void *user);
LEAT_RT void leat_pw_process_sink(void *user);

#endif
