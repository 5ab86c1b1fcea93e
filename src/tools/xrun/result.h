/* SPDX-License-Identifier: MIT */
/*
 * Everything that an experiment found, as plain values: the terminal summary,
 * --json and --html are all made of this.
 *
 * Two graphs are joined by a bridge. Our own JACK client counts JACK's frames
 * and sends the count through the bridge to our own PipeWire node, which
 * sends it back; so every frame that is missing is known by its number. Both
 * note when they are called, and so does leat's own bridge.
 *
 * Times are CLOCK_MONOTONIC in ns unless they are said to count from the
 * beginning of their step.
 */
#ifndef LEAT_XRUN_RESULT_H
#define LEAT_XRUN_RESULT_H

#include <stdbool.h>
#include <stdint.h>

#define XRUN_TEXT_BYTES 128

/* Not known: of any of the counts and times here. */
#define XRUN_UNKNOWN UINT64_MAX

/* ---- the words ---- */

/* Who made something late. */
enum xrun_cause {
	XRUN_MACHINE,	      /* a processor stood still: the witness saw it */
	XRUN_JACK_CLIENT,     /* load in a JACK client */
	XRUN_JACK_SERVER,     /* jackd called its clients late */
	XRUN_PIPEWIRE_NODE,   /* load in a PipeWire node */
	XRUN_PIPEWIRE_SERVER, /* PipeWire called its nodes late */
	XRUN_BRIDGE_JACK,     /* the bridge's callback in JACK */
	XRUN_BRIDGE_PIPEWIRE, /* the bridge's callbacks in PipeWire */
	XRUN_CAUSE_UNKNOWN,
	XRUN_N_CAUSES
};

/* Where frames can be lost, in the order in which the signal passes. */
enum xrun_place {
	XRUN_IN_JACK,	  /* JACK left out the period: they were never sent */
	XRUN_TO_PIPEWIRE, /* from our JACK client to our PipeWire node */
	XRUN_TO_JACK,	  /* from our PipeWire node to our JACK client */
	XRUN_N_PLACES
};

/* Whose callbacks are measured. */
enum xrun_callback {
	XRUN_CALL_JACK_CLIENT,
	XRUN_CALL_PIPEWIRE_NODE,
	XRUN_CALL_BRIDGE_JACK,	   /* of leat's own bridge; else empty */
	XRUN_CALL_BRIDGE_PIPEWIRE, /* likewise */
	XRUN_N_CALLBACKS
};

/* What is measured of each. */
enum xrun_measure {
	XRUN_INTERVAL, /* from the start of a call to the start of the next */
	XRUN_DURATION, /* of a call */
	XRUN_WAKEUP,   /* from when its cycle began to the start of the call */
	XRUN_N_MEASURES
};

/* What kind of event it is. */
enum xrun_event_kind {
	XRUN_LATE,    /* a call began late, or took too long */
	XRUN_SKIPPED, /* a graph left out whole periods */
	XRUN_GAP,     /* frames of the counting signal are missing */
	XRUN_STALL    /* a processor stood still */
};

/* Kinds of load. */
enum xrun_load {
	XRUN_LOAD_NONE,
	XRUN_LOAD_JACK,	     /* percent of a period, in our JACK client */
	XRUN_LOAD_PIPEWIRE,  /* percent of a period, in our PipeWire node */
	XRUN_LOAD_CPU,	     /* workers that compute */
	XRUN_LOAD_MEMORY,    /* workers that go through memory */
	XRUN_LOAD_IO,	     /* workers that write and flush files */
	XRUN_LOAD_CACHE,     /* workers that press on the page cache */
	XRUN_LOAD_QUOTA,     /* percent of a processor the cgroup may use */
	XRUN_LOAD_INVERSION, /* percent of the time that a FIFO hog runs */
	XRUN_N_LOADS
};

/*
 * Words for each: short ones as --json and options have them ("jack-client"),
 * and as people read them ("a JACK client").
 */
const char *xrun_cause_word(enum xrun_cause cause);
const char *xrun_cause_text(enum xrun_cause cause);
const char *xrun_place_word(enum xrun_place place);
const char *xrun_place_text(enum xrun_place place);
const char *xrun_callback_word(enum xrun_callback callback);
const char *xrun_callback_text(enum xrun_callback callback);
const char *xrun_measure_word(enum xrun_measure measure);
const char *xrun_event_word(enum xrun_event_kind kind);
const char *xrun_load_word(enum xrun_load load);

/* What the level of a load counts: "%", "workers" or "". */
const char *xrun_load_unit(enum xrun_load load);

/* ---- histograms ---- */

/* A bucket that is not empty. */
struct xrun_bucket {
	uint64_t least_ns; /* the least value that falls into it */
	uint64_t end_ns;   /* the least that does not any more */
	uint64_t n;	   /* values */
};

/* Log-linear, as HdrHistogram's: buckets in rising order, none empty. */
struct xrun_histogram {
	uint64_t n; /* values in all; 0: nothing was measured */
	uint64_t sum_ns, max_ns;
	uint64_t p50_ns, p99_ns, p999_ns; /* XRUN_UNKNOWN where n is 0 */
	uint32_t n_buckets;
	struct xrun_bucket *bucket;
};

/* ---- what happened in a step ---- */

/* Something that was late, or missing. In order of time. */
struct xrun_event {
	int64_t time_ns; /* from the beginning of the step */
	enum xrun_event_kind kind;
	enum xrun_cause cause;
	enum xrun_callback callback; /* of XRUN_LATE and XRUN_SKIPPED */
	enum xrun_place place;	     /* of XRUN_GAP */
	uint64_t size_ns;  /* how late, how long the stall, the gap in time */
	uint64_t n_frames; /* skipped or missing; else 0 */
	int32_t cpu;	   /* of XRUN_STALL: which; -1: all of them */
};

/* How full the rings were. In order of time. */
struct xrun_fill {
	int64_t time_ns;	  /* from the beginning of the step */
	uint64_t to_pipewire;	  /* frames; XRUN_UNKNOWN of other bridges */
	uint64_t to_jack;	  /* likewise */
	uint64_t to_pipewire_aim; /* the target, or XRUN_UNKNOWN */
	uint64_t to_jack_aim;	  /* likewise */
};

/* One load, with one bridge, at one period, for a while. */
struct xrun_step {
	uint32_t arm;	/* which of the result's bridges */
	uint32_t round; /* of an interleaved comparison, from 0 */
	uint32_t period, rate_hz;
	enum xrun_load load;
	uint32_t level; /* of the load */
	bool skipped;	/* it cannot be had here: why says it, the rest is 0 */
	char why[XRUN_TEXT_BYTES];

	int64_t start_ns;
	int64_t duration_ns;
	uint64_t n_cycles[XRUN_N_CALLBACKS];
	uint64_t n_jack_xruns; /* that JACK reported; those are not all */
	struct xrun_histogram histogram[XRUN_N_CALLBACKS][XRUN_N_MEASURES];

	/* Late or skipped periods of any callback, each counted once. */
	uint64_t n_late[XRUN_N_CAUSES];
	/* Frames that are missing in the counting signal. */
	bool is_counted;  /* the signal came round; else nothing is known */
	bool is_exact;	  /* bit by bit; else to a few frames (resampled) */
	uint64_t n_sent;  /* by our JACK client: what JACK left out is not */
	uint64_t n_heard; /* of them, by the same client: they went round */
	uint64_t n_lost[XRUN_N_PLACES][XRUN_N_CAUSES];

	uint64_t n_stalls; /* of the machine, by the witness */
	uint64_t longest_stall_ns;

	uint32_t n_events;
	uint32_t n_events_left_out; /* of those that happened: too many */
	struct xrun_event *event;
	uint32_t n_fills;
	struct xrun_fill *fill;
};

/* ---- where and how ---- */

struct leat_report;

/* What was measured on. "" where it is not known. */
struct xrun_machine {
	char host[XRUN_TEXT_BYTES];
	char system[XRUN_TEXT_BYTES];	  /* "Debian GNU/Linux 12 ..." */
	char kernel[XRUN_TEXT_BYTES];	  /* release */
	char preemption[XRUN_TEXT_BYTES]; /* "full", "voluntary", ... */
	char processor[XRUN_TEXT_BYTES];
	uint32_t n_cpus;
	uint64_t memory_bytes; /* 0: not known */
	char governor[XRUN_TEXT_BYTES];
	char virtualization[XRUN_TEXT_BYTES]; /* "" also where there is none */
	bool may_be_realtime;		      /* SCHED_FIFO can be had */
	bool has_witness; /* stalls of the machine were watched for */
	char jack_version[XRUN_TEXT_BYTES];
	char pipewire_version[XRUN_TEXT_BYTES];
	char leat_version[XRUN_TEXT_BYTES];
	char time[XRUN_TEXT_BYTES]; /* when it began: ISO 8601, UTC */
	struct leat_report *doctor; /* what leat-doctor finds; may be NULL */
};

/* A bridge that was experimented on. */
struct xrun_arm {
	char name[XRUN_TEXT_BYTES]; /* "leat", "none", or the command */
	char mode[XRUN_TEXT_BYTES]; /* "follow" ... or "" */
	uint64_t round_trip_frames; /* XRUN_UNKNOWN where it is not known */
	uint32_t highest_level;	    /* of a ramp: the last with no loss */
	bool has_highest;	    /* there was such a level */
};

enum xrun_plan {
	XRUN_PLAN_HOLD,	 /* one load, held */
	XRUN_PLAN_RAMP,	 /* the highest load without loss is looked for */
	XRUN_PLAN_MATRIX /* periods against loads */
};

const char *xrun_plan_word(enum xrun_plan plan);

struct xrun_settings {
	enum xrun_plan plan;
	char link[XRUN_TEXT_BYTES];
	char jack_server[XRUN_TEXT_BYTES];
	char pipewire_remote[XRUN_TEXT_BYTES];
	bool private_jack, private_pipewire;
	uint32_t n_rounds;		   /* of each step, with each bridge */
	int64_t step_ns;		   /* of each step and round */
	char plant[XRUN_TEXT_BYTES];	   /* a delay made on purpose, or "" */
	char command[4 * XRUN_TEXT_BYTES]; /* that makes it again */
};

enum xrun_verdict {
	XRUN_NOTHING_LOST, /* in any step of leat's (of a ramp: in one) */
	XRUN_LOST,
	XRUN_NOT_MEASURED /* interrupted before the first step was over */
};

const char *xrun_verdict_word(enum xrun_verdict verdict);

struct xrun_result {
	struct xrun_machine machine;
	struct xrun_settings settings;
	enum xrun_verdict verdict;
	bool interrupted; /* by the user: the steps so far are whole */
	bool failed;	  /* something ended it: these are whole too */
	uint32_t n_arms;
	struct xrun_arm *arm;
	uint32_t n_steps;
	struct xrun_step *step; /* in the order in which they were run */
};

/* ---- sums ---- */

/* Late periods, and frames lost, of all causes or in all places. */
uint64_t xrun_step_late(const struct xrun_step *step);
uint64_t xrun_step_lost(const struct xrun_step *step);
uint64_t xrun_step_lost_at(const struct xrun_step *step, enum xrun_place place);
uint64_t xrun_step_lost_by(const struct xrun_step *step, enum xrun_cause cause);

/* Free what the arrays of a result have. The struct is the caller's. */
void xrun_result_finish(struct xrun_result *result);

#endif
