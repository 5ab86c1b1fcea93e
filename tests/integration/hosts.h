/* SPDX-License-Identifier: MIT */
/**
 * Two hosts on a network, each with jackd, PipeWire, a session manager and a
 * bridge; a tone goes from JACK on the one to JACK on the other, whose clock is
 * off. What is done there, is done by the test process, which goes from one to
 * the other.
 */
#ifndef TEST_HOSTS_H
#define TEST_HOSTS_H

#include "bridge.h"
#include "drift.h"
#include "lan.h"

#include <stdbool.h>
#include <stdint.h>

/** The tone is there so often in its turn, in frames. */
#define HOSTS_TURN 65536

enum { SENDER, RECEIVER };

struct host {
	struct bridge bridge;
	struct helper tone;
	char modules[8192];
	char preload[512], drift_file[256], trim[64];
	const char *env[3], *args[2];
};

struct hosts {
	struct lan lan;
	struct host host[LAN_N_HOSTS];
	struct drift *drift;
	uint32_t rate_hz;
};

/** The sender's bridge is initialised; NULL, or why it cannot be had here. */
const char *hosts_init(struct hosts *hosts, double ppm, uint16_t port);

/** With what the shipped files have for each of them. True if all is up. */
bool hosts_start(struct hosts *hosts, const char *const files[LAN_N_HOSTS]);

/** Start a host's JACK side anew, with --latency-trim-WHICH. */
bool hosts_trim(struct hosts *hosts, int i, const char *which, long frames);

/** From now on everything is done there. */
struct bridge *hosts_enter(struct hosts *hosts, int i);

/** What `leat status` has of the direction that the tone takes. */
bool hosts_way(struct hosts *hosts, int i, struct leat_direction_status *way);

/** What was heard in so many frames, from now on. */
struct heard {
	int64_t frames, whole, faint, bent, breaks;
	double step; /* the largest from a sample to the next */
};

bool hosts_listen(struct hosts *hosts, int64_t n_frames, struct heard *heard);

/** Cycles that JACK servers left out are heard as well. */
struct upsets {
	int64_t n_xruns, n_skips;
};

void hosts_look(struct hosts *hosts, struct upsets *upsets);

/** Whether there were some since hosts_look(). */
bool hosts_upset(struct hosts *hosts, const struct upsets *before);

/** Frames from one client's output to the other's input, of some looks. */
double hosts_latency(struct hosts *hosts);

void hosts_show(const struct hosts *hosts);

/** End it all. Whether all ended well and nothing is left. */
bool hosts_finish(struct hosts *hosts);

#endif
