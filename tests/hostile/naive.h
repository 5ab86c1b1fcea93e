/* SPDX-License-Identifier: MIT */
/*
 * A ring as one would write it for peers that are trusted: one piece of shared
 * memory that both may write, with the header in it, and an eventfd or a pair of
 * sockets to wake the other. The attacks must get through here, or they show
 * nothing elsewhere.
 */
#ifndef LEAT_HOSTILE_NAIVE_H
#define LEAT_HOSTILE_NAIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NAIVE_FRAMES 4096u

struct naive_shared {
	uint64_t capacity; /* frames */
	uint64_t written, read;
	float samples[NAIVE_FRAMES];
};

struct naive_ring {
	int fd;
	struct naive_shared *shared; /* the page behind it is a guard */
	uint64_t capacity;	     /* as the header had it, once */
};

/* Memory for a ring, and the ring in it. */
bool naive_create(struct naive_ring *ring);
/* What came from a peer, as large as it should be. */
bool naive_attach(struct naive_ring *ring, int fd);

/* Up to n_frames, as the indices say. */
uint64_t naive_write(struct naive_ring *ring, const float *samples,
		     uint64_t n_frames);
uint64_t naive_read(struct naive_ring *ring, float *samples, uint64_t n_frames);

/* Wake, and take that back, in ways that do not wait. */
void naive_wake(int event_fd);
void naive_clear(int socket_fd);

/* All that a peer has said. */
unsigned naive_hear(int socket_fd);

#endif
