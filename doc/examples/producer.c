/* SPDX-License-Identifier: MIT */
/*
 * Hosts a link and streams a ramp through it: producer [LINK]. Its other half
 * is consumer.c; either may be started first.
 */
#include <leat/link.h>
#include <leat/positions.h>

#include <poll.h>
#include <stdio.h>

#define N_FRAMES 480000u /* 10 s, sent as fast as there is room */

struct stream {
	struct leat_wire *wire; /* NULL until the consumer came */
	uint32_t n_sent;
	bool gone;
};

/* There is only one: this link never changes, and has one guest. */
static void wire_up(void *user, struct leat_wire *wire)
{
	((struct stream *)user)->wire = wire;
}

static void peer_gone(void *user, const char *text)
{
	printf("the consumer left: %s\n", text);
	((struct stream *)user)->gone = true;
}

/* Frames are planar: each channel has its own samples, side by side. */
static void fill(void *user, const struct leat_frames_room *room)
{
	struct stream *stream = user;
	float *left = leat_frames_room_plane(room, 0);
	float *right = leat_frames_room_plane(room, 1);

	for (uint32_t i = 0; i < room->n_frames; i++) {
		left[i] = (float)stream->n_sent++;
		right[i] = -left[i];
	}
}

int main(int argc, char **argv)
{
	const struct leat_link_events events = { .wire_up = wire_up,
						 .peer_gone = peer_gone };
	struct leat_link_spec spec = { .rate_hz = 48000,
				       .period = 256,
				       .n_channels = { 2, 0 }, /* one way */
				       .capacity = 4096 };
	struct stream stream = { .wire = NULL };
	struct leat_error error;
	struct leat_host *host;

	snprintf(spec.link_name, sizeof(spec.link_name), "%s",
		 argc > 1 ? argv[1] : "example");
	leat_positions_default(spec.position[LEAT_TO_PIPEWIRE], 2);
	if (leat_host_create(&host, &spec, &events, &stream, &error) < 0) {
		fprintf(stderr, "producer: %s\n", error.text);
		return 1;
	}
	while (!stream.gone) {
		struct pollfd pfd = { leat_host_fd(host), POLLIN, 0 };

		if (poll(&pfd, 1, 1) > 0)
			leat_host_dispatch(host);
		if (stream.wire)
			leat_frames_send(stream.wire->out,
					 N_FRAMES - stream.n_sent, fill,
					 &stream);
	}
	leat_wire_destroy(stream.wire);
	leat_host_destroy(host);
	return stream.n_sent == N_FRAMES ? 0 : 1;
}
