/* SPDX-License-Identifier: MIT */
/* Where links have their sockets, and who may have put them there. */
#ifndef LEAT_LINK_RUNDIR_H
#define LEAT_LINK_RUNDIR_H

#include <leat/link.h>

#include <sys/un.h>

/* The address of a link's socket. Looks at the directory as it does so. */
int leat_link_address(struct sockaddr_un *address, const char *link_name,
		      bool create, struct leat_error *error);

#endif
