/* SPDX-License-Identifier: MIT */
/* Both ends in a process of their own. */
#include <leat/frames.h>

#include <leat/shm.h>

#include "frames_ring.h"
#include "helpers.h"
#include "runner.h"

#include <CUnit/CUnit.h>

#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#define N_FRAMES 100000u

/* The consuming process, with what it needs to find out. */
struct reader {
	int control_fd;
	struct leat_frames_consumer *consumer;
	int wait_fd;
	uint64_t n_signals;
	uint64_t n_frames;
	struct run run;
};

static bool reader_open(struct reader *reader)
{
	int part_fd, wait_fd;

	if (leat_frames_consumer_create(&reader->consumer, &plain) < 0 ||
	    !unit_send_fd(reader->control_fd,
			  leat_frames_consumer_fd(reader->consumer)))
		return false;
	part_fd = unit_recv_fd(reader->control_fd);
	wait_fd = unit_recv_fd(reader->control_fd);
	reader->wait_fd = wait_fd;
	return leat_frames_consumer_connect(reader->consumer, part_fd,
					    wait_fd) == 0;
}

/* Take signals back as the library does, but count them. */
static void count_signals(struct reader *reader)
{
	uint64_t signals[32];
	ssize_t n;

	while ((n = recv(reader->wait_fd, signals, sizeof(signals),
			 MSG_DONTWAIT)) > 0)
		reader->n_signals += (uint64_t)n / sizeof(signals[0]);
}

/* Let the writer begin once it has somebody to wake. */
static bool begin_asleep(struct reader *reader)
{
	char byte = 1;

	return !leat_consumer_arm(leat_frames_consumer_ring(reader->consumer),
				  1) &&
	       write(reader->control_fd, &byte, 1) == 1;
}

static bool read_all(struct reader *reader)
{
	struct leat_consumer *ring =
		leat_frames_consumer_ring(reader->consumer);

	while (reader->n_frames < N_FRAMES) {
		count_signals(reader);
		if (!leat_consumer_arm(ring, 1) &&
		    !unit_readable(reader->wait_fd, UNIT_DEADLINE_MS))
			return false;
		reader->run.index = leat_consumer_index(ring);
		reader->run.n_seen = 0;
		reader->n_frames += leat_frames_recv(reader->consumer, 48,
						     read_run, &reader->run);
	}
	return reader->run.n_wrong == 0 && !leat_consumer_poisoned(ring);
}

static int read_in_child(void *user)
{
	struct reader reader = { .control_fd = *(int *)user };
	uint64_t n_wakeups;

	if (!reader_open(&reader) || !begin_asleep(&reader))
		return 1;
	if (!read_all(&reader))
		return 2;
	/* The writer tells how often it signalled, when it is through. */
	if (!unit_readable(reader.control_fd, UNIT_DEADLINE_MS) ||
	    read(reader.control_fd, &n_wakeups, sizeof(n_wakeups)) !=
		    sizeof(n_wakeups))
		return 3;
	count_signals(&reader);
	leat_frames_consumer_destroy(reader.consumer);
	return reader.n_signals == n_wakeups && n_wakeups > 0 ? 0 : 4;
}

static bool write_all(struct leat_frames_producer *producer)
{
	int64_t deadline_ms = unit_now_ms() + UNIT_DEADLINE_MS;
	struct leat_producer *ring = leat_frames_producer_ring(producer);
	uint64_t state = 9, n_left = N_FRAMES;

	while (n_left > 0 && unit_now_ms() < deadline_ms) {
		uint32_t n = 1 + unit_random(&state) % 64;
		struct run run = { .index = leat_producer_index(ring) };
		uint32_t n_sent = leat_frames_send(
			producer, n < n_left ? n : (uint32_t)n_left, write_run,
			&run);

		n_left -= n_sent;
		if (n_sent == 0)
			sched_yield();
	}
	return n_left == 0;
}

static void test_two_processes(void)
{
	struct leat_frames_producer *producer;
	int control[2], wake[2];
	uint64_t n_wakeups;
	char byte;
	pid_t pid;

	CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, control) == 0);
	pid = unit_fork(read_in_child, &control[1]);
	CU_ASSERT_FATAL(leat_frames_producer_create(&producer, &plain) == 0);
	CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, wake) == 0);
	CU_ASSERT_TRUE(
		unit_send_fd(control[0], leat_frames_producer_fd(producer)));
	CU_ASSERT_TRUE(unit_send_fd(control[0], wake[1]));
	CU_ASSERT_EQUAL(leat_frames_producer_connect(
				producer, unit_recv_fd(control[0]), wake[0]),
			0);
	CU_ASSERT_TRUE(unit_readable(control[0], UNIT_DEADLINE_MS));
	CU_ASSERT_EQUAL(read(control[0], &byte, 1), 1);
	CU_ASSERT_TRUE(write_all(producer));
	n_wakeups = leat_frames_wakeups(producer);
	CU_ASSERT_EQUAL(write(control[0], &n_wakeups, sizeof(n_wakeups)),
			(ssize_t)sizeof(n_wakeups));
	CU_ASSERT_EQUAL(unit_wait_child(pid), 0);
	leat_frames_producer_destroy(producer);
	close(wake[1]);
	close(control[0]);
	close(control[1]);
}

/* What stamps a child process, for as long as its parent lives. */
struct stamper {
	struct ring ring;
	pid_t parent;
};

static int stamp_in_child(void *user)
{
	struct stamper *stamper = user;

	for (uint64_t i = 1; i % 4096 != 0 || getppid() == stamper->parent; i++)
		leat_frames_set_stamp(stamper->ring.producer,
				      &(struct leat_stamp){ i, i * 3, i * 7 });
	return 0;
}

static void test_stamps_are_never_torn(void)
{
	int64_t deadline_ms = unit_now_ms() + UNIT_DEADLINE_MS;
	unsigned n_good = 0, n_torn = 0;
	struct stamper stamper = { .parent = getpid() };
	struct leat_stamp stamp;
	uint64_t last = 0;
	pid_t pid;

	ring_open(&stamper.ring, &plain);
	pid = unit_fork(stamp_in_child, &stamper);
	while (n_good < 20000 && unit_now_ms() < deadline_ms) {
		if (!leat_frames_get_stamp(stamper.ring.consumer, &stamp))
			continue;
		n_good += stamp.index != last;
		n_torn += stamp.frame_time != stamp.index * 3 ||
			  stamp.time_ns != stamp.index * 7;
		last = stamp.index;
	}
	kill(pid, SIGKILL);
	CU_ASSERT_EQUAL(unit_wait_child(pid), UNIT_CHILD_KILLED + SIGKILL);
	CU_ASSERT_EQUAL(n_torn, 0);
	CU_ASSERT_TRUE(n_good >= 20000);
	ring_close(&stamper.ring);
}

static const struct unit_test tests[] = {
	{ "processes", "frames and signals", test_two_processes },
	{ "processes", "stamps", test_stamps_are_never_torn },
};

UNIT_MAIN(tests)
