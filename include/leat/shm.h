/* SPDX-License-Identifier: MIT */
/**
 * Shared memory in which every byte has one writer, and the kernel sees to it.
 *
 * The owner creates a memfd, maps it writable, faults it in, locks it and
 * seals it with F_SEAL_SHRINK, _GROW, _FUTURE_WRITE and _SEAL. From then on
 * nobody, not even the owner, can map it writable once more, write to it
 * through its descriptor, resize it or punch holes in it. A peer that is given
 * the descriptor checks all this and maps it read-only, faulted in and locked
 * as well.
 *
 * Linux 5.1 or newer.
 */
#ifndef LEAT_SHM_H
#define LEAT_SHM_H

#include <leat/attributes.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

LEAT_BEGIN_DECLS

/** A mapped piece of shared memory. */
struct leat_shm {
	void *addr;	     /**< where it is mapped, or NULL */
	size_t size_bytes;   /**< of the memory */
	int fd;		     /**< the memfd, or -1 */
	bool locked;	     /**< it stays in memory: mlock, or huge pages */
	size_t mirror_bytes; /**< of it, mapped once more behind its end */
	size_t page_bytes;   /**< of the pages it lies on */
};

/** A value to begin with, which leat_shm_finish() takes. */
#define LEAT_SHM_NONE                                                          \
	{                                                                      \
		0, 0, -1, false, 0, 0                                          \
	}

/** What is wanted beyond the plain way. */
enum leat_shm_flags {
	/** Create on huge pages, or fail with -ENOSPC if there are too few. */
	LEAT_SHM_HUGE = 1u << 0,
	/** Create on huge pages if that can be had, else on ordinary ones. */
	LEAT_SHM_HUGE_IF_ANY = 1u << 1,
	/**
	 * Map the memory from mirror_offset on once more behind its end. So
	 * what runs over the end lands at mirror_offset, and a span of a ring
	 * with LEAT_RING_MIRRORED never wraps.
	 */
	LEAT_SHM_MIRRORED = 1u << 2,
	/** Fail with -EPERM if the memory cannot be locked. */
	LEAT_SHM_MUST_LOCK = 1u << 3,
	/** Attach only to what nobody can ever change. */
	LEAT_SHM_CONSTANT = 1u << 4
};

/** What leat_shm_create_with() and leat_shm_attach_with() are asked for. */
struct leat_shm_config {
	size_t size_bytes;    /**< at least 1 */
	size_t mirror_offset; /**< if mirrored: where that begins, else 0 */
	uint32_t flags;	      /**< enum leat_shm_flags */
};

/**
 * The size of the pages that memory created with these flags would lie on.
 *
 * The size and the offset of a mirror must be multiples of it.
 *
 * @param flags  With LEAT_SHM_HUGE: of huge pages, or 0 if the kernel has
 *               none; with LEAT_SHM_HUGE_IF_ANY: of ordinary ones then. That a
 *               size is known does not mean that such pages are free.
 *
 * Thread: setup.
 */
LEAT_API size_t leat_shm_page_bytes(uint32_t flags);

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
 * As leat_shm_create(), on huge pages, mirrored, or locked in any case.
 *
 * The size is rounded up to whole pages of the kind it gets, but that of a
 * mirror must be a multiple already, and so must mirror_offset.
 *
 * @retval 0            shm is ready, and shm->fd may be sent to peers.
 * @retval -EINVAL      Such flags do not go together, or mirror_offset or the
 *                      size of a mirror is no multiple of the page size; or as
 *                      leat_shm_create().
 * @retval -ENOSPC      LEAT_SHM_HUGE, and there are too few huge pages, or
 *                      none at all: see /proc/sys/vm/nr_hugepages.
 * @retval -EOPNOTSUPP  LEAT_SHM_HUGE, and this kernel does not keep the seal
 *                      on huge pages.
 * @retval -EPERM       LEAT_SHM_MUST_LOCK, and RLIMIT_MEMLOCK (ulimit -l) is
 *                      too low: a mirror counts twice, huge pages not at all.
 * @retval < 0          As leat_shm_create().
 *
 * Thread: setup.
 */
LEAT_API LEAT_MUST_CHECK int
leat_shm_create_with(struct leat_shm *shm, const char *name,
		     const struct leat_shm_config *config);

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

/**
 * As leat_shm_attach(), mirrored, locked in any case, or constant.
 *
 * The mirror is this process's own: the owner need not have one. Huge pages are
 * the owner's choice, and the flags for them say nothing here.
 *
 * @retval 0        Mapped.
 * @retval -EINVAL  As leat_shm_create_with().
 * @retval -EPROTO  As leat_shm_attach(); or LEAT_SHM_CONSTANT, and it is not
 *                  sealed with F_SEAL_WRITE; or the owner's huge pages are too
 *                  large for this mirror, or not all there.
 * @retval -EPERM   As leat_shm_create_with().
 * @retval < 0      As leat_shm_attach().
 *
 * Thread: setup.
 */
LEAT_API LEAT_MUST_CHECK int
leat_shm_attach_with(struct leat_shm *shm, int fd,
		     const struct leat_shm_config *config);

/** Unmap and close. Harmless on LEAT_SHM_NONE. Thread: setup. */
LEAT_API void leat_shm_finish(struct leat_shm *shm);

LEAT_END_DECLS

#endif
