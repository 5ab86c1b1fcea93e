/* SPDX-License-Identifier: MIT */
#include "probe.h"

#include "cli/options.h"
#include "tools/common/lines.h"

#include <leat/frames.h>
#include <leat/link.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How long one answer, and a server's start, may take. */
#define ANSWER_TIMEOUT_MS 10000
#define START_TIMEOUT_MS 10000
#define PAUSE_MS 30

/* What one run has said. */
struct run {
	struct leat_lines out, err;
	char answer[256];
	char sentence[512]; /* the last line on standard error */
	bool ended;
};

static void keep_answer(void *user, const char *line)
{
	struct run *run = user;

	if (run->answer[0] == 0)
		snprintf(run->answer, sizeof(run->answer), "%s", line);
}

/* Libraries may have had their say before. */
static void keep_sentence(void *user, const char *line)
{
	struct run *run = user;

	if (line[0])
		snprintf(run->sentence, sizeof(run->sentence), "%s", line);
}

static void on_end(void *user)
{
	struct run *run = user;

	leat_lines_close(&run->out);
	leat_lines_close(&run->err);
	run->ended = true;
}

/* The value of "name=value" among words; "" if it is not there. */
static void field(const char *words, const char *name, char *value,
		  size_t value_bytes)
{
	size_t length = strlen(name);

	value[0] = 0;
	while (*words) {
		size_t n = strcspn(words, " ");

		if (strncmp(words, name, length) == 0 && words[length] == '=')
			snprintf(value, value_bytes, "%.*s",
				 (int)(n - length - 1), words + length + 1);
		words += n;
		words += strspn(words, " ");
	}
}

static uint32_t number(const char *words, const char *name, uint32_t max)
{
	char text[16];
	uint32_t value = 0;

	field(words, name, text, sizeof(text));
	if (!leat_parse_u32(text, 0, max, &value))
		return 0;
	return value;
}

static bool read_answer(struct leat_probe *probe, const char *answer)
{
	char rate[16];

	probe->rate_hz = number(answer, "rate", UINT32_MAX);
	probe->period = number(answer, "period", 1u << 20);
	field(answer, "server", probe->server, sizeof(probe->server));
	if (!probe->server[0])
		field(answer, "remote", probe->server, sizeof(probe->server));
	field(answer, "rate", rate, sizeof(rate));
	return rate[0] != 0;
}

/* A program's message begins with its name. */
static const char *without_name(const char *sentence)
{
	const char *colon = strstr(sentence, ": ");

	return colon && strncmp(sentence, "leat-", 5) == 0 ? colon + 2
							   : sentence;
}

static enum leat_probe_outcome judge(struct leat_probe *probe,
				     const struct leat_child *child,
				     const struct run *run)
{
	char how[64];

	snprintf(probe->text, sizeof(probe->text), "%s",
		 without_name(run->sentence));
	if (!child->killed && child->status == 0 &&
	    read_answer(probe, run->answer))
		return LEAT_PROBE_FOUND;
	if (!child->killed && child->status == LEAT_EXIT_FAILED)
		return LEAT_PROBE_MISSING;
	if (!child->killed && child->status == LEAT_EXIT_USAGE)
		return LEAT_PROBE_USAGE;
	if (!probe->text[0]) {
		leat_child_how(child, how, sizeof(how));
		snprintf(probe->text, sizeof(probe->text),
			 "its probe %s without an answer", how);
	}
	return LEAT_PROBE_FAILED;
}

static int start(struct run *run, struct leat_child *child,
		 struct leat_loop *loop, const struct leat_command *command)
{
	struct leat_child_fds fds = { -1, -1, -1 };
	int res = 0;

	fds.out_fd = leat_lines_open(&run->out, loop, keep_answer, run);
	fds.err_fd = leat_lines_open(&run->err, loop, keep_sentence, run);
	if (fds.out_fd < 0 || fds.err_fd < 0)
		res = fds.out_fd < 0 ? fds.out_fd : fds.err_fd;
	if (res == 0)
		res = leat_child_start(child, loop, command, &fds, on_end, run);
	if (fds.out_fd >= 0)
		close(fds.out_fd);
	if (fds.err_fd >= 0)
		close(fds.err_fd);
	if (res < 0)
		on_end(run);
	return res;
}

/* One that hangs or is not wanted any more. */
static void end(struct run *run, struct leat_child *child,
		struct leat_loop *loop)
{
	leat_child_signal(child, SIGKILL);
	while (!run->ended)
		leat_loop_step(loop, -1);
}

void leat_probe(struct leat_probe *probe, struct leat_loop *loop,
		const struct leat_command *command)
{
	struct run run = { 0 };
	struct leat_child child;
	int res;

	memset(probe, 0, sizeof(*probe));
	probe->outcome = LEAT_PROBE_FAILED;
	res = start(&run, &child, loop, command);
	if (res < 0) {
		snprintf(probe->text, sizeof(probe->text), "cannot run %s: %s",
			 command->path, leat_errno_text(res));
		return;
	}
	if (leat_loop_until(loop, &run.ended,
			    leat_now_ms() + ANSWER_TIMEOUT_MS)) {
		probe->outcome = judge(probe, &child, &run);
		return;
	}
	end(&run, &child, loop);
	if (loop->stopped)
		probe->outcome = LEAT_PROBE_STOPPED;
	else
		snprintf(probe->text, sizeof(probe->text),
			 "the server does not answer");
}

/* Again and again, until it is there, it is dead, or time is up. */
static void ask_until(struct leat_probe *probe, struct leat_loop *loop,
		      const struct leat_command *command, const bool *ended)
{
	int64_t deadline_ms = leat_now_ms() + START_TIMEOUT_MS;

	do {
		leat_probe(probe, loop, command);
		if (probe->outcome != LEAT_PROBE_MISSING)
			return;
		leat_loop_until(loop, ended, leat_now_ms() + PAUSE_MS);
	} while (!*ended && !loop->stopped && leat_left_ms(deadline_ms) > 0);
	if (loop->stopped)
		probe->outcome = LEAT_PROBE_STOPPED;
}

int leat_probe_await(struct leat_probe *probe, struct leat_service *server,
		     const struct leat_command *command)
{
	char how[64];

	ask_until(probe, server->loop, command, &server->ended);
	if (probe->outcome == LEAT_PROBE_FOUND && !server->ended)
		return 0;
	if (probe->outcome == LEAT_PROBE_STOPPED)
		return -1;
	if (server->ended) {
		leat_child_how(&server->child, how, sizeof(how));
		leat_console_log(server->console,
				 "%s %s: see what it said, or start one "
				 "yourself",
				 server->name, how);
	} else {
		leat_console_log(server->console, "%s does not answer: %s",
				 server->name, probe->text);
	}
	leat_service_explain(server);
	return 1;
}
