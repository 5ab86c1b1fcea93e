/* SPDX-License-Identifier: MIT */
/**
 * Meeting: how the two sides of a link find each other over a socket.
 *
 * The JACK side hosts the link: it listens on a socket in the user's runtime
 * directory. The PipeWire side is its guest. Each creates its own parts of
 * the two rings and hands their descriptors over; what comes out is a wire on
 * either side: a ring to write to and a ring to read from.
 *
 * Either side may start first, die at any moment and come back. A change of
 * rate, channels or capacity makes a new wire, with a new generation number.
 *
 * Everything here is for one non-realtime thread per object. The realtime
 * thread gets wires and nothing else.
 */
#ifndef LEAT_LINK_H
#define LEAT_LINK_H

#include <leat/attributes.h>
#include <leat/frames.h>
#include <leat/inline/load.h>
#include <leat/status.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

LEAT_BEGIN_DECLS

/** Bytes of a link's name, with the final 0. */
#define LEAT_LINK_NAME_BYTES 33

/** A failure in words: what is wrong and what to do about it. */
struct leat_error {
	char text[384];
};

/**
 * Put a sentence into error, which may be NULL, and return res.
 *
 * Thread: any.
 */
LEAT_API __attribute__((format(printf, 3, 4))) int
leat_error_set(struct leat_error *error, int res, const char *format, ...);

/**
 * What an errno means, and what to do about it where that is known: the rest of
 * a sentence that says what failed.
 *
 * @param res  An errno, negative or not.
 *
 * Thread: any.
 */
LEAT_API const char *leat_errno_text(int res);

/**
 * Whether a name can be a link's: 1 to 32 letters, digits, '.', '_' and '-',
 * the first a letter or digit.
 *
 * @retval 0        It can.
 * @retval -EINVAL  It cannot; error says why.
 */
LEAT_API LEAT_MUST_CHECK int leat_link_name_check(const char *name,
						  struct leat_error *error);

/**
 * Where links have their sockets: $XDG_RUNTIME_DIR/leat, or /tmp/leat-UID
 * where that variable is not set.
 *
 * @param create  Make it if it is not there.
 * @retval 0        path is filled in, and is safe to use.
 * @retval -ENOENT  It is not there.
 * @retval -EPERM   It is not ours alone; error says what to do.
 * @retval < 0      Another errno, negative.
 */
LEAT_API LEAT_MUST_CHECK int leat_runtime_dir(char *path, size_t path_bytes,
					      bool create,
					      struct leat_error *error);

/** What the JACK side offers. */
struct leat_link_spec {
	char link_name[LEAT_LINK_NAME_BYTES];
	uint32_t rate_hz;			/**< JACK's */
	uint32_t period;			/**< JACK's, frames */
	uint32_t n_channels[LEAT_N_DIRECTIONS]; /**< 0..LEAT_CHANNELS_MAX */
	uint32_t capacity;			/**< frames of each ring */
	uint32_t ring_flags[LEAT_N_DIRECTIONS]; /**< enum leat_ring_flags */
	uint64_t first_index;			/**< where indices begin */
	bool jack_alive;			/**< its server is there */
	uint32_t capacity_max; /**< a guest may ask for; 0: it may not. The
				    host sets it */
	/** enum leat_position of each channel */
	uint8_t position[LEAT_N_DIRECTIONS][LEAT_CHANNELS_MAX];
};

/** One side's two rings. */
struct leat_wire {
	struct leat_frames_producer *out; /**< written here */
	struct leat_frames_consumer *in;  /**< read here */
	uint64_t generation;
};

/** Give up both rings. NULL is fine. */
LEAT_API void leat_wire_destroy(struct leat_wire *wire);

/** Frames that something takes, between these two. */
struct leat_latency_range {
	uint32_t min;
	uint32_t max;
};

/** More than this, in seconds, is not believed of any latency. */
#define LEAT_LATENCY_MAX_S 10

/** What the bridge adds is what follow mode adds: 0, and a period to JACK. */
#define LEAT_LATENCY_FOLLOW UINT32_MAX

/**
 * What a side tells the other of latency, in JACK's frames.
 *
 * `beyond` is what lies on its own graph, behind the bridge: for the JACK side
 * the latency from the recording devices to the ports to PipeWire, and from the
 * ports from PipeWire to the playing devices; for the PipeWire side that from
 * its source to the playing devices, and from the recording devices to its
 * sink. `added` is what the bridge adds: in adaptive mode the PipeWire side says
 * it, in follow mode the JACK side, where it is not the usual.
 */
struct leat_link_latency {
	struct leat_latency_range beyond[LEAT_N_DIRECTIONS];
	uint32_t added[LEAT_N_DIRECTIONS]; /**< or LEAT_LATENCY_FOLLOW */
};

/** What a host or a guest tells its owner, from dispatch. None may be NULL,
 * but for spec in a host, room, and latency. */
struct leat_link_events {
	/** The other side offers this link. Guests only. */
	void (*spec)(void *user, const struct leat_link_spec *spec);
	/** A wire is ready; it is yours to destroy. It replaces the last. */
	void (*wire_up)(void *user, struct leat_wire *wire);
	/** The other side is gone; text says why, or is empty. */
	void (*peer_gone)(void *user, const char *text);
	/**
	 * The other side needs larger rings: update the spec to this capacity,
	 * if that may be. Hosts only; NULL: nobody may ask.
	 */
	void (*room)(void *user, uint32_t capacity);
	/** The other side told of latency: 10 s at most, min below max. */
	void (*latency)(void *user, const struct leat_link_latency *latency);
	/**
	 * Somebody wants to join, and this process cannot take them in; text
	 * says why and what to do. They will come again. Hosts only.
	 */
	void (*trouble)(void *user, const char *text);
};

/* ---- the JACK side ---- */

struct leat_host;

/**
 * Host a link: listen for the PipeWire side and for tools.
 *
 * This side's counters, leat_host_status(), are there as long as the host.
 *
 * @retval 0           The link exists.
 * @retval -EINVAL     The spec is out of range.
 * @retval -EADDRINUSE Another process hosts a link of that name.
 * @retval < 0         error says what is wrong and what to do.
 */
LEAT_API LEAT_MUST_CHECK int
leat_host_create(struct leat_host **host, const struct leat_link_spec *spec,
		 const struct leat_link_events *events, void *user,
		 struct leat_error *error);

/**
 * Remove the link's socket, so that nobody finds it any more. What is there
 * goes on until leat_host_destroy().
 */
LEAT_API void leat_host_withdraw(struct leat_host *host);

/** Close the link and remove its socket. NULL is fine. */
LEAT_API void leat_host_destroy(struct leat_host *host);

/** This side's counters, to be written by this process. */
LEAT_API struct leat_side_words *leat_host_status(struct leat_host *host);

/** What this side records of its callbacks, as of leat_host_status(). */
LEAT_API struct leat_load_words *leat_host_load(struct leat_host *host);

/** Readable when leat_host_dispatch() has something to do. */
LEAT_API int leat_host_fd(const struct leat_host *host);

/** Do what there is to do, without waiting; events are called from here. */
LEAT_API void leat_host_dispatch(struct leat_host *host);

/**
 * Tell the PipeWire side of a change. A new rate, channel count, capacity or flag
 * makes a new wire. Nothing is done if the spec is out of range.
 */
LEAT_API void leat_host_update(struct leat_host *host,
			       const struct leat_link_spec *spec);

/**
 * Tell the PipeWire side what lies beyond JACK's ports. It is told now, if it
 * is new, and to each guest that comes, if that guest understands it. What is
 * out of range is cut.
 */
LEAT_API void leat_host_set_latency(struct leat_host *host,
				    const struct leat_link_latency *latency);

/**
 * Send the other side away, telling it why in one sentence. It may come back,
 * and gets a new wire then. peer_gone is called.
 */
LEAT_API void leat_host_dismiss(struct leat_host *host, const char *text);

/* ---- the PipeWire side ---- */

struct leat_guest;

/**
 * Prepare to join a link. Nothing is connected yet.
 *
 * @retval 0    *guest is to be connected next.
 * @retval < 0  error says what is wrong.
 */
LEAT_API LEAT_MUST_CHECK int
leat_guest_create(struct leat_guest **guest, const char *link_name,
		  const struct leat_link_events *events, void *user,
		  struct leat_error *error);

/** Leave the link. NULL is fine. */
LEAT_API void leat_guest_destroy(struct leat_guest *guest);

/** This side's counters, to be written by this process. */
LEAT_API struct leat_side_words *leat_guest_status(struct leat_guest *guest);

/** What this side records of its callbacks, as of leat_guest_status(). */
LEAT_API struct leat_load_words *leat_guest_load(struct leat_guest *guest);

/**
 * Try to connect.
 *
 * @retval 0        Connected; events follow.
 * @retval -ENOENT  Nobody hosts the link yet: try again later.
 * @retval < 0      error says what is wrong.
 */
LEAT_API LEAT_MUST_CHECK int leat_guest_connect(struct leat_guest *guest,
						struct leat_error *error);

/** Whether it is connected. */
LEAT_API bool leat_guest_connected(const struct leat_guest *guest);

/** Readable when leat_guest_dispatch() has something to do. */
LEAT_API int leat_guest_fd(const struct leat_guest *guest);

/** Do what there is to do, without waiting; events are called from here. */
LEAT_API void leat_guest_dispatch(struct leat_guest *guest);

/**
 * Ask for rings that hold at least n_frames. They come as a new wire, unless
 * those there are hold as much.
 *
 * @retval 0          They do, or the host was asked.
 * @retval -ERANGE    The host makes none so large; it was asked for its largest.
 * @retval -ENOTSUP   The host is of a version that makes none.
 * @retval -ENOTCONN  There is no host.
 * @retval < 0        Another errno of sendmsg, negative.
 */
LEAT_API LEAT_MUST_CHECK int leat_guest_ask_room(struct leat_guest *guest,
						 uint32_t n_frames);

/**
 * Tell the host what lies beyond the nodes, and what the bridge adds; as
 * leat_host_set_latency().
 */
LEAT_API void leat_guest_set_latency(struct leat_guest *guest,
				     const struct leat_link_latency *latency);

/** Leave, telling the host why in one sentence. */
LEAT_API void leat_guest_leave(struct leat_guest *guest, const char *text);

LEAT_END_DECLS

#endif
