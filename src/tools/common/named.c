/* SPDX-License-Identifier: MIT */
#include "named.h"

#include "links.h"

#include "cli/log.h"
#include "cli/options.h"

#include <errno.h>
#include <stdlib.h>

bool leat_named_init(struct leat_named *named, int argc)
{
	named->n_links = 0;
	named->links = calloc((size_t)argc + 1, sizeof(*named->links));
	if (!named->links)
		leat_log("cannot begin: %s", leat_errno_text(ENOMEM));
	return named->links;
}

void leat_named_finish(struct leat_named *named)
{
	free(named->links);
	named->links = NULL;
}

void leat_named_add(struct leat_named *named, struct argp_state *state,
		    const char *name)
{
	struct leat_error error;

	if (leat_link_name_check(name, &error) < 0) {
		leat_log("%s", error.text);
		exit(LEAT_EXIT_USAGE);
	}
	if (named->n_links == LEAT_LINKS_MAX)
		argp_error(state, "name at most %d links", LEAT_LINKS_MAX);
	named->links[named->n_links++] = name;
}
