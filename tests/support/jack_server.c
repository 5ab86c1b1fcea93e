/* SPDX-License-Identifier: MIT */
#include "helper.h"
#include "servers.h"

#include <errno.h>
#include <stdio.h>

#define START_MS 10000
#define STOP_MS 5000

static const char *name_of(const struct jack_server *server)
{
	return server->name ? server->name : "leat-test";
}

static void log_name(const struct jack_server *server, char *text,
		     size_t size_bytes)
{
	snprintf(text, size_bytes, "jackd-%s.log", name_of(server));
}

/* Asked by a program of its own: a test has no libjack in it, which would
 * remember a server that was killed. */
static int wait_usable(struct jack_server *server)
{
	char wait_ms[16];
	char text[1024];
	const char *const argv[] = { sig_jack_path(), "--server",
				     name_of(server), "--name",
				     "waits",	      "--wait-server",
				     wait_ms,	      NULL };
	int status;

	snprintf(wait_ms, sizeof(wait_ms), "%d", START_MS);
	status = proc_run(argv, NULL, text, sizeof(text), START_MS + 2000);
	if (status == 0)
		return 0;
	fprintf(stderr, "%s", text);
	return status < 0 ? status : -ETIMEDOUT;
}

static int start(struct jack_server *server, const struct sandbox *sandbox)
{
	char rate[16];
	char period[16];
	char file[80];
	char log[256];
	/* Saying -R twice stands for not saying -S. */
	const char *argv[] = { "jackd",
			       "-n",
			       name_of(server),
			       "-R",
			       server->synchronous ? "-S" : "-R",
			       "-P80",
			       "--port-max",
			       "128",
			       "-d",
			       "dummy",
			       "-r",
			       rate,
			       "-p",
			       period,
			       NULL };
	struct proc_options options = { .env = server->env, .log = log };

	snprintf(rate, sizeof(rate), "%u",
		 server->rate_hz ? server->rate_hz : 48000);
	snprintf(period, sizeof(period), "%u",
		 server->period ? server->period : 256);
	log_name(server, file, sizeof(file));
	sandbox_path(sandbox, file, log, sizeof(log));
	return proc_start(&server->proc, argv, &options);
}

int jack_server_start(struct jack_server *server, const struct sandbox *sandbox)
{
	int res = start(server, sandbox);
	char file[80];

	server->sandbox = sandbox;
	if (res < 0)
		return res;
	res = wait_usable(server);
	if (res < 0) {
		log_name(server, file, sizeof(file));
		sandbox_show(sandbox, file);
		jack_server_kill(server);
	}
	return res;
}

int jack_server_stop(struct jack_server *server)
{
	return proc_stop(&server->proc, STOP_MS);
}

void jack_server_kill(struct jack_server *server)
{
	proc_kill(&server->proc);
}

bool jack_server_is_installed(void)
{
	const char *const argv[] = { "jackd", "--version", NULL };
	char text[1024];

	return proc_run(argv, NULL, text, sizeof(text), START_MS) >= 0;
}
