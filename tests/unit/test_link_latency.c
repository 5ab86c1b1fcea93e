/* SPDX-License-Identifier: MIT */
/* What one real side tells of latency, to one that says what it likes. */
#include <leat/link.h>

#include "peers.h"
#include "runner.h"

#include <CUnit/CUnit.h>

#include <string.h>
#include <unistd.h>

/* Hear what is told of latency, and whether it is that, in both directions. */
static void expect_latency(int fd, uint32_t max, uint32_t added)
{
	struct leat_message message;
	int fds[LEAT_PROTO_FDS_MAX];

	CU_ASSERT_EQUAL(hear(fd, &message, fds), 0);
	CU_ASSERT_EQUAL(message.type, LEAT_MESSAGE_LATENCY);
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		CU_ASSERT_EQUAL(message.body.latency.max[d], max);
		CU_ASSERT_EQUAL(message.body.latency.added[d], added);
	}
}

static struct leat_link_latency latency_of(uint32_t max, uint32_t added)
{
	return (struct leat_link_latency){
		.beyond = { { 1, max }, { 1, max } },
		.added = { added, added },
	};
}

/* ---- to a host ---- */

/* A guest that does not know the message is never sent one. */
static void test_host_spares_an_older_guest(void)
{
	struct leat_link_latency latency = { .beyond = { { 1, 2 } } };
	struct host_test test;

	host_open(&test);
	say_hello(&test);
	expect_hear(test.fd, LEAT_MESSAGE_SPEC);
	expect_hear(test.fd, LEAT_MESSAGE_OFFER);
	leat_host_set_latency(test.host.host, &latency);
	CU_ASSERT_FALSE(unit_readable(test.fd, 0));
	CU_ASSERT_EQUAL(test.host.n_gone, 0);
	host_close(&test);
}

static void say_hello_with(struct host_test *test, uint32_t features)
{
	struct leat_message message;

	leat_message_init(&message, LEAT_MESSAGE_HELLO);
	message.body.hello.role = LEAT_ROLE_PIPEWIRE;
	message.body.hello.features = features;
	say(test->fd, &message, &test->status.fd, 1);
	host_settle(test);
}

/* A newer one that knows more is; and what is asked of this guest goes. */
static void test_host_tells_a_newer_guest(void)
{
	struct leat_link_latency latency =
		latency_of(UINT32_MAX, UINT32_MAX - 1);
	struct host_test test;

	host_open(&test);
	say_hello_with(&test, UINT32_MAX);
	expect_hear(test.fd, LEAT_MESSAGE_SPEC);
	expect_hear(test.fd, LEAT_MESSAGE_OFFER);
	expect_latency(test.fd, 0, LEAT_LATENCY_FOLLOW);
	leat_host_set_latency(test.host.host, &latency);
	expect_latency(test.fd, 480000, 480000);
	leat_host_set_latency(test.host.host, &latency);
	CU_ASSERT_FALSE(unit_readable(test.fd, 0));
	host_close(&test);
}

static void say_latency(int fd, uint32_t max, uint32_t added)
{
	struct leat_message message;

	leat_message_init(&message, LEAT_MESSAGE_LATENCY);
	for (int d = 0; d < LEAT_N_DIRECTIONS; d++) {
		message.body.latency.max[d] = max;
		message.body.latency.added[d] = added;
	}
	say(fd, &message, NULL, 0);
}

static void test_host_hears_of_latency(void)
{
	struct host_test test;

	host_open(&test);
	say_hello(&test);
	/* In range for some rate, and too long for this one. */
	say_latency(test.fd, 7680000, 7680000);
	host_settle(&test);
	CU_ASSERT_EQUAL(test.host.n_latencies, 1);
	CU_ASSERT_EQUAL(test.host.latency.beyond[1].max, 480000);
	CU_ASSERT_EQUAL(test.host.latency.added[1], 480000);
	say_latency(test.fd, 7680001, 0);
	host_settle(&test);
	CU_ASSERT_EQUAL(test.host.n_gone, 1);
	CU_ASSERT_EQUAL(test.host.n_latencies, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(test.host.text, "protocol"));
	host_close(&test);
}

/* A guest that does not read must not hold the host up. */
static void test_host_is_not_held_up(void)
{
	struct leat_link_latency latency = { .beyond = { { 1, 2 } } };
	struct host_test test;

	host_open(&test);
	say_hello_with(&test, UINT32_MAX);
	for (uint32_t i = 0; i < 10000 && test.host.n_gone == 0; i++) {
		latency.beyond[0].max = 2 + i % 2;
		leat_host_set_latency(test.host.host, &latency);
	}
	CU_ASSERT_EQUAL(test.host.n_gone, 1);
	CU_ASSERT_TRUE(strlen(test.host.text) > 0);
	/* To nobody it is told no more. */
	latency.beyond[0].max = 4;
	leat_host_set_latency(test.host.host, &latency);
	CU_ASSERT_EQUAL(test.host.n_gone, 1);
	host_close(&test);
}

/* ---- to a guest ---- */

/* An older host is never sent the message. */
static void test_guest_spares_an_older_host(void)
{
	struct leat_link_latency latency = { .beyond = { { 1, 2 } } };
	struct leat_link_spec spec = node_spec();
	struct guest_test test;

	guest_open(&test);
	leat_guest_set_latency(test.guest.guest, &latency);
	say_spec(&test, &spec);
	latency.added[0] = 3;
	leat_guest_set_latency(test.guest.guest, &latency);
	CU_ASSERT_FALSE(unit_readable(test.fd, 0));
	CU_ASSERT_EQUAL(test.guest.n_gone, 0);
	guest_close(&test);
}

static void say_newer_spec(struct guest_test *test)
{
	struct leat_link_spec spec = node_spec();
	struct leat_message message;

	leat_message_init(&message, LEAT_MESSAGE_SPEC);
	leat_spec_pack(&message.body.spec, &spec);
	message.body.spec.features = UINT32_MAX & ~LEAT_FEATURE_LOAD;
	say(test->fd, &message, NULL, 0);
	guest_settle(test);
}

static void test_guest_tells_a_newer_host(void)
{
	struct leat_link_latency latency =
		latency_of(UINT32_MAX, UINT32_MAX - 1);
	struct guest_test test;

	guest_open(&test);
	say_newer_spec(&test);
	expect_latency(test.fd, 0, LEAT_LATENCY_FOLLOW);
	/* A change of the link is no reason to say it again. */
	say_newer_spec(&test);
	CU_ASSERT_FALSE(unit_readable(test.fd, 0));
	leat_guest_set_latency(test.guest.guest, &latency);
	expect_latency(test.fd, 480000, 480000);
	leat_guest_set_latency(test.guest.guest, &latency);
	CU_ASSERT_FALSE(unit_readable(test.fd, 0));
	guest_close(&test);
}

/* Whether the next host wants to hear of it is not known before its spec. */
static void test_guest_forgets_what_a_host_knows(void)
{
	struct leat_link_latency latency = latency_of(UINT32_MAX, 3);
	struct leat_error error;
	struct guest_test test;

	guest_open(&test);
	say_newer_spec(&test);
	expect_hear(test.fd, LEAT_MESSAGE_LATENCY);
	close(test.fd);
	guest_settle(&test);
	CU_ASSERT_EQUAL(leat_guest_connect(test.guest.guest, &error), 0);
	test.fd = leat_accept(&test.listener);
	expect_hear(test.fd, LEAT_MESSAGE_HELLO);
	/* Of no rate yet: at the highest it may be as long as this. */
	leat_guest_set_latency(test.guest.guest, &latency);
	CU_ASSERT_FALSE(unit_readable(test.fd, 0));
	say_newer_spec(&test);
	expect_latency(test.fd, 7680000, 3);
	guest_close(&test);
}

static void test_guest_hears_of_latency(void)
{
	struct guest_test test;

	guest_open(&test);
	say_newer_spec(&test);
	expect_hear(test.fd, LEAT_MESSAGE_LATENCY);
	say_latency(test.fd, 480001, LEAT_LATENCY_FOLLOW);
	guest_settle(&test);
	CU_ASSERT_EQUAL(test.guest.n_latencies, 1);
	CU_ASSERT_EQUAL(test.guest.latency.beyond[0].max, 480000);
	CU_ASSERT_EQUAL(test.guest.latency.added[0], LEAT_LATENCY_FOLLOW);
	say_latency(test.fd, 0, 7680001);
	guest_settle(&test);
	CU_ASSERT_EQUAL(test.guest.n_latencies, 1);
	expect_host_gone(&test, "protocol");
	guest_close(&test);
}

static void test_guest_hears_of_latency_too_early(void)
{
	struct guest_test test;

	guest_open(&test);
	say_latency(test.fd, 0, LEAT_LATENCY_FOLLOW);
	guest_settle(&test);
	CU_ASSERT_EQUAL(test.guest.n_latencies, 0);
	expect_host_gone(&test, "protocol");
	guest_close(&test);
}

/* A host that does not read must not hold the guest up. */
static void test_guest_is_not_held_up(void)
{
	struct leat_link_latency latency = { .beyond = { { 1, 2 } } };
	struct guest_test test;

	guest_open(&test);
	say_newer_spec(&test);
	for (uint32_t i = 0; i < 10000 && test.guest.n_gone == 0; i++) {
		latency.beyond[0].max = 2 + i % 2;
		leat_guest_set_latency(test.guest.guest, &latency);
	}
	CU_ASSERT_EQUAL(test.guest.n_gone, 1);
	CU_ASSERT_TRUE(strlen(test.guest.text) > 0);
	CU_ASSERT_FALSE(leat_guest_connected(test.guest.guest));
	guest_close(&test);
}

/* Told of latency, it has left already, saying why; with our words unread, and
   with them read. */
static void test_guest_hears_the_last_word(void)
{
	for (int read_all = 0; read_all < 2; read_all++) {
		struct leat_link_latency latency = { .beyond = { { 1, 2 } } };
		struct leat_message message;
		struct guest_test test;

		guest_open(&test);
		say_newer_spec(&test);
		if (read_all)
			expect_hear(test.fd, LEAT_MESSAGE_LATENCY);
		leat_message_bye(&message, "no time");
		say(test.fd, &message, NULL, 0);
		close(test.fd);
		leat_guest_set_latency(test.guest.guest, &latency);
		CU_ASSERT_EQUAL(test.guest.n_gone, 0);
		guest_settle(&test);
		CU_ASSERT_EQUAL(test.guest.n_gone, 1);
		CU_ASSERT_STRING_EQUAL(test.guest.text, "no time");
		test.fd = -1;
		guest_close(&test);
	}
}

static const struct unit_test tests[] = {
	{ "latency", "older guest", test_host_spares_an_older_guest },
	{ "latency", "newer guest", test_host_tells_a_newer_guest },
	{ "latency", "of a guest", test_host_hears_of_latency },
	{ "latency", "older host", test_guest_spares_an_older_host },
	{ "latency", "newer host", test_guest_tells_a_newer_host },
	{ "latency", "next host", test_guest_forgets_what_a_host_knows },
	{ "latency", "of a host", test_guest_hears_of_latency },
	{ "latency", "too early", test_guest_hears_of_latency_too_early },
	{ "latency", "guest does not read", test_host_is_not_held_up },
	{ "latency", "host does not read", test_guest_is_not_held_up },
	{ "latency", "host has left", test_guest_hears_the_last_word },
};

UNIT_MAIN(tests)
