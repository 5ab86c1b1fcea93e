/* SPDX-License-Identifier: MIT */
/*
 * A host, a guest or a tap of a link, and at the other end of its real socket a peer
 * that connects, says and hangs up what and when it likes. Whatever it does,
 * nothing is left of it, and what comes of it can be used.
 */
#include "peer.h"

#include "link/socket.h"

#include <leat/link.h>
#include <leat/tap.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define N_CONNECTIONS 3

/* The library's side, and its peer. */
struct meeting {
	struct leat_host *host;	  /* or */
	struct leat_guest *guest; /* or */
	struct leat_tap *tap;	  /* or NULL, until it is opened */
	bool taps;
	enum leat_direction tap_direction;
	struct leat_listener *listener; /* the peer's, for the last two */
	struct leat_wire *wire;
	bool have_spec;
	struct peer peer;
	int fd[N_CONNECTIONS]; /* the peer's ends, or -1 */
};

/* ---- what the library tells ---- */

static void on_spec(void *user, const struct leat_link_spec *spec)
{
	struct meeting *meeting = user;

	MUST(meeting->guest);
	MUST(leat_spec_check(spec) == 0);
	MUST(strcmp(spec->link_name, PEER_LINK) == 0);
	meeting->have_spec = true;
}

static void fill_room(void *user, const struct leat_frames_room *room)
{
	(void)user;
	for (uint32_t c = 0; c < room->n_channels; c++)
		memset(leat_frames_room_plane(room, c), 1,
		       room->n_frames * sizeof(float));
}

static void read_view(void *user, const struct leat_frames_view *view)
{
	float *sum = user;

	for (uint32_t c = 0; c < view->n_channels; c++)
		for (uint32_t i = 0; i < view->n_frames; i++)
			*sum += leat_frames_view_plane(view, c)[i];
}

/* Only a socket can be read from, and each time without waiting. */
static bool can_wait_on(int fd)
{
	socklen_t size = sizeof(int);
	int type;

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0;
}

static void on_wire_up(void *user, struct leat_wire *wire)
{
	struct meeting *meeting = user;
	float sum = 0;

	MUST(wire && wire->in && wire->out);
	MUST(!meeting->guest || meeting->have_spec);
	MUST(!meeting->guest || can_wait_on(leat_frames_wait_fd(wire->in)));
	leat_wire_destroy(meeting->wire);
	meeting->wire = wire;
	(void)leat_frames_send(wire->out, 100, fill_room, NULL);
	(void)leat_frames_recv(wire->in, 100, read_view, &sum);
	(void)leat_frames_prepare_wait(wire->in, 1);
}

static void on_peer_gone(void *user, const char *text)
{
	struct meeting *meeting = user;

	MUST(strnlen(text, 384) < 384);
	/* A host that sent its guest away hears its own words. */
	MUST(!meeting->guest || !strchr(text, '\n'));
	MUST(!meeting->guest || !leat_guest_connected(meeting->guest));
	meeting->have_spec = false;
}

/* What is very large takes too long to be done often. */
static void on_room(void *user, uint32_t capacity)
{
	struct meeting *meeting = user;
	struct leat_link_spec spec = meeting->peer.spec;

	MUST(meeting->host);
	MUST(capacity > spec.capacity && capacity <= 1u << 20);
	MUST((capacity & (capacity - 1)) == 0);
	spec.capacity = capacity;
	MUST(leat_spec_check(&spec) == 0);
	if (capacity > 4096)
		return;
	leat_host_update(meeting->host, &spec);
	meeting->peer.spec = spec;
}

/* Ten seconds at most. */
static void on_latency(void *user, const struct leat_link_latency *latency)
{
	struct meeting *meeting = user;
	/* A host's rate is its own, a guest's is what it was told. */
	uint32_t most = meeting->host ? 480030 : 7680000;

	MUST(!meeting->guest || meeting->have_spec);
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		MUST(latency->beyond[d].min <= latency->beyond[d].max);
		MUST(latency->beyond[d].max <= most);
		MUST(latency->added[d] <= most ||
		     latency->added[d] == UINT32_MAX);
	}
}

static const struct leat_link_events events = {
	.spec = on_spec,
	.wire_up = on_wire_up,
	.peer_gone = on_peer_gone,
	.room = on_room,
	.latency = on_latency,
};

/* ---- what the peer does ---- */

/* Connect to the host, or have the guest connect. */
static void join(struct meeting *meeting, int *fd)
{
	if (*fd >= 0)
		close(*fd);
	if (meeting->host) {
		*fd = leat_connect(PEER_LINK, NULL);
		return;
	}
	if (meeting->taps) {
		leat_tap_close(meeting->tap);
		MUST(leat_tap_open(&meeting->tap, PEER_LINK,
				   meeting->tap_direction, NULL, NULL) == 0);
	} else {
		MUST(leat_guest_connect(meeting->guest, NULL) == 0);
	}
	meeting->have_spec = false;
	*fd = leat_accept(meeting->listener);
	MUST(*fd >= 0);
}

static void read_tap(struct leat_tap *tap, uint64_t n_frames)
{
	struct leat_frames_view views[2];
	uint32_t n = leat_tap_begin(tap, (uint32_t)n_frames, views);
	float sum = 0;

	MUST(n == views[0].n_frames + views[1].n_frames);
	read_view(&sum, &views[0]);
	read_view(&sum, &views[1]);
	MUST(leat_tap_end(tap, n) <= n);
}

static void dispatch_tap(struct leat_tap *tap)
{
	struct leat_tap_event event;

	for (int i = 0; i < 8; i++) {
		enum leat_tap_what what;

		(void)leat_tap_prepare_wait(tap);
		what = leat_tap_next(tap, &event);
		MUST(what == event.what && event.text);
		if (what == LEAT_TAP_NONE)
			return;
		if (what == LEAT_TAP_FRAMES)
			read_tap(tap, event.n_frames);
		if (what == LEAT_TAP_UP)
			MUST(leat_tap_format(tap)->n_channels <= 64);
		if (what == LEAT_TAP_DOWN)
			MUST(strnlen(event.text, 384) < 384 &&
			     !strchr(event.text, '\n'));
	}
}

static void dispatch(struct meeting *meeting)
{
	if (meeting->host)
		leat_host_dispatch(meeting->host);
	else if (meeting->guest)
		leat_guest_dispatch(meeting->guest);
	else if (meeting->tap)
		dispatch_tap(meeting->tap);
}

/* What the library's owner may do meanwhile. */
static void disturb(struct meeting *meeting, struct fuzz_input *input)
{
	char text[] = { (char)fuzz_u8(input), 'x', 0 };
	struct leat_link_latency latency = { .added = { 0 } };
	struct leat_link_spec spec;

	latency.beyond[0].min = fuzz_u8(input);
	latency.beyond[0].max = fuzz_u16(input);
	peer_change_spec(&spec, input);
	if (meeting->taps) {
		if (meeting->tap)
			(void)leat_tap_seek(meeting->tap, fuzz_u16(input));
	} else if (meeting->guest && fuzz_u8(input) % 2) {
		(void)!leat_guest_ask_room(meeting->guest, fuzz_u16(input));
	} else if (text[0] & 1 && meeting->guest) {
		leat_guest_set_latency(meeting->guest, &latency);
	} else if (text[0] & 1) {
		leat_host_set_latency(meeting->host, &latency);
	} else if (meeting->guest) {
		leat_guest_leave(meeting->guest, text);
		meeting->have_spec = false;
	} else if (fuzz_u8(input) % 4 == 0) {
		leat_host_dismiss(meeting->host, text);
	} else {
		leat_host_update(meeting->host, &spec);
		if (leat_spec_check(&spec) == 0)
			meeting->peer.spec = spec;
	}
}

static void operate(struct meeting *meeting, struct fuzz_input *input)
{
	unsigned what = fuzz_u8(input);
	int *fd = &meeting->fd[what / 16 % N_CONNECTIONS];

	switch (what % 16) {
	case 0:
		join(meeting, fd);
		break;
	case 1:
		if (*fd >= 0)
			close(*fd);
		*fd = -1;
		break;
	case 2:
		shutdown(*fd, SHUT_WR);
		break;
	case 3:
		disturb(meeting, input);
		break;
	case 4:
	case 5:
	case 6:
		if (*fd >= 0)
			peer_hear(&meeting->peer, *fd);
		break;
	case 7:
	case 8:
	case 9:
	case 10:
		dispatch(meeting);
		break;
	default:
		if (*fd >= 0)
			peer_say(&meeting->peer, *fd, input);
	}
}

/* ---- from beginning to end ---- */

static void open_meeting(struct meeting *meeting,
			 struct leat_listener *listener, unsigned what)
{
	bool host = what == 1;

	struct leat_error error;

	memset(meeting, 0, sizeof(*meeting));
	meeting->peer.spec = peer_spec();
	meeting->peer.generation = 1;
	meeting->peer.out = host ? LEAT_TO_JACK : LEAT_TO_PIPEWIRE;
	for (int i = 0; i < N_CONNECTIONS; i++)
		meeting->fd[i] = -1;
	if (host) {
		MUST(leat_host_create(&meeting->host, &meeting->peer.spec,
				      &events, meeting, &error) == 0);
		return;
	}
	MUST(leat_listen(listener, PEER_LINK, &error) == 0);
	meeting->listener = listener;
	meeting->taps = what > 1;
	meeting->tap_direction = what == 2 ? LEAT_TO_PIPEWIRE : LEAT_TO_JACK;
	if (meeting->taps)
		return;
	MUST(leat_guest_create(&meeting->guest, PEER_LINK, &events, meeting,
			       &error) == 0);
}

static void close_meeting(struct meeting *meeting)
{
	for (int i = 0; i < N_CONNECTIONS; i++)
		if (meeting->fd[i] >= 0)
			close(meeting->fd[i]);
	for (int i = 0; i < 4; i++)
		dispatch(meeting);
	leat_host_destroy(meeting->host);
	leat_guest_destroy(meeting->guest);
	leat_tap_close(meeting->tap);
	leat_wire_destroy(meeting->wire);
	if (meeting->listener)
		leat_listener_finish(meeting->listener);
}

static char rundir[80];

static void remove_rundir(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/leat", rundir);
	rmdir(path);
	rmdir(rundir);
}

/* A directory of its own: several may run at once. */
void fuzz_begin(void)
{
	const char *base = getenv("XDG_RUNTIME_DIR");

	snprintf(rundir, sizeof(rundir), "%s/XXXXXX", base ? base : "/tmp");
	MUST(mkdtemp(rundir) && setenv("XDG_RUNTIME_DIR", rundir, 1) == 0);
	atexit(remove_rundir);
}

/* Who is looked at, and what happens to it. */
void fuzz_one(struct fuzz_input *input)
{
	unsigned n_fds = fuzz_count_fds(); /* libFuzzer's come and go */
	struct leat_listener listener;
	struct meeting meeting;

	open_meeting(&meeting, &listener, fuzz_u8(input) % 4);
	for (int i = 0; i < 64 && input->left > 0; i++)
		operate(&meeting, input);
	close_meeting(&meeting);
	MUST(fuzz_count_fds() == n_fds);
}

/* ---- seeds ---- */

enum { JOIN = 0, HANG_UP = 1, DISTURB = 3, HEAR = 4, DISPATCH = 7, SAY = 11 };

static void put_say(struct fuzz_seed *seed, enum leat_message_type type)
{
	fuzz_put_u8(seed, SAY);
	peer_put_message(seed, type);
	fuzz_put_u8(seed, DISPATCH);
}

static void put_join(struct fuzz_seed *seed, unsigned what)
{
	fuzz_put_u8(seed, what);
	fuzz_put_u8(seed, JOIN);
	fuzz_put_u8(seed, DISPATCH);
}

static void put_host_seeds(struct fuzz_seed *seed)
{
	put_join(seed, true);
	put_say(seed, LEAT_MESSAGE_HELLO);
	fuzz_put_u8(seed, HEAR);
	put_say(seed, LEAT_MESSAGE_ACCEPT);
	put_say(seed, LEAT_MESSAGE_ACCEPT);
	put_say(seed, LEAT_MESSAGE_LATENCY);
	put_say(seed, LEAT_MESSAGE_LOAD);
	put_say(seed, LEAT_MESSAGE_LOAD);
	put_say(seed, LEAT_MESSAGE_BYE);
	fuzz_write_seed(seed, "host");
	put_join(seed, true);
	put_say(seed, LEAT_MESSAGE_HELLO);
	fuzz_put_u8(seed, DISTURB);
	fuzz_put(seed, (const uint8_t[]){ 10, 0, 0, 0, 1, 32, 1, 2, 0, 1 }, 10);
	fuzz_put_u8(seed, HEAR);
	put_say(seed, LEAT_MESSAGE_ACCEPT);
	put_say(seed, LEAT_MESSAGE_OFFER);
	fuzz_write_seed(seed, "host-new-generation");
	put_join(seed, true);
	put_say(seed, LEAT_MESSAGE_HELLO);
	put_say(seed, LEAT_MESSAGE_ROOM);
	fuzz_put_u8(seed, HEAR);
	put_say(seed, LEAT_MESSAGE_ACCEPT);
	put_say(seed, LEAT_MESSAGE_ROOM);
	fuzz_write_seed(seed, "host-room");
	put_join(seed, true);
	put_say(seed, LEAT_MESSAGE_HELLO);
	fuzz_put_u8(seed, SAY);
	/* 2^23 frames, more than there can be. */
	fuzz_put(seed, (const uint8_t[]){ LEAT_MESSAGE_ROOM - 1, 0, 23 }, 3);
	fuzz_put_u8(seed, DISPATCH);
	fuzz_write_seed(seed, "host-much-room");
}

static void put_guest_seeds(struct fuzz_seed *seed)
{
	put_join(seed, false);
	put_say(seed, LEAT_MESSAGE_SPEC);
	put_say(seed, LEAT_MESSAGE_OFFER);
	fuzz_put_u8(seed, HEAR);
	put_say(seed, LEAT_MESSAGE_LATENCY);
	put_say(seed, LEAT_MESSAGE_OFFER);
	put_say(seed, LEAT_MESSAGE_BYE);
	fuzz_write_seed(seed, "guest");
	/* What one host said is not true of the next. */
	put_join(seed, false);
	put_say(seed, LEAT_MESSAGE_SPEC);
	fuzz_put_u8(seed, JOIN);
	put_say(seed, LEAT_MESSAGE_OFFER);
	fuzz_write_seed(seed, "guest-again");
	put_join(seed, false);
	put_say(seed, LEAT_MESSAGE_STATUS);
	fuzz_put_u8(seed, JOIN);
	put_say(seed, LEAT_MESSAGE_SPEC);
	fuzz_put_u8(seed, SAY);
	/* More descriptors than there may be. */
	fuzz_put(seed, (const uint8_t[]){ LEAT_MESSAGE_OFFER - 1, 1, 5 }, 3);
	fuzz_put_u8(seed, DISPATCH);
	fuzz_write_seed(seed, "guest-too-many");
}

/* An offer whose descriptors can each be changed, with this signal. */
static void put_signal_seed(struct fuzz_seed *seed, unsigned kind,
			    const char *name)
{
	put_join(seed, false);
	put_say(seed, LEAT_MESSAGE_SPEC);
	fuzz_put_u8(seed, SAY);
	fuzz_put(seed, (const uint8_t[]){ LEAT_MESSAGE_OFFER - 1, 16 }, 2);
	fuzz_put(seed, (const uint8_t[]){ PEER_PRODUCER, PEER_CONSUMER }, 2);
	fuzz_put_u8(seed, kind);
	fuzz_put_u8(seed, DISPATCH);
	fuzz_write_seed(seed, name);
}

/* Taps of a host, and a host of taps. */
static void put_tap_seeds(struct fuzz_seed *seed)
{
	put_join(seed, 1);
	fuzz_put_u8(seed, SAY);
	fuzz_put(seed, (const uint8_t[]){ LEAT_MESSAGE_HELLO - 1, 32 }, 2);
	fuzz_put_u8(seed, DISPATCH);
	fuzz_put(seed, (const uint8_t[]){ JOIN + 16, DISPATCH, SAY + 16 }, 3);
	peer_put_message(seed, LEAT_MESSAGE_HELLO);
	fuzz_put(seed, (const uint8_t[]){ DISPATCH, HEAR + 16, SAY + 16 }, 3);
	peer_put_message(seed, LEAT_MESSAGE_ACCEPT);
	fuzz_put(seed, (const uint8_t[]){ DISPATCH, HEAR }, 2);
	put_say(seed, LEAT_MESSAGE_HELLO);
	fuzz_write_seed(seed, "host-tap");
	for (unsigned what = 2; what < 4; what++) {
		put_join(seed, what);
		put_say(seed, LEAT_MESSAGE_TAP);
		put_say(seed, LEAT_MESSAGE_TAP);
		put_say(seed, LEAT_MESSAGE_BYE);
		fuzz_write_seed(seed, what == 2 ? "tap" : "tap-to-jack");
	}
}

void fuzz_seeds(void)
{
	struct fuzz_seed seed = { .n_bytes = 0 };

	put_tap_seeds(&seed);

	put_signal_seed(&seed, PEER_SIGNAL, "guest-signal");
	put_signal_seed(&seed, PEER_EVENTFD, "guest-eventfd");
	put_host_seeds(&seed);
	put_guest_seeds(&seed);
}
