/* SPDX-License-Identifier: MIT */
/**
 * leat-module-host: a process that loads modules of PipeWire and unloads them.
 * It says "ready host". Commands on standard input, each answered by "ok" or
 * "error":
 *
 *	load NAME [ARGUMENT...]   one at a time; arguments as KEY=VALUE
 *	unload
 *	heap                      heap_bytes=N, what is allocated, then "ok"
 *	quit
 */
#include "control.h"

#include <pipewire/impl.h>
#include <pipewire/pipewire.h>

#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

struct host {
	struct pw_main_loop *loop;
	struct pw_context *context;
	struct pw_impl_module *module;
	struct control control;
};

static bool load(struct host *host)
{
	struct control *control = &host->control;
	char args[512] = "";

	if (host->module)
		return false;
	for (int i = 2; i < control->n_words; i++) {
		strncat(args, control->words[i],
			sizeof(args) - strlen(args) - 1);
		strncat(args, " ", sizeof(args) - strlen(args) - 1);
	}
	host->module = pw_context_load_module(host->context, control->words[1],
					      args, NULL);
	return host->module;
}

static bool unload(struct host *host)
{
	if (!host->module)
		return false;
	pw_impl_module_destroy(host->module);
	host->module = NULL;
	/* What malloc keeps for itself is no leak. */
	malloc_trim(0);
	return true;
}

static void obey(struct host *host)
{
	struct control *control = &host->control;
	bool done = false;

	if (control_is(control, "load", 1, CONTROL_MAX_WORDS))
		done = load(host);
	else if (control_is(control, "unload", 0, 0))
		done = unload(host);
	else if (control_is(control, "heap", 0, 0)) {
		done = true;
		printf("heap_bytes=%zu ", mallinfo2().uordblks);
	} else if (control_is(control, "quit", 0, 0)) {
		done = true;
		pw_main_loop_quit(host->loop);
	}
	printf("%s\n", done ? "ok" : "error");
}

static void on_input(void *user, int fd, uint32_t mask)
{
	struct host *host = user;

	(void)mask;
	control_read(&host->control, fd);
	while (control_next(&host->control))
		obey(host);
	if (host->control.ended)
		pw_main_loop_quit(host->loop);
}

int main(void)
{
	struct host host = { .module = NULL };

	setvbuf(stdout, NULL, _IOLBF, 0);
	/*
	 * Newer PipeWire's first line in a log has the local time, and the C
	 * library then keeps three blocks, 96 bytes, of the time zone for good.
	 * Whoever happens to be the first to say a thing is not to blame.
	 */
	tzset();
	pw_init(NULL, NULL);
	host.loop = pw_main_loop_new(NULL);
	host.context =
		pw_context_new(pw_main_loop_get_loop(host.loop), NULL, 0);
	if (!host.context)
		return 1;
	pw_loop_add_io(pw_main_loop_get_loop(host.loop), 0, SPA_IO_IN, false,
		       on_input, &host);
	printf("ready host\n");
	pw_main_loop_run(host.loop);
	pw_context_destroy(host.context);
	pw_main_loop_destroy(host.loop);
	pw_deinit();
	return 0;
}
