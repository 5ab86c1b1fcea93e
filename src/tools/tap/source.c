/* SPDX-License-Identifier: MIT */
#include "source.h"

#include "duration.h"

#include <stdio.h>

int source_open(struct source *source, const char *link_name,
		enum leat_direction direction, int64_t from_ns,
		uint32_t watermark, struct leat_error *error)
{
	struct leat_tap_config config = { .size_bytes = sizeof(config),
					  .watermark = watermark };

	*source = (struct source){ .direction = direction, .from_ns = from_ns };
	return leat_tap_open(&source->tap, link_name, direction, &config,
			     error);
}

void source_close(struct source *source)
{
	leat_tap_close(source->tap);
	source->tap = NULL;
}

/* The past is counted in frames, and how long one is is known only now. */
static void begin(struct source *source, struct leat_tap_event *event)
{
	const struct leat_tap_format *format = leat_tap_format(source->tap);

	if (source->begun || !format)
		return;
	source->begun = true;
	if (source->from_ns > 0)
		source->n_back = leat_tap_seek(
			source->tap,
			duration_frames(source->from_ns, format->rate_hz));
	event->position = leat_tap_position(source->tap);
}

static enum leat_tap_what next(void *user, struct leat_tap_event *event)
{
	struct source *source = user;

	switch (leat_tap_next(source->tap, event)) {
	case LEAT_TAP_UP:
		begin(source, event);
		break;
	case LEAT_TAP_DOWN:
		source->error = event->error;
		snprintf(source->text, sizeof(source->text), "%s",
			 event->text ? event->text : "");
		break;
	default:
		break;
	}
	return event->what;
}

static uint32_t read_frames(void *user, float *const *planes, uint32_t n_frames)
{
	struct source *source = user;

	return leat_tap_read(source->tap, planes, n_frames);
}

static const struct leat_tap_format *format_of(void *user)
{
	struct source *source = user;

	return leat_tap_format(source->tap);
}

static uint64_t behind(void *user)
{
	struct source *source = user;
	uint64_t newest = leat_tap_newest(source->tap);
	uint64_t position = leat_tap_position(source->tap);

	return newest > position ? newest - position : 0;
}

struct feed source_feed(struct source *source)
{
	return (struct feed){
		.user = source,
		.direction = source->direction,
		.next = next,
		.read = read_frames,
		.format = format_of,
		.behind = behind,
	};
}
