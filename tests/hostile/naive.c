/* SPDX-License-Identifier: MIT */
#include "naive.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define PAGE 4096u

static size_t whole_pages(size_t n_bytes)
{
	return (n_bytes + PAGE - 1) / PAGE * PAGE;
}

/* At its end, so that the guard begins where it ends. */
static bool map(struct naive_ring *ring)
{
	size_t n_bytes = whole_pages(sizeof(struct naive_shared));
	char *all = mmap(NULL, n_bytes + PAGE, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ring->shared = mmap(all, n_bytes, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_FIXED, ring->fd, 0);
	return all != MAP_FAILED && ring->shared != MAP_FAILED;
}

bool naive_create(struct naive_ring *ring)
{
	ring->fd = memfd_create("naive", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (ring->fd < 0 ||
	    ftruncate(ring->fd, (off_t)whole_pages(sizeof(*ring->shared))) <
		    0 ||
	    !map(ring))
		return false;
	ring->shared->capacity = ring->capacity = NAIVE_FRAMES;
	return true;
}

bool naive_attach(struct naive_ring *ring, int fd)
{
	ring->fd = fd;
	if (!map(ring))
		return false;
	ring->capacity = ring->shared->capacity;
	return true;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/*
 * As jack_ringbuffer and others do: how much there is comes from both indices,
 * and is copied in up to two pieces. The indices are read where they are needed.
 */
uint64_t naive_read(struct naive_ring *ring, float *samples, uint64_t n_frames)
{
	volatile struct naive_shared *shared = ring->shared;
	uint64_t n = least(n_frames, shared->written - shared->read);
	uint64_t at = shared->read % ring->capacity;
	uint64_t first = least(n, ring->capacity - at);

	memcpy(samples, ring->shared->samples + at, first * sizeof(float));
	memcpy(samples + first, ring->shared->samples,
	       (n - first) * sizeof(float));
	shared->read = shared->read + n;
	return n;
}

uint64_t naive_write(struct naive_ring *ring, const float *samples,
		     uint64_t n_frames)
{
	volatile struct naive_shared *shared = ring->shared;
	uint64_t room = ring->capacity - (shared->written - shared->read);
	uint64_t n = least(n_frames, room);
	uint64_t at = shared->written % ring->capacity;
	uint64_t first = least(n, ring->capacity - at);

	memcpy(ring->shared->samples + at, samples, first * sizeof(float));
	memcpy(ring->shared->samples, samples + first,
	       (n - first) * sizeof(float));
	shared->written = shared->written + n;
	return n;
}

void naive_wake(int event_fd)
{
	const uint64_t one = 1;

	/* It was made non-blocking. */
	(void)!write(event_fd, &one, sizeof(one));
}

void naive_clear(int socket_fd)
{
	char bytes[256];

	while (recv(socket_fd, bytes, sizeof(bytes), MSG_DONTWAIT) ==
	       (ssize_t)sizeof(bytes))
		;
}

unsigned naive_hear(int socket_fd)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * 8)];
	} control;
	char bytes[512];
	struct iovec iov = { bytes, sizeof(bytes) };
	unsigned n = 0;

	for (;; n++) {
		struct msghdr header = {
			.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = &control,
			.msg_controllen = sizeof(control),
		};

		if (recvmsg(socket_fd, &header, MSG_DONTWAIT) <= 0)
			return n;
	}
}
