/* SPDX-License-Identifier: MIT */
#include "notify.h"

#include "cli/options.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MESSAGE_BYTES 2048

/* How often within the time that the watchdog gives. */
#define TIMES 2

/* False where it is nothing that can be sent to. */
static bool set_address(struct leat_notify *notify, const char *name)
{
	size_t n = name ? strlen(name) : 0;

	if (n < 2 || n >= sizeof(notify->address.sun_path) ||
	    (name[0] != '/' && name[0] != '@'))
		return false;
	notify->address.sun_family = AF_UNIX;
	memcpy(notify->address.sun_path, name, n);
	/* unix(7): names that are no files begin with a NUL byte. */
	if (name[0] == '@')
		notify->address.sun_path[0] = 0;
	notify->address_bytes =
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
	return true;
}

/* Milliseconds, or 0: there is no watchdog, or another process has it. */
static int64_t watchdog_ms(void)
{
	const char *us = getenv("WATCHDOG_USEC");
	const char *pid = getenv("WATCHDOG_PID");
	uint32_t n_us, process;

	if (!us || !leat_parse_u32(us, 1, UINT32_MAX, &n_us))
		return 0;
	if (pid && (!leat_parse_u32(pid, 1, INT32_MAX, &process) ||
		    (pid_t)process != getpid()))
		return 0;
	return n_us / 1000 / TIMES;
}

static void on_watchdog(void *user)
{
	struct leat_notify *notify = user;

	leat_timer_clear(&notify->watchdog);
	leat_notify_tell(notify, "WATCHDOG=1");
}

static int start_watchdog(struct leat_notify *notify, struct leat_loop *loop)
{
	int64_t ms = watchdog_ms();
	int res;

	if (ms == 0)
		return 0;
	res = leat_timer_init(&notify->watchdog, loop, on_watchdog, notify);
	if (res == 0)
		leat_timer_set(&notify->watchdog, 1, ms);
	return res;
}

static void forget_environment(void)
{
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

int leat_notify_init(struct leat_notify *notify, struct leat_loop *loop)
{
	int res = 0;

	memset(notify, 0, sizeof(*notify));
	notify->fd = -1;
	notify->watchdog.fd = -1;
	if (set_address(notify, getenv("NOTIFY_SOCKET"))) {
		notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		res = notify->fd < 0 ? -errno : start_watchdog(notify, loop);
	}
	forget_environment();
	return res;
}

bool leat_notify_wanted(const struct leat_notify *notify)
{
	return notify->fd >= 0;
}

void leat_notify_tell(const struct leat_notify *notify, const char *format, ...)
{
	char text[MESSAGE_BYTES];
	va_list args;

	if (notify->fd < 0)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (sendto(notify->fd, text, strlen(text), MSG_NOSIGNAL,
		   (const struct sockaddr *)&notify->address,
		   notify->address_bytes) < 0) {
		/* Whoever wanted to know is gone: nothing to be done. */
	}
}

void leat_notify_finish(struct leat_notify *notify)
{
	leat_source_close(&notify->watchdog);
	if (notify->fd >= 0)
		close(notify->fd);
	notify->fd = -1;
}
