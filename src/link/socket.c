/* SPDX-License-Identifier: MIT */
#include "socket.h"

#include "rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* Connections that wait to be accepted. */
#define BACKLOG 16

/* ---- who listens ---- */

static int lock_path(char *path, size_t path_bytes,
		     const struct sockaddr_un *address)
{
	const char *name = strrchr(address->sun_path, '/') + 1;
	/* No link's name begins with a dot. */
	int n = snprintf(path, path_bytes, "%.*s.%s.lock",
			 (int)(name - address->sun_path), address->sun_path,
			 name);

	return n < 0 || (size_t)n >= path_bytes ? -ENAMETOOLONG : 0;
}

/*
 * Whoever held the lock may have removed it since we opened it: then -EAGAIN.
 */
static int still_there(int fd, const char *path)
{
	struct stat ours, there;

	if (fstat(fd, &ours) < 0)
		return -errno;
	if (stat(path, &there) < 0)
		return errno == ENOENT ? -EAGAIN : -errno;
	return ours.st_dev == there.st_dev && ours.st_ino == there.st_ino
		       ? 0
		       : -EAGAIN;
}

/* Somebody holds the lock that fd is of: who? Closes fd. */
static int say_taken(int fd, const char *link_name, struct leat_error *error)
{
	char holder[16] = "?";
	ssize_t n = read(fd, holder, sizeof(holder) - 1);

	if (n > 0)
		holder[strcspn(holder, "\n")] = 0;
	close(fd);
	return leat_error_set(error, -EADDRINUSE,
			      "the link '%s' is already bridged by process %s: "
			      "stop that one or choose another link name",
			      link_name, holder);
}

static int open_lock(const char *path, struct leat_error *error)
{
	int fd;

	do
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
			  0600);
	while (fd < 0 && errno == EINTR);
	if (fd >= 0)
		return fd;
	return leat_error_set(error, -errno, "cannot open %s: %s", path,
			      leat_errno_text(errno));
}

/* Say what errno is about. Closes fd. */
static int give_up_lock(int fd, const char *what, const char *path,
			struct leat_error *error)
{
	int res = -errno;

	close(fd);
	return leat_error_set(error, res, "cannot %s %s: %s", what, path,
			      leat_errno_text(res));
}

/*
 * A lock, held as long as the process lives, says who hosts a link; so a
 * socket left behind by a crash can be told from one in use.
 */
static int take_lock(const char *path, const char *link_name,
		     struct leat_error *error)
{
	int fd, res;

	do {
		fd = open_lock(path, error);
		if (fd < 0)
			return fd;
		if (flock(fd, LOCK_EX | LOCK_NB) < 0)
			return errno == EWOULDBLOCK
				       ? say_taken(fd, link_name, error)
				       : give_up_lock(fd, "lock", path, error);
		res = still_there(fd, path);
		if (res == -EAGAIN)
			close(fd);
	} while (res == -EAGAIN);
	errno = -res;
	if (res < 0)
		return give_up_lock(fd, "look at", path, error);
	if (ftruncate(fd, 0) == 0 && dprintf(fd, "%d\n", (int)getpid()) > 0)
		return fd;
	res = errno;
	/* It is ours: nobody else has it, or will take it for one in use. */
	unlink(path);
	errno = res;
	return give_up_lock(fd, "write", path, error);
}

static int bind_socket(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
			0);
	int res;

	if (fd < 0)
		return -errno;
	if ((unlink(address->sun_path) < 0 && errno != ENOENT) ||
	    bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0) {
		res = -errno;
		close(fd);
		return res;
	}
	if (listen(fd, BACKLOG) == 0)
		return fd;
	res = -errno;
	unlink(address->sun_path);
	close(fd);
	return res;
}

static void take_spare(struct leat_listener *listener)
{
	listener->spare_fd = fcntl(listener->fd, F_DUPFD_CLOEXEC, 0);
}

int leat_listen(struct leat_listener *listener, const char *link_name,
		struct leat_error *error)
{
	char path[sizeof(listener->address.sun_path) + 8];
	int res = leat_link_address(&listener->address, link_name, true, error);

	listener->fd = -1;
	listener->lock_fd = -1;
	listener->spare_fd = -1;
	if (res < 0)
		return res;
	res = lock_path(path, sizeof(path), &listener->address);
	if (res < 0)
		return leat_error_set(error, res,
				      "the path of the link's lock is too "
				      "long: set XDG_RUNTIME_DIR to a shorter "
				      "path");
	listener->lock_fd = take_lock(path, link_name, error);
	if (listener->lock_fd < 0)
		return listener->lock_fd;
	listener->fd = bind_socket(&listener->address);
	if (listener->fd < 0) {
		res = listener->fd;
		leat_listener_finish(listener);
		return leat_error_set(error, res, "cannot listen on %s: %s",
				      listener->address.sun_path,
				      leat_errno_text(res));
	}
	take_spare(listener);
	return 0;
}

void leat_listener_finish(struct leat_listener *listener)
{
	char path[sizeof(listener->address.sun_path) + 8];

	if (listener->fd >= 0) {
		close(listener->fd);
		unlink(listener->address.sun_path);
	}
	/* Unlinked while it is locked: no other process can hold this name. */
	if (listener->lock_fd >= 0) {
		if (lock_path(path, sizeof(path), &listener->address) == 0)
			unlink(path);
		close(listener->lock_fd);
	}
	if (listener->spare_fd >= 0)
		close(listener->spare_fd);
	listener->fd = -1;
	listener->lock_fd = -1;
	listener->spare_fd = -1;
}

static int accept_next(const struct leat_listener *listener)
{
	int fd =
		accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	return fd < 0 ? -errno : fd;
}

/* Take it from the queue with the spare descriptor, and close it. */
static void turn_away(struct leat_listener *listener)
{
	int fd;

	close(listener->spare_fd);
	fd = accept_next(listener);
	if (fd >= 0)
		close(fd);
	take_spare(listener);
}

/* It stays in the queue, which stays readable: its owner is not to spin. */
static void rest(void)
{
	const struct timespec pause = { .tv_nsec = LEAT_ACCEPT_PAUSE_NS };

	nanosleep(&pause, NULL);
}

int leat_accept(struct leat_listener *listener)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);
	int fd = accept_next(listener), res = 0;

	if ((fd == -EMFILE || fd == -ENFILE) && listener->spare_fd >= 0)
		turn_away(listener);
	else if (fd < 0 && fd != -EAGAIN && fd != -ECONNABORTED)
		rest();
	if (fd < 0)
		return fd;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		res = -errno;
	else if (peer.uid != geteuid())
		res = -EPERM;
	if (res == 0)
		return fd;
	close(fd);
	return res;
}

int leat_connect(const char *link_name, struct leat_error *error)
{
	struct sockaddr_un address;
	struct ucred peer;
	socklen_t size = sizeof(peer);
	int fd, res = leat_link_address(&address, link_name, false, error);

	if (res < 0)
		return res;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return leat_error_set(error, -errno, "cannot make a socket: %s",
				      leat_errno_text(errno));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		/* A socket nobody listens on is what a crash leaves behind. */
		res = errno == ECONNREFUSED ? -ENOENT : -errno;
		leat_error_set(error, res, "cannot connect to %s: %s",
			       address.sun_path, leat_errno_text(errno));
		close(fd);
		return res;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0) {
		res = leat_error_set(error, -errno,
				     "cannot see whose the link at %s is: %s",
				     address.sun_path, leat_errno_text(errno));
		close(fd);
		return res;
	}
	if (peer.uid != geteuid()) {
		close(fd);
		return leat_error_set(error, -EPERM,
				      "the link at %s belongs to another user",
				      address.sun_path);
	}
	return fd;
}

int leat_peer_pidfd(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return -1;
	return (int)syscall(SYS_pidfd_open, peer.pid, 0);
}

bool leat_is_signal(int fd)
{
	int domain, type;
	socklen_t domain_size = sizeof(domain), type_size = sizeof(type);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &domain_size) ==
		       0 &&
	       getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_size) == 0 &&
	       domain == AF_UNIX && type == SOCK_STREAM;
}

const char *leat_gone_text(struct leat_error *error, int res)
{
	switch (res) {
	case -EPIPE:
		return "";
	case -EPROTO:
	case -ENOTSUP:
		return "it broke the link's protocol";
	default:
		leat_error_set(error, res,
			       "setting up the link's memory and signals "
			       "failed: %s",
			       leat_errno_text(res));
		return error->text;
	}
}

/* ---- messages ---- */

union fd_control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int) * LEAT_PROTO_FDS_MAX)];
};

int leat_message_send(int fd, struct leat_message *message, const int *fds,
		      uint32_t n_fds)
{
	union fd_control control = { 0 };
	struct iovec iov = { message, sizeof(*message) };
	struct msghdr header = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	message->n_fds = n_fds;
	if (n_fds > 0) {
		struct cmsghdr *cmsg = &control.align;

		header.msg_control = control.bytes;
		header.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
		memcpy(CMSG_DATA(cmsg), fds, sizeof(int) * n_fds);
	}
	do
		n = sendmsg(fd, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

/* The kernel closes what has no room, and says so (MSG_CTRUNC). */
_Static_assert(CMSG_SPACE(sizeof(int) * LEAT_PROTO_FDS_MAX) ==
		       CMSG_LEN(sizeof(int) * LEAT_PROTO_FDS_MAX),
	       "there is room for more descriptors than we take");

/* Take the descriptors out. */
static uint32_t take_fds(struct msghdr *header, int *fds)
{
	uint32_t n_fds = 0;

	for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(header); cmsg;
	     cmsg = CMSG_NXTHDR(header, cmsg)) {
		const unsigned char *data = CMSG_DATA(cmsg);
		size_t n;

		if (cmsg->cmsg_level != SOL_SOCKET ||
		    cmsg->cmsg_type != SCM_RIGHTS)
			continue;
		n = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n && n_fds < LEAT_PROTO_FDS_MAX; i++) {
			memcpy(&fds[n_fds], data + i * sizeof(int),
			       sizeof(fds[n_fds]));
			n_fds++;
		}
	}
	return n_fds;
}

static void close_fds(const int *fds, uint32_t n_fds)
{
	for (uint32_t i = 0; i < n_fds; i++)
		close(fds[i]);
}

int leat_message_recv(int fd, struct leat_message *message,
		      int fds[LEAT_PROTO_FDS_MAX])
{
	union fd_control control = { 0 };
	struct iovec iov = { message, sizeof(*message) };
	struct msghdr header = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	uint32_t n_fds;
	ssize_t n;
	int res;

	/*
	 * A peer that left without reading all is told of once, and before
	 * what it sent last, which is its reason.
	 */
	do
		n = recvmsg(fd, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (n < 0 && (errno == EINTR || errno == ECONNRESET));
	if (n < 0)
		return -errno;
	n_fds = take_fds(&header, fds);
	if (n == 0 && n_fds == 0)
		return -EPIPE;
	/* There was room for them in the message, but not in our table. */
	if (header.msg_flags & MSG_CTRUNC && n_fds < LEAT_PROTO_FDS_MAX)
		res = -EMFILE;
	else if (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
		res = -EPROTO;
	else
		res = leat_message_check(message, (size_t)n, n_fds);
	if (res < 0)
		close_fds(fds, n_fds);
	return res;
}
