/* SPDX-License-Identifier: MIT */
/* Taps as a host sees them: any number, and none that can disturb it. */
#include "peers.h"

#include "link/host_taps.h"
#include "runner.h"

#include <leat/tap.h>

#include <sys/resource.h>

#define N_TAPS 100

struct taps_test {
	struct node host;
	struct node guest;
	int fds[N_TAPS];
	unsigned n_fds;
};

static void settle(struct taps_test *test)
{
	node_settle(&test->host, &test->guest);
}

static void open_test(struct taps_test *test)
{
	struct leat_link_spec spec = node_spec();

	memset(test, 0, sizeof(*test));
	CU_ASSERT_FATAL(unit_rundir_make());
	test->n_fds = unit_count_fds();
	CU_ASSERT_FATAL(node_host(&test->host, &spec) == 0);
	CU_ASSERT_FATAL(node_guest(&test->guest) == 0);
}

static void join(struct taps_test *test)
{
	CU_ASSERT_FATAL(node_connect(&test->guest));
	settle(test);
	CU_ASSERT_EQUAL_FATAL(test->guest.n_wires, 1);
}

static void close_test(struct taps_test *test)
{
	node_close(&test->guest);
	node_close(&test->host);
	CU_ASSERT_EQUAL(unit_count_fds(), test->n_fds);
	unit_rundir_remove();
}

static int say_tap(struct taps_test *test)
{
	struct leat_message message;
	int fd = leat_connect(NODE_LINK, NULL);

	CU_ASSERT_FATAL(fd >= 0);
	leat_message_init(&message, LEAT_MESSAGE_HELLO);
	message.body.hello.role = LEAT_ROLE_TAP;
	say(fd, &message, NULL, 0);
	settle(test);
	return fd;
}

static void expect_tap(int fd, uint32_t n_fds, uint64_t generation)
{
	struct leat_message message;
	int fds[LEAT_PROTO_FDS_MAX];

	CU_ASSERT_EQUAL_FATAL(hear(fd, &message, fds), 0);
	CU_ASSERT_EQUAL(message.type, LEAT_MESSAGE_TAP);
	CU_ASSERT_EQUAL(message.n_fds, n_fds);
	CU_ASSERT_EQUAL(message.body.tap.generation, generation);
	close_all(fds);
}

static void expect_nothing(int fd)
{
	struct leat_message message;
	int fds[LEAT_PROTO_FDS_MAX];

	CU_ASSERT_EQUAL(hear(fd, &message, fds), -EAGAIN);
}

static void new_wire(struct taps_test *test, uint32_t rate_hz)
{
	struct leat_link_spec spec = node_spec();

	spec.rate_hz = rate_hz;
	leat_host_update(test->host.host, &spec);
	settle(test);
}

/* ---- what they are told ---- */

static void test_told_of_wires(void)
{
	struct taps_test test;
	int fd, late_fd;

	open_test(&test);
	fd = say_tap(&test);
	expect_tap(fd, 0, 0);
	expect_nothing(fd);
	join(&test);
	expect_tap(fd, 2, 1);
	late_fd = say_tap(&test);
	expect_tap(late_fd, 2, 1);
	new_wire(&test, 44100);
	expect_tap(fd, 2, 2);
	expect_tap(late_fd, 2, 2);
	/* What needs no new rings is no news. */
	leat_host_update(test.host.host, &test.guest.spec);
	settle(&test);
	expect_nothing(fd);
	node_close(&test.guest);
	settle(&test);
	expect_tap(fd, 0, 0);
	expect_tap(late_fd, 0, 0);
	leat_host_destroy(test.host.host);
	test.host.host = NULL;
	expect_closed(fd);
	close(fd);
	close(late_fd);
	close_test(&test);
}

/* The parts are the producers', and nobody can write them. */
static void test_gets_what_producers_wrote(void)
{
	struct leat_message message;
	struct taps_test test;
	struct leat_frames_format format;
	struct leat_shm shm;
	int fd, fds[LEAT_PROTO_FDS_MAX];

	open_test(&test);
	join(&test);
	fd = say_tap(&test);
	CU_ASSERT_EQUAL_FATAL(hear(fd, &message, fds), 0);
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		struct leat_part_header *header;

		leat_tap_format_of(&message.body.tap, (enum leat_direction)d,
				   &format);
		CU_ASSERT_EQUAL_FATAL(
			leat_shm_attach(&shm, fds[d],
					leat_part_total_bytes(
						LEAT_PART_PRODUCER, &format)),
			0);
		header = shm.addr;
		CU_ASSERT_EQUAL(leat_part_header_check(
					header, LEAT_PART_PRODUCER, &format),
				0);
		CU_ASSERT_EQUAL(header->direction, (uint32_t)d);
		leat_shm_finish(&shm);
	}
	close(fd);
	close_test(&test);
}

/* ---- many ---- */

static void test_many_beside_others(void)
{
	struct leat_message message;
	struct taps_test test;
	int strangers[40], tool;

	open_test(&test);
	for (int i = 0; i < N_TAPS; i++)
		test.fds[i] = say_tap(&test);
	/* More than there are places for: they take none of a tap's. */
	for (int i = 0; i < 40; i++) {
		strangers[i] = leat_connect(NODE_LINK, NULL);
		settle(&test);
	}
	tool = leat_connect(NODE_LINK, NULL);
	leat_message_init(&message, LEAT_MESSAGE_HELLO);
	message.body.hello.role = LEAT_ROLE_TOOL;
	say(tool, &message, NULL, 0);
	settle(&test);
	expect_hear(tool, LEAT_MESSAGE_STATUS);
	join(&test);
	for (int i = 0; i < N_TAPS; i++) {
		expect_tap(test.fds[i], 0, 0);
		expect_tap(test.fds[i], 2, 1);
		close(test.fds[i]);
	}
	for (int i = 0; i < 40; i++)
		close(strangers[i]);
	close(tool);
	close_test(&test);
}

/* Both ends are in this process: only when the host counts there are few. */
static int say_tap_with(struct taps_test *test, rlim_t n_descriptors)
{
	struct leat_message message;
	struct rlimit before, less;
	int fd = leat_connect(NODE_LINK, NULL);

	CU_ASSERT_FATAL(fd >= 0);
	settle(test);
	CU_ASSERT_FATAL(getrlimit(RLIMIT_NOFILE, &before) == 0);
	less = before;
	less.rlim_cur = n_descriptors;
	leat_message_init(&message, LEAT_MESSAGE_HELLO);
	message.body.hello.role = LEAT_ROLE_TAP;
	say(fd, &message, NULL, 0);
	CU_ASSERT(setrlimit(RLIMIT_NOFILE, &less) == 0);
	settle(test);
	CU_ASSERT(setrlimit(RLIMIT_NOFILE, &before) == 0);
	return fd;
}

/* A quarter of the descriptors is for others. */
static void test_too_many(void)
{
	struct taps_test test;
	int fd;

	open_test(&test);
	for (int i = 0; i < 30; i++) {
		test.fds[i] = say_tap_with(&test, 40);
		expect_tap(test.fds[i], 0, 0);
	}
	fd = say_tap_with(&test, 40);
	expect_bye(fd, "as many taps");
	close(fd);
	/* One that leaves makes room. */
	close(test.fds[7]);
	settle(&test);
	test.fds[7] = say_tap_with(&test, 40);
	expect_tap(test.fds[7], 0, 0);
	for (int i = 0; i < 30; i++)
		close(test.fds[i]);
	close_test(&test);
}

/* ---- what they may not do ---- */

static void test_who_speaks_is_dropped(void)
{
	struct taps_test test;
	int fd;

	open_test(&test);
	for (int type = LEAT_MESSAGE_HELLO; type <= LEAT_MESSAGE_TAP; type++) {
		fd = say_tap(&test);
		expect_tap(fd, 0, 0);
		say_type(fd, (enum leat_message_type)type, 0);
		settle(&test);
		expect_closed(fd);
		close(fd);
	}
	close_test(&test);
}

/* One that does not read is dropped; the others and the guest are not. */
static void test_who_does_not_read_is_dropped(void)
{
	struct leat_message message;
	struct taps_test test;
	int deaf, fd, fds[LEAT_PROTO_FDS_MAX], n = 0, res;

	open_test(&test);
	join(&test);
	deaf = say_tap(&test);
	fd = say_tap(&test);
	expect_tap(fd, 2, 1);
	for (uint32_t i = 0; i < 100; i++) {
		new_wire(&test, i % 2 ? 48000 : 44100);
		expect_tap(fd, 2, 2 + i);
		CU_ASSERT_EQUAL(test.guest.n_wires, 2 + i);
	}
	while ((res = hear(deaf, &message, fds)) == 0) {
		close_all(fds);
		n++;
	}
	CU_ASSERT_EQUAL(res, -EPIPE);
	CU_ASSERT(n >= 3 && n < 50);
	close(deaf);
	close(fd);
	close_test(&test);
}

/* ---- by themselves ---- */

static struct leat_host_taps taps;

/* One that listens at the other end of a pair. */
static int add_tap(int *far_fd)
{
	const char *text;
	int pair[2];

	CU_ASSERT_FATAL(
		socketpair(AF_UNIX,
			   SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
			   pair) == 0);
	CU_ASSERT_EQUAL_FATAL(leat_host_taps_add(&taps, pair[0], &text), 0);
	*far_fd = pair[1];
	return pair[0];
}

static void test_which_of_them_spoke(void)
{
	unsigned n_fds = unit_count_fds();
	int fds[3], far_fds[3];

	leat_host_taps_init(&taps);
	for (int i = 0; i < 3; i++) {
		fds[i] = add_tap(&far_fds[i]);
		expect_tap(far_fds[i], 0, 0);
	}
	CU_ASSERT_FALSE(leat_host_taps_heard(&taps, far_fds[0]));
	CU_ASSERT_TRUE(leat_host_taps_heard(&taps, fds[2]));
	expect_closed(far_fds[2]);
	CU_ASSERT_FALSE(leat_host_taps_heard(&taps, fds[2]));
	CU_ASSERT_TRUE(leat_host_taps_heard(&taps, fds[0]));
	expect_closed(far_fds[0]);
	CU_ASSERT_FALSE(leat_host_taps_heard(&taps, fds[0]));
	CU_ASSERT_EQUAL(taps.n_fds, 1);
	leat_host_taps_finish(&taps);
	expect_closed(far_fds[1]);
	CU_ASSERT_EQUAL(taps.n_fds, 0);
	for (int i = 0; i < 3; i++)
		close(far_fds[i]);
	CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
}

/* It has left before it was told: it is as if it had come and gone. */
static void test_who_has_left_already(void)
{
	unsigned n_fds = unit_count_fds();
	const char *text;
	int pair[2], fd, far_fd;

	leat_host_taps_init(&taps);
	fd = add_tap(&far_fd);
	CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
				   pair) == 0);
	close(pair[1]);
	CU_ASSERT_EQUAL(leat_host_taps_add(&taps, pair[0], &text), 0);
	CU_ASSERT_EQUAL(taps.n_fds, 1);
	CU_ASSERT_TRUE(leat_host_taps_heard(&taps, fd));
	close(far_fd);
	CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
}

/* Both parts, or none: half a wire is not kept. */
static void test_half_a_wire(void)
{
	const struct leat_tap_message wire = { .generation = 7 };
	int part = eventfd(0, EFD_CLOEXEC), far_fd;
	unsigned n_fds;

	leat_host_taps_init(&taps);
	(void)add_tap(&far_fd);
	expect_tap(far_fd, 0, 0);
	n_fds = unit_count_fds();
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		leat_host_taps_up(&taps, &wire,
				  (int[]){ d ? part : -1, d ? -1 : part });
		expect_tap(far_fd, 0, 0);
		CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
		CU_ASSERT_EQUAL(taps.part_fds[0], -1);
		CU_ASSERT_EQUAL(taps.part_fds[1], -1);
	}
	leat_host_taps_down(&taps);
	expect_nothing(far_fd);
	leat_host_taps_finish(&taps);
	close(far_fd);
	close(part);
}

/* The list has an end, whatever descriptors there are. */
static void test_more_than_the_list_holds(void)
{
	struct rlimit before, more;
	const char *text = "";
	int pair[2];

	CU_ASSERT_FATAL(getrlimit(RLIMIT_NOFILE, &before) == 0);
	more = before;
	more.rlim_cur = more.rlim_max < 4096 ? more.rlim_max : 4096;
	CU_ASSERT_FATAL(setrlimit(RLIMIT_NOFILE, &more) == 0);
	if (more.rlim_cur / 4 * 3 <= LEAT_TAPS_MAX) {
		printf("skipped: no more than %u descriptors\n",
		       (unsigned)more.rlim_cur);
		return;
	}
	leat_host_taps_init(&taps);
	CU_ASSERT_FATAL(
		socketpair(AF_UNIX,
			   SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
			   pair) == 0);
	for (uint32_t i = 0; i < LEAT_TAPS_MAX; i++) {
		CU_ASSERT_EQUAL_FATAL(
			leat_host_taps_add(&taps, dup(pair[0]), &text), 0);
		expect_tap(pair[1], 0, 0);
	}
	CU_ASSERT_EQUAL(taps.n_fds, LEAT_TAPS_MAX);
	CU_ASSERT_EQUAL(leat_host_taps_add(&taps, pair[0], &text), -EUSERS);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "as many taps"));
	leat_host_taps_finish(&taps);
	close(pair[0]);
	close(pair[1]);
	CU_ASSERT(setrlimit(RLIMIT_NOFILE, &before) == 0);
}

static const struct unit_test tests[] = {
	{ "told", "of wires", test_told_of_wires },
	{ "told", "what producers wrote", test_gets_what_producers_wrote },
	{ "many", "beside others", test_many_beside_others },
	{ "many", "too many", test_too_many },
	{ "dropped", "who speaks", test_who_speaks_is_dropped },
	{ "dropped", "who does not read", test_who_does_not_read_is_dropped },
	{ "alone", "who spoke", test_which_of_them_spoke },
	{ "alone", "who has left", test_who_has_left_already },
	{ "alone", "half a wire", test_half_a_wire },
	{ "alone", "more than the list holds", test_more_than_the_list_holds },
};

UNIT_MAIN(tests)
