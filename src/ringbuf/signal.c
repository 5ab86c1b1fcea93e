/* SPDX-License-Identifier: MIT */
#include <leat/fdring.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/*
 * Linux 6.16; not where sockets have options of their own numbers. Whoever sends
 * descriptors to such a socket is told that it cannot.
 */
#if !defined(SO_PASSRIGHTS) && !defined(__hppa__) && !defined(__sparc__)
#define SO_PASSRIGHTS 83
#endif

static bool refuse_descriptors(int fd)
{
#ifdef SO_PASSRIGHTS
	const int no = 0;

	return setsockopt(fd, SOL_SOCKET, SO_PASSRIGHTS, &no, sizeof(no)) == 0;
#else
	(void)fd;
	return false;
#endif
}

static int socket_type(int fd)
{
	int type = -1;
	socklen_t size = sizeof(type);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0 ? -1
								     : type;
}

int leat_signal_init(struct leat_signal *signal, int fd)
{
	struct stat st;
	int flags;

	*signal = (struct leat_signal){ .fd = fd };
	if (fd < 0)
		return 0;
	if (fstat(fd, &st) < 0)
		return -errno;
	signal->is_socket = S_ISSOCK(st.st_mode);
	/* Each send on a socket says not to wait; others need the flag. */
	if (signal->is_socket) {
		signal->in_packets = socket_type(fd) != SOCK_STREAM;
		signal->may_bring_fds = !refuse_descriptors(fd);
		return 0;
	}
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	return 0;
}

bool leat_signal_raise(struct leat_signal *signal)
{
	/* Eight bytes of value 1: an eventfd insists, the others carry it. */
	const uint64_t one = 1;
	int saved = errno;
	bool again;
	ssize_t n;

	if (signal->fd < 0)
		return true;
	/* A full descriptor is one that is signalled already. */
	if (signal->is_socket)
		n = send(signal->fd, &one, sizeof(one),
			 MSG_DONTWAIT | MSG_NOSIGNAL);
	else
		n = write(signal->fd, &one, sizeof(one));
	signal->n_calls++;
	again = n < 0 &&
		(errno == ENOBUFS || errno == ENOMEM || errno == EINTR);
	signal->n_raised += n > 0;
	errno = saved;
	return !again;
}

/*
 * How much can be read without taking a descriptor in, which the kernel would
 * close on this thread: the last close of a file may wait for whatever is
 * behind it. 0: that comes next.
 */
static size_t plain_bytes(int fd, void *sink, size_t n_bytes) LEAT_RT
{
	struct iovec iov = { sink, n_bytes };
	struct msghdr header = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n = recvmsg(fd, &header, MSG_DONTWAIT | MSG_PEEK);

	if (header.msg_flags & MSG_CTRUNC)
		return 0;
	/* Nothing, or the end: that is for recv() to say. */
	return n > 0 ? (size_t)n : n_bytes;
}

/*
 * What a peer half closed, or what it put a descriptor in, would be readable
 * for ever: hung up, it is one that nobody polls any more.
 */
static ssize_t receive(const struct leat_signal *signal, void *sink,
		       size_t n_bytes) LEAT_RT
{
	size_t n_plain = n_bytes;
	ssize_t n = 0;

	if (signal->may_bring_fds)
		n_plain = plain_bytes(signal->fd, sink, n_bytes);
	if (n_plain > 0)
		n = recv(signal->fd, sink, n_plain, MSG_DONTWAIT);
	if (n == 0 && (n_plain == 0 || !signal->in_packets))
		(void)shutdown(signal->fd, SHUT_RDWR);
	return n;
}

void leat_signal_clear(struct leat_signal *signal)
{
	uint64_t sink[32];
	int saved = errno;
	ssize_t n;

	if (signal->fd < 0)
		return;
	/*
	 * A short read means empty, but that packets are read one by one.
	 * Bounded, as the peer may keep writing.
	 */
	for (int i = 0; i < 64; i++) {
		if (signal->is_socket)
			n = receive(signal, sink, sizeof(sink));
		else
			n = read(signal->fd, sink, sizeof(sink));
		if (n <= 0 ||
		    (!signal->in_packets && n < (ssize_t)sizeof(sink)))
			break;
	}
	errno = saved;
}
