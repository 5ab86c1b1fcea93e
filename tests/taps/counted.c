/* SPDX-License-Identifier: MIT */
/*
 * leat-counted: JACK's side of a link on a JACK that is only memory, to be run
 * under callgrind, which counts leat_jack_process_callback(). It hosts the link
 * for taps in other processes, and its own guest answers each cycle, and asks
 * to be woken for the next one, as follow mode does. How long its callbacks
 * take is not recorded: what that takes of instructions depends on the clock.
 *
 * It says "ready counted". Commands on standard input:
 *
 *	run N    N cycles
 *	jump     JACK leaves out a period before the next cycle
 *	quit     end
 */
#include "support/control.h"
#include "unit/circle.h"
#include "unit/node.h"

#include <leat/positions.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Between two cycles: taps have the time to read each block. */
#define CYCLE_US 300

/* So many cycles is the host deaf to taps. */
#define DEAF 64

struct counted {
	struct node host, guest;
	struct circle circle;
	struct control control;
};

static struct leat_link_spec spec_of(const char *link_name)
{
	struct leat_link_spec spec = node_spec();

	snprintf(spec.link_name, sizeof(spec.link_name), "%s", link_name);
	spec.period = CIRCLE_PERIOD;
	spec.capacity = 16384;
	spec.n_channels[LEAT_TO_PIPEWIRE] = CIRCLE_CHANNELS;
	spec.n_channels[LEAT_TO_JACK] = CIRCLE_CHANNELS;
	/* As leat-jack has them. */
	spec.ring_flags[LEAT_TO_PIPEWIRE] = LEAT_RING_TIMED;
	spec.ring_flags[LEAT_TO_JACK] = LEAT_RING_TIMED | LEAT_RING_POLL;
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		leat_positions_default(spec.position[d], CIRCLE_CHANNELS);
	return spec;
}

/* The circle's own wire is not needed: the callback gets the link's. */
static bool open_all(struct counted *self)
{
	struct leat_link_spec spec = spec_of(NODE_LINK);

	if (!circle_open(&self->circle) || node_host(&self->host, &spec) < 0 ||
	    node_guest(&self->guest) < 0 || !node_connect(&self->guest))
		return false;
	node_settle(&self->host, &self->guest);
	if (!self->host.wire || !self->guest.wire)
		return false;
	leat_frames_producer_destroy(self->circle.pipewire.out);
	leat_frames_consumer_destroy(self->circle.pipewire.in);
	self->circle.pipewire = *self->guest.wire;
	leat_frames_set_activity(self->circle.pipewire.out, LEAT_ACTIVE);
	self->circle.process.load = NULL;
	leat_jack_process_set_wire(&self->circle.process, self->host.wire);
	return true;
}

static void run(struct counted *self, int n_cycles)
{
	for (int i = 0; i < n_cycles; i++) {
		circle_sleep(&self->circle);
		circle_cycle(&self->circle, CIRCLE_PERIOD);
		circle_answer(&self->circle);
		if (i % DEAF == 0)
			node_settle(&self->host, &self->guest);
		usleep(CYCLE_US);
	}
	printf("cycles=%d back=%d\n", n_cycles,
	       circle_is_back(&self->circle, CIRCLE_PERIOD));
}

static void run_command(struct counted *self)
{
	struct control *control = &self->control;

	if (control_is(control, "run", 1, 1)) {
		run(self, control_number(control, 1, 0));
	} else if (control_is(control, "jump", 0, 0)) {
		self->circle.client.frame_time += CIRCLE_PERIOD;
		puts("ok");
	} else if (control_is(control, "quit", 0, 0)) {
		control->ended = true;
	} else {
		puts("error unknown command");
	}
	fflush(stdout);
}

static void loop(struct counted *self)
{
	while (!self->control.ended) {
		struct pollfd fds[3] = {
			{ .fd = 0, .events = POLLIN },
			{ .fd = node_fd(&self->host), .events = POLLIN },
			{ .fd = node_fd(&self->guest), .events = POLLIN },
		};

		poll(fds, 3, -1);
		node_settle(&self->host, &self->guest);
		if (fds[0].revents)
			control_read(&self->control, 0);
		while (control_next(&self->control))
			run_command(self);
	}
}

int main(void)
{
	static struct counted self;

	if (!open_all(&self)) {
		fprintf(stderr, "the link does not come up\n");
		return 1;
	}
	puts("ready counted");
	fflush(stdout);
	loop(&self);
	node_close(&self.guest);
	node_close(&self.host);
	leat_frames_producer_destroy(self.circle.jack.out);
	leat_frames_consumer_destroy(self.circle.jack.in);
	return 0;
}
