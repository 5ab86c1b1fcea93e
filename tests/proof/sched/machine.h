/* SPDX-License-Identifier: MIT */
/*
 * A machine with two threads, four shared words, the items of a ring and two
 * descriptors, which runs one step at a time in an order that we choose.
 *
 * Its memory is one of two:
 *
 *  - MODEL_TSO: each thread has a first-in first-out store buffer, flushed to
 *    memory one store at a time, at any time; a load looks there first. A full
 *    barrier and a system call wait until it is empty. This is x86 (Sewell et
 *    al., "x86-TSO", 2010).
 *  - MODEL_WEAK: C11 by views (Kang et al., "A Promising Semantics for
 *    Relaxed-Memory Concurrency", 2017, without promises). Each place keeps all
 *    that was stored there; a load may return any of it that the thread does
 *    not know to be outdated. What it knows travels with release, acquire and
 *    fences. Items are no atomics: an access that is not ordered after the
 *    other thread's last one is a data race and fails. Descriptors order
 *    nothing here, so that the proof does not lean on the kernel.
 *
 * Stores are no steps: the other thread notices nothing of them until they are
 * flushed (TSO), or may choose not to (weak).
 */
#ifndef LEAT_PROOF_MACHINE_H
#define LEAT_PROOF_MACHINE_H

#include <leat/inline/words.h>

#include <stdbool.h>
#include <stdint.h>

enum model { MODEL_TSO, MODEL_WEAK };

/* Errors planted in the ring, each of which must be found. */
enum twin {
	TWIN_NONE,
	/* no barrier between the own word, in the order of enum place, and the
	   peer's: index then wake_at, or wake_at then index */
	TWIN_PRODUCER_PUBLISHES,
	TWIN_PRODUCER_SLEEPS,
	TWIN_CONSUMER_PUBLISHES,
	TWIN_CONSUMER_SLEEPS,
	TWIN_NO_RECHECK,       /* asks to be woken and does not look */
	TWIN_CROSS_LATE,       /* a wake_at that is reached is not passed */
	TWIN_CROSS_EARLY,      /* one that was reached before is */
	TWIN_CROSS_NEVER,      /* only a step onto wake_at counts, no jump */
	TWIN_RELAXED_STORE,    /* publishes without release */
	TWIN_RELAXED_LOAD,     /* looks without acquire */
	TWIN_NO_READ_BARRIER,  /* after the copy from a timed ring */
	TWIN_NO_WRITE_BARRIER, /* before items are written on one */
	TWIN_CLEAR_LATE,       /* the descriptor is cleared after asking */
	TWIN_MARK_FAR,	       /* asks to be woken one item too late */
	N_TWINS
};

enum { THREAD_PRODUCER, THREAD_CONSUMER, N_THREADS };

enum {
	N_CELLS_MAX = 8,
	N_LOG_WORDS = 7,
	N_STORES_MAX = 96,
	WORDS_PER_LINE = LEAT_LINE_BYTES / sizeof(struct leat_word)
};

/* All that is shared, each with one writer. */
enum place {
	PLACE_PRODUCER_INDEX,
	PLACE_PRODUCER_WAKE_AT,
	PLACE_CONSUMER_INDEX,
	PLACE_CONSUMER_WAKE_AT,
	PLACE_CELL,			      /* items, from here on */
	PLACE_LOG = PLACE_CELL + N_CELLS_MAX, /* of a part: of one slot */
	PLACE_READ = PLACE_LOG + N_LOG_WORDS, /* how often each was read */
	N_PLACES = PLACE_READ + N_CELLS_MAX
};

enum order { ORDER_RELAXED, ORDER_ACQUIRE, ORDER_RELEASE };

/* How much of each place's history a thread knows of. */
struct view {
	uint8_t at[N_PLACES];
};

struct machine {
	enum model model;
	enum twin twin;
	bool tracing;
	struct leat_ring_words words[N_THREADS];
	/* a struct leat_stamp_words, leat_stamp_log, leat_event_log or
	   leat_load_words; its words lie where items do */
	struct leat_word stamp[3 * WORDS_PER_LINE];
	/* of a part that a tap reads: its index, and its log of events */
	const struct leat_ring_words *part_words;
	const struct leat_word *part_log;
	uint64_t first_index;
	const char *failure; /* NULL: none so far */
	uint64_t n_steps;    /* since it began */
};

extern struct machine machine;

/*
 * What decides: which of n_options, 0..n_options - 1. The first n_usual of them
 * are what mostly happens, the others (a store reaches memory, a load returns
 * something old) a random choice may want to make more rarely.
 */
typedef unsigned (*machine_choose_fn)(unsigned n_options, unsigned n_usual);

/* Whether the state was new; false ends the run. */
typedef bool (*machine_visit_fn)(uint64_t state);

/* ---- running ---- */

void machine_init(machine_choose_fn choose, machine_visit_fn visit);

/* Put everything back, with both indices at first_index. */
void machine_reset(uint64_t first_index);

enum machine_end {
	MACHINE_DONE,	/* both threads came to their end */
	MACHINE_STUCK,	/* nothing can happen any more */
	MACHINE_FAILED, /* machine.failure says why */
	MACHINE_SEEN	/* visit() knew the state */
};

/* Run both threads. */
enum machine_end machine_run(void (*const bodies[N_THREADS])(void));

/* Whether a thread sleeps, and so did when the machine got stuck. */
bool machine_sleeps(unsigned thread);

/* What a thread stored as its index, whether or not the other can see it. */
uint64_t machine_index(unsigned thread);

/* ---- for what runs in a thread ---- */

/* Give up this run; what: a constant string. */
void machine_fail(const char *what);

/* Let the strategy decide something that both this and no other thread sees. */
unsigned machine_choose(unsigned n_options);

void machine_trace(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

static inline bool place_is_index(enum place place)
{
	return place == PLACE_PRODUCER_INDEX || place == PLACE_CONSUMER_INDEX;
}

enum place machine_place(const struct leat_word *word);
uint64_t machine_load(enum place place, enum order order);
uint64_t machine_last_loaded(enum place place);
void machine_store(enum place place, uint64_t value, enum order order);
void machine_fence(void);
void machine_fence_acquire(void);
void machine_fence_release(void);

/* An item that nobody may touch at the same time. */
uint64_t machine_item_read(unsigned cell);
void machine_item_write(unsigned cell, uint64_t value);

void machine_raise(unsigned descriptor);
void machine_clear(unsigned descriptor);
void machine_sleep(unsigned descriptor);

/* ---- for the check that wakes are raised at crossings, and only there ---- */

void machine_note_publish(enum place place, uint64_t value);
void machine_note_wake_at(enum place place, uint64_t value);

/* Whether a leat_word_publish() of this place is to have no barrier. */
bool machine_twin_drops_barrier(enum place place);

#endif
