/* SPDX-License-Identifier: MIT */
/**
 * Shared memory in which every byte has one writer, and the kernel sees to it.
 *
 * The owner creates a memfd, maps it writable, faults it in, locks it and
 * seals it with F_SEAL_SHRINK, _GROW, _FUTURE_WRITE and _SEAL. From then on
 * nobody, not even the owner, can map it writable once more, write to it
 * through its descriptor, resize it or punch holes in it. A peer that is given
 * the descriptor checks all this and maps it read-only.
 *
 * Linux 5.1 or newer.
 */
#ifndef LEAT_SHM_H
#define LEAT_SHM_H

#include <leat/attributes.h>

#include <stdbool.h>
#include <stddef.h>

LEAT_BEGIN_DECLS

/** A mapped piece of shared memory. */
struct leat_shm {
	void *addr;	   /**< where it is mapped, or NULL */
	size_t size_bytes; /**< of the mapping */
	int fd;		   /**< the memfd, or -1 */
	bool locked;	   /**< mlock succeeded */
};

/** A value to begin with, which leat_shm_finish() takes. */
#define LEAT_SHM_NONE                                                          \
	{                                                                      \
		0, 0, -1, false                                                \
	}

/**
 * Create memory that only this process can write, and seal it.
 *
 * It is zeroed, faulted in, and locked if the process may (see `locked`).
 *
 * @param name        Seen in /proc; no meaning.
 * @param size_bytes  At least 1; rounded up to whole pages.
 * @retval 0       shm is ready, and shm->fd may be sent to peers.
 * @retval < 0     The errno of memfd_create, ftruncate, mmap or fcntl,
 *                 negative; nothing is left behind. -EMFILE and -ENFILE: too
 *                 many descriptors (ulimit -n). -ENOMEM: too little memory.
 *                 -EINVAL: size 0, or a kernel without F_SEAL_FUTURE_WRITE.
 *
 * Thread: setup.
 */
LEAT_API LEAT_MUST_CHECK int
leat_shm_create(struct leat_shm *shm, const char *name, size_t size_bytes);

/**
 * Create memory that holds a copy of data and that nobody can ever change.
 *
 * @retval 0    shm is mapped read-only.
 * @retval < 0  As leat_shm_create(), and the errno of write.
 *
 * Thread: setup.
 */
LEAT_API LEAT_MUST_CHECK int leat_shm_create_constant(struct leat_shm *shm,
						      const char *name,
						      const void *data,
						      size_t size_bytes);

/**
 * Map what a peer owns, read-only, after checking that it is safe to map.
 *
 * Takes the descriptor over: on failure it is closed.
 *
 * @param fd          A memfd from leat_shm_create() in another process.
 * @param size_bytes  Exactly how large it must be, but for whole pages.
 * @retval 0        Mapped.
 * @retval -EPROTO  Not a memfd, not sealed as above, or of another size.
 * @retval < 0      The errno of fstat or mmap, negative.
 *
 * Thread: setup.
 */
LEAT_API LEAT_MUST_CHECK int leat_shm_attach(struct leat_shm *shm, int fd,
					     size_t size_bytes);

/**
 * As leat_shm_attach(), with whatever size it has up to a limit.
 *
 * Thread: setup.
 */
LEAT_API LEAT_MUST_CHECK int leat_shm_attach_any(struct leat_shm *shm, int fd,
						 size_t max_bytes);

/** Unmap and close. Harmless on LEAT_SHM_NONE. Thread: setup. */
LEAT_API void leat_shm_finish(struct leat_shm *shm);

LEAT_END_DECLS

#endif
