/* SPDX-License-Identifier: MIT */
#include "servers.h"

#include "sys.h"

#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the words of jackd's command line ---- */

/*
 * As of jackd(1), versions 1.9.17 to 1.9.22. What follows -d is the driver's
 * business.
 */
static const char short_options[] = "+d:X:I:P:uvshrRL:STFl:t:mn:p:C:a:c:V";

static const struct option long_options[] = {
	{ "clock-source", required_argument, NULL, 'c' },
	{ "internal-session-file", required_argument, NULL, 'C' },
	{ "loopback-driver", required_argument, NULL, 'L' },
	{ "loopback", required_argument, NULL, 'L' },
	{ "audio-driver", required_argument, NULL, 'd' },
	{ "driver", required_argument, NULL, 'd' },
	{ "midi-driver", required_argument, NULL, 'X' },
	{ "internal-client", required_argument, NULL, 'I' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ "port-max", required_argument, NULL, 'p' },
	{ "no-mlock", no_argument, NULL, 'm' },
	{ "name", required_argument, NULL, 'n' },
	{ "unlock", no_argument, NULL, 'u' },
	{ "realtime", no_argument, NULL, 'R' },
	{ "no-realtime", no_argument, NULL, 'r' },
	{ "replace-registry", no_argument, NULL, 'Z' },
	{ "realtime-priority", required_argument, NULL, 'P' },
	{ "timeout", required_argument, NULL, 't' },
	{ "temporary", no_argument, NULL, 'T' },
	{ "version", no_argument, NULL, 'V' },
	{ "silent", no_argument, NULL, 's' },
	{ "sync", no_argument, NULL, 'S' },
	{ "autoconnect", required_argument, NULL, 'a' },
	{ NULL, 0, NULL, 0 },
};

void leat_jackd_words(struct leat_jackd_words *words, char **args, int n_args)
{
	int option = 0;

	memset(words, 0, sizeof(*words));
	words->realtime = true;
	/* 0 makes the GNU function begin anew, whoever used it before. */
	optind = 0;
	opterr = 0;
	while (option != 'd' && option >= 0) {
		option = getopt_long(n_args, args, short_options, long_options,
				     NULL);
		if (option == 'S')
			words->synchronous = true;
		else if (option == 'r' || option == 'R')
			words->realtime = option == 'R';
		else if (option == 'n')
			snprintf(words->name, sizeof(words->name), "%s",
				 optarg);
	}
	optind = 0;
	opterr = 1;
}

/* ---- one process ---- */

#define ARGS_MAX 128

/* A word as the shell takes it. False if there is no room. */
static bool quote(char *text, size_t text_bytes, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_-+=.,:/@%";
	bool quoted = !word[0] || word[strspn(word, plain)];
	size_t n = strlen(text);

	/* A word with quotes of its own does not occur; it is not tried. */
	if (strchr(word, '\'') || n + strlen(word) + 4 > text_bytes)
		return false;
	sprintf(text + n, quoted ? "%s'%s'" : "%s%s", n > 0 ? " " : "", word);
	return true;
}

static void make_sync_command(struct leat_server *server, char **args, int n)
{
	char *text = server->sync_command;
	size_t text_bytes = sizeof(server->sync_command);
	bool fits = true;

	text[0] = 0;
	for (int i = 0; i < n && fits; i++) {
		fits = quote(text, text_bytes, args[i]);
		if (i == 0)
			fits = fits && quote(text, text_bytes, "-S");
	}
	if (!fits)
		text[0] = 0;
}

static void read_words(struct leat_server *server, const char *root,
		       const char *pid)
{
	char text[LEAT_SYS_BYTES];
	char *args[ARGS_MAX + 1];
	ssize_t n_bytes = leat_sys_read(root, text, sizeof(text),
					"/proc/%s/cmdline", pid);
	int n = 0;

	for (ssize_t i = 0; i < n_bytes && n < ARGS_MAX; n++) {
		args[n] = text + i;
		i += (ssize_t)strlen(text + i) + 1;
	}
	args[n] = NULL;
	if (n == 0)
		return;
	server->words_known = true;
	make_sync_command(server, args, n);
	/* It may change their order: this comes last. */
	leat_jackd_words(&server->words, args, n);
}

struct threads_reader {
	struct leat_server *server;
	const char *root;
	const char *pid;
};

/* proc(5): the name may hold anything; the state behind it is field 3. */
static void take_thread(void *user, const char *tid)
{
	struct threads_reader *reader = user;
	char text[1024], *rest;
	int priority, policy;

	if (!leat_sys_line(reader->root, text, sizeof(text),
			   "/proc/%s/task/%s/stat", reader->pid, tid))
		return;
	rest = strrchr(text, ')');
	for (int field = 2; rest && field < 40; field++)
		rest = strchr(rest + 1, ' ');
	if (!rest || sscanf(rest, "%d %d", &priority, &policy) != 2)
		return;
	reader->server->threads_known = true;
	/* SCHED_FIFO and SCHED_RR of sched(7). */
	if ((policy == 1 || policy == 2) &&
	    priority > reader->server->rt_priority)
		reader->server->rt_priority = priority;
}

static void read_threads(struct leat_server *server, const char *root,
			 const char *pid)
{
	struct threads_reader reader = { server, root, pid };
	char folder[64];

	snprintf(folder, sizeof(folder), "/proc/%.20s/task", pid);
	leat_sys_each(root, folder, take_thread, &reader);
}

/* ---- finding it ---- */

struct finder {
	struct leat_server *server;
	const char *root;
	const char *name; /* of the JACK server; NULL: PipeWire is wanted */
	unsigned long uid;
};

static unsigned long uid_of(const char *root, const char *pid)
{
	char text[LEAT_SYS_BYTES];
	const char *field;

	leat_sys_read(root, text, sizeof(text), "/proc/%s/status", pid);
	field = leat_sys_field(text, "Uid");
	return field ? strtoul(field, NULL, 10) : ~0ul;
}

/* A variable of another process's environment; false if it is not told. */
static bool variable_of(const char *root, const char *pid, const char *name,
			char *value, size_t value_bytes)
{
	char text[LEAT_SYS_BYTES];
	ssize_t n_bytes = leat_sys_read(root, text, sizeof(text),
					"/proc/%s/environ", pid);
	size_t length = strlen(name);

	for (ssize_t i = 0; i < n_bytes; i += (ssize_t)strlen(text + i) + 1) {
		if (strncmp(text + i, name, length) == 0 &&
		    text[i + (ssize_t)length] == '=') {
			snprintf(value, value_bytes, "%s",
				 text + i + length + 1);
			return true;
		}
	}
	return false;
}

/* Another session's servers are not ours, though the user is the same. */
static bool same_session(const char *root, const char *pid)
{
	const char *ours = getenv("XDG_RUNTIME_DIR");
	char theirs[256];

	return !ours ||
	       !variable_of(root, pid, "XDG_RUNTIME_DIR", theirs,
			    sizeof(theirs)) ||
	       strcmp(ours, theirs) == 0;
}

static bool wanted(const struct finder *finder, const char *program)
{
	if (!finder->name)
		return strcmp(program, "pipewire") == 0;
	return strcmp(program, "jackd") == 0 ||
	       strcmp(program, "jackdbus") == 0;
}

static bool has_name(struct finder *finder, const char *pid)
{
	struct leat_server *server = finder->server;
	char name[64] = "";

	if (strcmp(server->program, "jackd") == 0)
		read_words(server, finder->root, pid);
	snprintf(name, sizeof(name), "%s", server->words.name);
	if (!name[0])
		variable_of(finder->root, pid, "JACK_DEFAULT_SERVER", name,
			    sizeof(name));
	return strcmp(name[0] ? name : "default", finder->name) == 0;
}

static void take_process(void *user, const char *pid)
{
	struct finder *finder = user;
	struct leat_server *server = finder->server;

	if (server->pid > 0 || !isdigit((unsigned char)pid[0]))
		return;
	memset(server, 0, sizeof(*server));
	if (!leat_sys_line(finder->root, server->program,
			   sizeof(server->program), "/proc/%s/comm", pid) ||
	    !wanted(finder, server->program) ||
	    uid_of(finder->root, pid) != finder->uid ||
	    !same_session(finder->root, pid) ||
	    (finder->name && !has_name(finder, pid)))
		return;
	read_threads(server, finder->root, pid);
	server->pid = (pid_t)atoi(pid);
}

static void find(struct leat_server *server, const char *root, const char *name)
{
	struct finder finder = { server, root, name, uid_of(root, "self") };

	memset(server, 0, sizeof(*server));
	leat_sys_each(root, "/proc", take_process, &finder);
}

void leat_server_find_jack(struct leat_server *server, const char *root,
			   const char *name)
{
	find(server, root, name);
}

void leat_server_find_pipewire(struct leat_server *server, const char *root)
{
	find(server, root, NULL);
}

/* ---- judging ---- */

static bool judge_threads(struct leat_finding *finding,
			  const struct leat_server *server, const char *kind)
{
	if (server->pid == 0) {
		leat_finding_set(finding, LEAT_VERDICT_UNKNOWN,
				 "no %s runs for this user", kind);
		return true;
	}
	if (!server->threads_known)
		return true;
	leat_finding_set(
		finding,
		server->rt_priority > 0 ? LEAT_VERDICT_OK : LEAT_VERDICT_FAIL,
		server->rt_priority > 0 ? "%s (%d) has a thread of priority %d"
					: "%s (%d) has no realtime thread",
		server->program, (int)server->pid, server->rt_priority);
	return server->rt_priority > 0;
}

void leat_judge_jack_rt(struct leat_finding *finding,
			const struct leat_server *server)
{
	if (judge_threads(finding, server, "JACK server"))
		return;
	if (server->words_known && !server->words.realtime)
		leat_finding_set(finding, LEAT_VERDICT_FAIL,
				 "%s (%d) was started with -r, that is without "
				 "realtime threads",
				 server->program, (int)server->pid);
	leat_finding_cure(finding,
			  "leat doctor  # cure rtprio, rtkit and cgroup-rt "
			  "first");
	leat_finding_cure(finding, "kill %d  # then start it again, without -r",
			  (int)server->pid);
}

void leat_judge_pipewire_rt(struct leat_finding *finding,
			    const struct leat_server *server)
{
	if (judge_threads(finding, server, "PipeWire daemon"))
		return;
	leat_finding_cure(finding,
			  "sudo mkdir -p /etc/systemd/system/user@.service.d");
	leat_finding_cure(finding,
			  "printf '[Service]\\nLimitRTPRIO=95\\n"
			  "LimitMEMLOCK=infinity\\n' | sudo tee "
			  "/etc/systemd/system/user@.service.d/realtime.conf");
	leat_finding_cure(finding,
			  "sudo systemctl daemon-reload && sudo systemctl "
			  "restart user@$(id -u)  # ends this session");
}

void leat_judge_jack_sync(struct leat_finding *finding,
			  const struct leat_server *server)
{
	if (server->pid == 0) {
		leat_finding_set(finding, LEAT_VERDICT_UNKNOWN,
				 "no JACK server runs for this user");
		return;
	}
	if (!server->words_known) {
		leat_finding_set(finding, LEAT_VERDICT_UNKNOWN,
				 "%s (%d) does not show how it was set up",
				 server->program, (int)server->pid);
		return;
	}
	if (server->words.synchronous) {
		leat_finding_set(finding, LEAT_VERDICT_OK,
				 "jackd (%d) is synchronous", (int)server->pid);
		return;
	}
	leat_finding_set(finding, LEAT_VERDICT_WARN,
			 "jackd (%d) is asynchronous, its default",
			 (int)server->pid);
	if (server->sync_command[0])
		leat_finding_cure(finding, "kill %d && sleep 1 && %s",
				  (int)server->pid, server->sync_command);
}

void leat_check_servers(struct leat_report *report, const char *root,
			const char *jack_name)
{
	struct leat_server jack, pipewire;

	leat_server_find_jack(&jack, root, jack_name);
	leat_judge_jack_rt(
		leat_finding_add(
			report, "jack-realtime",
			"jackd runs on without realtime priority where "
			"it gets none, and then has xruns whenever "
			"the machine is busy."),
		&jack);
	leat_judge_jack_sync(
		leat_finding_add(report, "jack-sync",
				 "An asynchronous server plays everything one "
				 "period later; a synchronous one has an xrun "
				 "where that would have hidden a late client."),
		&jack);
	leat_server_find_pipewire(&pipewire, root);
	leat_judge_pipewire_rt(
		leat_finding_add(report, "pipewire-realtime",
				 "Without realtime priority PipeWire's graph "
				 "is late whenever the machine is busy."),
		&pipewire);
}
