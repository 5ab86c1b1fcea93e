/* SPDX-License-Identifier: MIT */
#include "honest.h"

#include "unit/graph.h"
#include "unit/helpers.h"

#include <leat/inline/atomics.h>
#include <leat/positions.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Between two cycles; a period of 64 frames is 1.3 ms. */
#define CYCLE_US 500

/* How often the main thread looks at what the callback tells it. */
#define TICK_MS 2

/* Everything the honest process has. */
struct self {
	struct honest *honest;
	struct honest_report *report;
	struct leat_host *host;	  /* or */
	struct leat_guest *guest; /* this */
	struct graph graph;	  /* the host uses the circle in it alone */
	struct leat_rt_guard guard;
	struct leat_wire *wire;
	void *wire_wanted, *wire_used; /* of a guest's realtime thread */
	bool stop;		       /* atomic */
	uint64_t n_poisoned;	       /* that the main thread has seen */
};

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

uint64_t honest_now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

static void set(uint64_t *number, uint64_t value)
{
	__atomic_store_n(number, value, __ATOMIC_SEQ_CST);
}

static uint64_t get(const uint64_t *number)
{
	return __atomic_load_n(number, __ATOMIC_SEQ_CST);
}

static void add(uint64_t *number, uint64_t value)
{
	__atomic_fetch_add(number, value, __ATOMIC_SEQ_CST);
}

struct leat_link_spec honest_spec(void)
{
	struct leat_link_spec spec = {
		.link_name = HONEST_LINK,
		.rate_hz = 48000,
		.period = CIRCLE_PERIOD,
		.n_channels = { CIRCLE_CHANNELS, CIRCLE_CHANNELS },
		.capacity = 4096,
		.ring_flags = { LEAT_RING_TIMED,
				LEAT_RING_TIMED | LEAT_RING_POLL },
		.first_index = UINT64_MAX - 1000,
		.jack_alive = true,
	};

	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		leat_positions_default(spec.position[d], spec.n_channels[d]);
	return spec;
}

/* ---- the realtime thread ---- */

/* When a callback began, and what its thread had taken of the processor. */
struct began {
	uint64_t ns;
	uint64_t cpu_ns;
};

static struct began begin_callback(struct self *self)
{
	struct began began = { honest_now_ns(),
			       clock_ns(CLOCK_THREAD_CPUTIME_ID) };

	set(&self->report->busy_since_ns, began.ns);
	return began;
}

/* Of one that had something to do. */
static void note_time(struct self *self, const struct began *began)
{
	uint64_t cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - began->cpu_ns;
	uint64_t took = cpu_ns / HONEST_TOOK_NS;

	add(&self->report
		     ->n_took[took < HONEST_N_TOOK ? took : HONEST_N_TOOK - 1],
	    1);
}

static void note_callback(struct self *self, const struct began *began)
{
	struct honest_report *report = self->report;
	uint64_t ns = honest_now_ns() - began->ns;

	set(&report->busy_since_ns, 0);
	if (ns > report->max_ns)
		set(&report->max_ns, ns);
	set(&report->n_calls, leat_word_peek(&self->guard.n_calls));
	set(&report->last_call, leat_word_peek(&self->guard.last_call));
	set(&report->n_faults, leat_word_peek(&self->guard.n_faults));
	add(&report->n_callbacks, 1);
}

static void *run_jack(void *user)
{
	struct self *self = user;
	struct circle *circle = &self->graph.circle;

	while (!__atomic_load_n(&self->stop, __ATOMIC_SEQ_CST)) {
		struct began began = begin_callback(self);

		circle_cycle(circle, CIRCLE_PERIOD);
		note_time(self, &began);
		note_callback(self, &began);
		set(&self->report->n_poisoned, circle->n_poisoned);
		if (circle_is_back(circle, CIRCLE_PERIOD) ||
		    circle_is_back_at_once(circle, CIRCLE_PERIOD))
			add(&self->report->n_good, 1);
		usleep(CYCLE_US);
	}
	return NULL;
}

/* As process_control.c does on PipeWire's data loop. */
static void take_wire(struct self *self)
{
	struct leat_pw_process *process = &self->graph.process;
	struct leat_wire *wire = leat_pointer_load(&self->wire_wanted);

	if (wire == self->wire_used)
		return;
	process->wire = wire;
	process->crossing = wire ? &self->graph.crossing : NULL;
	__atomic_store_n(&process->poisoned, false, __ATOMIC_SEQ_CST);
	leat_fade_restart(&process->fade);
	leat_pw_stop_cycles(process);
	if (wire)
		process->handled = leat_consumer_newest(
			leat_frames_consumer_ring(wire->in));
	leat_pw_look(process);
	leat_pointer_store(&self->wire_used, wire);
}

/* What the data loop sleeps on. */
static uint32_t sleep_on_wire(struct leat_pw_process *process)
{
	struct pollfd pfd = { .fd = -1, .events = POLLIN };

	if (process->resting) {
		usleep(LEAT_PW_REST_NS / 1000);
		leat_pw_on_rested(process, 1);
		return 0;
	}
	if (process->crossing)
		pfd.fd = leat_frames_wait_fd(process->wire->in);
	if (poll(&pfd, 1, TICK_MS) <= 0)
		return 0;
	return (pfd.revents & POLLIN ? SPA_IO_IN : 0u) |
	       (pfd.revents & POLLHUP ? SPA_IO_HUP : 0u) |
	       (pfd.revents & POLLERR ? SPA_IO_ERR : 0u);
}

static void *run_data_loop(void *user)
{
	struct self *self = user;
	struct leat_pw_process *process = &self->graph.process;

	while (!__atomic_load_n(&self->stop, __ATOMIC_SEQ_CST)) {
		struct began began = begin_callback(self);
		uint32_t mask;

		take_wire(self);
		set(&self->report->busy_since_ns, 0);
		mask = sleep_on_wire(process);
		began = begin_callback(self);
		if (mask) {
			leat_pw_on_crossing(
				process, leat_frames_wait_fd(process->wire->in),
				mask);
			note_time(self, &began);
		}
		note_callback(self, &began);
		set(&self->report->n_good,
		    leat_word_peek(&self->graph.status.cycles));
	}
	return NULL;
}

/* ---- the main thread ---- */

/* Wait until the callback has let go of a wire, as the bridges do. */
static void use_wire(struct self *self, struct leat_wire *wire)
{
	struct leat_jack_process *process = &self->graph.circle.process;
	struct leat_wire *old = self->wire;

	self->wire = wire;
	if (self->guest) {
		leat_pointer_store(&self->wire_wanted, wire);
		while (leat_pointer_load(&self->wire_used) != wire)
			usleep(100);
	} else {
		leat_jack_process_set_wire(process, wire);
		while (old && leat_jack_process_uses(process, old))
			usleep(100);
	}
	leat_wire_destroy(old);
}

static void on_spec(void *user, const struct leat_link_spec *spec)
{
	struct self *self = user;

	(void)spec;
	add(&self->report->n_specs, 1);
}

/* A wire of other channels has no ports here: the real one would remake them. */
static void on_wire_up(void *user, struct leat_wire *wire)
{
	struct self *self = user;
	bool fits = leat_frames_producer_format(wire->out)->n_channels ==
			    CIRCLE_CHANNELS &&
		    leat_frames_consumer_format(wire->in)->n_channels ==
			    CIRCLE_CHANNELS;

	add(&self->report->n_wires, 1);
	use_wire(self, fits ? wire : NULL);
	if (!fits)
		leat_wire_destroy(wire);
}

static void on_peer_gone(void *user, const char *text)
{
	struct self *self = user;

	use_wire(self, NULL);
	snprintf(self->report->text, sizeof(self->report->text), "%s", text);
	set(&self->report->n_fds, unit_count_fds());
	add(&self->report->n_gone, 1);
}

static const struct leat_link_events events = {
	.spec = on_spec,
	.wire_up = on_wire_up,
	.peer_gone = on_peer_gone,
};

#define POISON_TEXT "it wrote an index that cannot be"

static void look_at_poison(struct self *self)
{
	if (self->host && get(&self->report->n_poisoned) != self->n_poisoned) {
		self->n_poisoned = get(&self->report->n_poisoned);
		leat_host_dismiss(self->host, POISON_TEXT);
	}
	if (self->guest &&
	    __atomic_load_n(&self->graph.process.poisoned, __ATOMIC_SEQ_CST)) {
		add(&self->report->n_poisoned, 1);
		leat_guest_leave(self->guest, POISON_TEXT);
		on_peer_gone(self, POISON_TEXT);
	}
}

static void look_for_host(struct self *self)
{
	struct leat_error error;

	/* Tried again at the next tick. */
	if (self->guest && !leat_guest_connected(self->guest) &&
	    leat_guest_connect(self->guest, &error) < 0)
		return;
}

static void run_main(struct self *self, int control_fd)
{
	struct pollfd fds[2] = {
		{ .fd = self->host ? leat_host_fd(self->host)
				   : leat_guest_fd(self->guest),
		  .events = POLLIN },
		{ .fd = control_fd, .events = POLLIN },
	};

	while (!(fds[1].revents & (POLLIN | POLLHUP))) {
		look_for_host(self);
		if (poll(fds, 2, TICK_MS) > 0 && fds[0].revents) {
			if (self->host)
				leat_host_dispatch(self->host);
			else
				leat_guest_dispatch(self->guest);
		}
		look_at_poison(self);
		add(&self->report->n_rounds, 1);
	}
}

static int open_side(struct self *self)
{
	struct leat_link_spec spec = honest_spec();
	struct leat_error error;

	if (self->honest->role == HONEST_GUEST)
		return leat_guest_create(&self->guest, HONEST_LINK, &events,
					 self, &error);
	if (self->honest->sync_wait_percent > 0)
		spec.ring_flags[LEAT_TO_JACK] = LEAT_RING_TIMED;
	return leat_host_create(&self->host, &spec, &events, self, &error);
}

/* The servers of memory come with wires of their own, which nobody needs. */
static bool open_graph(struct self *self)
{
	struct circle *circle = &self->graph.circle;

	if (!graph_open(&self->graph))
		return false;
	circle->process.sync_wait.percent = self->honest->sync_wait_percent;
	leat_jack_process_set_wire(&circle->process, NULL);
	self->graph.process.wire = NULL;
	self->graph.process.crossing = NULL;
	self->graph.process.rest.held = true;
	if (leat_rt_guard_check(NULL) == 0) {
		circle->process.guard = &self->guard;
		self->graph.process.guard = &self->guard;
		set(&self->report->guarded, 1);
	}
	return true;
}

/* What the foe had open would stay open here. */
static void close_inherited(int but)
{
	for (int fd = 3; fd < 256; fd++)
		if (fd != but)
			close(fd);
}

static int run_honest(void *user)
{
	static struct self self;
	struct honest *honest = user;
	pthread_t thread;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close_inherited(honest->other_fd);
	self.honest = honest;
	self.report = honest->report;
	if (!open_graph(&self) || open_side(&self) < 0)
		return 90;
	if (pthread_create(&thread, NULL,
			   honest->role == HONEST_HOST ? run_jack
						       : run_data_loop,
			   &self) != 0)
		return 91;
	set(&self.report->n_fds_first, unit_count_fds());
	run_main(&self, honest->other_fd);
	use_wire(&self, NULL);
	__atomic_store_n(&self.stop, true, __ATOMIC_SEQ_CST);
	pthread_join(thread, NULL);
	leat_host_destroy(self.host);
	leat_guest_destroy(self.guest);
	graph_close(&self.graph);
	return 0;
}

/* ---- for the test ---- */

static bool start(struct honest *honest)
{
	int pipe_fds[2];

	honest->report = mmap(NULL, sizeof(*honest->report),
			      PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (honest->report == MAP_FAILED || pipe(pipe_fds) < 0)
		return false;
	honest->other_fd = pipe_fds[0];
	honest->control_fd = pipe_fds[1];
	honest->pid = unit_fork(run_honest, honest);
	close(honest->other_fd);
	return honest->pid > 0 &&
	       honest_wait(honest, &honest->report->n_callbacks, 20) &&
	       honest_wait(honest, &honest->report->n_rounds, 1);
}

bool honest_start(struct honest *honest, enum honest_role role)
{
	*honest = (struct honest){ .role = role };
	return start(honest);
}

bool honest_start_waiting(struct honest *honest, uint32_t sync_wait_percent)
{
	*honest = (struct honest){ .role = HONEST_HOST,
				   .sync_wait_percent = sync_wait_percent };
	return start(honest);
}

int honest_stop(struct honest *honest)
{
	int res;

	close(honest->control_fd);
	res = unit_wait_child(honest->pid);
	munmap(honest->report, sizeof(*honest->report));
	return res;
}

/* Whether it runs still; what became of it is kept for honest_stop(). */
static bool is_alive(const struct honest *honest)
{
	siginfo_t info = { .si_pid = 0 };

	return waitid(P_PID, (id_t)honest->pid, &info,
		      WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid == 0;
}

bool honest_wait(const struct honest *honest, const uint64_t *number,
		 uint64_t at_least)
{
	int64_t deadline_ms = unit_now_ms() + 10000;

	while (get(number) < at_least) {
		if (unit_now_ms() > deadline_ms || !is_alive(honest))
			return false;
		usleep(500);
	}
	return true;
}
