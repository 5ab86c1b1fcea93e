/* SPDX-License-Identifier: MIT */
#include "foe.h"

#include "unit/helpers.h"

#include <leat/inline/atomics.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* How long an answer may take. */
#define ANSWER_MS 5000

/* ---- packets ---- */

int foe_send(int fd, const void *bytes, size_t n_bytes, const int *fds,
	     unsigned n_fds)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * FOE_FDS_MAX)];
	} control = { .bytes = { 0 } };
	char *data = (char *)(uintptr_t)bytes;
	struct iovec iov = { data, n_bytes };
	struct msghdr header = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (n_fds > 0) {
		header.msg_control = &control;
		header.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_RIGHTS;
		control.align.cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
		memcpy(CMSG_DATA(&control.align), fds, sizeof(int) * n_fds);
	}
	return sendmsg(fd, &header, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno
								     : 0;
}

int foe_hear(int fd, struct leat_message *message, int fds[LEAT_PROTO_FDS_MAX])
{
	for (unsigned i = 0; i < LEAT_PROTO_FDS_MAX; i++)
		fds[i] = -1;
	if (!unit_readable(fd, ANSWER_MS))
		return -ETIMEDOUT;
	return leat_message_recv(fd, message, fds);
}

void foe_close(const int *fds, unsigned n_fds)
{
	for (unsigned i = 0; i < n_fds; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

bool foe_is_dropped(int fd)
{
	struct leat_message message;
	int fds[LEAT_PROTO_FDS_MAX], res;

	do {
		res = foe_hear(fd, &message, fds);
		foe_close(fds, LEAT_PROTO_FDS_MAX);
	} while (res == 0);
	return res == -EPIPE;
}

bool foe_is_told(int fd, const char *word)
{
	struct leat_message message;
	int fds[LEAT_PROTO_FDS_MAX];
	bool told = false;
	int res;

	do {
		res = foe_hear(fd, &message, fds);
		foe_close(fds, LEAT_PROTO_FDS_MAX);
		told = told || (res == 0 && message.type == LEAT_MESSAGE_BYE &&
				strstr(message.body.bye.text, word));
	} while (res == 0);
	return told && res == -EPIPE;
}

/* ---- memory ---- */

bool foe_memory_make(struct foe_memory *memory, size_t size_bytes,
		     unsigned memfd_flags)
{
	memory->size_bytes = size_bytes;
	memory->addr = MAP_FAILED;
	memory->fd = memfd_create("foe", MFD_CLOEXEC | MFD_ALLOW_SEALING |
						 memfd_flags);
	if (memory->fd >= 0 && ftruncate(memory->fd, (off_t)size_bytes) == 0)
		memory->addr = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE,
				    MAP_SHARED, memory->fd, 0);
	return memory->addr != MAP_FAILED;
}

bool foe_memory_seal(const struct foe_memory *memory, int seals)
{
	return fcntl(memory->fd, F_ADD_SEALS, seals) == 0;
}

void foe_memory_free(struct foe_memory *memory)
{
	if (memory->addr && memory->addr != MAP_FAILED)
		munmap(memory->addr, memory->size_bytes);
	if (memory->addr && memory->fd >= 0)
		close(memory->fd);
	memset(memory, 0, sizeof(*memory));
}

/* ---- kinds ---- */

static int open_file(void)
{
	char path[] = "/tmp/leat-hostile-XXXXXX";
	int fd = mkostemp(path, O_CLOEXEC);

	if (fd >= 0) {
		unlink(path);
		(void)!ftruncate(fd, 4096);
	}
	return fd;
}

static int open_directory(void)
{
	return open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int open_path(void)
{
	return open("/etc/passwd", O_PATH | O_CLOEXEC);
}

static int open_pipe(void)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -1;
	close(fds[1]);
	return fds[0];
}

static int open_eventfd(void)
{
	return eventfd(0, EFD_CLOEXEC);
}

static int open_epoll(void)
{
	return epoll_create1(EPOLL_CLOEXEC);
}

static int open_stream(void)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return -1;
	close(fds[1]);
	return fds[0];
}

static int open_datagram(void)
{
	return socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

static int open_internet(void)
{
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static int open_terminal(void)
{
	return open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
}

static int open_null(void)
{
	return open("/dev/null", O_RDWR | O_CLOEXEC);
}

static int open_zero(void)
{
	return open("/dev/zero", O_RDWR | O_CLOEXEC);
}

static int open_unsealed(void)
{
	int fd = memfd_create("foe", MFD_CLOEXEC);

	(void)!ftruncate(fd, 4096);
	return fd;
}

/* Of huge pages that are not even there. */
static int open_huge(void)
{
	struct foe_memory memory;
	int fd;

	fd = memfd_create("foe", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_HUGETLB);
	if (fd < 0 || ftruncate(fd, 2 << 20) < 0)
		return fd;
	memory.fd = fd;
	(void)foe_memory_seal(&memory, FOE_SEALS);
	return fd;
}

const struct foe_kind foe_kinds[] = {
	{ "file", open_file },	       { "directory", open_directory },
	{ "path", open_path },	       { "pipe", open_pipe },
	{ "eventfd", open_eventfd },   { "epoll", open_epoll },
	{ "stream", open_stream },     { "datagrams", open_datagram },
	{ "internet", open_internet }, { "terminal", open_terminal },
	{ "/dev/null", open_null },    { "/dev/zero", open_zero },
	{ "unsealed", open_unsealed }, { "huge pages", open_huge },
};

const unsigned foe_n_kinds = sizeof(foe_kinds) / sizeof(foe_kinds[0]);

/* ---- parts ---- */

static void status_header(struct leat_part_header *header)
{
	memset(header, 0, sizeof(*header));
	header->magic = LEAT_PART_MAGIC;
	header->version = LEAT_PART_VERSION;
	header->kind = LEAT_PART_STATUS;
	header->total_bytes = 4096;
}

bool foe_make_status(struct foe *foe, int seals)
{
	if (!foe_memory_make(&foe->status, 4096, 0))
		return false;
	status_header(foe->status.addr);
	return foe_memory_seal(&foe->status, seals);
}

bool foe_make_parts(struct foe *foe, int seals)
{
	struct leat_frames_format out, in;

	leat_spec_format(&foe->spec, foe->out, &foe->wire, &out);
	leat_spec_format(&foe->spec, (enum leat_direction) !foe->out,
			 &foe->wire, &in);
	if (!foe_memory_make(&foe->producer,
			     leat_part_total_bytes(LEAT_PART_PRODUCER, &out),
			     0) ||
	    !foe_memory_make(&foe->consumer,
			     leat_part_total_bytes(LEAT_PART_CONSUMER, &in), 0))
		return false;
	leat_part_header_init(&foe_producer(foe)->header, LEAT_PART_PRODUCER,
			      &out);
	leat_ring_words_init(&foe_producer(foe)->words, foe->wire.first_index);
	leat_part_header_init(&foe_consumer(foe)->header, LEAT_PART_CONSUMER,
			      &in);
	leat_ring_words_init(&foe_consumer(foe)->words, foe->wire.first_index);
	return seals == 0 || foe_seal_parts(foe, seals);
}

bool foe_seal_parts(struct foe *foe, int seals)
{
	return foe_memory_seal(&foe->producer, seals) &&
	       foe_memory_seal(&foe->consumer, seals);
}

void foe_init(struct foe *foe)
{
	memset(foe, 0, sizeof(*foe));
	for (unsigned i = 0; i < LEAT_PROTO_FDS_MAX; i++)
		foe->peer_fds[i] = -1;
	foe->fd = foe->signal_fd = foe->given_fd = -1;
	foe->listener.fd = foe->listener.lock_fd = -1;
	foe->listener.spare_fd = -1;
}

/* ---- as a guest ---- */

bool foe_connect(struct foe *foe)
{
	foe_init(foe);
	foe->out = LEAT_TO_JACK;
	foe->fd = leat_connect(HONEST_LINK, NULL);
	/* The few that may wait are taken in before long. */
	for (int i = 0; i < 1000 && foe->fd == -EAGAIN; i++) {
		usleep(1000);
		foe->fd = leat_connect(HONEST_LINK, NULL);
	}
	return foe->fd >= 0;
}

bool foe_hello(struct foe *foe)
{
	struct leat_message message;
	int none[LEAT_PROTO_FDS_MAX];

	if (!foe->status.addr && !foe_make_status(foe, FOE_SEALS))
		return false;
	leat_message_init(&message, LEAT_MESSAGE_HELLO);
	message.body.hello.role = LEAT_ROLE_PIPEWIRE;
	if (leat_message_send(foe->fd, &message, &foe->status.fd, 1) < 0 ||
	    foe_hear(foe->fd, &message, none) < 0 ||
	    message.type != LEAT_MESSAGE_SPEC ||
	    leat_spec_unpack(&foe->spec, &message.body.spec) < 0 ||
	    foe_hear(foe->fd, &message, foe->peer_fds) < 0 ||
	    message.type != LEAT_MESSAGE_OFFER)
		return false;
	foe->wire = message.body.wire;
	return true;
}

static bool make_signal(struct foe *foe)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return false;
	foe->signal_fd = pair[0];
	foe->given_fd = pair[1];
	return true;
}

static bool say_wire(struct foe *foe, enum leat_message_type type,
		     const int *fds, uint32_t n_fds)
{
	struct leat_message message;

	leat_message_init(&message, type);
	message.body.wire = foe->wire;
	return leat_message_send(foe->fd, &message, fds, n_fds) == 0;
}

bool foe_accept(struct foe *foe)
{
	if (foe->given_fd < 0 && !make_signal(foe))
		return false;
	return say_wire(
		foe, LEAT_MESSAGE_ACCEPT,
		(int[]){ foe->consumer.fd, foe->producer.fd, foe->given_fd },
		3);
}

bool foe_join(struct foe *foe)
{
	return foe_connect(foe) && foe_hello(foe) &&
	       foe_make_parts(foe, FOE_SEALS) && foe_accept(foe);
}

/* ---- as a host ---- */

bool foe_listen(struct foe *foe)
{
	foe_init(foe);
	foe->out = LEAT_TO_PIPEWIRE;
	foe->spec = honest_spec();
	foe->wire.generation = 1;
	foe->wire.first_index = foe->spec.first_index;
	return leat_listen(&foe->listener, HONEST_LINK, NULL) == 0;
}

bool foe_meet(struct foe *foe)
{
	struct leat_message message;

	if (!unit_readable(foe->listener.fd, ANSWER_MS))
		return false;
	foe->fd = leat_accept(&foe->listener);
	return foe->fd >= 0 &&
	       foe_hear(foe->fd, &message, foe->peer_fds) == 0 &&
	       message.type == LEAT_MESSAGE_HELLO;
}

bool foe_say_spec(struct foe *foe, const struct leat_link_spec *spec)
{
	struct leat_message message;

	leat_message_init(&message, LEAT_MESSAGE_SPEC);
	leat_spec_pack(&message.body.spec, spec);
	return leat_message_send(foe->fd, &message, NULL, 0) == 0;
}

bool foe_offer(struct foe *foe)
{
	if (foe->given_fd < 0 && !make_signal(foe))
		return false;
	return say_wire(
		foe, LEAT_MESSAGE_OFFER,
		(int[]){ foe->producer.fd, foe->consumer.fd, foe->given_fd },
		3);
}

bool foe_taken(struct foe *foe)
{
	struct leat_message message;

	foe_close(foe->peer_fds, LEAT_PROTO_FDS_MAX);
	return foe_hear(foe->fd, &message, foe->peer_fds) == 0 &&
	       message.type == LEAT_MESSAGE_ACCEPT;
}

bool foe_host(struct foe *foe)
{
	return foe_meet(foe) && foe_say_spec(foe, &foe->spec) &&
	       foe_make_parts(foe, FOE_SEALS) && foe_offer(foe) &&
	       foe_taken(foe);
}

/* ---- the end ---- */

void foe_leave(struct foe *foe)
{
	foe_close(&foe->fd, 1);
	foe_close(foe->peer_fds, LEAT_PROTO_FDS_MAX);
	foe_close(&foe->signal_fd, 1);
	foe_close(&foe->given_fd, 1);
	for (unsigned i = 0; i < LEAT_PROTO_FDS_MAX; i++)
		foe->peer_fds[i] = -1;
	foe->fd = foe->signal_fd = foe->given_fd = -1;
	foe_memory_free(&foe->status);
	foe_memory_free(&foe->producer);
	foe_memory_free(&foe->consumer);
}

void foe_finish(struct foe *foe)
{
	foe_leave(foe);
	leat_listener_finish(&foe->listener);
}

/* ---- values ---- */

uint64_t foe_value(unsigned i, uint64_t right, unsigned n_bits)
{
	static uint64_t state = 88172645463325252u;
	uint64_t sign = UINT64_C(1) << (n_bits - 1);
	uint64_t all = sign | (sign - 1);
	const uint64_t values[] = {
		0,	   1,	       all,	  right + 1,
		right - 1, right ^ 3,  sign,	  sign | right,
		sign - 1,  right << 1, right / 2, 0,
	};

	if (i < FOE_N_VALUES - 1)
		return values[i] & all;
	return ((uint64_t)unit_random(&state) << 32 | unit_random(&state)) &
	       all;
}
