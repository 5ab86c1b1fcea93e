/* SPDX-License-Identifier: MIT */
#include <leat/fdring.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

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
			n = recv(signal->fd, sink, sizeof(sink), MSG_DONTWAIT);
		else
			n = read(signal->fd, sink, sizeof(sink));
		if (n <= 0 ||
		    (!signal->in_packets && n < (ssize_t)sizeof(sink)))
			break;
	}
	errno = saved;
}
