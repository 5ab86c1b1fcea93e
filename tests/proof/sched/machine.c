/* SPDX-License-Identifier: MIT */
#include "machine.h"

#include "fiber.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { N_STEPS_MAX = 4000 };

struct message {
	uint64_t value;
	struct view view; /* what whoever acquires it learns */
};

/* The weak memory: all that was ever stored at one place. */
struct log {
	struct message message[N_STORES_MAX];
	unsigned n_messages;
};

struct buffered {
	enum place place;
	uint64_t value;
};

struct thread {
	bool sleeps;
	bool drains;		 /* goes on only with an empty store buffer */
	unsigned descriptor;	 /* that it sleeps on */
	uint64_t history;	 /* a hash of all that it ever learnt */
	uint64_t last[N_PLACES]; /* value loaded or stored */
	/* TSO */
	struct buffered buffer[N_STORES_MAX];
	unsigned n_stored, n_flushed;
	/* weak */
	struct view now;     /* what it knows of */
	struct view acquire; /* what it will, after an acquire fence */
	struct view release; /* what it knew at its last release fence */
	/* the oracle of crossings, in distances from the first index */
	int64_t old, new;
	bool wake_due;
};

struct machine machine;

static struct thread threads[N_THREADS];
static struct fiber fibers[N_THREADS];
static struct log logs[PLACE_READ];
static unsigned n_reads[N_CELLS_MAX];
static uint64_t memory[PLACE_READ]; /* TSO */
static struct view fence_view;	    /* weak: joined by all full barriers */
static bool raised[N_THREADS];	    /* descriptors: that thread's own */
static int current = -1;	    /* none: setting up */
static machine_choose_fn choose;
static machine_visit_fn visit;

static const char *const place_names[] = { "producer.index", "producer.wake_at",
					   "consumer.index",
					   "consumer.wake_at" };

/* ---- small things ---- */

static uint64_t mix(uint64_t hash, uint64_t value)
{
	/* The finisher of SplitMix64 (Steele et al., 2014). */
	hash += value + UINT64_C(0x9e3779b97f4a7c15);
	hash = (hash ^ hash >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	hash = (hash ^ hash >> 27) * UINT64_C(0x94d049bb133111eb);
	return hash ^ hash >> 31;
}

static void learn(struct thread *thread, uint64_t what)
{
	thread->history = mix(thread->history, what);
}

static void join(struct view *view, const struct view *with)
{
	for (int i = 0; i < N_PLACES; i++)
		if (view->at[i] < with->at[i])
			view->at[i] = with->at[i];
}

static struct thread *self(void)
{
	return &threads[current];
}

void machine_trace(const char *format, ...)
{
	va_list args;

	if (!machine.tracing)
		return;
	printf("  %s", current < 0		    ? "          "
		       : current == THREAD_PRODUCER ? "producer  "
						    : "          consumer  ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

/* An index as a distance from the first one, so that traces can be read. */
static int64_t relative(uint64_t value)
{
	return (int64_t)(value - machine.first_index);
}

static void trace_access(const char *what, enum place place, uint64_t value)
{
	if (!machine.tracing)
		return;
	if (place < PLACE_CELL)
		machine_trace("%s %s = %+lld", what, place_names[place],
			      (long long)relative(value));
	else
		machine_trace("%s item[%u] = %llu", what,
			      (unsigned)place - PLACE_CELL,
			      (unsigned long long)value);
}

/* ---- steps ---- */

static bool drained(const struct thread *thread)
{
	return thread->n_stored == thread->n_flushed;
}

/* Let others go first. What follows it is one step. */
static void step(void)
{
	fiber_leave(&fibers[current]);
	self()->drains = false;
	learn(self(), 1);
}

void machine_fail(const char *what)
{
	machine.failure = what;
	machine_trace("FAILED: %s", what);
	if (current >= 0)
		fiber_leave(&fibers[current]);
}

unsigned machine_choose(unsigned n_options)
{
	unsigned chosen = choose(n_options, n_options);

	if (current >= 0)
		learn(self(), chosen);
	return chosen;
}

static bool can_step(unsigned i)
{
	const struct thread *thread = &threads[i];

	return !fibers[i].done && (!thread->drains || drained(thread)) &&
	       (!thread->sleeps || raised[thread->descriptor]);
}

static void flush(struct thread *thread)
{
	struct buffered *oldest = &thread->buffer[thread->n_flushed++];

	memory[oldest->place] = oldest->value;
	trace_access(thread == threads ? "memory: producer's"
				       : "memory: consumer's",
		     oldest->place, oldest->value);
}

static uint64_t state(void)
{
	uint64_t hash = 0;

	for (int i = 0; i < N_THREADS; i++) {
		hash = mix(hash, threads[i].history);
		hash = mix(hash, threads[i].n_flushed * 4 +
					 fibers[i].done * 2u + raised[i]);
	}
	if (machine.model == MODEL_WEAK)
		for (int i = 0; i < N_PLACES; i++)
			hash = mix(hash, fence_view.at[i]);
	return hash;
}

static void run_thread(unsigned i)
{
	current = (int)i;
	fiber_enter(&fibers[i]);
	current = -1;
}

/* Options are numbered 0, 1: that thread steps; 2, 3: one of its flushes. */
static unsigned list_options(unsigned options[2 * N_THREADS], unsigned *n_usual)
{
	unsigned n = 0;

	for (unsigned i = 0; i < N_THREADS; i++)
		if (can_step(i))
			options[n++] = i;
	*n_usual = n;
	for (unsigned i = 0; i < N_THREADS; i++)
		if (!drained(&threads[i]))
			options[n++] = N_THREADS + i;
	if (*n_usual == 0)
		*n_usual = n;
	return n;
}

static bool all_done(void)
{
	return fibers[THREAD_PRODUCER].done && fibers[THREAD_CONSUMER].done;
}

static enum machine_end end_of_run(void)
{
	if (!all_done())
		return MACHINE_STUCK;
	if (!threads[THREAD_PRODUCER].wake_due &&
	    !threads[THREAD_CONSUMER].wake_due)
		return MACHINE_DONE;
	machine_fail("a crossing was not signalled");
	return MACHINE_FAILED;
}

enum machine_end machine_run(void (*const bodies[N_THREADS])(void))
{
	unsigned options[2 * N_THREADS], n, n_usual;
	uint64_t n_begin = machine.n_steps;

	for (int i = 0; i < N_THREADS; i++)
		fiber_start(&fibers[i], bodies[i]);
	for (unsigned i = 0; i < N_THREADS && !machine.failure; i++)
		run_thread(i); /* up to its first step */
	while (!machine.failure) {
		n = list_options(options, &n_usual);
		if (n == 0)
			return end_of_run();
		if (visit && !visit(state()))
			return MACHINE_SEEN;
		n = options[n == 1 ? 0 : choose(n, n_usual)];
		if (n < N_THREADS)
			run_thread(n);
		else
			flush(&threads[n - N_THREADS]);
		if (++machine.n_steps - n_begin > N_STEPS_MAX &&
		    !machine.failure)
			machine_fail("it does not end");
	}
	return MACHINE_FAILED;
}

bool machine_sleeps(unsigned thread)
{
	return threads[thread].sleeps;
}

/* ---- set-up ---- */

void machine_init(machine_choose_fn choose_fn, machine_visit_fn visit_fn)
{
	choose = choose_fn;
	visit = visit_fn;
}

void machine_reset(uint64_t first_index)
{
	machine.failure = NULL;
	machine.first_index = first_index;
	current = -1;
	memset(&fence_view, 0, sizeof(fence_view));
	memset(raised, 0, sizeof(raised));
	memset(n_reads, 0, sizeof(n_reads));
	for (int i = 0; i < N_THREADS; i++) {
		struct thread *thread = &threads[i];

		thread->sleeps = thread->drains = thread->wake_due = false;
		thread->history = (uint64_t)i;
		thread->n_stored = thread->n_flushed = 0;
		thread->old = thread->new = 0;
		memset(&thread->now, 0, sizeof(thread->now));
		thread->acquire = thread->release = thread->now;
	}
	for (int i = 0; i < PLACE_READ; i++) {
		memory[i] = i < PLACE_CELL ? first_index : 0;
		logs[i].n_messages = 1;
		logs[i].message[0].value = memory[i];
		memset(&logs[i].message[0].view, 0, sizeof(struct view));
		for (int t = 0; t < N_THREADS; t++)
			threads[t].last[i] = memory[i];
	}
}

/* The words of a part, as a ring's and behind the items. */
static bool place_in_part(const struct leat_word *word, enum place *place)
{
	const struct leat_ring_words *words = machine.part_words;
	unsigned i = (unsigned)(word - machine.part_log);

	if (word == &words->index)
		*place = PLACE_PRODUCER_INDEX;
	else if (word == &words->wake_at)
		*place = PLACE_PRODUCER_WAKE_AT;
	else if (word >= machine.part_log && i < 2 * WORDS_PER_LINE)
		/* Three words, and a line further the slot. */
		*place = PLACE_LOG + (i < 3 ? i : i - WORDS_PER_LINE + 3);
	else
		return false;
	return true;
}

enum place machine_place(const struct leat_word *word)
{
	enum place place;
	unsigned i;

	if (word == &machine.words[THREAD_PRODUCER].index)
		return PLACE_PRODUCER_INDEX;
	if (word == &machine.words[THREAD_PRODUCER].wake_at)
		return PLACE_PRODUCER_WAKE_AT;
	if (word == &machine.words[THREAD_CONSUMER].index)
		return PLACE_CONSUMER_INDEX;
	if (word == &machine.words[THREAD_CONSUMER].wake_at)
		return PLACE_CONSUMER_WAKE_AT;
	if (machine.part_words && place_in_part(word, &place))
		return place;
	i = (unsigned)(word - machine.stamp);
	/* Of each line, behind the one word of the line before. */
	return PLACE_CELL + i / WORDS_PER_LINE + i % WORDS_PER_LINE;
}

/* ---- loads ---- */

static bool forward(const struct thread *thread, enum place place,
		    uint64_t *value)
{
	for (unsigned i = thread->n_stored; i > thread->n_flushed; i--)
		if (thread->buffer[i - 1].place == place) {
			*value = thread->buffer[i - 1].value;
			return true;
		}
	return false;
}

static uint64_t load_tso(struct thread *thread, enum place place)
{
	uint64_t value;

	if (forward(thread, place, &value))
		return value;
	step();
	learn(thread, memory[place]);
	return memory[place];
}

static uint64_t load_weak(struct thread *thread, enum place place,
			  enum order order)
{
	const struct message *message;
	unsigned newest, oldest, back = 0;

	step();
	newest = logs[place].n_messages - 1;
	oldest = thread->now.at[place];
	if (newest > oldest)
		back = choose(newest - oldest + 1, 1);
	message = &logs[place].message[newest - back];
	learn(thread, newest - back);
	thread->now.at[place] = (uint8_t)(newest - back);
	if (order == ORDER_ACQUIRE)
		join(&thread->now, &message->view);
	join(&thread->acquire, &message->view);
	return message->value;
}

uint64_t machine_load(enum place place, enum order order)
{
	uint64_t value;

	if (current < 0)
		return memory[place];
	value = machine.model == MODEL_TSO ? load_tso(self(), place)
					   : load_weak(self(), place, order);
	self()->last[place] = value;
	trace_access("loads", place, value);
	return value;
}

uint64_t machine_last_loaded(enum place place)
{
	return self()->last[place];
}

uint64_t machine_index(unsigned thread)
{
	return threads[thread]
		.last[thread == THREAD_PRODUCER ? PLACE_PRODUCER_INDEX
						: PLACE_CONSUMER_INDEX];
}

/* ---- stores ---- */

static void store_tso(struct thread *thread, enum place place, uint64_t value)
{
	thread->buffer[thread->n_stored++] =
		(struct buffered){ .place = place, .value = value };
}

static void store_weak(struct thread *thread, enum place place, uint64_t value,
		       enum order order)
{
	struct log *log = &logs[place];
	struct message *message = &log->message[log->n_messages];

	thread->now.at[place] = (uint8_t)log->n_messages++;
	message->value = value;
	message->view = order == ORDER_RELEASE ? thread->now : thread->release;
	message->view.at[place] = thread->now.at[place];
}

void machine_store(enum place place, uint64_t value, enum order order)
{
	if (current < 0) {
		memory[place] = logs[place].message[0].value = value;
		return;
	}
	if (self()->n_stored == N_STORES_MAX ||
	    logs[place].n_messages == N_STORES_MAX) {
		machine_fail("more stores than the machine has room for");
		return;
	}
	trace_access(order == ORDER_RELEASE ? "stores, release," : "stores",
		     place, value);
	self()->last[place] = value;
	if (machine.model == MODEL_TSO)
		store_tso(self(), place, value);
	else
		store_weak(self(), place, value, order);
}

/* ---- barriers ---- */

void machine_fence(void)
{
	struct thread *thread;

	if (current < 0)
		return;
	machine_trace("full barrier");
	thread = self();
	if (machine.model == MODEL_TSO) {
		thread->drains = true; /* before its next step */
		return;
	}
	step();
	join(&thread->now, &thread->acquire);
	join(&thread->now, &fence_view);
	fence_view = thread->acquire = thread->release = thread->now;
}

void machine_fence_acquire(void)
{
	if (current >= 0)
		join(&self()->now, &self()->acquire);
}

void machine_fence_release(void)
{
	if (current >= 0)
		self()->release = self()->now;
}

/* ---- items ---- */

uint64_t machine_item_read(unsigned cell)
{
	struct thread *thread = self();
	struct log *log = &logs[PLACE_CELL + cell];

	if (machine.model == MODEL_TSO)
		return machine_load(PLACE_CELL + cell, ORDER_RELAXED);
	if (thread->now.at[PLACE_CELL + cell] + 1u != log->n_messages)
		machine_fail("data race: an item is read while it is written");
	thread->now.at[PLACE_READ + cell] = (uint8_t)++n_reads[cell];
	return log->message[log->n_messages - 1].value;
}

void machine_item_write(unsigned cell, uint64_t value)
{
	if (machine.model == MODEL_WEAK &&
	    self()->now.at[PLACE_READ + cell] != (uint8_t)n_reads[cell])
		machine_fail("data race: an item is written while it is read");
	machine_store(PLACE_CELL + cell, value, ORDER_RELAXED);
}

/* ---- descriptors ---- */

/* System calls, with a store buffer drained by the kernel's locks. */
static void system_call(void)
{
	if (machine.model == MODEL_TSO)
		self()->drains = true;
	step();
}

void machine_raise(unsigned descriptor)
{
	system_call();
	machine_trace("raises %u", descriptor);
	if (!self()->wake_due)
		machine_fail("a wake is raised without a crossing");
	self()->wake_due = false;
	raised[descriptor] = true;
}

void machine_clear(unsigned descriptor)
{
	system_call();
	machine_trace("clears %u", descriptor);
	raised[descriptor] = false;
}

void machine_sleep(unsigned descriptor)
{
	struct thread *thread = self();

	if (thread->wake_due)
		machine_fail("it sleeps on a wake that it has not raised");
	machine_trace("sleeps on %u", descriptor);
	thread->sleeps = true;
	thread->descriptor = descriptor;
	system_call();
	thread->sleeps = false;
	machine_trace("is awake");
}

/* ---- the oracle ---- */

void machine_note_publish(enum place place, uint64_t value)
{
	if (current >= 0 && place_is_index(place))
		self()->new = relative(value);
}

/*
 * Plain comparison of distances, where the ring has modular arithmetic: from
 * the index at the last look to the one at this.
 */
void machine_note_wake_at(enum place place, uint64_t value)
{
	struct thread *thread;

	if (current < 0 || place_is_index(place))
		return;
	thread = self();
	if (thread->old < relative(value) && relative(value) <= thread->new)
		thread->wake_due = true;
	thread->old = thread->new;
}

bool machine_twin_drops_barrier(enum place place)
{
	return (int)machine.twin - (int)TWIN_PRODUCER_PUBLISHES == (int)place;
}
