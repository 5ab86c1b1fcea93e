/* SPDX-License-Identifier: MIT */
/**
 * What a link counts, and how anybody may read it.
 *
 * Each side of a link keeps its counters in a sealed part of its own, which
 * others map read-only; reading them costs the realtime threads nothing.
 */
#ifndef LEAT_STATUS_H
#define LEAT_STATUS_H

#include <leat/attributes.h>
#include <leat/frames.h>
#include <leat/ring.h>

#include <stdbool.h>
#include <stdint.h>

LEAT_BEGIN_DECLS

/** A value that is not known; of a double, any NaN: these bits are one. */
#define LEAT_UNKNOWN UINT64_MAX

/** Bytes of a name in the status, with the final 0. */
#define LEAT_STATUS_NAME_BYTES 64

/** How the two clocks are brought together. */
enum leat_mode {
	LEAT_MODE_FOLLOW = 1,  /**< PipeWire runs on JACK's clock */
	LEAT_MODE_ADAPTIVE = 2 /**< each graph runs on its own */
};

/** Why the link is in its mode, or not running. */
enum leat_reason {
	LEAT_REASON_NONE,
	LEAT_REASON_RATES_AGREE,  /**< follow: PipeWire runs at JACK's rate */
	LEAT_REASON_NOT_LINKED,	  /**< nothing is linked in PipeWire */
	LEAT_REASON_OTHER_DRIVER, /**< PipeWire runs on another driver */
	LEAT_REASON_RATES_DIFFER, /**< PipeWire may not run at JACK's rate */
	LEAT_REASON_NO_PIPEWIRE,  /**< the PipeWire daemon is away */
	LEAT_REASON_NO_JACK,	  /**< the JACK server is away */
	LEAT_REASON_NO_PEER,	  /**< the other side is away */
	LEAT_REASON_CHOSEN,	  /**< the user chose the mode */
	LEAT_N_REASONS
};

/** A sentence for a reason; "" for an unknown one. Thread: any. */
LEAT_API const char *leat_reason_text(uint64_t reason);

/** The counters of one direction, as one side sees them. */
struct leat_direction_words {
	struct leat_word index;	    /**< own ring index */
	struct leat_word frames;    /**< carried, consumer */
	struct leat_word underruns; /**< cycles without a block, consumer */
	struct leat_word overruns; /**< times blocks were passed over, either */
	struct leat_word lost;	   /**< frames never played, either */
	struct leat_word inserted; /**< frames of silence, either */
	struct leat_word slips;	   /**< jumps on purpose, either */
	struct leat_word wakeups;  /**< signals sent, producer */
	struct leat_word target;   /**< frames of latency aimed at */
	struct leat_word latency;  /**< frames added, either */
	struct leat_word poisoned; /**< rings given up, both */
	struct leat_word beyond;   /**< latency on own graph, both: see below */
	struct leat_word trim;	   /**< frames, an int64_t; JACK's side */
	uint8_t pad[LEAT_LINE_BYTES - 104];
};

/**
 * Set in `beyond` where it is known: the low half has the least, the high half
 * the most, in frames of JACK's. Where an older program has no such word, is 0.
 */
#define LEAT_BEYOND_KNOWN (UINT64_C(1) << 63)

/**
 * What adaptive mode measures, as the PipeWire side sees it: all but the first
 * hold a double's bits.
 */
struct leat_clock_words {
	struct leat_word n_words; /**< that follow; 0: an older program's */
	struct leat_word rate_ppm;
	struct leat_word loop_error_frames;
	struct leat_word loop_bandwidth_hz;
	struct leat_word jitter_us;
	struct leat_word last_upset_s;
	struct leat_word resampler_delay[LEAT_N_DIRECTIONS];
	uint8_t pad[LEAT_LINE_BYTES - 64];
};

/** The counters of one side of a link, JACK's or PipeWire's. */
struct leat_side_words {
	struct leat_word alive;		  /**< 1 while its server is there */
	struct leat_word rate_hz;	  /**< of its graph */
	struct leat_word period;	  /**< frames: JACK's P, PipeWire's Q */
	struct leat_word cycles;	  /**< of its graph, taken part in */
	struct leat_word xruns;		  /**< the server's own count */
	struct leat_word skipped_periods; /**< from frame time */
	struct leat_word mode;		  /**< enum leat_mode */
	struct leat_word reason;	  /**< enum leat_reason */
	struct leat_word running;	  /**< 1 while its graph calls it */
	struct leat_word reconnects;	  /**< to its server */
	struct leat_word n_channels[LEAT_N_DIRECTIONS];
	struct leat_word capacity[LEAT_N_DIRECTIONS];
	struct leat_word pid;	/**< of the bridge process */
	struct leat_word rests; /**< taken by force, PipeWire's side */
	struct leat_direction_words direction[LEAT_N_DIRECTIONS];
	char server[LEAT_STATUS_NAME_BYTES]; /**< which server */
	uint8_t pad_server[LEAT_LINE_BYTES - LEAT_STATUS_NAME_BYTES];
	struct leat_clock_words clock; /**< PipeWire's side alone */
};

/** One side, read at one moment. LEAT_UNKNOWN where nothing is known. */
struct leat_side_status {
	bool present; /**< its process is connected to the link */
	uint64_t alive, rate_hz, period, cycles, xruns, skipped_periods;
	uint64_t mode, reason, running, reconnects, pid, rests;
	char server[LEAT_STATUS_NAME_BYTES];
};

/** From the shortest of several ways to the longest, in frames of JACK's. */
struct leat_span_status {
	uint64_t min, max;
};

/** One direction, put together from both sides. */
struct leat_direction_status {
	uint64_t n_channels, capacity, fill, target, latency_frames, frames;
	uint64_t underruns, overruns, lost, inserted, slips, wakeups, poisoned;
	double resampler_delay;		     /**< JACK frames of the latency */
	struct leat_span_status beyond_jack; /**< what JACK tells */
	struct leat_span_status beyond_pipewire; /**< what PipeWire tells */
	struct leat_span_status end_to_end; /**< these, the link's, the trim */
};

/** The two clocks, in adaptive mode. NaN where nothing is known. */
struct leat_clock_status {
	double rate_ppm;	  /**< how much faster JACK's clock runs */
	double loop_error_frames; /**< of the last stamp, in JACK frames */
	double loop_bandwidth_hz; /**< with which the loop follows */
	double jitter_us;	  /**< of the stamps, in the mean */
	double last_upset_s;	  /**< since the loop was last upset */
};

/** A whole link, read at one moment. */
struct leat_link_status {
	struct leat_side_status jack;
	struct leat_side_status pipewire;
	struct leat_direction_status direction[LEAT_N_DIRECTIONS];
	struct leat_clock_status clock;
};

/** What a link is doing: "running", "idle", "no-jack" and so on. */
LEAT_API const char *
leat_link_status_state(const struct leat_link_status *status);

/** Why; one of enum leat_reason. */
LEAT_API uint64_t
leat_link_status_reason(const struct leat_link_status *status);

/**
 * Ask a link for its counters.
 *
 * @retval 0        *status is filled in.
 * @retval -ENOENT  There is no such link.
 * @retval -EPROTO  Something that is not leat answered.
 * @retval -ETIMEDOUT  The link does not answer.
 * @retval -EINVAL  The name cannot be a link's.
 * @retval < 0      Another errno of socket, connect or mmap, negative.
 *
 * Thread: any; it may wait for the other process for a second.
 */
LEAT_API LEAT_MUST_CHECK int leat_status_query(const char *link_name,
					       struct leat_link_status *status);

/**
 * Ask a link for its counters, and do not wait for them: for programs that
 * wait for much else as well.
 *
 * @return  A descriptor, readable when leat_status_answer() has the answer; or
 *          a negative errno as of leat_status_query(). It may be closed instead.
 *
 * Thread: any.
 */
LEAT_API LEAT_MUST_CHECK int leat_status_ask(const char *link_name);

/**
 * Take the answer. The descriptor is closed, but for -EAGAIN.
 *
 * @retval -EAGAIN  It has not come yet.
 * @return          Else as leat_status_query().
 *
 * Thread: any.
 */
LEAT_API LEAT_MUST_CHECK int
leat_status_answer(int fd, struct leat_link_status *status);

LEAT_END_DECLS

#endif
