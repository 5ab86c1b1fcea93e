/* SPDX-License-Identifier: MIT */
/*
 * A peer that abuses what it is woken with and wakes with: it fills it, hangs
 * it up, sends what is no signal through it, holds its locks.
 */
#include "scene.h"

#include "unit/helpers.h"

#include <leat/inline/atomics.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void expect_in(struct scene *scene)
{
	struct honest_report *report = scene->honest.report;

	CU_ASSERT_FATAL(scene->honest.role == HONEST_HOST
				? foe_join(&scene->foe)
				: foe_host(&scene->foe));
	CU_ASSERT_FATAL(honest_wait(&scene->honest, &report->n_wires, 1));
}

/* Go on as if JACK had written more, so that the honest side looks. */
static void publish(const struct foe *foe, uint64_t n)
{
	leat_word_store(&foe_producer(foe)->words.index,
			foe->wire.first_index + n);
}

/* ---- filled, and never read ---- */

/* Ask to be woken by every frame from now on. */
static void ask_always(const struct foe *foe, int ms)
{
	int64_t end_ms = unit_now_ms() + ms;
	uint64_t at = foe->wire.first_index;

	while (unit_now_ms() < end_ms)
		leat_word_store(&foe_consumer(foe)->words.wake_at, at += 32);
}

static void test_never_read(void)
{
	struct scene scene;

	scene_open(&scene, HONEST_HOST);
	expect_in(&scene);
	ask_always(&scene.foe, scene_race_ms() * 3);
	scene_expect_calm(&scene);
	scene_close(&scene);
}

static void test_never_cleared(void)
{
	struct scene scene;
	uint64_t n = 0;

	scene_open(&scene, HONEST_GUEST);
	expect_in(&scene);
	for (int64_t end = unit_now_ms() + scene_race_ms();
	     unit_now_ms() < end;) {
		char bytes[4096] = { 0 };

		while (send(scene.foe.peer_fds[2], bytes, sizeof(bytes),
			    MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
			n++;
		/* One byte at a time, too. */
		while (send(scene.foe.peer_fds[2], bytes, 1,
			    MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
			n++;
	}
	CU_ASSERT(n > 100);
	scene_expect_calm(&scene);
	scene_close(&scene);
}

/* ---- hung up ---- */

static void attack_hang_up(enum honest_role role, int how)
{
	struct scene scene;
	uint64_t n;

	scene_open(&scene, role);
	expect_in(&scene);
	ask_always(&scene.foe, 5);
	/* Where it raises, and where it waits. */
	shutdown(scene.foe.signal_fd, how);
	shutdown(scene.foe.peer_fds[2], how);
	ask_always(&scene.foe, 20);
	scene_expect_calm(&scene);
	/* It does not spin on what has hung up, either. */
	n = scene.honest.report->n_callbacks;
	usleep(50000);
	CU_ASSERT(scene.honest.report->n_callbacks - n < 500);
	CU_ASSERT_EQUAL(scene.honest.report->n_gone, 0);
	scene_close(&scene);
}

static void test_hung_up_to_host(void)
{
	attack_hang_up(HONEST_HOST, SHUT_RDWR);
	attack_hang_up(HONEST_HOST, SHUT_RD);
	attack_hang_up(HONEST_HOST, SHUT_WR);
}

static void test_hung_up_to_guest(void)
{
	attack_hang_up(HONEST_GUEST, SHUT_RDWR);
	attack_hang_up(HONEST_GUEST, SHUT_RD);
	attack_hang_up(HONEST_GUEST, SHUT_WR);
}

/* ---- bytes that stand apart ---- */

static void test_out_of_band(void)
{
	struct scene scene;
	uint64_t n;

	scene_open(&scene, HONEST_GUEST);
	expect_in(&scene);
	for (int i = 0; i < 20; i++) {
		(void)send(scene.foe.peer_fds[2], "ab", 2, MSG_NOSIGNAL);
		(void)send(scene.foe.peer_fds[2], "o", 1,
			   MSG_OOB | MSG_NOSIGNAL);
		usleep(1000);
	}
	/* What it cannot read must not keep it awake. */
	n = scene.honest.report->n_callbacks;
	usleep(50000);
	CU_ASSERT(scene.honest.report->n_callbacks - n < 500);
	scene_expect_calm(&scene);
	scene_close(&scene);
}

/* ---- descriptors whose last close takes its time ---- */

#define LINGER_S 2

/* A connection with more to send than anybody takes, and patience with it. */
static int lingering_socket(int *other_fd)
{
	const struct linger linger = { 1, LINGER_S };
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t size = sizeof(address);
	int listen_fd, fd;
	static char bytes[65536];

	listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(listen_fd, (struct sockaddr *)&address, size) < 0 ||
	    listen(listen_fd, 1) < 0 ||
	    getsockname(listen_fd, (struct sockaddr *)&address, &size) < 0 ||
	    connect(fd, (struct sockaddr *)&address, size) < 0) {
		close(listen_fd);
		close(fd);
		return -1;
	}
	*other_fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
	close(listen_fd);
	while (send(fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	return fd;
}

/* The honest side sleeps while something is prepared. */
static void stop(const struct scene *scene)
{
	int status;

	CU_ASSERT(kill(scene->honest.pid, SIGSTOP) == 0);
	CU_ASSERT(waitpid(scene->honest.pid, &status, WUNTRACED) > 0);
}

static void go_on(const struct scene *scene)
{
	CU_ASSERT(kill(scene->honest.pid, SIGCONT) == 0);
}

/*
 * The kernel closes a descriptor that comes where nobody wants one, on the
 * thread that reads: here the realtime one.
 */
static void attack_descriptors(struct scene *scene)
{
	int other_fd = -1, fd, res;

	expect_in(scene);
	fd = lingering_socket(&other_fd);
	CU_ASSERT_FATAL(fd >= 0);
	/* It has the last one. */
	stop(scene);
	publish(&scene->foe, 64);
	leat_word_store(&foe_producer(&scene->foe)->activity, LEAT_ANSWERS);
	res = foe_send(scene->foe.peer_fds[2], "12345678", 8, &fd, 1);
	if (res == 0)
		close(fd);
	go_on(scene);
	/* Where the kernel does not let it through there is none. */
	CU_ASSERT(res == 0 || res == -EPERM);
	usleep((LINGER_S * 1000 + 500) * 1000);
	scene_expect_calm(scene);
	close(other_fd);
	if (res < 0)
		close(fd);
	scene_close(scene);
}

static void test_descriptors_to_host(void)
{
	struct scene scene;

	scene_open_waiting(&scene, 50);
	attack_descriptors(&scene);
}

static void test_descriptors_to_guest(void)
{
	struct scene scene;

	scene_open(&scene, HONEST_GUEST);
	attack_descriptors(&scene);
}

/* ---- a lock that is held ---- */

#define N_HOLDERS 3

struct holder {
	int fd; /* to read from */
	void *page;
	int uffd; /* who is asked for the page, and does not answer */
	pthread_t thread;
};

/* Reads into a page that does not come. */
static void *hold(void *user)
{
	struct holder *holder = user;

	(void)!recv(holder->fd, holder->page, 8, 0);
	return NULL;
}

static bool make_page(struct holder *holder)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	holder->uffd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	holder->page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	range.range.start = (uintptr_t)holder->page;
	range.range.len = 4096;
	return holder->uffd >= 0 &&
	       ioctl(holder->uffd, UFFDIO_API, &api) == 0 &&
	       ioctl(holder->uffd, UFFDIO_REGISTER, &range) == 0;
}

static void start_holders(struct holder holders[N_HOLDERS],
			  const struct foe *foe)
{
	const int fds[N_HOLDERS] = { foe->signal_fd, foe->given_fd,
				     foe->peer_fds[2] };

	for (int i = 0; i < N_HOLDERS; i++) {
		holders[i].fd = fds[i];
		CU_ASSERT(pthread_create(&holders[i].thread, NULL, hold,
					 &holders[i]) == 0);
	}
	usleep(20000);
}

static void end_holders(struct holder holders[N_HOLDERS])
{
	for (int i = 0; i < N_HOLDERS; i++) {
		close(holders[i].uffd);
		shutdown(holders[i].fd, SHUT_RDWR);
		pthread_join(holders[i].thread, NULL);
		munmap(holders[i].page, 4096);
	}
}

/* What is under way now has not taken too long, either. */
static void expect_under_way(const struct scene *scene)
{
	uint64_t since = scene->honest.report->busy_since_ns;

	CU_ASSERT(since == 0 || honest_now_ns() - since < SCENE_BLOCKED_NS);
}

/*
 * Who reads a socket holds a lock of it while it copies. A peer reads from all
 * ends that it has to where a page is missing, for as long as it likes; if one
 * of them were what the honest side reads, that would wait for the lock,
 * whatever its flags say.
 */
static void attack_lock(struct scene *scene)
{
	struct holder holders[N_HOLDERS];

	for (int i = 0; i < N_HOLDERS; i++)
		if (!make_page(&holders[i])) {
			printf("skipped: a lock that is held: no userfaultfd "
			       "here\n");
			scene_close(scene);
			return;
		}
	expect_in(scene);
	stop(scene);
	publish(&scene->foe, 64);
	leat_word_store(&foe_producer(&scene->foe)->activity, LEAT_ANSWERS);
	/* Something to read at each end. */
	(void)send(scene->foe.peer_fds[2], "12345678", 8, MSG_NOSIGNAL);
	(void)send(scene->foe.signal_fd, "12345678", 8, MSG_NOSIGNAL);
	(void)send(scene->foe.given_fd, "12345678", 8, MSG_NOSIGNAL);
	start_holders(holders, &scene->foe);
	go_on(scene);
	ask_always(&scene->foe, 500);
	expect_under_way(scene);
	end_holders(holders);
	scene_expect_calm(scene);
	scene_close(scene);
}

static void test_lock_to_host(void)
{
	struct scene scene;

	scene_open(&scene, HONEST_HOST);
	attack_lock(&scene);
	scene_open_waiting(&scene, 50);
	attack_lock(&scene);
}

static void test_lock_to_guest(void)
{
	struct scene scene;

	scene_open(&scene, HONEST_GUEST);
	attack_lock(&scene);
}

static const struct unit_test tests[] = {
	{ "to a host", "never read", test_never_read },
	{ "to a host", "hung up", test_hung_up_to_host },
	{ "to a guest", "never empty", test_never_cleared },
	{ "to a guest", "hung up", test_hung_up_to_guest },
	{ "to a guest", "out of band", test_out_of_band },
	{ "to a host", "descriptors that linger", test_descriptors_to_host },
	{ "to a host", "lock held", test_lock_to_host },
	{ "to a guest", "descriptors that linger", test_descriptors_to_guest },
	{ "to a guest", "lock held", test_lock_to_guest },
};

SCENE_MAIN(tests)
