/* SPDX-License-Identifier: MIT */
/* What a process that was given a descriptor can do to the memory. */
#ifndef LEAT_UNIT_SHM_ATTACKS_H
#define LEAT_UNIT_SHM_ATTACKS_H

#include <leat/shm.h>

/* Each returns whether it got through. */
extern int (*const shm_attacks[])(const struct leat_shm *shm);
extern const size_t shm_n_attacks;

/* All of them: 0 if every one failed, else the number of one that did not. */
int shm_attack(void *shm);

/* One attack on a page, huge or not, that nothing protects. */
struct shm_attempt {
	size_t i; /* of the attack */
	size_t page_bytes;
	unsigned memfd_flags; /* 0 or MFD_HUGETLB */
};

/* Whether each of them is one that such memory falls to: 0 if it does. */
int shm_attack_unsealed(void *attempt);

/* Fill memory with a pattern, and whether that is still there. */
void shm_fill(const struct leat_shm *shm);
bool shm_filled(const struct leat_shm *shm);

/*
 * Whether this process need not fault for any page of a mapping: 1, or 0, or
 * -1 if the kernel does not tell.
 */
int shm_present(const void *addr, size_t size_bytes);

/*
 * Give up, in a child, whatever lets a process lock more than its limit, and
 * set that limit.
 */
bool shm_limit_locking(size_t size_bytes);

#endif
