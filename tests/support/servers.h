/* SPDX-License-Identifier: MIT */
/**
 * Real servers of a test: jackd with the dummy driver, a private PipeWire
 * daemon, and a session manager if one is wanted. All live in the sandbox.
 */
#ifndef TEST_SUPPORT_SERVERS_H
#define TEST_SUPPORT_SERVERS_H

#include "proc.h"
#include "sandbox.h"

#include <stdbool.h>
#include <stdint.h>

/** A JACK server. Fill in the first part, zero the rest. */
struct jack_server {
	const char *name;	/* NULL: "leat-test" */
	uint32_t rate_hz;	/* 0: 48000 */
	uint32_t period;	/* frames; 0: 256 */
	bool synchronous;	/* jackd -S */
	const char *const *env; /* as in struct proc_options */

	const struct sandbox *sandbox;
	struct proc proc; /* its output is in jackd-NAME.log */
};

/**
 * Start it and wait until it takes clients; also again, after it ended.
 *
 * @return  0; -ETIMEDOUT, with its log on stderr; or why it did not start.
 */
int jack_server_start(struct jack_server *server,
		      const struct sandbox *sandbox);

/** End it as a user would. @return  Its exit status. */
int jack_server_stop(struct jack_server *server);

/** SIGKILL. What it left behind does not keep it from starting again. */
void jack_server_kill(struct jack_server *server);

/** Whether jackd can be started at all: else skip the test. */
bool jack_server_is_installed(void);

/** A PipeWire daemon. Fill in the first part, zero the rest. */
struct pipewire_server {
	uint32_t rate_hz;	   /* default.clock.rate; 0: 48000 */
	const char *allowed_rates; /* "[ 44100 48000 ]"; NULL: only that */
	uint32_t quantum;	   /* default.clock.quantum; 0: 1024 */
	const char *objects;  /* more entries for context.objects, or NULL */
	const char *modules;  /* and for context.modules, after all others */
	bool session_manager; /* WirePlumber beside it */

	const struct sandbox *sandbox;
	struct proc proc;    /* its output is in pipewire.log */
	struct proc bus;     /* of the session manager; dbus.log */
	struct proc manager; /* wireplumber.log */
};

/**
 * Start it and wait until its socket is served; also again, after it ended.
 * The driver of a graph without devices has priority.driver 20000.
 */
int pipewire_server_start(struct pipewire_server *server,
			  const struct sandbox *sandbox);

/** End it, and the session manager with it. @return  Its exit status. */
int pipewire_server_stop(struct pipewire_server *server);

/** SIGKILL for the daemon; the session manager, if any, is ended too. */
void pipewire_server_kill(struct pipewire_server *server);

bool pipewire_server_is_installed(void);

/** Whether a session manager can be had: pipewire_server.session_manager. */
bool session_manager_is_installed(void);

/**
 * An entry for pipewire_server.objects: a sink that drives what is linked to
 * it, at a priority.driver of its own. Its ports are there without a session
 * manager: NAME:playback_FL, NAME:playback_FR, NAME:monitor_FL...
 *
 * @return  text.
 */
const char *null_sink_object(char *text, size_t size_bytes, const char *name,
			     int priority_driver);

#endif
