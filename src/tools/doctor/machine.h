/* SPDX-License-Identifier: MIT */
/* The machine's processors and memory. */
#ifndef LEAT_DOCTOR_MACHINE_H
#define LEAT_DOCTOR_MACHINE_H

#include "finding.h"

#include <stdint.h>

/* jackd's memory with its usual 2,048 ports, and some for a second one. */
#define LEAT_SHM_WANTED_BYTES (UINT64_C(256) << 20)
#define LEAT_SHM_LEAST_BYTES (UINT64_C(128) << 20)

#define LEAT_SWAPPINESS_MAX 10

struct leat_governors {
	unsigned n_processors; /* whose frequency is governed; 0: none */
	unsigned n_slow;       /* not by "performance" */
	char slow[32];	       /* by what, one of them */
};

struct leat_huge_pages {
	char mode[16]; /* "always", "madvise", "never"; "" if not known */
};

struct leat_swap {
	bool known;
	bool used; /* there is some */
	int64_t swappiness;
};

struct leat_shm_room {
	bool known;
	uint64_t size_bytes; /* of /dev/shm */
	uint64_t free_bytes;
};

void leat_governors_read(struct leat_governors *governors, const char *root);
void leat_huge_pages_read(struct leat_huge_pages *pages, const char *root);
void leat_swap_read(struct leat_swap *swap, const char *root);
void leat_shm_room_read(struct leat_shm_room *room, const char *root);

void leat_judge_governors(struct leat_finding *finding,
			  const struct leat_governors *governors);
void leat_judge_huge_pages(struct leat_finding *finding,
			   const struct leat_huge_pages *pages);
void leat_judge_swap(struct leat_finding *finding,
		     const struct leat_swap *swap);
void leat_judge_shm_room(struct leat_finding *finding,
			 const struct leat_shm_room *room);

/* All four. */
void leat_check_machine(struct leat_report *report, const char *root);

#endif
