/* SPDX-License-Identifier: MIT */
#include "peer.h"

#include "link/load_part.h"
#include "link/side.h"
#include "link/socket.h"
#include "link/wire.h"

#include <leat/positions.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* More than a message may bring. */
#define N_FDS_MAX 6u

struct leat_link_spec peer_spec(void)
{
	struct leat_link_spec spec = {
		.link_name = PEER_LINK,
		.rate_hz = 48000,
		.period = 32,
		.n_channels = { 2, 1 },
		.capacity = 64,
		.first_index = UINT64_MAX - 100,
		.jack_alive = true,
	};

	for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
		leat_positions_default(spec.position[d], spec.n_channels[d]);
	return spec;
}

void peer_change_spec(struct leat_link_spec *spec, struct fuzz_input *input)
{
	*spec = peer_spec();
	spec->rate_hz += fuzz_u8(input) % 4;
	spec->period = fuzz_u8(input) % 64;
	spec->capacity = 64u << fuzz_u8(input) % 3;
	spec->n_channels[0] = fuzz_u8(input) % 4;
	spec->ring_flags[1] = fuzz_u8(input) % 8;
}

/* ---- descriptors ---- */

/* Parts as they should be: of one half of a wire. */
static int part_fd(const struct peer *peer, enum leat_direction out,
		   bool of_producer)
{
	struct leat_wire_message message = { peer->generation,
					     peer->spec.first_index };
	struct leat_wire *wire;
	int fd;

	if (leat_wire_create(&wire, &peer->spec, &message, out) < 0)
		return -1;
	fd = dup(of_producer ? leat_frames_producer_fd(wire->out)
			     : leat_frames_consumer_fd(wire->in));
	leat_wire_destroy(wire);
	return fd;
}

static int status_fd(void)
{
	struct leat_shm shm;
	int fd;

	MUST(leat_side_create(&shm) == 0);
	fd = dup(shm.fd);
	leat_shm_finish(&shm);
	return fd;
}

static int load_fd(void)
{
	struct leat_shm shm;
	int fd;

	MUST(leat_load_part_create(&shm) == 0);
	fd = dup(shm.fd);
	leat_shm_finish(&shm);
	return fd;
}

/* The other end is closed. */
static int one_of_a_pair(int type)
{
	int pair[2];

	MUST(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, pair) == 0);
	close(pair[0]);
	return pair[1];
}

static int make_fd(const struct peer *peer, unsigned kind, int own_fd)
{
	switch (kind) {
	case PEER_STATUS:
		return status_fd();
	case PEER_PRODUCER:
	case PEER_CONSUMER:
		return part_fd(peer, peer->out, kind == PEER_PRODUCER);
	case PEER_TO_PIPEWIRE:
	case PEER_TO_JACK:
		return part_fd(peer,
			       kind == PEER_TO_JACK ? LEAT_TO_JACK
						    : LEAT_TO_PIPEWIRE,
			       true);
	case PEER_SIGNAL:
		return one_of_a_pair(SOCK_STREAM);
	case PEER_DATAGRAMS:
		return one_of_a_pair(SOCK_DGRAM);
	case PEER_EVENTFD:
		return eventfd(0, EFD_CLOEXEC);
	case PEER_LOAD:
		return load_fd();
	case PEER_UNSEALED:
		return memfd_create("fuzz", MFD_CLOEXEC);
	default:
		return dup(own_fd);
	}
}

/* What a message of a type brings if it is right. */
static uint32_t right_kinds(enum leat_message_type type, uint8_t kinds[3])
{
	static const uint8_t none[3] = { 0 }, hello[3] = { PEER_STATUS };
	static const uint8_t offer[3] = { PEER_PRODUCER, PEER_CONSUMER,
					  PEER_SIGNAL };
	static const uint8_t accept[3] = { PEER_CONSUMER, PEER_PRODUCER,
					   PEER_SIGNAL };

	static const uint8_t tap[3] = { PEER_TO_PIPEWIRE, PEER_TO_JACK };
	static const uint8_t load[3] = { PEER_LOAD };

	switch (type) {
	case LEAT_MESSAGE_HELLO:
		memcpy(kinds, hello, 3);
		return 1;
	case LEAT_MESSAGE_OFFER:
		memcpy(kinds, offer, 3);
		return 3;
	case LEAT_MESSAGE_ACCEPT:
		memcpy(kinds, accept, 3);
		return 3;
	case LEAT_MESSAGE_TAP:
		memcpy(kinds, tap, 3);
		return 2;
	case LEAT_MESSAGE_LOAD:
		memcpy(kinds, load, 3);
		return 1;
	default:
		memcpy(kinds, none, 3);
		return type == LEAT_MESSAGE_STATUS;
	}
}

/* ---- packets ---- */

static void make_message(const struct peer *peer, struct leat_message *message,
			 enum leat_message_type type)
{
	const struct leat_wire_message wire = { peer->generation,
						peer->spec.first_index };

	leat_message_init(message, type);
	switch (type) {
	case LEAT_MESSAGE_TAP:
		leat_tap_pack(&message->body.tap, &peer->spec, &wire);
		break;
	case LEAT_MESSAGE_HELLO:
		message->body.hello.role = LEAT_ROLE_PIPEWIRE;
		message->body.hello.features = LEAT_FEATURE_LATENCY;
		break;
	case LEAT_MESSAGE_SPEC:
		leat_spec_pack(&message->body.spec, &peer->spec);
		message->body.spec.features = LEAT_FEATURE_LATENCY |
					      LEAT_FEATURE_LOAD;
		break;
	case LEAT_MESSAGE_LATENCY:
		message->body.latency.max[0] = 7680000;
		for (int d = 0; d < LEAT_N_DIRECTIONS; d++)
			message->body.latency.added[d] = LEAT_LATENCY_FOLLOW;
		break;
	case LEAT_MESSAGE_OFFER:
	case LEAT_MESSAGE_ACCEPT:
		message->body.wire.generation = peer->generation;
		message->body.wire.first_index = peer->spec.first_index;
		break;
	case LEAT_MESSAGE_BYE:
		strcpy(message->body.bye.text, "fuzz");
		break;
	default:
		break;
	}
}

static void spoil(struct leat_message *message, struct fuzz_input *input)
{
	uint8_t *bytes = (uint8_t *)message;

	for (unsigned n = fuzz_u8(input) % 8; n > 0; n--) {
		size_t offset = fuzz_u16(input) % sizeof(*message);

		bytes[offset] ^= fuzz_u8(input);
	}
}

/*
 * As leat_message_send(), with what that would not send: bytes and descriptors
 * in any number, and n_fds as it was.
 */
static void send_packet(int fd, void *bytes, size_t n_bytes, const int *fds,
			size_t n_fds)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * N_FDS_MAX)];
	} control = { .bytes = { 0 } };
	struct iovec iov = { bytes, n_bytes };
	struct msghdr header = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (n_fds > 0) {
		header.msg_control = &control;
		header.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_RIGHTS;
		control.align.cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
		memcpy(CMSG_DATA(&control.align), fds, sizeof(int) * n_fds);
	}
	/* It may have been closed, or be full: that is the library's right. */
	(void)sendmsg(fd, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void peer_say(const struct peer *peer, int fd, struct fuzz_input *input)
{
	enum leat_message_type type = 1 + fuzz_u8(input) % LEAT_MESSAGE_LOAD;
	struct {
		struct leat_message message;
		uint8_t more[64];
	} packet = { .more = { 0 } };
	unsigned flaws = fuzz_u8(input);
	size_t n_bytes = sizeof(packet.message);
	uint8_t kinds[3];
	int fds[N_FDS_MAX];
	uint32_t n_fds = right_kinds(type, kinds), n_right = n_fds;

	make_message(peer, &packet.message, type);
	if (type == LEAT_MESSAGE_ROOM)
		packet.message.body.room.n_frames = 1u << fuzz_u8(input) % 32;
	/* Not a flaw: a tap brings nothing. */
	if (flaws & 32 && type == LEAT_MESSAGE_HELLO) {
		packet.message.body.hello.role = LEAT_ROLE_TAP;
		n_fds = n_right = 0;
	}
	if (flaws & 1)
		n_fds = fuzz_u8(input) % (N_FDS_MAX + 1);
	packet.message.n_fds = flaws & 2 ? n_right : n_fds;
	if (flaws & 4)
		spoil(&packet.message, input);
	if (flaws & 8)
		n_bytes = fuzz_u16(input) % (sizeof(packet) + 1);
	for (uint32_t i = 0; i < n_fds; i++) {
		unsigned kind = i < n_right ? kinds[i] : 0;

		if (flaws & 16)
			kind = fuzz_u8(input) % N_PEER_KINDS;
		fds[i] = make_fd(peer, kind, fd);
		if (fds[i] < 0)
			fds[i] = dup(fd);
	}
	send_packet(fd, &packet, n_bytes, fds, n_fds);
	for (uint32_t i = 0; i < n_fds; i++)
		close(fds[i]);
}

void peer_hear(struct peer *peer, int fd)
{
	struct leat_message message;
	int fds[LEAT_PROTO_FDS_MAX], res;

	while ((res = leat_message_recv(fd, &message, fds)) == 0) {
		if (message.type == LEAT_MESSAGE_OFFER)
			peer->generation = message.body.wire.generation;
		for (uint32_t i = 0; i < message.n_fds; i++)
			close(fds[i]);
	}
	/* The library says nothing that it would not take. */
	MUST(res != -EPROTO && res != -ENOTSUP);
}

void peer_put_message(struct fuzz_seed *seed, enum leat_message_type type)
{
	fuzz_put_u8(seed, type - 1);
	fuzz_put_u8(seed, 0);
	/* Of 4096 frames. */
	if (type == LEAT_MESSAGE_ROOM)
		fuzz_put_u8(seed, 12);
}
