/* SPDX-License-Identifier: MIT */
/**
 * What a signal program does in its process callback, JACK or PipeWire.
 *
 * It sends the counting signal, checks what it receives, measures the round
 * trip and remembers all of it in memory that was there before. Another
 * thread asks for a copy; the process thread makes it at the end of a cycle.
 *
 * Cycle numbers count from the latest reset.
 */
#ifndef TEST_SUPPORT_PROBE_H
#define TEST_SUPPORT_PROBE_H

#include "counting.h"

#include <stdatomic.h>
#include <stddef.h>

#define PROBE_MAX_CHANNELS 64
#define PROBE_MAX_EVENTS 1024
#define PROBE_MAX_LATENCIES 64

/* At other rates the bridge's fades count as corruption. */
#define PROBE_RATE_HZ 48000u

enum probe_event_kind {
	PROBE_GAP,     /* frames: left out */
	PROBE_REPEAT,  /* frames: jumped back */
	PROBE_SILENCE, /* a fade or silence began; frames: 0 */
	PROBE_CORRUPT, /* corruption began; frames: 0 */
	PROBE_SKIP,    /* the server left out frames */
	PROBE_LATENCY, /* the round trip became so many frames */
};

struct probe_event {
	uint64_t cycle;
	enum probe_event_kind kind;
	int64_t n_frames;
};

struct probe_latency {
	int64_t n_frames; /* a round trip seen */
	uint64_t count;	  /* frames that took it */
};

/** What was seen since the latest reset. */
struct probe_stats {
	uint64_t n_cycles;
	uint64_t n_frames;
	struct counting_check check;
	int64_t first_bad_cycle; /* -1: none */
	int64_t latency_min;	 /* round trip in frames; -1: never seen */
	int64_t latency_max;
	int64_t latency_now;
	uint64_t latency_changed; /* cycle of the latest change */
	uint32_t n_latencies;
	struct probe_latency latencies[PROBE_MAX_LATENCIES];
	uint64_t n_skips;   /* jumps of the server's clock */
	uint64_t n_skipped; /* frames of all of them */
	int64_t minflt;	    /* page faults of the process thread */
	uint64_t n_events;  /* may be more than are kept */
	struct probe_event events[PROBE_MAX_EVENTS];
};

enum probe_request { PROBE_NOTHING, PROBE_RESET, PROBE_COPY };

struct probe {
	uint32_t n_channels;
	bool sends;
	bool receives;
	uint64_t sent;		 /* frame number of the next frame to send */
	int64_t minflt_base;	 /* thread's page faults at the reset */
	struct probe_stats live; /* the process thread's */
	struct probe_stats copy; /* the other thread's after a request */
	atomic_int request;  /* enum probe_request; the process thread clears */
	atomic_uint late_us; /* be late by so much, once */
	atomic_uint n_xruns; /* that the server told of, ever */
	unsigned int n_xruns_base; /* of them, at the reset */
	bool knows_xruns;	   /* the server tells of them */
};

void probe_init(struct probe *probe, uint32_t n_channels, bool sends,
		bool receives);

/**
 * One cycle: answers a reset, sends, checks, answers a copy.
 *
 * @param send  n_channels planes or NULL ones.
 * @param recv  The same, received.
 *
 * Thread: process. RT-safe, unless probe_set_late() asked for the contrary.
 */
void probe_process(struct probe *probe, float *const *send,
		   const float *const *recv, uint32_t n_frames);

/** The server left out frames before this cycle. Thread: process. RT-safe. */
void probe_skip(struct probe *probe, int64_t n_frames);

/** Make the next cycle late. */
void probe_set_late(struct probe *probe, unsigned int late_us);

/**
 * Have the process thread answer a request.
 *
 * A graph that stands still answers nothing: after the timeout it is done
 * here, which is safe because nobody else is at it then.
 *
 * @return  Whether cycles are running.
 */
bool probe_ask(struct probe *probe, enum probe_request request, int timeout_ms);

/** The server told of an xrun. Thread: any. RT-safe. */
void probe_xrun(struct probe *probe);

#endif
