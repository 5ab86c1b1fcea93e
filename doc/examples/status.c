/* SPDX-License-Identifier: MIT */
/* What a link has counted: status [LINK]. Reading it disturbs nobody. */
#include <leat/status.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A value that is not known is not 0. */
static void print_value(const char *name, uint64_t value)
{
	if (value == LEAT_UNKNOWN)
		printf("  %-10s -\n", name);
	else
		printf("  %-10s %" PRIu64 "\n", name, value);
}

static void print_direction(const char *name,
			    const struct leat_direction_status *direction)
{
	printf("%s:\n", name);
	print_value("channels", direction->n_channels);
	print_value("fill", direction->fill);
	print_value("frames", direction->frames);
	print_value("underruns", direction->underruns);
	print_value("lost", direction->lost);
	print_value("wakeups", direction->wakeups);
}

int main(int argc, char **argv)
{
	const char *link_name = argc > 1 ? argv[1] : "example";
	struct leat_link_status status;
	int res = leat_status_query(link_name, &status);

	if (res < 0) {
		fprintf(stderr, "%s: %s\n", link_name, strerror(-res));
		return 1;
	}
	printf("%s is %s\n", link_name, leat_link_status_state(&status));
	printf("%s\n", leat_reason_text(leat_link_status_reason(&status)));
	print_value("host pid", status.jack.pid);
	print_value("guest pid", status.pipewire.pid);
	print_direction("to PipeWire", &status.direction[LEAT_TO_PIPEWIRE]);
	print_direction("to JACK", &status.direction[LEAT_TO_JACK]);
	return 0;
}
