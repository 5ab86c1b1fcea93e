/* SPDX-License-Identifier: MIT */
#include "jack_commands.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define PORT_WAIT_MS 5000

void jack_commands_say(bool good, const char *what)
{
	if (good)
		puts("ok");
	else
		printf("error %s\n", what);
}

static void sleep_5ms(void)
{
	const struct timespec time = { .tv_nsec = 5000000 };

	nanosleep(&time, NULL);
}

static bool wait_port(struct jack_commands *commands, const char *name,
		      int timeout_ms)
{
	for (int ms = 0; ms <= timeout_ms; ms += 5) {
		if (atomic_load(&commands->server_gone))
			return false;
		if (jack_port_by_name(commands->client, name))
			return true;
		sleep_5ms();
	}
	return false;
}

static void do_connect(struct jack_commands *commands, const char *from,
		       const char *to)
{
	int res;

	if (!wait_port(commands, from, PORT_WAIT_MS)) {
		printf("error no port %s\n", from);
		return;
	}
	if (!wait_port(commands, to, PORT_WAIT_MS)) {
		printf("error no port %s\n", to);
		return;
	}
	res = jack_connect(commands->client, from, to);
	jack_commands_say(res == 0 || res == EEXIST, "not connected");
}

static void do_connections(struct jack_commands *commands, const char *name)
{
	jack_port_t *port = jack_port_by_name(commands->client, name);
	const char **names = NULL;

	if (port)
		names = jack_port_get_all_connections(commands->client, port);
	for (const char **peer = names; peer && *peer; peer++)
		puts(*peer);
	jack_free(names);
	jack_commands_say(port != NULL, "no such port");
}

static void run_command(struct jack_commands *commands, struct control *control)
{
	char **words = control->words;

	if (control_is(control, "connect", 2, 2))
		do_connect(commands, words[1], words[2]);
	else if (control_is(control, "disconnect", 2, 2))
		jack_commands_say(jack_disconnect(commands->client, words[1],
						  words[2]) == 0,
				  "not disconnected");
	else if (control_is(control, "wait-port", 1, 2))
		jack_commands_say(
			wait_port(commands, words[1],
				  control_number(control, 2, PORT_WAIT_MS)),
			"no such port");
	else if (control_is(control, "connections", 1, 1))
		do_connections(commands, words[1]);
	else
		commands->other(commands->user, control);
}

void jack_commands_serve(struct jack_commands *commands)
{
	struct control control = { .n_words = 0 };

	while (!control.ended) {
		control_read(&control, STDIN_FILENO);
		while (control_next(&control)) {
			if (control_is(&control, "quit", 0, 0))
				return;
			run_command(commands, &control);
			fflush(stdout);
		}
	}
}
