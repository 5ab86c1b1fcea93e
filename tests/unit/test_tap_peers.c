/* SPDX-License-Identifier: MIT */
/* A tap, and a host that says and writes what it likes. */
#include "peers.h"

#include "runner.h"
#include "tap_rig.h"

#include <leat/inline/atomics.h>
#include <leat/positions.h>
#include <leat/tap.h>

#include <stdlib.h>

#define CAPACITY 256u
static struct leat_tap_event event;

static void expect_next(struct tap_rig *test, enum leat_tap_what what)
{
	for (int i = 0; i < 2000; i++) {
		if (leat_tap_next(test->tap, &event) != LEAT_TAP_NONE)
			break;
		usleep(1000);
	}
	CU_ASSERT_EQUAL(event.what, what);
}

static void expect_down(struct tap_rig *test, int error, const char *word)
{
	expect_next(test, LEAT_TAP_DOWN);
	CU_ASSERT_EQUAL(event.error, error);
	CU_ASSERT_PTR_NOT_NULL(strstr(event.text, word));
}

/* ---- what it says ---- */

static void test_honest(void)
{
	struct leat_message message;
	struct tap_rig test;
	int fds[LEAT_PROTO_FDS_MAX];

	tap_rig_open(&test, LEAT_TO_PIPEWIRE);
	CU_ASSERT_EQUAL(hear(test.fd, &message, fds), 0);
	CU_ASSERT_EQUAL(message.type, LEAT_MESSAGE_HELLO);
	CU_ASSERT_EQUAL(message.body.hello.role, LEAT_ROLE_TAP);
	tap_rig_say_wire(&test);
	expect_next(&test, LEAT_TAP_UP);
	CU_ASSERT_EQUAL(event.generation, 5);
	tap_rig_set_index(&test, LEAT_TO_PIPEWIRE, 100);
	expect_next(&test, LEAT_TAP_FRAMES);
	CU_ASSERT_EQUAL(event.n_frames, 100);
	tap_rig_close(&test);
}

/* It has nothing to tell until it has come back. */
static int accept_again(struct tap_rig *test)
{
	int64_t until_ms = unit_now_ms() + UNIT_DEADLINE_MS;
	int fd;

	while ((fd = leat_accept(&test->listener)) < 0 &&
	       unit_now_ms() < until_ms)
		CU_ASSERT_EQUAL_FATAL(leat_tap_wait(test->tap, 1), 0);
	CU_ASSERT_FATAL(fd >= 0);
	return fd;
}

/* An older host hangs up without a word; that may be by chance, once. */
static void test_older_host(void)
{
	struct tap_rig test;

	tap_rig_open(&test, LEAT_TO_PIPEWIRE);
	close(test.fd);
	CU_ASSERT_EQUAL(leat_tap_next(test.tap, &event), LEAT_TAP_NONE);
	test.fd = accept_again(&test);
	close(test.fd);
	test.fd = -1;
	expect_down(&test, -ENOTSUP, "update leat-jack");
	/* Told once, and it goes on trying. */
	CU_ASSERT_EQUAL(leat_tap_next(test.tap, &event), LEAT_TAP_NONE);
	test.fd = accept_again(&test);
	tap_rig_say_wire(&test);
	expect_next(&test, LEAT_TAP_UP);
	tap_rig_close(&test);
}

static void test_newer_host(void)
{
	struct leat_message message;
	struct tap_rig test;

	tap_rig_open(&test, LEAT_TO_PIPEWIRE);
	leat_message_bye(&message, "hello");
	message.version++;
	say(test.fd, &message, NULL, 0);
	expect_down(&test, -ENOTSUP, "another version");
	tap_rig_close(&test);
}

static void test_full_host(void)
{
	struct leat_message message;
	struct tap_rig test;

	tap_rig_open(&test, LEAT_TO_PIPEWIRE);
	leat_message_bye(&message, "no room for you");
	say(test.fd, &message, NULL, 0);
	expect_down(&test, -EUSERS, "no room for you");
	tap_rig_close(&test);
}

/* Messages that are for others end the connection, and their fds are closed. */
static void test_other_messages(void)
{
	static const struct {
		enum leat_message_type type;
		uint32_t n_fds;
	} others[] = {
		{ LEAT_MESSAGE_HELLO, 0 },	   { LEAT_MESSAGE_HELLO, 1 },
		{ LEAT_MESSAGE_OFFER, 3 },	   { LEAT_MESSAGE_ACCEPT, 3 },
		{ LEAT_MESSAGE_STATUS, 2 },	   { LEAT_MESSAGE_ROOM, 0 },
		{ LEAT_MESSAGE_TAP, 2 },	   { LEAT_MESSAGE_TAP, 1 },
		{ (enum leat_message_type)99, 0 },
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct tap_rig test;

		tap_rig_open(&test, LEAT_TO_JACK);
		say_type(test.fd, others[i].type, others[i].n_fds);
		expect_down(&test, -EPROTO, "protocol");
		tap_rig_close(&test);
	}
}

/* What it says of a wire is not what the wire is. */
static void test_lies_about_the_wire(void)
{
	for (int i = 0; i < 9; i++) {
		struct tap_rig test;

		tap_rig_open(&test, i % 2 ? LEAT_TO_JACK : LEAT_TO_PIPEWIRE);
		switch (i) {
		case 0:
			test.about.generation++;
			break;
		case 1:
			test.about.first_index++;
			break;
		case 2:
			test.about.rate_hz++;
			break;
		case 3:
			test.about.capacity *= 2;
			break;
		case 4:
			test.about.n_channels[0]++;
			test.about.position[0][2] = LEAT_POSITION_FC;
			break;
		case 5:
			test.about.n_channels[1] = 0;
			break;
		case 6:
			test.about.ring_flags[0] ^= LEAT_RING_POLL;
			break;
		case 7:
			test.about.capacity /= 2;
			break;
		default:
			/* Most of them have no name. */
			test.about.n_channels[0] = 64;
		}
		tap_rig_say_wire(&test);
		expect_down(&test, -EPROTO, "");
		tap_rig_close(&test);
	}
}

/* What it hands over is no memory that is safe to map. */
static void test_other_descriptors(void)
{
	for (int i = 0; i < 4; i++) {
		struct leat_message message;
		struct tap_rig test;
		int other;

		tap_rig_open(&test, LEAT_TO_JACK);
		other = eventfd(0, EFD_CLOEXEC);
		leat_message_init(&message, LEAT_MESSAGE_TAP);
		message.body.tap = test.about;
		say(test.fd, &message,
		    (int[]){ i & 1 ? other : test.shm[1].fd,
			     i & 2 ? other : test.shm[0].fd },
		    2);
		close(other);
		expect_next(&test, LEAT_TAP_DOWN);
		CU_ASSERT_EQUAL(event.error, -EPROTO);
		tap_rig_close(&test);
	}
}

static void test_no_history(void)
{
	for (int i = 0; i < 3; i++) {
		struct tap_rig test;

		tap_rig_open(&test, LEAT_TO_JACK);
		if (i < 2)
			leat_word_store(&test.part[i]->events.n_slots,
					i ? 0 : 31);
		else
			test.part[1]->header.ring_flags =
				test.about.ring_flags[1] = LEAT_RING_POLL;
		tap_rig_say_wire(&test);
		expect_down(&test, -ENOTSUP, "no history");
		tap_rig_close(&test);
	}
}

/* ---- what it writes ---- */

static void begin(struct tap_rig *test, enum leat_direction direction)
{
	tap_rig_open(test, direction);
	tap_rig_say_wire(test);
	expect_next(test, LEAT_TAP_UP);
	tap_rig_set_index(test, direction, 100);
	expect_next(test, LEAT_TAP_FRAMES);
}

static void test_index_lies(void)
{
	static const uint64_t lies[] = { 99, UINT64_MAX, UINT64_C(1) << 62,
					 UINT64_C(1) << 63 };

	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		struct leat_frames_view views[2];
		struct tap_rig test;

		begin(&test, LEAT_TO_PIPEWIRE);
		CU_ASSERT_EQUAL(leat_tap_begin(test.tap, 100, views), 100);
		tap_rig_set_index(&test, LEAT_TO_PIPEWIRE, lies[i]);
		CU_ASSERT_FALSE(leat_tap_intact(test.tap));
		CU_ASSERT_EQUAL(leat_tap_end(test.tap, 100), 0);
		expect_down(&test, -EPROTO, "cannot be");
		CU_ASSERT_EQUAL(leat_tap_begin(test.tap, 100, views), 0);
		/* The next wire is another matter. */
		tap_rig_set_index(&test, LEAT_TO_PIPEWIRE, 1);
		tap_rig_stamp(&test, LEAT_TO_PIPEWIRE, 0, 1, 1);
		tap_rig_say_wire(&test);
		expect_next(&test, LEAT_TAP_UP);
		tap_rig_close(&test);
	}
}

static void test_block_lies(void)
{
	static const uint64_t lies[] = { CAPACITY + 1, UINT64_MAX,
					 UINT64_C(1) << 32 };

	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		struct tap_rig test;

		begin(&test, LEAT_TO_JACK);
		leat_word_store(&test.part[1]->events.block_max, lies[i]);
		expect_down(&test, -EPROTO, "cannot be");
		tap_rig_close(&test);
	}
}

/* As large as the ring: then there is no history, and all is lost. */
static void test_block_of_a_ring(void)
{
	struct tap_rig test;

	begin(&test, LEAT_TO_JACK);
	leat_word_store(&test.part[1]->events.block_max, CAPACITY);
	expect_next(&test, LEAT_TAP_GAP);
	CU_ASSERT_EQUAL(event.cause, LEAT_TAP_LAPPED);
	CU_ASSERT_EQUAL(event.n_frames, 100);
	CU_ASSERT_EQUAL(leat_tap_next(test.tap, &event), LEAT_TAP_NONE);
	tap_rig_close(&test);
}

static void test_event_lies(void)
{
	static const struct {
		uint64_t position, n_frames, about;
	} lies[] = {
		{ UINT64_MAX, 1, LEAT_EVENT_JUMP },
		{ UINT64_C(1) << 62, 1, LEAT_EVENT_JUMP },
		{ 100, UINT64_C(1) << 62, LEAT_EVENT_JUMP },
		{ 100, UINT64_MAX, LEAT_EVENT_XRUN },
		{ 100, 1, 0 },
		{ 49, 1, LEAT_EVENT_JUMP }, /* before the last */
	};

	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		struct tap_rig test;

		begin(&test, LEAT_TO_JACK);
		tap_rig_write_event(&test, LEAT_TO_JACK, 0, 50, 1,
				    LEAT_EVENT_XRUN);
		tap_rig_write_event(&test, LEAT_TO_JACK, 1, lies[i].position,
				    lies[i].n_frames, lies[i].about);
		expect_down(&test, -EPROTO, "cannot be");
		tap_rig_close(&test);
	}
}

/* A jump that has not come: frames end there, and no more are told of. */
static void test_jump_to_nowhere(void)
{
	struct tap_rig test;

	begin(&test, LEAT_TO_JACK);
	tap_rig_write_event(&test, LEAT_TO_JACK, 0, 50, 1000000,
			    LEAT_EVENT_JUMP);
	expect_next(&test, LEAT_TAP_FRAMES);
	CU_ASSERT_EQUAL(event.n_frames, 50);
	(void)leat_tap_seek(test.tap, 10);
	CU_ASSERT_EQUAL(leat_tap_next(test.tap, &event), LEAT_TAP_NONE);
	tap_rig_close(&test);
}

/* ---- all words at once ---- */

static void scribble(struct tap_rig *test, uint64_t *seed)
{
	int d = (int)(unit_random(seed) % 2);
	uint64_t *words = (uint64_t *)(void *)test->part[d];
	size_t first = sizeof(struct leat_part_header) / 8;
	size_t n = sizeof(struct leat_producer_part) / 8 - first;
	size_t at = first + unit_random(seed) % n;
	uint64_t value = (uint64_t)unit_random(seed) << 32 | unit_random(seed);

	switch (unit_random(seed) % 4) {
	case 0:
		value = TAP_RIG_FIRST_INDEX + value % 10000;
		break;
	case 1:
		value %= 300;
		break;
	case 2:
		value = words[at] + value % 3 - 1;
		break;
	default:
		break;
	}
	if (unit_random(seed) % 4 == 0)
		at = offsetof(struct leat_producer_part, words.index) / 8;
	else if (unit_random(seed) % 4 == 0)
		at = offsetof(struct leat_producer_part, events.n_written) / 8;
	__atomic_store_n(&words[at], value, __ATOMIC_SEQ_CST);
}

static void use_all(struct tap_rig *test, uint64_t *seed)
{
	struct leat_tap *tap = test->tap;
	struct leat_frames_view views[2];
	struct leat_tap_counts counts;
	struct leat_tap_time time;
	float sum = 0;
	uint32_t n;

	switch (unit_random(seed) % 6) {
	case 0:
		(void)leat_tap_seek(tap, unit_random(seed) % 400);
		break;
	case 1:
		(void)leat_tap_time(tap, unit_random(seed), &time);
		(void)leat_tap_newest(tap);
		(void)leat_tap_oldest(tap);
		break;
	case 2:
		(void)leat_tap_prepare_wait(tap);
		break;
	default:
		break;
	}
	(void)leat_tap_next(tap, &event);
	leat_tap_counts(tap, &counts);
	n = leat_tap_begin(tap, unit_random(seed), views);
	CU_ASSERT_EQUAL_FATAL(n, views[0].n_frames + views[1].n_frames);
	CU_ASSERT_FATAL(n <= CAPACITY);
	for (int v = 0; v < 2; v++)
		for (uint32_t c = 0; c < views[v].n_channels; c++)
			for (uint32_t i = 0; i < views[v].n_frames; i++)
				sum += leat_frames_view_plane(&views[v], c)[i];
	CU_ASSERT_EQUAL(sum, 0);
	n = leat_tap_end(tap, n);
}

/* Nothing but the samples is read, whatever its memory says. */
static void test_scribbled(void)
{
	uint64_t seed = 1;
	unsigned n_up = 0;

	for (int round = 0; round < 200; round++) {
		struct tap_rig test;

		tap_rig_open(&test,
			     round % 2 ? LEAT_TO_JACK : LEAT_TO_PIPEWIRE);
		tap_rig_say_wire(&test);
		for (int i = 0; i < 300; i++) {
			if (i > 5)
				scribble(&test, &seed);
			use_all(&test, &seed);
		}
		n_up += leat_tap_format(test.tap) != NULL;
		tap_rig_close(&test);
	}
	CU_ASSERT_EQUAL(n_up, 200);
}

static const struct unit_test tests[] = {
	{ "says", "an honest one", test_honest },
	{ "says", "an older one", test_older_host },
	{ "says", "a newer one", test_newer_host },
	{ "says", "a full one", test_full_host },
	{ "says", "other messages", test_other_messages },
	{ "says", "lies about the wire", test_lies_about_the_wire },
	{ "says", "other descriptors", test_other_descriptors },
	{ "says", "no history", test_no_history },
	{ "writes", "an index that cannot be", test_index_lies },
	{ "writes", "a block that cannot be", test_block_lies },
	{ "writes", "a block of a ring", test_block_of_a_ring },
	{ "writes", "events that cannot be", test_event_lies },
	{ "writes", "a jump to nowhere", test_jump_to_nowhere },
	{ "writes", "all words at random", test_scribbled },
};

UNIT_MAIN(tests)
