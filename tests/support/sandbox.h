/* SPDX-License-Identifier: MIT */
/**
 * A place where a test's servers are alone.
 *
 * The test process gets a mount namespace with a /dev/shm of its own (JACK's
 * registry and sockets live there) and in it a runtime directory, which is
 * also the home directory. Both vanish with the process, however it ends.
 */
#ifndef TEST_SUPPORT_SANDBOX_H
#define TEST_SUPPORT_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

/** Exit status of a test that cannot run here, as meson has it. */
#define SANDBOX_SKIP 77

struct sandbox {
	char dir[64]; /* XDG_RUNTIME_DIR, HOME; mode 0700 */
};

/**
 * Enter it, once per process and before any thread is started.
 *
 * Sets XDG_RUNTIME_DIR and HOME, forgets what was set for JACK, PipeWire and
 * D-Bus, ignores SIGPIPE, and adopts whatever our children leave behind.
 *
 * @return  NULL, or why it is not possible here: skip the test.
 */
const char *sandbox_enter(struct sandbox *sandbox);

/**
 * End everything that is still running below us, by pid, and the directory.
 *
 * @return  Processes that were left over; their names are on stderr.
 */
int sandbox_leave(struct sandbox *sandbox);

/** Path of a file in the directory. */
const char *sandbox_path(const struct sandbox *sandbox, const char *name,
			 char *path, size_t size_bytes);

/** Print a file of the directory to stderr, to explain a failure. */
void sandbox_show(const struct sandbox *sandbox, const char *name);

/** Lines with some words in any file, as of /proc. */
unsigned lines_with(const char *path, const char *words);

/** The same in a file of the directory, as a log is. */
unsigned sandbox_count(const struct sandbox *sandbox, const char *name,
		       const char *words);

/** Write a file in the directory. 0 or a negative errno. */
int sandbox_write(const struct sandbox *sandbox, const char *name,
		  const char *text);

#endif
