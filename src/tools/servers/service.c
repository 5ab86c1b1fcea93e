/* SPDX-License-Identifier: MIT */
#include "service.h"

#include "cli/log.h"

#include <leat/link.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_PAUSE_MS 100
#define LONGEST_PAUSE_MS 2000

/* One that lived this long is not one that keeps dying. */
#define LONG_LIFE_MS 10000

/* ---- output ---- */

static void keep_line(void *user, const char *line)
{
	struct leat_service *service = user;

	if (line[strspn(line, " \t\r")] == 0)
		return;
	snprintf(service->tail[service->n_tail++ % LEAT_TAIL_LINES],
		 LEAT_TAIL_BYTES, "%s", line);
}

static void pass_line(void *user, const char *line)
{
	struct leat_service *service = user;

	leat_console_pass(service->console, line);
}

/* "<3>leat-jack: why" is "why" to whoever asks for it later. */
static void relay_line(void *user, const char *line)
{
	struct leat_service *service = user;
	const char *at = line;
	size_t n = strlen(service->name);

	leat_console_pass(service->console, line);
	if (at[0] == '<' && at[1] && at[2] == '>')
		at += 3;
	if (strncmp(at, service->name, n) == 0 && strncmp(at + n, ": ", 2) == 0)
		snprintf(service->said, sizeof(service->said), "%s",
			 at + n + 2);
}

void leat_service_explain(struct leat_service *service)
{
	unsigned n = service->n_tail;
	unsigned first = n > LEAT_TAIL_LINES ? n - LEAT_TAIL_LINES : 0;

	for (unsigned i = first; i < n; i++)
		leat_console_log(service->console, "%s said: %s", service->name,
				 service->tail[i % LEAT_TAIL_LINES]);
	service->n_tail = 0;
}

/* The child's lines keep their priorities on the way through our pipe. */
static void be_the_journal(struct leat_service *service, int fd)
{
	bool known = service->journal[0] != 0;
	struct stat st;

	if (!leat_log_to_journal() || fstat(fd, &st) < 0)
		return;
	snprintf(service->journal, sizeof(service->journal),
		 "JOURNAL_STREAM=%ju:%ju", (uintmax_t)st.st_dev,
		 (uintmax_t)st.st_ino);
	if (!known)
		leat_command_add_env(&service->command, service->journal);
}

static void (*listener(const struct leat_service *service))(void *,
							    const char *)
{
	if (service->keep_output)
		return keep_line;
	return service->relay ? relay_line : pass_line;
}

/*
 * Where the child writes: into the tail; through the console if it shows
 * messages and the block on one terminal; else where we write.
 */
static int open_output(struct leat_service *service, struct leat_child_fds *fds)
{
	bool pass = service->console->in_place && isatty(STDERR_FILENO);
	int fd;

	if (!service->keep_output && !service->relay && !pass)
		return 0;
	fd = leat_lines_open(&service->output, service->loop, listener(service),
			     service);
	if (fd < 0)
		return fd;
	fds->err_fd = fd;
	if (service->keep_output)
		fds->out_fd = fd;
	if (service->relay)
		be_the_journal(service, fd);
	return 0;
}

/* ---- being ready ---- */

static void tell_news(const struct leat_service *service)
{
	if (service->news)
		*service->news = true;
}

static void on_ready(void *user)
{
	struct leat_service *service = user;
	char byte;
	ssize_t n;

	do
		n = read(service->ready.fd, &byte, 1);
	while (n < 0 && errno == EINTR);
	/* The end of the pipe without a byte: it will end, or never tells. */
	if (n == 1) {
		service->up = true;
		service->settled = true;
	}
	leat_source_close(&service->ready);
	tell_news(service);
}

static int open_ready(struct leat_service *service, struct leat_child_fds *fds)
{
	int pipe_fds[2];

	if (!service->has_ready_fd)
		return 0;
	if (pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	service->ready.fd = pipe_fds[0];
	fds->third_fd = pipe_fds[1];
	return leat_loop_add(service->loop, &service->ready);
}

/* ---- living and dying ---- */

static void on_end(void *user);

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

static int start(struct leat_service *service)
{
	struct leat_child_fds fds = { -1, -1, -1 };
	int res = open_output(service, &fds);

	if (res == 0)
		res = open_ready(service, &fds);
	if (res == 0)
		res = leat_child_start(&service->child, service->loop,
				       &service->command, &fds, on_end,
				       service);
	close_fd(fds.err_fd);
	close_fd(fds.third_fd);
	service->ended = res < 0;
	service->started_ms = leat_now_ms();
	if (res == 0)
		return 0;
	leat_lines_close(&service->output);
	leat_source_close(&service->ready);
	leat_console_log(service->console, "cannot start %s: %s", service->name,
			 leat_errno_text(res));
	return res;
}

static void start_later(struct leat_service *service)
{
	leat_timer_set(&service->again, service->pause_ms, 0);
	service->pause_ms *= 2;
	if (service->pause_ms > LONGEST_PAUSE_MS)
		service->pause_ms = LONGEST_PAUSE_MS;
}

static void on_again(void *user)
{
	struct leat_service *service = user;

	leat_timer_clear(&service->again);
	if (!service->stopping && start(service) < 0)
		start_later(service);
}

/* It may have said that it is ready and died at once. */
static void settle(struct leat_service *service)
{
	if (service->ready.fd >= 0)
		on_ready(service);
	leat_lines_close(&service->output);
	service->ended = true;
	service->settled = true;
	tell_news(service);
}

static void on_end(void *user)
{
	struct leat_service *service = user;
	char how[64];

	settle(service);
	if (service->stopping || !service->watched)
		return;
	if (leat_now_ms() - service->started_ms >= LONG_LIFE_MS)
		service->pause_ms = FIRST_PAUSE_MS;
	leat_child_how(&service->child, how, sizeof(how));
	leat_console_log(service->console, "%s %s: starting it again in %d ms",
			 service->name, how, (int)service->pause_ms);
	/* What it said has nothing to do with being killed by somebody. */
	if (!service->child.killed || service->child.status != SIGKILL)
		leat_service_explain(service);
	service->n_tail = 0;
	start_later(service);
}

int leat_service_init(struct leat_service *service, const char *name,
		      struct leat_loop *loop, struct leat_console *console)
{
	int res;

	service->name = name;
	service->loop = loop;
	service->console = console;
	service->pause_ms = FIRST_PAUSE_MS;
	service->ended = true;
	service->ready = (struct leat_source){ -1, on_ready, service, NULL };
	service->output.source.fd = -1;
	res = leat_timer_init(&service->again, loop, on_again, service);
	if (res < 0)
		leat_console_log(console, "cannot make a timer for %s: %s",
				 name, leat_errno_text(res));
	return res;
}

int leat_service_start(struct leat_service *service)
{
	service->up = false;
	service->settled = false;
	return start(service);
}

void leat_service_watch(struct leat_service *service)
{
	service->watched = true;
	/* It may have died since it was ready. */
	if (service->ended)
		on_end(service);
}

void leat_service_stop(struct leat_service *service, int signal)
{
	service->stopping = true;
	leat_child_signal(&service->child, signal);
}

void leat_service_finish(struct leat_service *service)
{
	if (!service->loop)
		return;
	leat_source_close(&service->again);
	leat_source_close(&service->ready);
	leat_lines_close(&service->output);
}
