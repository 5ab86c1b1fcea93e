/* SPDX-License-Identifier: MIT */
/*
 * Two endpoints in processes of their own, and the one who starts, kills and
 * freezes them, and compares what they say.
 */
#ifndef LEAT_FAULT_PEERS_H
#define LEAT_FAULT_PEERS_H

#include "actor.h"
#include "figures.h"
#include "footprint.h"
#include "tools/xrun/witness.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define PEERS_DEADLINE_MS 30000

struct peer {
	struct actor_setup setup;
	struct fault_page *page;
	pid_t pid; /* 0: dead */
	int64_t started_ns;
	bool is_new;	       /* nobody has looked how long its return took */
	uint64_t wires_before; /* of the other one, when this one started */
};

struct peers {
	struct peer peer[FAULT_N_ROLES];
	struct witness *witness;
	uint64_t random;
	uint32_t n_requests;
	unsigned n_failures;
	uint64_t n_kills;
	uint64_t n_wires_ended; /* by a death, with their books compared */
	uint64_t n_delivered;	/* frames, over them, both ways */
	uint64_t n_lost;	/* in flight or without room, likewise */
	struct figures notice, notice_net, resume, resume_net;
};

bool peers_open(struct peers *peers, uint64_t seed);
void peers_close(struct peers *peers);

/* Note a failure, unless it is none; returns ok. */
bool peers_expect(struct peers *peers, bool ok, const char *what);

uint32_t peers_random(struct peers *peers, uint32_t below);
void peers_sleep_us(uint32_t us);

bool peers_start(struct peers *peers, enum fault_role role);

/* Send SIGKILL, and wait for the end. */
void peers_kill(struct peers *peers, enum fault_role role);

/* Until frames of the other's present life have come to both. */
bool peers_wait_running(struct peers *peers);

/* Until the frames that both have got are more than these. */
bool peers_wait_frames(struct peers *peers, const uint64_t n_got[2]);

/* Until one has dealt with all that the other did before it died. */
bool peers_settle(struct peers *peers, enum fault_role role);

/* The books of one that lives against those of one that has just died. */
void peers_compare(struct peers *peers, enum fault_role survivor);

/*
 * Stop the signal, let all of it arrive, and compare everything: what was
 * produced has been delivered or is lost, and the counts say where.
 */
void peers_audit(struct peers *peers);

/* Nothing but the signal has come, to nobody. */
void peers_check_frames(struct peers *peers);

#endif
