/* SPDX-License-Identifier: MIT */
/**
 * A ring of audio frames: planar float32, in sealed shared memory.
 *
 * A frame is one float32 sample per channel. Frames lie planar: one index,
 * and for each channel a plane of `capacity` samples. JACK and PipeWire both
 * hold planar float32, so a frame is copied once in and once out.
 *
 * Each end creates its own part of the ring (a sealed memfd, see
 * <leat/shm.h>), gives its descriptor to the other and connects to the
 * other's part. doc/format.md has the layout byte by byte.
 */
#ifndef LEAT_FRAMES_H
#define LEAT_FRAMES_H

#include <leat/attributes.h>
#include <leat/ring.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

LEAT_BEGIN_DECLS

/** Channels of one direction, at most. None at all makes it a mere clock. */
#define LEAT_CHANNELS_MAX 64u

/** Frames that a ring of frames holds: a power of two in this range. */
#define LEAT_FRAMES_CAPACITY_MIN 64u
#define LEAT_FRAMES_CAPACITY_MAX (1u << 24)

/** Sample rates, Hz. */
#define LEAT_RATE_MIN_HZ 1000u
#define LEAT_RATE_MAX_HZ 768000u

/** Which way a ring carries audio. */
enum leat_direction { LEAT_TO_PIPEWIRE, LEAT_TO_JACK };
#define LEAT_N_DIRECTIONS 2

/** What both ends of a ring of frames agree on. */
struct leat_frames_format {
	uint32_t n_channels;  /**< 0..LEAT_CHANNELS_MAX */
	uint32_t capacity;    /**< frames, a power of two */
	uint32_t rate_hz;     /**< that the frames are of: JACK's */
	uint32_t ring_flags;  /**< enum leat_ring_flags */
	uint32_t direction;   /**< enum leat_direction */
	uint64_t generation;  /**< grows with each new pair of parts */
	uint64_t first_index; /**< where both indices begin */
};

/**
 * When the producer's graph was where: three values that belong together.
 */
struct leat_stamp {
	uint64_t index;	     /**< the ring's, at the start of the cycle */
	uint64_t frame_time; /**< the graph's own count of frames */
	uint64_t time_ns;    /**< CLOCK_MONOTONIC at the start of the cycle */
};

/** Stamps that a producer's part keeps, the newest among them. */
#define LEAT_STAMP_LOG_SIZE 64u

/** Room for frames, handed to a send closure. */
struct leat_frames_room {
	float *base;	     /**< first sample of channel 0 */
	size_t stride;	     /**< samples from one plane to the next */
	uint32_t n_channels; /**< planes */
	uint32_t n_frames;   /**< samples in each */
	uint32_t n_before;   /**< frames of this call already handed out */
};

/** Frames to read, handed to a recv closure. */
struct leat_frames_view {
	const float *base;   /**< first sample of channel 0 */
	size_t stride;	     /**< samples from one plane to the next */
	uint32_t n_channels; /**< planes */
	uint32_t n_frames;   /**< samples in each */
	uint32_t n_before;   /**< frames of this call already handed out */
};

/** The samples of one channel. RT-safe. */
LEAT_RT static inline float *
leat_frames_room_plane(const struct leat_frames_room *room, uint32_t channel)
{
	return room->base + channel * room->stride;
}

/** The samples of one channel. RT-safe. */
LEAT_RT static inline const float *
leat_frames_view_plane(const struct leat_frames_view *view, uint32_t channel)
{
	return view->base + channel * view->stride;
}

/**
 * Fill room->n_frames frames of each plane. Called once or twice.
 *
 * Where clang checks LEAT_RT, it has to be marked with it.
 */
typedef void (*leat_frames_send_fn)(void *user,
				    const struct leat_frames_room *room)
	LEAT_RT;

/** Read view->n_frames frames of each plane; else as leat_frames_send_fn. */
typedef void (*leat_frames_recv_fn)(void *user,
				    const struct leat_frames_view *view)
	LEAT_RT;

/** Whether a producer produces, and when. */
enum leat_activity {
	LEAT_IDLE,    /**< no frames are to be expected */
	LEAT_ACTIVE,  /**< they come in time for the consumer's next cycle */
	LEAT_ANSWERS, /**< they come within the cycle that they answer */
	LEAT_N_ACTIVITIES
};

/** What is told to those who read the history of a ring, see <leat/tap.h>. */
enum leat_frames_event {
	/** The producer jumped over n_frames: they were never written. */
	LEAT_EVENT_JUMP = 1,
	/** The graph left n_frames out; the index does not count them. */
	LEAT_EVENT_XRUN,
	/** So many frames of the graph's were left out by a slip. */
	LEAT_EVENT_DROPPED,
	/** The next n_frames are a slip's, and none of the graph's. */
	LEAT_EVENT_INSERTED
};

struct leat_frames_producer;
struct leat_frames_consumer;

/**
 * Whether a format is within the limits above.
 *
 * @retval 0        It is.
 * @retval -EINVAL  It is not.
 *
 * Thread: any.
 */
LEAT_API int leat_frames_format_check(const struct leat_frames_format *format);

/**
 * Create the producer's part of a ring.
 *
 * @retval 0        *producer is to be connected next.
 * @retval -EINVAL  The format is out of range.
 * @retval < 0      As leat_shm_create().
 *
 * Thread: setup.
 */
LEAT_API LEAT_MUST_CHECK int
leat_frames_producer_create(struct leat_frames_producer **producer,
			    const struct leat_frames_format *format);

/** Create the consumer's part; as leat_frames_producer_create(). */
LEAT_API LEAT_MUST_CHECK int
leat_frames_consumer_create(struct leat_frames_consumer **consumer,
			    const struct leat_frames_format *format);

/** The own part's descriptor, to be given to the other end. Not yours. */
LEAT_API int
leat_frames_producer_fd(const struct leat_frames_producer *producer);
/** The own part's descriptor, to be given to the other end. Not yours. */
LEAT_API int
leat_frames_consumer_fd(const struct leat_frames_consumer *consumer);

/**
 * Connect to the consumer's part.
 *
 * @param part_fd   Taken over, also on failure.
 * @param raise_fd  Wakes the consumer, or -1; taken over, also on failure.
 * @retval 0        Frames can be sent.
 * @retval -EPROTO  The part is not safe to map or not of the same format.
 *
 * Thread: setup.
 */
LEAT_API LEAT_MUST_CHECK int
leat_frames_producer_connect(struct leat_frames_producer *producer, int part_fd,
			     int raise_fd);

/**
 * Connect to the producer's part; as leat_frames_producer_connect().
 *
 * @param wait_fd  What the producer raises, or -1; taken over.
 */
LEAT_API LEAT_MUST_CHECK int
leat_frames_consumer_connect(struct leat_frames_consumer *consumer, int part_fd,
			     int wait_fd);

/** Unmap, close and free. NULL is fine. Thread: setup. */
LEAT_API void
leat_frames_producer_destroy(struct leat_frames_producer *producer);
/** Unmap, close and free. NULL is fine. Thread: setup. */
LEAT_API void
leat_frames_consumer_destroy(struct leat_frames_consumer *consumer);

/** The format. RT-safe. */
LEAT_API LEAT_RT const struct leat_frames_format *
leat_frames_producer_format(const struct leat_frames_producer *producer);
/** The format. RT-safe. */
LEAT_API LEAT_RT const struct leat_frames_format *
leat_frames_consumer_format(const struct leat_frames_consumer *consumer);

/** Whether both parts, its own and the peer's, are locked in memory. */
LEAT_API bool
leat_frames_producer_is_locked(const struct leat_frames_producer *producer);
LEAT_API bool
leat_frames_consumer_is_locked(const struct leat_frames_consumer *consumer);

/** The bare ring: for indices, fill, limits and poison. RT-safe. */
LEAT_API LEAT_RT struct leat_producer *
leat_frames_producer_ring(struct leat_frames_producer *producer);
/** The bare ring: for indices, fill, limits and poison. RT-safe. */
LEAT_API LEAT_RT struct leat_consumer *
leat_frames_consumer_ring(struct leat_frames_consumer *consumer);

/**
 * Send up to n_frames, filled in place by fn.
 *
 * @return  Frames sent, 0..n_frames.
 *
 * Thread: producer. RT-safe if fn is.
 */
LEAT_API LEAT_RT uint32_t
leat_frames_send(struct leat_frames_producer *producer, uint32_t n_frames,
		 leat_frames_send_fn fn, void *user);

/**
 * Send exactly n_frames at an index; see leat_producer_begin_at().
 *
 * @return  n_frames, or 0 if that cannot be.
 *
 * Thread: producer. RT-safe if fn is.
 */
LEAT_API LEAT_RT uint32_t
leat_frames_send_at(struct leat_frames_producer *producer, uint64_t index,
		    uint32_t n_frames, leat_frames_send_fn fn, void *user);

/**
 * Receive up to n_frames, read in place by fn.
 *
 * @return  Frames received, 0..n_frames.
 *
 * Thread: consumer. RT-safe if fn is.
 */
LEAT_API LEAT_RT uint32_t
leat_frames_recv(struct leat_frames_consumer *consumer, uint32_t n_frames,
		 leat_frames_recv_fn fn, void *user);

/**
 * Receive the n_frames that begin at an index, if they are there; see
 * leat_consumer_begin_at(). The own index moves past them in any case.
 *
 * @return  n_frames, or 0 if they are not there.
 *
 * Thread: consumer. RT-safe if fn is.
 */
LEAT_API LEAT_RT uint32_t
leat_frames_recv_at(struct leat_frames_consumer *consumer, uint64_t index,
		    uint32_t n_frames, leat_frames_recv_fn fn, void *user);

/** Publish a stamp, before the frames it is about. Thread: producer. RT-safe. */
LEAT_API LEAT_RT void
leat_frames_set_stamp(struct leat_frames_producer *producer,
		      const struct leat_stamp *stamp);

/** The last one that was published; all 0 before the first. RT-safe. */
LEAT_API LEAT_RT struct leat_stamp
leat_frames_last_stamp(const struct leat_frames_producer *producer);

/**
 * Read the newest stamp.
 *
 * @return  false if the producer was writing it all the while.
 *
 * Thread: any of the consumer's process. RT-safe.
 */
LEAT_API LEAT_RT bool
leat_frames_get_stamp(const struct leat_frames_consumer *consumer,
		      struct leat_stamp *stamp);

/**
 * Read the stamps since the last call, oldest first, so that a consumer who
 * looks more rarely than the producer's cycles come misses none.
 *
 * What is older than LEAT_STAMP_LOG_SIZE stamps is gone, and one that is being
 * overwritten meanwhile is left out.
 *
 * @param n_read  The caller's own, 0 before the first call.
 * @param stamps  Room for LEAT_STAMP_LOG_SIZE.
 * @return        How many there are.
 *
 * Thread: any of the consumer's process. RT-safe.
 */
LEAT_API LEAT_RT uint32_t
leat_frames_get_stamps(const struct leat_frames_consumer *consumer,
		       uint64_t *n_read, struct leat_stamp *stamps);

/**
 * Note what happened to the stream before the frames that are sent next. Jumps
 * are noted by leat_frames_send_at() itself. Thread: producer. RT-safe.
 */
LEAT_API LEAT_RT void leat_frames_note(struct leat_frames_producer *producer,
				       enum leat_frames_event kind,
				       uint64_t n_frames);

/**
 * Say whether frames are being produced, so that the consumer can tell an
 * idle producer from a late one. Thread: any one. RT-safe.
 */
LEAT_API LEAT_RT void
leat_frames_set_activity(struct leat_frames_producer *producer,
			 enum leat_activity activity);

/** What the producer says of itself; idle if that is none of the values. RT-safe.
 */
LEAT_API LEAT_RT enum leat_activity
leat_frames_activity(const struct leat_frames_consumer *consumer);

/** How often the consumer was woken. Thread: producer. RT-safe. */
LEAT_API LEAT_RT uint64_t
leat_frames_wakeups(const struct leat_frames_producer *producer);

/**
 * System calls made to wake the consumer, also those that found it awake or
 * gone: the only ones that sending makes. Thread: producer. RT-safe.
 */
LEAT_API LEAT_RT uint64_t
leat_frames_wake_calls(const struct leat_frames_producer *producer);

/** What the producer raises, to be polled; -1 if there is none. Not yours.
 * RT-safe. */
LEAT_API LEAT_RT int
leat_frames_wait_fd(const struct leat_frames_consumer *consumer);

/**
 * Clear wait_fd, ask to be woken at n_frames and look again.
 *
 * @return  true if they are there already: do not sleep.
 *
 * Thread: consumer. RT-safe.
 */
LEAT_API LEAT_RT bool
leat_frames_prepare_wait(struct leat_frames_consumer *consumer,
			 uint32_t n_frames);

/** Clear wait_fd without asking to be woken again. Thread: consumer. RT-safe. */
LEAT_API LEAT_RT void
leat_frames_clear_wait(struct leat_frames_consumer *consumer);

LEAT_END_DECLS

#endif
