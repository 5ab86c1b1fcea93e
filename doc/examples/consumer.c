/* SPDX-License-Identifier: MIT */
/* Joins the link of producer.c and checks its ramp: consumer [LINK]. */
#include <leat/link.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>

#define N_FRAMES 480000u

struct stream {
	struct leat_wire *wire; /* NULL, and then the only one made */
	uint32_t rate_hz, n_good;
};

static void spec(void *user, const struct leat_link_spec *offered)
{
	((struct stream *)user)->rate_hz = offered->rate_hz;
}

static void wire_up(void *user, struct leat_wire *wire)
{
	((struct stream *)user)->wire = wire;
}

static void peer_gone(void *user, const char *text)
{
	(void)user;
	printf("the producer left: %s\n", text);
}

static void check(void *user, const struct leat_frames_view *view)
{
	const float *left = leat_frames_view_plane(view, 0);
	const float *right = leat_frames_view_plane(view, 1);
	uint32_t *n_good = &((struct stream *)user)->n_good;

	for (uint32_t i = 0; i < view->n_frames; i++)
		*n_good += left[i] == (float)*n_good && right[i] == -left[i];
}

/* Read what is there; what comes after that can be polled for. */
static int receive(struct stream *stream)
{
	struct leat_wire *wire = stream->wire;

	while (wire && leat_frames_prepare_wait(wire->in, 1) &&
	       leat_frames_recv(wire->in, N_FRAMES, check, stream) > 0)
		;
	return wire ? leat_frames_wait_fd(wire->in) : -1;
}

int main(int argc, char **argv)
{
	const struct leat_link_events events = { .spec = spec,
						 .wire_up = wire_up,
						 .peer_gone = peer_gone };
	struct stream stream = { .wire = NULL };
	struct leat_error error;
	struct leat_guest *guest;
	int res = leat_guest_create(&guest, argc > 1 ? argv[1] : "example",
				    &events, &stream, &error);

	while (res == 0 && (res = leat_guest_connect(guest, &error)) == -ENOENT)
		res = poll(NULL, 0, 10); /* it may not be there yet */
	if (res < 0)
		fprintf(stderr, "consumer: %s\n", error.text);
	while (res == 0 && leat_guest_connected(guest)) {
		struct pollfd fds[2] = { { leat_guest_fd(guest), POLLIN, 0 },
					 { receive(&stream), POLLIN, 0 } };

		if (stream.n_good == N_FRAMES)
			leat_guest_leave(guest, "it has what it wanted");
		else if (poll(fds, 2, -1) > 0)
			leat_guest_dispatch(guest);
	}
	printf("%u good frames at %u Hz\n", stream.n_good, stream.rate_hz);
	leat_wire_destroy(stream.wire);
	leat_guest_destroy(guest);
	return stream.n_good == N_FRAMES ? 0 : 1;
}
