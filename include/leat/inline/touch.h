/* SPDX-License-Identifier: MIT */
/*
 * Fetching the lines that the next block will be written to.
 *
 * They are still in the consumer's cache, from the last turn of the ring. A
 * send that finds them there has to wait for them at its barrier; fetched
 * after the block before was published, they come while nobody waits. Only a
 * store fetches them: prefetchw was measured (on Zen 4) to leave lines that
 * are shared as they are.
 *
 * Each store writes what is there already, so the history in the ring, which
 * taps may read, stays as it is.
 */
#ifndef LEAT_INLINE_TOUCH_H
#define LEAT_INLINE_TOUCH_H

#include <leat/ring.h>

#include <stddef.h>

LEAT_BEGIN_DECLS

/*
 * Less costs more than it brings; more would be a send as long as two. Of all
 * planes together.
 */
#define LEAT_TOUCH_MIN_BYTES 256u
#define LEAT_TOUCH_MAX_BYTES 8192u

/* Volatile, or the compiler would see that it changes nothing. */
static inline void leat_touch_line(volatile unsigned char *line) LEAT_RT
{
	*line = *line;
}

static inline void leat_touch(void *bytes, size_t n_bytes) LEAT_RT
{
	unsigned char *first = (unsigned char *)bytes;
	size_t i = 0;

	/* Four at a time: most of what this costs is counting. */
	for (; i + 3 * 64 < n_bytes; i += 4 * 64) {
		leat_touch_line(first + i);
		leat_touch_line(first + i + 64);
		leat_touch_line(first + i + 2 * 64);
		leat_touch_line(first + i + 3 * 64);
	}
	for (; i < n_bytes; i += 64)
		leat_touch_line(first + i);
}

/*
 * Whether the n_items that come next are known to be free and in one piece. On
 * a timed ring it is not this end that says what is free.
 */
static inline bool leat_touch_allowed(const struct leat_ring_end *end,
				      uint32_t n_items) LEAT_RT
{
	return end->plain &&
	       end->index - end->seen + n_items <= end->capacity &&
	       n_items <= end->wrap_at - leat_ring_offset(end);
}

LEAT_END_DECLS

#endif
