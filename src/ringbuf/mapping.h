/* SPDX-License-Identifier: MIT */
/* Mapping a memfd: on pages of any size, and once or twice in a row. */
#ifndef LEAT_RINGBUF_MAPPING_H
#define LEAT_RINGBUF_MAPPING_H

#include <stdbool.h>
#include <stddef.h>

/* What to map. */
struct leat_mapping {
	int fd;
	int prot;	     /* PROT_READ, or that and PROT_WRITE */
	size_t size_bytes;   /* of the memfd */
	size_t mirror_bytes; /* of its end, to be mapped once more; or 0 */
	size_t page_bytes;   /* of the memfd's pages */
};

/* Of ordinary pages. */
size_t leat_page_bytes(void);

/* Of the pages of a memfd: huge ones may be of any size. */
size_t leat_page_bytes_of(int fd);

/* Rounded up to whole pages; 0 if that is too much. */
size_t leat_whole_pages(size_t size_bytes, size_t page_bytes);

/*
 * Map, and fault in every page in both places.
 *
 * Returns -ENOMEM if there is no memory or address space left, -ENOSPC if the
 * memfd is on huge pages and there are too few; or another errno of mmap.
 */
int leat_mapping_map(const struct leat_mapping *mapping, void **addr);

/* Keep all of it in memory: 0, or -EPERM if RLIMIT_MEMLOCK is too low. */
int leat_mapping_lock(const struct leat_mapping *mapping, void *addr);

#endif
