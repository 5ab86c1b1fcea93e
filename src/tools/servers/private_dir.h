/* SPDX-License-Identifier: MIT */
/*
 * A folder of our own for the socket of a private PipeWire daemon. It is
 * locked as long as we live, so that one left behind by a leat-up that was
 * killed is told from one in use, and removed by the next.
 */
#ifndef LEAT_TOOLS_PRIVATE_DIR_H
#define LEAT_TOOLS_PRIVATE_DIR_H

#include <leat/link.h>

/* Long paths leave no room for the name of a socket in them. */
#define LEAT_PRIVATE_DIR_BYTES 80

struct leat_private_dir {
	char path[LEAT_PRIVATE_DIR_BYTES]; /* "": there is none */
	int lock_fd;
};

/* Make it in $XDG_RUNTIME_DIR, or in /tmp. 0, or -errno with an error. */
int leat_private_dir_create(struct leat_private_dir *dir,
			    struct leat_error *error);

/* Remove it and what is in it. */
void leat_private_dir_remove(struct leat_private_dir *dir);

#endif
