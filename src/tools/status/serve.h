/* SPDX-License-Identifier: MIT */
/*
 * A page over HTTP/1.0 on a local socket, made anew for each that asks. Who
 * is slow or talks nonsense keeps nobody waiting.
 */
#ifndef LEAT_TOOLS_SERVE_H
#define LEAT_TOOLS_SERVE_H

#include "tools/common/loop.h"

#include <leat/link.h>

#include <stddef.h>

/* One more takes the place of the oldest. */
#define LEAT_SERVE_CLIENTS_MAX 32

/* After this long a client is done with, whatever it does. */
#define LEAT_SERVE_CLIENT_MS 5000

struct leat_page {
	const char *type; /* its Content-Type */
	/* The text, to be freed, and how long it is; NULL if there is none. */
	char *(*make)(void *user, size_t *n_bytes);
	void *user;
};

/*
 * Serve until the loop is stopped. The socket is its owner's alone (0600); one
 * that nobody serves any more is replaced.
 *
 * @return  0, or -errno and a sentence.
 */
LEAT_MUST_CHECK int leat_serve(struct leat_loop *loop, const char *path,
			       const struct leat_page *page,
			       struct leat_error *error);

/* What is answered to a request's first line. */
enum leat_request {
	LEAT_REQUEST_GET,	/* the page */
	LEAT_REQUEST_HEAD,	/* its head alone */
	LEAT_REQUEST_NOT_FOUND, /* another page */
	LEAT_REQUEST_METHOD,	/* another method */
	LEAT_REQUEST_BAD	/* no HTTP */
};

enum leat_request leat_request_parse(const char *text);

#endif
