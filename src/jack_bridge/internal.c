/* SPDX-License-Identifier: MIT */
/*
 * leat.so: the JACK side as an internal client, which jackd loads:
 *
 *	jack_load leat -i "link=main channels=2"
 *	jack_unload leat
 *
 * jackd calls jack_initialize() and jack_finish(), on the thread that also
 * answers its clients, and the process callback on a thread that it makes. The
 * bridge's loop has one more, without realtime rights.
 *
 * A mistake here is the server's end. So nothing here exits, takes a signal,
 * changes a signal's action or what JACK does with its messages, and the loop's
 * thread never asks the server for what takes its lock: jack_finish() is called
 * with that held, and waits for the thread.
 */
#include "bridge.h"

#include "cli/log.h"
#include "cli/thread.h"
#include "options.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

/* What the loop needs, several times. */
#define STACK_BYTES ((size_t)256 * 1024)

struct internal {
	char *words; /* what options refers to */
	struct leat_jack_options options;
	struct leat_jack_bridge_setup setup;
	struct leat_jack_bridge *bridge;
	pthread_t thread;
};

/* As jackd looks for them. */
EXPORT int jack_initialize(jack_client_t *client, const char *words);
EXPORT void jack_finish(void *process);

static void destroy(struct internal *self)
{
	leat_jack_bridge_destroy(self->bridge);
	if (self->setup.stop_fd >= 0)
		close(self->setup.stop_fd);
	free(self->words);
	free(self);
}

static void *run(void *user)
{
	struct internal *self = user;

	leat_jack_bridge_loop(self->bridge);
	return NULL;
}

static int read_words(struct internal *self, jack_client_t *client,
		      const char *words, struct leat_error *error)
{
	int res;

	self->words = strndup(words ? words : "", JACK_LOAD_INIT_LIMIT);
	if (!self->words)
		return leat_error_set(error, -ENOMEM, "cannot begin: %s",
				      leat_errno_text(ENOMEM));
	leat_jack_options_init(&self->options, "");
	res = leat_jack_options_read(&self->options, self->words, error);
	if (res == 0)
		res = leat_jack_options_apply(&self->options, &self->setup,
					      error);
	self->setup.client.given = client;
	self->setup.client.owner = self;
	self->setup.ready_fd = -1;
	return res;
}

static int start(struct internal *self, struct leat_error *error)
{
	int res;

	self->setup.stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (self->setup.stop_fd < 0)
		return leat_error_set(error, -errno,
				      "cannot make an eventfd: %s",
				      leat_errno_text(errno));
	res = leat_jack_bridge_create(&self->bridge, &self->setup, error);
	if (res < 0)
		return res;
	res = leat_thread_start(&self->thread, STACK_BYTES, run, self);
	if (res < 0)
		leat_error_set(error, res, "cannot make a thread: %s",
			       leat_errno_text(res));
	return res;
}

static int load(jack_client_t *client, const char *words,
		struct leat_error *error)
{
	struct internal *self = calloc(1, sizeof(*self));
	int res;

	if (!self)
		return leat_error_set(error, -ENOMEM, "cannot begin: %s",
				      leat_errno_text(ENOMEM));
	self->setup.stop_fd = -1;
	res = leat_jack_library_check(error);
	if (res == 0)
		res = read_words(self, client, words, error);
	if (res == 0)
		res = start(self, error);
	if (res < 0)
		destroy(self);
	return res;
}

int jack_initialize(jack_client_t *client, const char *words)
{
	struct leat_error error;

	if (load(client, words, &error) == 0)
		return 0;
	leat_log("%s", error.text);
	return 1;
}

/* jackd has closed the client; process is what its callback was given. */
void jack_finish(void *process)
{
	struct leat_jack_client *client;
	struct internal *self;

	if (!process)
		return;
	client = ((struct leat_jack_process *)process)->user;
	self = client->owner;
	/* Nobody runs the callback now: what it used is free. */
	leat_jack_bridge_client_ended(self->bridge);
	(void)eventfd_write(self->setup.stop_fd, 1);
	pthread_join(self->thread, NULL);
	destroy(self);
}
