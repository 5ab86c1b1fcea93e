/* SPDX-License-Identifier: MIT */
/*
 * Room on the disk, taken before it is needed: so a full disk is noticed while
 * there is still enough of it to end the file as its format wants.
 */
#ifndef LEAT_TAP_RESERVE_H
#define LEAT_TAP_RESERVE_H

#include <leat/attributes.h>

#include <stdbool.h>
#include <stdint.h>

struct reserve {
	int fd;
	uint64_t margin_bytes; /* kept free behind what is written */
	uint64_t n_bytes;      /* reserved so far, from the beginning */
	bool blind;	       /* the file system does not reserve */
};

void reserve_init(struct reserve *reserve, int fd, uint64_t margin_bytes);

/*
 * Whether n_bytes more and the margin fit behind what is in the file: 0, or
 * -ENOSPC, -EDQUOT, -EFBIG, or another errno.
 */
LEAT_MUST_CHECK int reserve_ahead(struct reserve *reserve, uint64_t n_bytes);

/* Give back what was not used. */
void reserve_finish(struct reserve *reserve);

#endif
