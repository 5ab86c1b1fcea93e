/* SPDX-License-Identifier: MIT */
#include "servers.h"

#include "cli/options.h"
#include "cli/rate.h"
#include "end.h"
#include "tools/common/find.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define DEFAULT_RATE_HZ 48000

void leat_up_servers_init(struct leat_up_servers *servers,
			  struct leat_loop *loop, struct leat_console *console)
{
	memset(servers, 0, sizeof(*servers));
	servers->loop = loop;
	servers->console = console;
	/* Before anything is started there is nothing to end. */
	servers->jack.service.ended = true;
	servers->pipewire.service.ended = true;
}

static int find_program(struct leat_up_servers *servers, const char *name,
			char *path)
{
	if (leat_find_program(name, path, PATH_MAX))
		return 0;
	leat_console_log(servers->console,
			 "%s is not installed: install leat with it, or set "
			 "LEAT_PATH to the folder it is in",
			 name);
	return LEAT_EXIT_FAILED;
}

int leat_up_servers_find(struct leat_up_servers *servers)
{
	int res = find_program(servers, "leat-jack", servers->jack_path);

	if (res == 0)
		res = find_program(servers, "leat-pipewire",
				   servers->pipewire_path);
	return res;
}

/* ---- commands ---- */

static void finish_command(struct leat_command *command,
			   const struct leat_up_end *end, const char *option)
{
	leat_command_add(command, option);
	if (strcmp(option, "--ready-fd") == 0)
		leat_command_add(command, "3");
	leat_command_add(command, end->link);
}

void leat_up_jack_command(struct leat_up_servers *servers,
			  const struct leat_up_end *end,
			  struct leat_command *command, const char *option)
{
	leat_command_init(command, servers->jack_path, "leat-jack");
	leat_up_words_add_to(&end->words, command);
	if (end->is_private) {
		leat_command_add(command, "--server");
		leat_command_add(command, servers->jack.name);
	}
	finish_command(command, end, option);
}

void leat_up_pipewire_command(struct leat_up_servers *servers,
			      const struct leat_up_end *end,
			      struct leat_command *command, const char *option)
{
	leat_command_init(command, servers->pipewire_path, "leat-pipewire");
	leat_up_words_add_to(&end->words, command);
	if (end->is_private)
		leat_private_pipewire_env(&servers->pipewire, command);
	finish_command(command, end, option);
}

/* ---- looking for servers ---- */

__attribute__((format(printf, 3, 4))) static int
fail(struct leat_up_servers *servers, struct leat_up_why *why,
     const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why->text, sizeof(why->text), format, args);
	va_end(args);
	leat_console_log(servers->console, "%s", why->text);
	return LEAT_EXIT_FAILED;
}

/* Before another server is started for its sake. */
static int judge_rate(struct leat_up_servers *servers, const char *kind,
		      const struct leat_probe *probe, struct leat_up_why *why)
{
	struct leat_error error;

	if (leat_rate_check(kind, probe->server, probe->rate_hz, &error) == 0)
		return 0;
	return fail(servers, why, "%s", error.text);
}

/* Whether a server was found, or may be started or waited for. */
static int judge(struct leat_up_servers *servers, const char *kind,
		 const struct leat_up_end *end, struct leat_up_why *why)
{
	const struct leat_probe *probe = &end->probe;
	bool missing = probe->outcome == LEAT_PROBE_MISSING;

	switch (probe->outcome) {
	case LEAT_PROBE_FOUND:
		return judge_rate(servers, kind, probe, why);
	case LEAT_PROBE_STOPPED:
		return LEAT_UP_STOPPED;
	case LEAT_PROBE_MISSING:
		if (servers->wait || (!end->is_named && !servers->no_private))
			return 0;
		break;
	case LEAT_PROBE_USAGE:
	case LEAT_PROBE_FAILED:
		break;
	}
	fail(servers, why, "%s%s", probe->text,
	     missing && !end->is_named
		     ? "; without --no-private one would be started"
		     : "");
	return probe->outcome == LEAT_PROBE_USAGE ? LEAT_EXIT_USAGE
						  : LEAT_EXIT_FAILED;
}

/* One that was started for another link is there already. */
static bool has_private_jack(const struct leat_up_servers *servers)
{
	return servers->jack.name[0] != 0;
}

static bool has_private_pipewire(const struct leat_up_servers *servers)
{
	return servers->pipewire.dir.path[0] != 0;
}

static int probe_jack(struct leat_up_servers *servers, struct leat_up_end *jack,
		      struct leat_up_why *why)
{
	struct leat_command command;

	jack->is_private = !jack->is_named && has_private_jack(servers);
	leat_up_jack_command(servers, jack, &command, "--probe");
	leat_probe(&jack->probe, servers->loop, &command);
	return judge(servers, "JACK server", jack, why);
}

static int probe_pipewire(struct leat_up_servers *servers,
			  struct leat_up_end *pipewire, struct leat_up_why *why)
{
	struct leat_command command;

	pipewire->is_private = !pipewire->is_named &&
			       has_private_pipewire(servers);
	leat_up_pipewire_command(servers, pipewire, &command, "--probe");
	leat_probe(&pipewire->probe, servers->loop, &command);
	return judge(servers, "PipeWire daemon", pipewire, why);
}

/* ---- starting private ones ---- */

static bool is_to_start(const struct leat_up_servers *servers,
			const struct leat_up_end *end)
{
	return end->probe.outcome == LEAT_PROBE_MISSING && !servers->wait &&
	       !end->is_private;
}

/* What private servers need, before either is started. */
static int find_servers(struct leat_up_servers *servers,
			const struct leat_up_end *jack,
			const struct leat_up_end *pipewire)
{
	int res = 0;

	if (is_to_start(servers, jack))
		res = leat_private_jack_find(&servers->jack, servers->console);
	if (res == 0 && is_to_start(servers, pipewire))
		res = leat_private_pipewire_find(&servers->pipewire,
						 servers->console);
	return res;
}

static uint32_t private_rate(const struct leat_up_servers *servers,
			     const struct leat_up_end *pipewire)
{
	if (servers->rate_hz > 0)
		return servers->rate_hz;
	if (pipewire->probe.outcome == LEAT_PROBE_FOUND)
		return pipewire->probe.rate_hz;
	return DEFAULT_RATE_HZ;
}

static int start_jack(struct leat_up_servers *servers, struct leat_up_end *jack,
		      const struct leat_up_end *pipewire)
{
	uint32_t rate_hz = private_rate(servers, pipewire);
	struct leat_command command;
	int res;

	leat_console_say(servers->console,
			 "No JACK server runs: starting a private one (%u Hz, "
			 "period %u).",
			 rate_hz, servers->period);
	res = leat_private_jack_start(&servers->jack, servers->loop,
				      servers->console, rate_hz,
				      servers->period, servers->n_channels);
	if (res != 0)
		return res;
	jack->is_private = true;
	leat_up_jack_command(servers, jack, &command, "--probe");
	res = leat_probe_await(&jack->probe, &servers->jack.service, &command);
	if (res != 0)
		return res;
	leat_service_watch(&servers->jack.service);
	leat_console_say(servers->console, "  Others reach it with %s",
			 servers->jack.env);
	return 0;
}

static int start_pipewire(struct leat_up_servers *servers,
			  struct leat_up_end *pipewire,
			  const struct leat_probe *jack)
{
	struct leat_command command;
	int res;

	leat_console_say(servers->console,
			 "No PipeWire daemon runs: starting a private one "
			 "(%u Hz).",
			 jack->rate_hz);
	res = leat_private_pipewire_start(&servers->pipewire, servers->loop,
					  servers->console, jack->rate_hz,
					  jack->period);
	if (res != 0)
		return res;
	pipewire->is_private = true;
	leat_up_pipewire_command(servers, pipewire, &command, "--probe");
	res = leat_probe_await(&pipewire->probe, &servers->pipewire.service,
			       &command);
	if (res != 0)
		return res;
	leat_service_watch(&servers->pipewire.service);
	leat_console_say(servers->console, "  Others reach it with %s",
			 servers->pipewire.runtime);
	return 0;
}

int leat_up_servers_provide(struct leat_up_servers *servers,
			    struct leat_up_end *jack,
			    struct leat_up_end *pipewire,
			    struct leat_up_why *why)
{
	int res = probe_jack(servers, jack, why);

	if (res == 0)
		res = probe_pipewire(servers, pipewire, why);
	if (res != 0)
		return res;
	snprintf(why->text, sizeof(why->text),
		 "a private server could not be started");
	res = find_servers(servers, jack, pipewire);
	if (res == 0 && is_to_start(servers, jack))
		res = start_jack(servers, jack, pipewire);
	if (res == 0 && is_to_start(servers, pipewire))
		res = start_pipewire(servers, pipewire, &jack->probe);
	return res;
}

bool leat_up_servers_are_private(const struct leat_up_servers *servers)
{
	return has_private_jack(servers) && has_private_pipewire(servers);
}

void leat_up_servers_finish(struct leat_up_servers *servers)
{
	leat_up_end_two(servers->loop, servers->console,
			&servers->pipewire.service, &servers->jack.service);
	leat_service_finish(&servers->pipewire.service);
	leat_service_finish(&servers->jack.service);
	leat_private_pipewire_clean(&servers->pipewire);
	leat_private_jack_clean(&servers->jack);
}
