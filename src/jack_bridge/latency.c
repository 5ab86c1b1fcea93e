/* SPDX-License-Identifier: MIT */
#include "latency.h"

#include <string.h>

/*
 * Where clients make a loop, a port's neighbours may have been computed before
 * it: then one computation is not enough, and the last one changes nothing.
 */
#define COMPUTATIONS_MAX 4

/* A new period changes much on both graphs at once: no loop is seen in that. */
#define PERIOD_MS 2000

static enum leat_direction other(int direction)
{
	return direction == LEAT_TO_JACK ? LEAT_TO_PIPEWIRE : LEAT_TO_JACK;
}

/* ---- in JACK's callback ---- */

static struct leat_latency_range hear(const struct leat_jack_process *process,
				      enum leat_direction direction,
				      jack_latency_callback_mode_t mode)
{
	struct leat_latency_ports ports = { .any = false };

	for (uint32_t i = 0; i < process->n_ports[direction]; i++) {
		jack_port_t *port = process->ports[direction][i];
		jack_latency_range_t range;

		if (!jack_port_connected(port))
			continue;
		jack_port_get_latency_range(port, mode, &range);
		if (range.min > range.max)
			range.min = range.max;
		leat_latency_add_port(&ports, (struct leat_latency_range){
						      range.min, range.max });
	}
	return ports.range;
}

static uint32_t added(const struct leat_jack_latency *self,
		      jack_client_t *client, enum leat_direction direction)
{
	uint32_t n = __atomic_load_n(&self->added[direction], __ATOMIC_RELAXED);

	if (n != LEAT_LATENCY_FOLLOW)
		return n;
	return direction == LEAT_TO_JACK && !self->waits
		       ? jack_get_buffer_size(client)
		       : 0;
}

static struct leat_latency_range sum(const struct leat_jack_latency *self,
				     jack_client_t *client,
				     enum leat_direction direction)
{
	uint64_t beyond =
		__atomic_load_n(&self->beyond[direction], __ATOMIC_RELAXED);

	return leat_latency_sum(
		added(self, client, direction), leat_latency_range(beyond),
		self->trim[direction], jack_get_sample_rate(client));
}

bool leat_jack_latency_callback(struct leat_jack_latency *self,
				const struct leat_jack_process *process,
				jack_latency_callback_mode_t mode)
{
	/* What was recorded comes out of our outputs, what is played goes in. */
	enum leat_direction d = mode == JackCaptureLatency ? LEAT_TO_JACK
							   : LEAT_TO_PIPEWIRE;
	struct leat_latency_range range = sum(self, process->client, d);
	jack_latency_range_t jack_range = { range.min, range.max };
	uint64_t heard, before;

	for (uint32_t i = 0; i < process->n_ports[d]; i++)
		jack_port_set_latency_range(process->ports[d][i], mode,
					    &jack_range);
	__atomic_store_n(&self->reported[d], leat_latency_word(range),
			 __ATOMIC_RELAXED);
	heard = leat_latency_word(hear(process, other(d), mode));
	before = __atomic_exchange_n(&self->heard[other(d)], heard,
				     __ATOMIC_RELAXED);
	return heard != before;
}

/* ---- on the main thread ---- */

static void say_nothing(struct leat_link_latency *latency)
{
	memset(latency, 0, sizeof(*latency));
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		latency->added[d] = LEAT_LATENCY_FOLLOW;
}

static void publish(struct leat_jack_latency *self)
{
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		__atomic_store_n(&self->beyond[d],
				 leat_latency_word(self->peer.beyond[d]),
				 __ATOMIC_RELAXED);
		__atomic_store_n(&self->added[d], self->peer.added[d],
				 __ATOMIC_RELAXED);
	}
	self->valid = self->peer;
}

void leat_jack_latency_init(struct leat_jack_latency *self)
{
	say_nothing(&self->peer);
	say_nothing(&self->told);
	self->period_at_ms = -PERIOD_MS;
	self->tell_pace.brakes = true;
	publish(self);
}

void leat_jack_latency_set_peer(struct leat_jack_latency *self,
				const struct leat_link_latency *peer)
{
	if (peer)
		self->peer = *peer;
	else
		say_nothing(&self->peer);
}

void leat_jack_latency_connected(struct leat_jack_latency *self)
{
	self->stale = true;
}

void leat_jack_latency_lost(struct leat_jack_latency *self)
{
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		__atomic_store_n(&self->heard[d], 0, __ATOMIC_RELAXED);
	memset(self->jack_loop, 0, sizeof(self->jack_loop));
	memset(self->pipewire_loop, 0, sizeof(self->pipewire_loop));
	self->period = 0;
}

static struct leat_latency_range heard(const struct leat_jack_latency *self,
				       int direction)
{
	return leat_latency_range(
		__atomic_load_n(&self->heard[direction], __ATOMIC_RELAXED));
}

static uint32_t reported_max(const struct leat_jack_latency *self,
			     int direction)
{
	uint64_t word =
		__atomic_load_n(&self->reported[direction], __ATOMIC_RELAXED);

	return leat_latency_range(word).max;
}

/*
 * A thread inside of the server that asks it to compute may wait for a lock that
 * is held while our end is awaited. So our ports say what is new at once; other
 * clients hear of it when JACK computes by itself, with the next change of its
 * graph.
 */
static void compute_own(struct leat_jack_latency *self)
{
	(void)leat_jack_latency_callback(self, self->own, JackCaptureLatency);
	(void)leat_jack_latency_callback(self, self->own, JackPlaybackLatency);
}

/* JACK calls every client, ours too, before each of these returns. */
static void compute_all(const struct leat_jack_latency *self,
			jack_client_t *client)
{
	bool settled = false;

	for (int i = 0; i < COMPUTATIONS_MAX && !settled; i++) {
		uint64_t before[LEAT_N_DIRECTIONS];

		memcpy(before, self->heard, sizeof(before));
		jack_recompute_total_latencies(client);
		settled = i > 0 &&
			  memcmp(before, self->heard, sizeof(before)) == 0;
	}
}

static uint32_t comparable(const struct leat_jack_latency *self,
			   uint32_t heard_max, int64_t now_ms)
{
	return now_ms - self->period_at_ms < PERIOD_MS ? LEAT_LATENCY_UNHEARD
						       : heard_max;
}

static void apply(struct leat_jack_latency *self, jack_client_t *client,
		  int64_t now_ms)
{
	uint32_t before[LEAT_N_DIRECTIONS];
	uint32_t period = jack_get_buffer_size(client);

	if (self->period != 0 && self->period != period)
		self->period_at_ms = now_ms;
	self->period = period;
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		before[d] = comparable(self, heard(self, d).max, now_ms);
	self->stale = false;
	publish(self);
	if (self->own)
		compute_own(self);
	else
		compute_all(self, client);
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		leat_latency_loop_report(&self->jack_loop[d],
					 reported_max(self, other(d)),
					 before[d]);
}

static bool due(const struct leat_jack_latency *self, jack_client_t *client)
{
	return self->stale || !leat_latency_same(&self->peer, &self->valid) ||
	       self->period != jack_get_buffer_size(client);
}

static int64_t settle_ports(struct leat_jack_latency *self,
			    jack_client_t *client, int64_t now_ms)
{
	int64_t wait_ms;

	if (!client) {
		publish(self);
		return -1;
	}
	if (!due(self, client))
		return -1;
	/* A change of P is told at once: it cannot come often. */
	wait_ms =
		self->period == jack_get_buffer_size(client)
			? leat_latency_wait_ms(&self->apply_pace, true, now_ms)
			: 0;
	if (wait_ms > 0)
		return wait_ms;
	apply(self, client, now_ms);
	leat_latency_told(&self->apply_pace, true, now_ms);
	return -1;
}

/* What PipeWire hears of us in a direction. */
static uint32_t told_max(const struct leat_jack_latency *self, int direction)
{
	uint32_t n = self->peer.added[direction];

	if (n == LEAT_LATENCY_FOLLOW)
		n = direction == LEAT_TO_JACK && !self->waits ? self->period
							      : 0;
	return self->told.beyond[direction].max + n;
}

/* Whether both graphs lead back what they hear of a direction. */
static bool closed(struct leat_jack_latency *self, int direction)
{
	bool jack = leat_latency_loop_hear(&self->jack_loop[direction],
					   heard(self, direction).max);

	return leat_latency_loop_hear(&self->pipewire_loop[direction],
				      self->pipewire_heard[direction]) &&
	       jack;
}

/* What is heard of JACK, as far as it is not what we report there. */
static struct leat_latency_range pass_on(struct leat_jack_latency *self,
					 int direction)
{
	struct leat_latency_range range = heard(self, direction);

	return closed(self, direction)
		       ? leat_latency_loop_cut(&self->jack_loop[direction],
					       range)
		       : range;
}

static void note_told(struct leat_jack_latency *self, int64_t now_ms)
{
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		leat_latency_loop_report(
			&self->pipewire_loop[d], told_max(self, d),
			comparable(self, self->pipewire_heard[d], now_ms));
}

static void note_heard(struct leat_jack_latency *self)
{
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		self->pipewire_heard[d] = self->peer.beyond[other(d)].max;
}

static int64_t settle_host(struct leat_jack_latency *self,
			   struct leat_host *host, int64_t now_ms)
{
	struct leat_link_latency latency = self->told;
	int64_t wait_ms;
	bool rises;

	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		latency.beyond[d] = pass_on(self, d);
	if (self->waits)
		latency.added[LEAT_TO_JACK] = 0;
	if (leat_latency_same(&latency, &self->told))
		return -1;
	rises = leat_latency_rises(&self->told, &latency);
	wait_ms = leat_latency_wait_ms(&self->tell_pace, rises, now_ms);
	if (wait_ms > 0)
		return wait_ms;
	self->told = latency;
	leat_latency_told(&self->tell_pace, rises, now_ms);
	note_told(self, now_ms);
	leat_host_set_latency(host, &latency);
	return -1;
}

int leat_jack_latency_settle(struct leat_jack_latency *self,
			     jack_client_t *client, struct leat_host *host,
			     int64_t now_ms)
{
	int64_t ports_ms, host_ms;

	/* What the bridge adds may be new, and was heard of with what follows. */
	note_told(self, now_ms);
	note_heard(self);
	ports_ms = settle_ports(self, client, now_ms);
	host_ms = settle_host(self, host, now_ms);
	if (ports_ms < 0 || host_ms < 0)
		return (int)(ports_ms < 0 ? host_ms : ports_ms);
	return (int)(ports_ms < host_ms ? ports_ms : host_ms);
}
