/* SPDX-License-Identifier: MIT */
#include "scenario.h"

#include <leat/fdring.h>

#include "stamp_virtual.h"

#include <string.h>

/* How far indices may get: what was written where is remembered so far. */
enum { N_INDICES_MAX = 128 };

/* The run that is going on. */
static struct {
	const struct scenario *scenario;
	struct leat_fd_producer producer;
	struct leat_fd_consumer consumer;
	unsigned char items[N_CELLS_MAX]; /* only their addresses are used */
	uint32_t n_sent, n_received;
	uint32_t wanted[N_THREADS]; /* by one that sleeps */
	bool written[N_INDICES_MAX];
} run;

static const struct scenario *scene(void)
{
	return run.scenario;
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* The item with that number; never what a cell holds at first. */
static uint64_t item_value(uint64_t number)
{
	return number % 251 + 1;
}

/* ---- what is always true ---- */

static uint32_t in_ring(void)
{
	return (uint32_t)(machine_index(THREAD_PRODUCER) -
			  machine_index(THREAD_CONSUMER));
}

static void check_spans(const void *const items[2], const uint32_t n_each[2],
			uint32_t n_asked, uint32_t n_given)
{
	for (int i = 0; i < 2; i++) {
		size_t first =
			(size_t)((const unsigned char *)items[i] - run.items);

		if (n_each[i] > 0 && (first >= scene()->capacity ||
				      n_each[i] > scene()->capacity - first))
			machine_fail("a span is not inside the ring");
	}
	if (n_each[0] + n_each[1] != n_given || n_given > n_asked)
		machine_fail("the spans do not add up");
}

static void check_ends(void)
{
	if (leat_producer_poisoned(&run.producer.ring) ||
	    leat_consumer_poisoned(&run.consumer.ring))
		machine_fail("an honest peer poisoned the ring");
	if (!(scene()->flags & LEAT_RING_TIMED) &&
	    in_ring() > scene()->capacity)
		machine_fail("more in the ring than it holds");
}

/* ---- operations of the producer ---- */

static void write_items(void *const items[2], const uint32_t n_each[2])
{
	for (int i = 0; i < 2; i++)
		for (uint32_t k = 0; k < n_each[i]; k++)
			machine_item_write(
				(unsigned)((unsigned char *)items[i] -
					   run.items) +
					k,
				item_value(run.n_sent++));
}

static uint32_t send(uint32_t n_items)
{
	void *items[2];
	uint32_t n_each[2];
	uint32_t n =
		leat_fd_producer_begin(&run.producer, n_items, items, n_each);

	check_spans((const void *const *)items, n_each, n_items, n);
	write_items(items, n_each);
	leat_fd_producer_commit(&run.producer, n);
	check_ends();
	if (n > 0 && in_ring() > run.producer.ring.end.limit)
		machine_fail("more in the ring than the limit");
	machine_trace("sent %u of %u", n, n_items);
	return n;
}

/*
 * As the producer saw it when it waited. Another look at the consumer would
 * be ordered behind what it has read, whether the first was or not.
 */
static uint32_t room_seen(void)
{
	const struct leat_ring_end *end = &run.producer.ring.end;

	return end->limit - (uint32_t)(end->index - end->seen);
}

static void wait_for_room(uint32_t n_items)
{
	run.wanted[THREAD_PRODUCER] = n_items;
	machine_trace("waits for %u free", n_items);
	if (leat_fd_producer_wait(&run.producer, n_items, -1) < 0 ||
	    room_seen() < n_items)
		machine_fail("what was waited for is not there");
}

static void set_limit(uint32_t limit)
{
	machine_trace("limit %u", limit);
	leat_producer_set_limit(&run.producer.ring, limit);
}

/* ---- operations of the consumer ---- */

static void read_items(const void *const items[2], const uint32_t n_each[2])
{
	for (int i = 0; i < 2; i++)
		for (uint32_t k = 0; k < n_each[i]; k++) {
			unsigned cell =
				(unsigned)((const unsigned char *)items[i] -
					   run.items) +
				k;

			if (machine_item_read(cell) !=
			    item_value(run.n_received++))
				machine_fail("a wrong item, or out of order");
		}
}

static uint32_t receive(uint32_t n_items)
{
	const void *items[2];
	uint32_t n_each[2];
	uint32_t n =
		leat_fd_consumer_begin(&run.consumer, n_items, items, n_each);

	check_spans(items, n_each, n_items, n);
	read_items(items, n_each);
	leat_fd_consumer_commit(&run.consumer, n);
	check_ends();
	machine_trace("received %u of %u", n, n_items);
	return n;
}

/* The same. */
static uint64_t fill_seen(void)
{
	const struct leat_ring_end *end = &run.consumer.ring.end;

	return end->seen - end->index;
}

static void wait_for_items(uint32_t n_items)
{
	run.wanted[THREAD_CONSUMER] = n_items;
	machine_trace("waits for %u items", n_items);
	if (leat_fd_consumer_wait(&run.consumer, n_items, -1) < 0)
		machine_fail("the wait failed");
	/* On a timed ring it may have been overtaken. */
	if (!(scene()->flags & LEAT_RING_TIMED) && fill_seen() < n_items)
		machine_fail("what was waited for is not there");
}

/* ---- set-up ---- */

static void attach_producer(void)
{
	const struct leat_fdring_config config = {
		.ring = { .own = &machine.words[THREAD_PRODUCER],
			  .peer = &machine.words[THREAD_CONSUMER],
			  .capacity = scene()->capacity,
			  .flags = scene()->flags },
		.items = run.items,
		.item_size_bytes = 1,
		.raise_fd = THREAD_CONSUMER,
		.wait_fd = THREAD_PRODUCER,
	};

	if (leat_fd_producer_init(&run.producer, &config) < 0)
		machine_fail("the producer cannot attach");
	if (scene()->limit)
		set_limit(scene()->limit);
}

static void attach_consumer(void)
{
	const struct leat_fdring_config config = {
		.ring = { .own = &machine.words[THREAD_CONSUMER],
			  .peer = &machine.words[THREAD_PRODUCER],
			  .capacity = scene()->capacity,
			  .flags = scene()->flags },
		.items = run.items,
		.item_size_bytes = 1,
		.raise_fd = THREAD_PRODUCER,
		.wait_fd = THREAD_CONSUMER,
	};

	if (leat_fd_consumer_init(&run.consumer, &config) < 0)
		machine_fail("the consumer cannot attach");
}

static bool attaches_now(uint32_t n_blocks)
{
	return scene()->attach_every && n_blocks % scene()->attach_every == 0;
}

/* ---- ACT_STREAM ---- */

static void produce_stream(void)
{
	uint32_t n_blocks = 0;

	while (run.n_sent < scene()->n_items) {
		uint32_t left = scene()->n_items - run.n_sent;
		uint32_t limit;

		if (scene()->other_limit)
			set_limit(n_blocks % 2 ? scene()->limit
					       : scene()->other_limit);
		limit = run.producer.ring.end.limit;
		if (send(least(left, scene()->send_block)) == 0)
			wait_for_room(least(least(left, scene()->room), limit));
		if (attaches_now(++n_blocks))
			attach_producer();
	}
}

static void consume_stream(void)
{
	uint32_t n_blocks = 0;

	while (run.n_received < scene()->n_items) {
		uint32_t left = scene()->n_items - run.n_received;

		if (receive(least(left, scene()->recv_block)) == 0)
			wait_for_items(least(left, scene()->watermark));
		if (attaches_now(++n_blocks))
			attach_consumer();
	}
}

/* ---- ACT_SCRIPT: any sequence of operations ---- */

static void produce_script(void)
{
	for (uint32_t i = 0; i < scene()->n_items; i++)
		switch (machine_choose(5)) {
		case 0:
			send(1);
			break;
		case 1:
			send(2);
			break;
		case 2:
			wait_for_room(1);
			send(1);
			break;
		case 3:
			wait_for_room(least(2, run.producer.ring.end.limit));
			send(2);
			break;
		case 4:
			set_limit(run.producer.ring.end.limit == 1
					  ? scene()->capacity
					  : 1);
			send(1);
			break;
		}
}

static void consume_script(void)
{
	for (uint32_t i = 0; i < scene()->n_items; i++)
		switch (machine_choose(4)) {
		case 0:
			receive(1);
			break;
		case 1:
			receive(2);
			break;
		case 2:
			wait_for_items(1);
			receive(1);
			break;
		case 3:
			wait_for_items(least(2, scene()->capacity));
			receive(2);
			break;
		}
}

/* ---- ACT_TIMED ---- */

/* Items of a timed ring are read while they may be written. */
static void write_timed(uint64_t index, const struct leat_spans *spans)
{
	for (int i = 0; i < 2; i++)
		for (uint32_t k = 0; k < spans->span[i].n_items; k++) {
			uint64_t number = index++ - machine.first_index;

			machine_store(PLACE_CELL + spans->span[i].offset + k,
				      item_value(number), ORDER_RELAXED);
			if (number < N_INDICES_MAX)
				run.written[number] = true;
		}
}

static void raise_if_due(struct leat_producer *producer)
{
	if (leat_producer_take_wake(producer))
		machine_raise(THREAD_CONSUMER);
}

static void produce_timed(void)
{
	struct leat_producer *producer = &run.producer.ring;
	struct leat_spans spans;

	for (uint32_t i = 0; i < scene()->n_items; i++) {
		uint64_t index = leat_producer_index(producer) +
				 machine_choose(scene()->capacity);

		if (leat_producer_begin_at(producer, index, scene()->send_block,
					   &spans) != scene()->send_block)
			machine_fail("no room on a timed ring");
		machine_trace("writes %u from %+lld", spans.n_items,
			      (long long)(index - machine.first_index));
		write_timed(index, &spans);
		leat_producer_commit(producer, spans.n_items);
		raise_if_due(producer);
		check_ends();
	}
}

/* What was read, if the ring says that it is whole. */
static void check_timed(uint64_t index, const uint64_t *values, uint32_t n)
{
	for (uint32_t k = 0; k < n; k++) {
		uint64_t number = index + k - machine.first_index;

		/* What the producer jumped over may hold anything. */
		if (number < N_INDICES_MAX && run.written[number] &&
		    values[k] != item_value(number))
			machine_fail("intact, but it was overwritten");
	}
}

static void read_timed(uint64_t index, const struct leat_spans *spans)
{
	uint64_t values[N_CELLS_MAX];
	uint32_t n = 0;

	for (int i = 0; i < 2; i++)
		for (uint32_t k = 0; k < spans->span[i].n_items; k++)
			values[n++] = machine_load(
				PLACE_CELL + spans->span[i].offset + k,
				ORDER_RELAXED);
	if (leat_consumer_intact(&run.consumer.ring, scene()->send_block))
		check_timed(index, values, n);
}

static void consume_timed(void)
{
	struct leat_consumer *consumer = &run.consumer.ring;
	struct leat_spans spans;

	for (uint32_t i = 0; i < scene()->n_items; i++) {
		uint64_t index;

		if (!(scene()->flags & LEAT_RING_POLL))
			wait_for_items(1);
		index = leat_consumer_newest(consumer) - scene()->recv_block -
			machine_choose(2);
		if (leat_consumer_begin_at(consumer, index, scene()->recv_block,
					   &spans) > 0) {
			machine_trace("reads %u from %+lld", spans.n_items,
				      (long long)(index - machine.first_index));
			read_timed(index, &spans);
		}
		leat_consumer_pass(consumer, index + scene()->recv_block);
		check_ends();
	}
}

/* ---- ACT_POLL ---- */

static void produce_poll(void)
{
	for (uint32_t i = 0; i < 2 * scene()->n_items; i++)
		if (run.n_sent < scene()->n_items)
			send(least(scene()->send_block,
				   scene()->n_items - run.n_sent));
}

static void consume_poll(void)
{
	for (uint32_t i = 0; i < 2 * scene()->n_items; i++)
		if (run.n_received < scene()->n_items)
			receive(scene()->recv_block);
}

/* ---- ACT_STAMP ---- */

static struct leat_stamp_words *stamp_words(void)
{
	return (struct leat_stamp_words *)machine.stamp;
}

static void produce_stamps(void)
{
	for (uint64_t k = 1; k <= scene()->n_items; k++) {
		machine_trace("stamp %llu", (unsigned long long)k);
		leat_stamp_write(stamp_words(),
				 &(struct leat_stamp){ .index = k,
						       .frame_time = k,
						       .time_ns = k });
	}
}

/* One stamp, and not parts of two; and none that is older than the last. */
static void consume_stamps(void)
{
	struct leat_stamp stamp;
	uint64_t last = 0;

	for (uint32_t i = 0; i < scene()->recv_block; i++) {
		if (!leat_stamp_read(stamp_words(), &stamp))
			continue;
		if (stamp.frame_time != stamp.index ||
		    stamp.time_ns != stamp.index)
			machine_fail("parts of two stamps");
		if (stamp.index < last || stamp.index > scene()->n_items)
			machine_fail("a stamp out of order");
		last = stamp.index;
	}
}

/* ---- ACT_LOG ---- */

static struct leat_stamp_log *stamp_log(void)
{
	return (struct leat_stamp_log *)machine.stamp;
}

static void produce_log(void)
{
	for (uint64_t k = 1; k <= scene()->n_items; k++) {
		machine_trace("stamp %llu", (unsigned long long)k);
		leat_stamp_log_write(stamp_log(),
				     &(struct leat_stamp){ .index = k,
							   .frame_time = k,
							   .time_ns = k });
	}
}

/* Each whole and the one it is said to be; the last, which stays, is found. */
static void consume_log(void)
{
	struct leat_stamp stamp;
	uint64_t n_read = 0, last = 0;

	for (uint32_t i = 0; i < scene()->recv_block; i++) {
		if (leat_stamp_log_read(stamp_log(), &n_read, &stamp) == 0)
			continue;
		if (stamp.frame_time != stamp.index ||
		    stamp.time_ns != stamp.index)
			machine_fail("parts of two stamps");
		if (stamp.index != n_read)
			machine_fail("another stamp");
		last = stamp.index;
	}
	if (n_read == scene()->n_items && last != n_read)
		machine_fail("a stamp missed");
}

/* ---- ACT_EVENTS ---- */

static struct leat_event_log *event_log(void)
{
	return (struct leat_event_log *)machine.stamp;
}

static void produce_events(void)
{
	struct leat_event_sums sums = { 0 };

	for (uint64_t k = 1; k <= scene()->n_items; k++) {
		machine_trace("event %llu", (unsigned long long)k);
		leat_event_log_write(event_log(), &sums, k, LEAT_EVENT_XRUN, k);
	}
}

/* Each whole and the one it is said to be, and the others known to be lost. */
static void consume_events(void)
{
	struct leat_event event[LEAT_EVENT_LOG_SIZE];
	uint64_t n_read = 0, n_told = 0, n_lost;

	for (uint32_t i = 0; i < scene()->recv_block; i++) {
		uint32_t n = leat_event_log_read(event_log(), &n_read, event,
						 &n_lost);

		n_told += n + n_lost;
		if (n_told != n_read)
			machine_fail("events neither read nor lost");
		if (n == 0)
			continue;
		if (event->n_frames != event->index ||
		    event->xrun_frames != event->index * (event->index + 1) / 2)
			machine_fail("parts of two events");
		if (event->index != n_read)
			machine_fail("another event");
	}
}

/* ---- ACT_CYCLES ---- */

static struct leat_load_words *load_words(void)
{
	return (struct leat_load_words *)machine.stamp;
}

static void produce_cycles(void)
{
	for (uint64_t k = 1; k <= scene()->n_items; k++) {
		machine_trace("cycle %llu", (unsigned long long)k);
		load_keep(load_words(),
			  &(struct leat_load_cycle){ k, k, k, k, k });
	}
}

/* The same as of events. */
static void check_cycle(const struct leat_load_cycle *cycle, uint64_t number)
{
	if (cycle->duration_ns != cycle->start_ns ||
	    cycle->interval_ns != cycle->start_ns ||
	    cycle->wakeup_ns != cycle->start_ns ||
	    cycle->period_ns != cycle->start_ns)
		machine_fail("parts of two cycles");
	if (cycle->start_ns != number)
		machine_fail("another cycle");
}

static void consume_cycles(void)
{
	struct leat_load_cycle cycle[LEAT_LOAD_N_SLOTS];
	uint64_t n_read = 0, n_told = 0, n_lost;

	for (uint32_t i = 0; i < scene()->recv_block; i++) {
		uint32_t n = leat_load_cycles_read(load_words(), &n_read, cycle,
						   &n_lost);

		n_told += n + n_lost;
		if (n_told != n_read)
			machine_fail("cycles neither read nor lost");
		if (n > 0)
			check_cycle(cycle, n_read);
	}
}

/* ---- ACT_TAP ---- */

static void produce_for_tap(void)
{
	tap_scenario_produce(scene());
}

static void consume_as_tap(void)
{
	tap_scenario_consume(scene());
}

/* ---- a run ---- */

static void (*const bodies[][N_THREADS])(void) = {
	[ACT_STREAM] = { produce_stream, consume_stream },
	[ACT_SCRIPT] = { produce_script, consume_script },
	[ACT_TIMED] = { produce_timed, consume_timed },
	[ACT_POLL] = { produce_poll, consume_poll },
	[ACT_STAMP] = { produce_stamps, consume_stamps },
	[ACT_LOG] = { produce_log, consume_log },
	[ACT_EVENTS] = { produce_events, consume_events },
	[ACT_CYCLES] = { produce_cycles, consume_cycles },
	[ACT_TAP] = { produce_for_tap, consume_as_tap },
};

/* Nobody is left asleep on what is there. */
static const char *check_sleepers(void)
{
	uint64_t base = scene()->flags & LEAT_RING_TIMED
				? run.consumer.ring.end.seen
				: machine_index(THREAD_CONSUMER);

	if (machine_sleeps(THREAD_CONSUMER) &&
	    machine_index(THREAD_PRODUCER) - base >=
		    run.wanted[THREAD_CONSUMER])
		return "lost wake-up: the consumer sleeps on items";
	if (machine_sleeps(THREAD_PRODUCER) &&
	    (uint64_t)in_ring() + run.wanted[THREAD_PRODUCER] <=
		    run.producer.ring.end.limit)
		return "lost wake-up: the producer sleeps on room";
	if (scene()->act == ACT_STREAM)
		return "both sleep, with items left";
	return NULL;
}

const char *scenario_run(const struct scenario *scenario, bool *seen)
{
	enum machine_end how;

	run.scenario = scenario;
	run.n_sent = run.n_received = 0;
	memset(run.written, 0, sizeof(run.written));
	machine_reset(scenario->first_index);
	attach_producer();
	attach_consumer();
	machine.part_words = NULL;
	if (scenario->act == ACT_TAP)
		tap_scenario_begin(scenario);
	how = machine_run(bodies[scenario->act]);
	*seen = how == MACHINE_SEEN;
	if (how == MACHINE_STUCK)
		return check_sleepers();
	if (how == MACHINE_DONE && scenario->act == ACT_STREAM &&
	    run.n_received != scenario->n_items)
		return "items are missing";
	return machine.failure;
}
