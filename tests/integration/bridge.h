/* SPDX-License-Identifier: MIT */
/**
 * What an integration test stands on: a real jackd and a real PipeWire daemon
 * in a sandbox, and the two bridge processes between them.
 */
#ifndef TEST_BRIDGE_H
#define TEST_BRIDGE_H

#include "helper.h"
#include "sandbox.h"
#include "servers.h"

#include <leat/status.h>

#include <stdbool.h>
#include <stdint.h>

#define LINK "test"

/** As what the PipeWire side runs: LEAT_TEST_FORM of the environment. */
enum bridge_form {
	BRIDGE_PROGRAM, /* leat-pipewire */
	BRIDGE_MODULE, /* "module": in the daemon, with which it comes and goes */
	BRIDGE_OWN     /* "own": the module in a process of its own */
};

struct bridge {
	enum bridge_form form;
	struct sandbox sandbox;
	struct jack_server jack;
	struct pipewire_server pipewire;
	struct proc jack_side;
	struct proc pipewire_side;
	const char *channels;		   /* "2" */
	const char *mode;		   /* --mode; NULL: none given */
	bool rt_guard;			   /* --rt-guard, both sides */
	const char *sync_wait;		   /* --sync-wait, likewise */
	const char *const *pipewire_args;  /* more of leat-pipewire's; NULL */
	const char *const *jack_side_env;  /* as in struct proc_options */
	const char *const *jack_side_args; /* more of them; NULL: none */
	const char *module_args; /* of the module, beside LINK's; NULL */
	char module_text[512];
};

/** Enter the sandbox. NULL, or why the test cannot run here. */
const char *bridge_init(struct bridge *bridge, uint32_t period);

/** Start what is not running yet; true if the link is up. */
bool bridge_start_servers(struct bridge *bridge);
bool bridge_start_jack_side(struct bridge *bridge);
bool bridge_start_pipewire_side(struct bridge *bridge);

/** All of it, and wait until it is up. */
bool bridge_start(struct bridge *bridge);

/** The PipeWire side ends; in the daemon it goes with that. Its exit status. */
int bridge_stop_pipewire_side(struct bridge *bridge);

/** End everything by pid. Returns how many processes were left over. */
int bridge_finish(struct bridge *bridge);

/** Print what the servers and the sides said, to explain a failure. */
void bridge_show(const struct bridge *bridge);

/** The link's counters; false if it does not answer. */
bool bridge_status(struct leat_link_status *status);

/** Wait until `leat status` would say this state. */
bool bridge_wait_state(const char *state, int timeout_ms);

/** Wait until to_jack has carried n_frames more than it has now. */
bool bridge_wait_frames(uint64_t n_frames, int timeout_ms);

/** Whether files of a link are left in the runtime directory. */
bool bridge_left_files(const struct bridge *bridge);

/** Paths of the programs, from the environment. */
const char *bridge_program(const char *name);

/**
 * A circle: leat-sig-jack sends and receives through the bridge, and
 * leat-sig-pw passes on what comes. Each may be absent afterwards.
 */
struct circle {
	struct helper jack; /* client "sig" */
	struct helper pass; /* node "pass" */
	uint32_t period;
};

bool circle_start(struct circle *circle, struct bridge *bridge);
/** Only the two, linked to nothing. */
bool circle_start_clients(struct circle *circle, struct bridge *bridge);
/** Link the pass node (again); connections in JACK are the bridge's to keep. */
bool circle_link(struct circle *circle);
bool circle_connect(struct circle *circle);
/** Start the pass node anew, for a daemon that is, and link it. */
bool circle_pass_again(struct circle *circle, struct bridge *bridge);
/**
 * Wait until so many frames in a row have come round exactly, in the one
 * period that it takes.
 */
bool circle_wait_exact(struct circle *circle, int64_t n_frames, int timeout_ms);
void circle_stop(struct circle *circle);

/** The round trip that JACK itself adds to a circle of two clients: P. */
#define CIRCLE_JACK_PERIODS 1

#endif
