/* SPDX-License-Identifier: MIT */
/*
 * The same attacks on a naive ring, where each gets through: it ends its victim
 * by a signal, makes it read what is none of its own, or keeps it waiting.
 */
#include "foe.h"
#include "naive.h"

#include "unit/helpers.h"
#include "unit/runner.h"

#include <CUnit/CUnit.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What became of a victim. */
enum { FINE, ZEROS = 10, LOST, LEAKED, SPUN, NOT_HERE = 77 };

#ifdef __SANITIZE_ADDRESS__
#define SANITIZER_CODE 1
#else
#define SANITIZER_CODE 0
#endif

/* A victim that waits is woken by this. */
#define PATIENCE_S 1

static float samples[2 * NAIVE_FRAMES];

/* Both ends in one process: the victim reads what the foe does to the memory. */
struct pair {
	struct naive_ring victim, foe;
};

static bool open_pair(struct pair *pair)
{
	/* A sanitizer would take these for its own. */
	signal(SIGSEGV, SIG_DFL);
	signal(SIGBUS, SIG_DFL);
	if (!naive_create(&pair->foe) ||
	    !naive_attach(&pair->victim, dup(pair->foe.fd)))
		return false;
	for (unsigned i = 0; i < NAIVE_FRAMES; i++)
		samples[i] = 1;
	naive_write(&pair->foe, samples, NAIVE_FRAMES / 2);
	memset(samples, 0, sizeof(samples));
	return true;
}

/* So that the tests below fail for what they do. */
static int is_a_ring(void *user)
{
	struct pair pair;

	(void)user;
	if (!open_pair(&pair))
		return 1;
	for (int i = 0; i < 100; i++) {
		float in[100], out[100];

		memset(in, i, sizeof(in));
		if (naive_read(&pair.victim, out, 100) != 100 ||
		    naive_write(&pair.foe, in, 100) != 100)
			return 2;
	}
	return naive_read(&pair.victim, samples, NAIVE_FRAMES) ==
			       NAIVE_FRAMES / 2
		       ? FINE
		       : 3;
}

/* ---- what it reads ---- */

/* A float's distance from the end, and it reads on from there. */
static int index_too_far(void *user)
{
	struct pair pair;

	(void)user;
	if (!open_pair(&pair))
		return 1;
	pair.foe.shared->written = UINT64_C(1) << 32;
	pair.victim.capacity = pair.foe.shared->capacity;
	pair.foe.shared->read = 0;
	return (int)naive_read(&pair.victim, samples, UINT64_MAX);
}

static int index_back(void *user)
{
	struct pair pair;

	(void)user;
	if (!open_pair(&pair))
		return 1;
	pair.foe.shared->read = 100;
	pair.foe.shared->written = 0;
	/* "Less than nothing" is more than there is. */
	return naive_read(&pair.victim, samples, NAIVE_FRAMES) == NAIVE_FRAMES
		       ? LOST
		       : FINE;
}

static int header_lies(void *user)
{
	struct pair pair;

	(void)user;
	if (!open_pair(&pair))
		return 1;
	pair.foe.shared->capacity = UINT64_C(1) << 32;
	pair.foe.shared->read = 1 << 20;
	pair.foe.shared->written = (1 << 20) + 10;
	if (!naive_attach(&pair.victim, dup(pair.foe.fd)))
		return 1;
	return (int)naive_read(&pair.victim, samples, 10);
}

static void *flip(void *user)
{
	volatile struct naive_shared *shared = user;

	for (;;) {
		shared->written = shared->read + 10;
		shared->written = UINT64_C(1) << 32;
	}
	return NULL;
}

static int racing(void *user)
{
	struct pair pair;
	pthread_t thread;

	(void)user;
	if (!open_pair(&pair) ||
	    pthread_create(&thread, NULL, flip, pair.foe.shared) != 0)
		return 1;
	alarm(PATIENCE_S * 10);
	for (;;)
		naive_read(&pair.victim, samples, UINT64_MAX);
}

/* ---- what it maps ---- */

static int truncated(void *user)
{
	struct pair pair;

	(void)user;
	if (!open_pair(&pair) || ftruncate(pair.foe.fd, 0) < 0)
		return 1;
	return (int)naive_read(&pair.victim, samples, 10);
}

static int short_file(void *user)
{
	struct naive_ring ring;

	signal(SIGBUS, SIG_DFL);
	signal(SIGSEGV, SIG_DFL);
	if (!naive_attach(&ring, (*(int (**)(void))user)()))
		return 1;
	ring.capacity = NAIVE_FRAMES;
	ring.shared->written = NAIVE_FRAMES;
	return (int)naive_read(&ring, samples, NAIVE_FRAMES);
}

static int open_short_memfd(void)
{
	int fd = memfd_create("foe", MFD_CLOEXEC);

	return ftruncate(fd, 4096) == 0 ? fd : -1;
}

static int punched(void *user)
{
	struct pair pair;

	(void)user;
	if (!open_pair(&pair) ||
	    fcntl(pair.foe.fd, F_ADD_SEALS,
		  F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0 ||
	    fallocate(pair.foe.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		      4096, 4096) < 0)
		return 1;
	(void)naive_read(&pair.victim, samples, NAIVE_FRAMES / 2);
	return (double)samples[1200] == 0 ? ZEROS : FINE;
}

/* What the victim wrote, and where it is, are the foe's to change. */
static int scribbled(void *user)
{
	struct pair pair;

	(void)user;
	if (!open_pair(&pair))
		return 1;
	pair.foe.shared->read = pair.foe.shared->written;
	return naive_read(&pair.victim, samples, 10) == 0 ? LOST : FINE;
}

/* ---- what it is woken with ---- */

static int eventfd_blocks(void *user)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	const uint64_t most = UINT64_MAX - 1;

	(void)user;
	if (write(fd, &most, sizeof(most)) < 0 ||
	    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK) < 0)
		return 1;
	alarm(PATIENCE_S);
	naive_wake(fd);
	return FINE;
}

static int lingers(void *user)
{
	const struct linger linger = { 1, 3 * PATIENCE_S };
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t size = sizeof(address);
	int listen_fd = socket(AF_INET, SOCK_STREAM, 0), pair[2];
	int fd = socket(AF_INET, SOCK_STREAM, 0), other_fd;
	int64_t begin_ms;

	(void)user;
	if (bind(listen_fd, (struct sockaddr *)&address, size) < 0 ||
	    listen(listen_fd, 1) < 0 ||
	    getsockname(listen_fd, (struct sockaddr *)&address, &size) < 0 ||
	    connect(fd, (struct sockaddr *)&address, size) < 0 ||
	    (other_fd = accept(listen_fd, NULL, NULL)) < 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
		return 1;
	while (send(fd, samples, sizeof(samples), MSG_DONTWAIT) > 0)
		;
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	if (foe_send(pair[0], "1", 1, &fd, 1) < 0)
		return 1;
	close(fd);
	begin_ms = unit_now_ms();
	naive_clear(pair[1]);
	close(other_fd);
	return unit_now_ms() - begin_ms > PATIENCE_S * 1000 ? SPUN : FINE;
}

struct hold {
	int fd;
	void *page;
};

static void *hold(void *user)
{
	struct hold *hold = user;

	(void)!recv(hold->fd, hold->page, 8, 0);
	return NULL;
}

static int lock_is_held(void *user)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	int uffd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	int pair[2];
	struct hold what;
	pthread_t thread;

	(void)user;
	what.page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	range.range.start = (uintptr_t)what.page;
	range.range.len = 4096;
	if (uffd < 0 || ioctl(uffd, UFFDIO_API, &api) < 0 ||
	    ioctl(uffd, UFFDIO_REGISTER, &range) < 0)
		return NOT_HERE;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0 ||
	    write(pair[0], "12345678", 8) != 8)
		return 1;
	what.fd = pair[1];
	pthread_create(&thread, NULL, hold, &what);
	/* It has asked for the page. */
	if (!unit_readable(uffd, 10000))
		return 1;
	/* Its wait is one that no signal ends: so let go, later. */
	if (fork() == 0) {
		sleep(2 * PATIENCE_S);
		_exit(0);
	}
	alarm(PATIENCE_S);
	naive_clear(pair[1]);
	return FINE;
}

static int half_closed(void *user)
{
	int64_t end_ms = unit_now_ms() + 10000;
	struct pollfd pfd = { .events = POLLIN };
	unsigned n = 0;
	int pair[2];

	(void)user;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
		return 1;
	shutdown(pair[0], SHUT_WR);
	pfd.fd = pair[1];
	while (n <= 500 && unit_now_ms() < end_ms && poll(&pfd, 1, 10) > 0 &&
	       !(pfd.revents & POLLHUP)) {
		naive_clear(pair[1]);
		n++;
	}
	return n > 500 ? SPUN : FINE;
}

/* ---- what it is told ---- */

static int keeps_descriptors(void *user)
{
	unsigned n_before;
	int pair[2], fds[3] = { 1, 1, 1 };

	(void)user;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) < 0)
		return 1;
	n_before = unit_count_fds();
	for (int i = 0; i < 10; i++)
		if (foe_send(pair[0], "message", 7, fds, 3) < 0)
			return 1;
	naive_hear(pair[1]);
	return unit_count_fds() > n_before ? LEAKED : FINE;
}

static void *pour(void *user)
{
	for (;;)
		(void)!send(*(int *)user, "message", 7, 0);
	return NULL;
}

static int hears_without_end(void *user)
{
	int64_t end_ms = unit_now_ms() + 10000;
	pthread_t threads[3];
	int pair[2];

	(void)user;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) < 0)
		return 1;
	for (int i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, pour, &pair[0]);
	/* Far more than the socket ever holds. */
	while (unit_now_ms() < end_ms)
		if (naive_hear(pair[1]) > 1000)
			return SPUN;
	return FINE;
}

/* ---- the table ---- */

static void expect(int (*victim)(void *user), void *user, int result)
{
	int res = unit_in_child(victim, user);

	if (res == NOT_HERE) {
		printf("skipped: a lock that is held: no userfaultfd here\n");
		return;
	}
	/* A sanitizer comes before the guard page, and has a code of its own. */
	if (SANITIZER_CODE > 0 && res == SANITIZER_CODE)
		res = UNIT_CHILD_KILLED + SIGSEGV;
	CU_ASSERT_EQUAL(res, result);
}

static void test_is_a_ring(void)
{
	expect(is_a_ring, NULL, FINE);
}

static void test_indices(void)
{
	expect(index_too_far, NULL, UNIT_CHILD_KILLED + SIGSEGV);
	expect(index_back, NULL, LOST);
	expect(header_lies, NULL, UNIT_CHILD_KILLED + SIGSEGV);
	expect(racing, NULL, UNIT_CHILD_KILLED + SIGSEGV);
	expect(scribbled, NULL, LOST);
}

static void test_memory(void)
{
	int (*memfd)(void) = open_short_memfd;
	int (*file)(void) = foe_kinds[0].open;

	expect(truncated, NULL, UNIT_CHILD_KILLED + SIGBUS);
	expect(short_file, &memfd, UNIT_CHILD_KILLED + SIGBUS);
	expect(short_file, &file, UNIT_CHILD_KILLED + SIGBUS);
	expect(punched, NULL, ZEROS);
}

static void test_signals(void)
{
	expect(eventfd_blocks, NULL, UNIT_CHILD_KILLED + SIGALRM);
	expect(lingers, NULL, SPUN);
	expect(lock_is_held, NULL, UNIT_CHILD_KILLED + SIGALRM);
	expect(half_closed, NULL, SPUN);
}

static void test_messages(void)
{
	expect(keeps_descriptors, NULL, LEAKED);
	expect(hears_without_end, NULL, SPUN);
}

static const struct unit_test tests[] = {
	{ "naive", "is a ring", test_is_a_ring },
	{ "naive", "indices", test_indices },
	{ "naive", "memory", test_memory },
	{ "naive", "signals", test_signals },
	{ "naive", "messages", test_messages },
};

UNIT_MAIN(tests)
