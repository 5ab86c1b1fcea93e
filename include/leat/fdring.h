/* SPDX-License-Identifier: MIT */
/**
 * The ring of <leat/ring.h> with sleeping and waking, for items of any size.
 *
 * Any kind of file descriptor may signal: an eventfd, a pipe, a socket. The
 * descriptor is written only at a crossing that the other end waits for, so
 * there is no system call while both keep up.
 *
 * A signal cannot be lost: it is kept inside until it is sent, however many
 * spans or calls one write takes, and only waiting clears the descriptor.
 *
 * Windows cannot wait on a descriptor of the C library. There the descriptor
 * is the handle of an event object that is reset by hand, as HandleToLong()
 * returns it: handles have 32 significant bits.
 *
 * A peer that is not trusted can make an eventfd or a pipe that it shares
 * block the writer; a socket it cannot, as each send says not to wait.
 */
#ifndef LEAT_FDRING_H
#define LEAT_FDRING_H

#include <leat/attributes.h>
#include <leat/ring.h>

LEAT_BEGIN_DECLS

/** A file descriptor used to wake somebody. Its members are private. */
struct leat_signal {
	int fd;		    /**< not owned; -1 for none */
	bool is_socket;	    /**< needs send, not write */
	bool in_packets;    /**< a socket that keeps them apart */
	bool may_bring_fds; /**< one that takes descriptors in */
	uint64_t n_raised;  /**< signals sent */
	uint64_t n_calls;   /**< system calls to send them, also in vain */
};

/**
 * Use a file descriptor, or none (-1), as a signal. It is not owned.
 *
 * A descriptor that would block is made non-blocking. A socket takes no file
 * descriptors in any more: closing them could hold the reader up. A pipe whose reader is
 * gone raises SIGPIPE, as pipes do: ignore that signal, or use a socket.
 *
 * @retval 0    Ready.
 * @retval < 0  The errno of fstat or fcntl, negative.
 *
 * Thread: setup.
 */
LEAT_API LEAT_MUST_CHECK int leat_signal_init(struct leat_signal *signal,
					      int fd);

/**
 * Wake whoever polls it.
 *
 * @return  false if the kernel had no room for the signal: try again.
 *
 * Thread: any one. RT-safe.
 */
LEAT_API LEAT_RT bool leat_signal_raise(struct leat_signal *signal);

/**
 * Take back what was raised, so that poll sleeps again. A socket whose other end
 * is closed, or sends descriptors, is hung up. Thread: any one. RT-safe.
 */
LEAT_API LEAT_RT void leat_signal_clear(struct leat_signal *signal);

/** What the two ends of an fd ring are made of. */
struct leat_fdring_config {
	struct leat_ring_config ring; /**< words, capacity, flags */
	void *items;		      /**< capacity * item_size_bytes, mapped
				       * twice if LEAT_RING_MIRRORED */
	size_t item_size_bytes;	      /**< of one item, at least 1 */
	int raise_fd;		      /**< wakes the other end, or -1 */
	int wait_fd;		      /**< wakes this end, or -1 */
};

/** The writing end. Its members are private. */
struct leat_fd_producer {
	struct leat_producer ring;
	unsigned char *items;
	size_t item_size_bytes;
	struct leat_signal wake;
	struct leat_signal wait;
};

/** The reading end. Its members are private. */
struct leat_fd_consumer {
	struct leat_consumer ring;
	const unsigned char *items;
	size_t item_size_bytes;
	struct leat_signal wake;
	struct leat_signal wait;
};

/**
 * Fill items in place.
 *
 * Called once, or twice when the free items wrap. Where clang checks LEAT_RT,
 * it has to be marked with it; what may block is for begin and commit.
 *
 * @param items    n_items to fill.
 * @return         How many were filled; fewer than n_items ends the send.
 */
typedef uint32_t (*leat_send_fn)(void *user, void *items, uint32_t n_items)
	LEAT_RT;

/** Read items in place; the mirror image of leat_send_fn. */
typedef uint32_t (*leat_recv_fn)(void *user, const void *items,
				 uint32_t n_items) LEAT_RT;

/**
 * Set up the writing end. The descriptors are not owned.
 *
 * @retval 0        Ready.
 * @retval -EINVAL  As leat_producer_init(), or no items or item size, or a
 *                  mirrored ring whose items do not fill whole pages.
 * @retval -EPROTO  As leat_producer_init().
 *
 * Thread: setup.
 */
LEAT_API LEAT_MUST_CHECK int
leat_fd_producer_init(struct leat_fd_producer *producer,
		      const struct leat_fdring_config *config);

/** Set up the reading end; as leat_fd_producer_init(). Thread: setup. */
LEAT_API LEAT_MUST_CHECK int
leat_fd_consumer_init(struct leat_fd_consumer *consumer,
		      const struct leat_fdring_config *config);

/**
 * Send up to n_items, filled in place by fn.
 *
 * @return  Items sent.
 *
 * Thread: producer. RT-safe if fn is.
 */
LEAT_RT static inline uint32_t leat_send(struct leat_fd_producer *producer,
					 uint32_t n_items, leat_send_fn fn,
					 void *user);

/**
 * Receive up to n_items, read in place by fn.
 *
 * @return  Items received.
 *
 * Thread: consumer. RT-safe if fn is.
 */
LEAT_RT static inline uint32_t leat_recv(struct leat_fd_consumer *consumer,
					 uint32_t n_items, leat_recv_fn fn,
					 void *user);

/**
 * Offer room for up to n_items as one or two pointers.
 *
 * @param items    Two pointers; the second is used when the room wraps.
 * @param n_each   How many items lie at each.
 * @return         n_each[0] + n_each[1].
 *
 * Thread: producer. RT-safe, wait-free.
 */
LEAT_RT static inline uint32_t
leat_fd_producer_begin(struct leat_fd_producer *producer, uint32_t n_items,
		       void *items[2], uint32_t n_each[2]);

/** Publish, and wake the consumer if due. Thread: producer. RT-safe. */
LEAT_RT static inline void
leat_fd_producer_commit(struct leat_fd_producer *producer, uint32_t n_items);

/** As leat_fd_producer_begin(), for reading. Thread: consumer. RT-safe. */
LEAT_RT static inline uint32_t
leat_fd_consumer_begin(struct leat_fd_consumer *consumer, uint32_t n_items,
		       const void *items[2], uint32_t n_each[2]);

/** Pass items, and wake the producer if due. Thread: consumer. RT-safe. */
LEAT_RT static inline void
leat_fd_consumer_commit(struct leat_fd_consumer *consumer, uint32_t n_items);

/**
 * Sleep until n_items are free.
 *
 * @param timeout_ms  How long at most; -1 for ever.
 * @retval 0           They are free.
 * @retval -ETIMEDOUT  They are not.
 * @retval -EPROTO     The ring is poisoned.
 * @retval -EINTR      A signal handler ran.
 * @retval -EPIPE      The other end of wait_fd is closed.
 *
 * Thread: producer, not a realtime one.
 */
LEAT_API LEAT_MUST_CHECK int
leat_fd_producer_wait(struct leat_fd_producer *producer, uint32_t n_items,
		      int timeout_ms);

/** Sleep until n_items are there; as leat_fd_producer_wait(). */
LEAT_API LEAT_MUST_CHECK int
leat_fd_consumer_wait(struct leat_fd_consumer *consumer, uint32_t n_items,
		      int timeout_ms);

/**
 * One thread waiting on many rings: call this before polling wait_fd.
 *
 * It clears the descriptor, asks to be woken at n_items and looks again.
 *
 * @return  true if they are there already: read, and do not sleep.
 *
 * Thread: consumer. RT-safe.
 */
LEAT_API LEAT_RT bool
leat_fd_consumer_prepare(struct leat_fd_consumer *consumer, uint32_t n_items);

/** The same for the writing end. Thread: producer. RT-safe. */
LEAT_API LEAT_RT bool
leat_fd_producer_prepare(struct leat_fd_producer *producer, uint32_t n_items);

LEAT_END_DECLS

#include <leat/inline/fdring.h>

#endif
