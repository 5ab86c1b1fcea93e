/* SPDX-License-Identifier: MIT */
/*
 * Three words that belong together, in memory that one thread writes and
 * others, who can write nothing there, read: index, frame time and time.
 *
 * The writer makes a sequence count odd, writes, and makes it even again. A
 * reader who finds it odd, or changed, has torn words and tries again, a fixed
 * number of times: a writer may be hostile. (H.-J. Boehm, "Can seqlocks get
 * along with programming language memory models?", 2012, for the fences.)
 */
#ifndef LEAT_LINK_STAMP_H
#define LEAT_LINK_STAMP_H

#include <leat/frames.h>
#include <leat/ring.h>

#include <stdbool.h>
#include <stdint.h>

/* How often a reader tries. */
#define LEAT_STAMP_TRIES 4

/* A line of its own; part of a part, so an ABI: doc/format.md. */
struct leat_stamp_words {
	struct leat_word sequence; /* odd while it is being written */
	struct leat_word index;
	struct leat_word frame_time;
	struct leat_word time_ns;
	uint8_t pad[LEAT_LINE_BYTES - 32];
};

/*
 * The last stamps of a writer, so that a reader who comes by more rarely
 * misses none. Slot n % SIZE holds the n-th stamp, and `number` is n + 1, or 0
 * while it is being written. `n_written` publishes it.
 */
struct leat_stamp_slot {
	struct leat_word number;
	struct leat_word index;
	struct leat_word frame_time;
	struct leat_word time_ns;
};

struct leat_stamp_log {
	struct leat_word n_written;
	uint8_t pad[LEAT_LINE_BYTES - 8];
	struct leat_stamp_slot slots[LEAT_STAMP_LOG_SIZE];
};

/* Publish one more. Thread: the one writer. RT-safe, wait-free. */
LEAT_RT void leat_stamp_log_write(struct leat_stamp_log *log,
				  const struct leat_stamp *stamp);

/*
 * Read the stamps that were written since *n_read, oldest first, at most
 * LEAT_STAMP_LOG_SIZE of them; older ones are gone, and one that is being
 * overwritten meanwhile is left out. *n_read is the reader's own; begin with 0.
 *
 * Returns how many. Thread: any. RT-safe, wait-free.
 */
LEAT_RT uint32_t
leat_stamp_log_read(const struct leat_stamp_log *log, uint64_t *n_read,
		    struct leat_stamp stamps[LEAT_STAMP_LOG_SIZE]);

/* Publish. Thread: the one writer. RT-safe, wait-free. */
LEAT_RT void leat_stamp_write(struct leat_stamp_words *words,
			      const struct leat_stamp *stamp);

/*
 * Read a whole stamp, never a torn one: false, and *stamp is as it was, if it
 * was being written at each try.
 *
 * Thread: any. RT-safe, wait-free.
 */
LEAT_RT bool leat_stamp_read(const struct leat_stamp_words *words,
			     struct leat_stamp *stamp);

#endif
