/* SPDX-License-Identifier: MIT */
/*
 * Telling systemd how it goes, as sd_notify(3) has it. The protocol is a
 * datagram to a socket that the environment names, and is promised not to
 * change, so no library is needed for it.
 */
#ifndef LEAT_TOOLS_NOTIFY_H
#define LEAT_TOOLS_NOTIFY_H

#include "tools/common/loop.h"

#include <sys/socket.h>
#include <sys/un.h>

struct leat_notify {
	int fd; /* -1: nobody wants to be told */
	struct sockaddr_un address;
	socklen_t address_bytes;
	struct leat_source watchdog;
};

/*
 * Find out who wants to be told; our children are not to tell. The watchdog,
 * if there is one, is told from the loop from now on.
 *
 * @return  0, also where nobody does; -errno.
 */
int leat_notify_init(struct leat_notify *notify, struct leat_loop *loop);

bool leat_notify_wanted(const struct leat_notify *notify);

/* Lines of NAME=VALUE. What cannot be told is lost. */
__attribute__((format(printf, 2, 3))) void
leat_notify_tell(const struct leat_notify *notify, const char *format, ...);

void leat_notify_finish(struct leat_notify *notify);

#endif
