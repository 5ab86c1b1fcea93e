/* SPDX-License-Identifier: MIT */
#include "lines.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static void hand_out(struct leat_lines *lines, size_t length)
{
	lines->bytes[length] = 0;
	lines->line(lines->user, lines->bytes);
}

/* Hand out each whole line, and keep what begins the next. */
static void take_lines(struct leat_lines *lines)
{
	char *end;

	while ((end = memchr(lines->bytes, '\n', lines->n_bytes))) {
		size_t length = (size_t)(end - lines->bytes);

		hand_out(lines, length);
		lines->n_bytes -= length + 1;
		memmove(lines->bytes, end + 1, lines->n_bytes);
	}
	if (lines->n_bytes == sizeof(lines->bytes) - 1) {
		hand_out(lines, lines->n_bytes);
		lines->n_bytes = 0;
	}
}

/* False when there is no more for now, or for good. */
static bool read_some(struct leat_lines *lines)
{
	ssize_t n = read(lines->source.fd, lines->bytes + lines->n_bytes,
			 sizeof(lines->bytes) - 1 - lines->n_bytes);

	if (n < 0)
		return errno == EINTR;
	if (n == 0) {
		leat_source_close(&lines->source);
		return false;
	}
	lines->n_bytes += (size_t)n;
	take_lines(lines);
	return true;
}

static void on_readable(void *user)
{
	read_some(user);
}

int leat_lines_open(struct leat_lines *lines, struct leat_loop *loop,
		    void (*line)(void *user, const char *line), void *user)
{
	int fds[2], res;

	lines->source = (struct leat_source){ -1, on_readable, lines, NULL };
	lines->line = line;
	lines->user = user;
	lines->n_bytes = 0;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	lines->source.fd = fds[0];
	if (fcntl(fds[0], F_SETFL, O_NONBLOCK) < 0)
		res = -errno;
	else
		res = leat_loop_add(loop, &lines->source);
	if (res < 0) {
		close(fds[1]);
		leat_source_close(&lines->source);
		return res;
	}
	return fds[1];
}

void leat_lines_close(struct leat_lines *lines)
{
	while (lines->source.fd >= 0 && read_some(lines))
		;
	if (lines->source.fd >= 0 && lines->n_bytes > 0)
		hand_out(lines, lines->n_bytes);
	lines->n_bytes = 0;
	leat_source_close(&lines->source);
}
