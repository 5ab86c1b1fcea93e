/* SPDX-License-Identifier: MIT */
/* When a tap asks again, and how long it sleeps: in a time that we set. */
#include "faults.h"
#include "peers.h"
#include "runner.h"
#include "tap_rig.h"

#include <leat/inline/atomics.h>

#include <poll.h>

#define MS INT64_C(1000000)
#define NAP_NS (MS / 5)
#define NAP_MAX_NS (50 * MS)
/* That JACK's callback takes. */
#define CALLBACK_NS (MS / 20)

static struct tap_rig rig;
static struct leat_tap_event event;
static int64_t now_ns;

static void at(int64_t time_ns)
{
	now_ns = time_ns;
	faults_virtual_time(time_ns, 0, 0);
}

static void later(int64_t ns)
{
	at(now_ns + ns);
}

/* Nothing to tell, and a timer set so. */
static void expect_timer(int64_t ns)
{
	CU_ASSERT_FALSE(leat_tap_prepare_wait(rig.tap));
	CU_ASSERT_EQUAL(faults_timer_ns(), ns);
}

static void expect_next(enum leat_tap_what what)
{
	CU_ASSERT_EQUAL(leat_tap_next(rig.tap, &event), what);
}

static void open_for(enum leat_direction direction,
		     const struct leat_link_spec *spec)
{
	at(5000 * MS);
	tap_rig_open_for(&rig, direction, spec);
	tap_rig_say_wire(&rig);
	expect_next(LEAT_TAP_UP);
	CU_ASSERT_EQUAL(event.position, 0);
}

static void open_at_48000(enum leat_direction direction)
{
	const struct leat_link_spec spec = tap_rig_spec();

	open_for(direction, &spec);
}

/* All up to the newest is read. */
static void pass_to(enum leat_direction direction, uint64_t position)
{
	tap_rig_set_index(&rig, direction, position);
	(void)leat_tap_seek(rig.tap, 0);
	CU_ASSERT_EQUAL(leat_tap_position(rig.tap), position);
}

static void close_all_of_it(void)
{
	tap_rig_close(&rig);
	faults_virtual_time(0, 0, 0);
}

/* ---- the link ---- */

static bool comes_to(struct leat_listener *listener)
{
	int fd = leat_accept(listener);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void test_a_link_that_is_not_there(void)
{
	struct leat_listener listener;
	struct leat_error error;

	CU_ASSERT_FATAL(unit_rundir_make());
	at(5000 * MS);
	CU_ASSERT_EQUAL_FATAL(
		leat_tap_open(&rig.tap, NODE_LINK, LEAT_TO_JACK, NULL, &error),
		0);
	expect_timer(50 * MS);
	later(50 * MS - 1);
	expect_timer(1);
	later(1);
	expect_timer(50 * MS);
	CU_ASSERT_EQUAL_FATAL(leat_listen(&listener, NODE_LINK, &error), 0);
	later(50 * MS - 1);
	expect_timer(1);
	CU_ASSERT_FALSE(comes_to(&listener));
	later(1);
	expect_timer(0);
	CU_ASSERT_TRUE(comes_to(&listener));
	/* It has left without a word: once more, as soon. */
	expect_timer(50 * MS);
	/* Where it cannot say who it is, it hangs up as well. */
	later(50 * MS);
	faults_fail(FAULT_SENDMSG, 0, ENOBUFS);
	expect_timer(50 * MS);
	CU_ASSERT_TRUE(faults_end());
	CU_ASSERT_TRUE(comes_to(&listener));
	later(50 * MS);
	expect_timer(0);
	CU_ASSERT_TRUE(comes_to(&listener));
	leat_tap_close(rig.tap);
	leat_listener_finish(&listener);
	unit_rundir_remove();
	faults_virtual_time(0, 0, 0);
}

static int64_t delay_ns;

static void delay(void)
{
	later(delay_ns);
}

/* Looking for it has taken so long that it is time to look again. */
static void test_looking_takes_long(void)
{
	struct leat_error error;

	CU_ASSERT_FATAL(unit_rundir_make());
	at(5000 * MS);
	CU_ASSERT_EQUAL_FATAL(
		leat_tap_open(&rig.tap, NODE_LINK, LEAT_TO_JACK, NULL, &error),
		0);
	for (int64_t more_ns = -2; more_ns <= 1; more_ns++) {
		later(50 * MS);
		delay_ns = 50 * MS + more_ns;
		faults_meanwhile(FAULT_LSTAT, 0, delay);
		expect_timer(more_ns == -2 ? 2 : 1);
		CU_ASSERT_TRUE(faults_end());
	}
	leat_tap_close(rig.tap);
	unit_rundir_remove();
	faults_virtual_time(0, 0, 0);
}

static void say_no_room(void)
{
	struct leat_message message;

	leat_message_bye(&message, "no room");
	say(rig.fd, &message, NULL, 0);
}

/* At 5 s a tap is opened for what goes to JACK. */
static void open_to_jack(void)
{
	const struct leat_link_spec spec = tap_rig_spec();

	at(5000 * MS);
	tap_rig_open_for(&rig, LEAT_TO_JACK, &spec);
}

/* At 5 s a tap is opened, and the host has no room for it. */
static void open_where_no_room_is(void)
{
	open_to_jack();
	say_no_room();
}

static void test_a_link_with_no_room(void)
{
	open_where_no_room_is();
	expect_next(LEAT_TAP_DOWN);
	expect_timer(1000 * MS);
	later(1);
	expect_timer(1000 * MS - 1);
	later(1000 * MS - 2);
	expect_timer(1);
	CU_ASSERT_FALSE(comes_to(&rig.listener));
	later(1);
	expect_timer(0);
	CU_ASSERT_TRUE(comes_to(&rig.listener));
	close_all_of_it();
}

/* A sentence is told once, until there is another. */
static void test_the_same_again(void)
{
	static const char *const words[] = { "no room", "no room", "no more" };
	const struct leat_link_spec spec = tap_rig_spec();
	struct leat_message message;

	at(5000 * MS);
	tap_rig_open_for(&rig, LEAT_TO_JACK, &spec);
	for (int i = 0; i < 3; i++) {
		leat_message_bye(&message, words[i]);
		say(rig.fd, &message, NULL, 0);
		later(MS);
		expect_next(i == 1 ? LEAT_TAP_NONE : LEAT_TAP_DOWN);
		later(1000 * MS);
		expect_timer(0);
		close(rig.fd);
		rig.fd = leat_accept(&rig.listener);
		CU_ASSERT_FATAL(rig.fd >= 0);
	}
	/* What comes now has nothing to do with it. */
	tap_rig_say_wire(&rig);
	tap_rig_say_no_wire(&rig);
	later(MS);
	expect_next(LEAT_TAP_UP);
	expect_next(LEAT_TAP_DOWN);
	CU_ASSERT_EQUAL(event.error, 0);
	close_all_of_it();
}

/* The host hangs up, and the tap comes back in time. */
static void hang_up(enum leat_tap_what what)
{
	close(rig.fd);
	later(MS);
	expect_next(what);
	later(1000 * MS);
	expect_timer(0);
	rig.fd = leat_accept(&rig.listener);
	CU_ASSERT_FATAL(rig.fd >= 0);
}

/* Only if it does so twice without a word, it knows no taps. */
static void test_silent_hosts(void)
{
	open_to_jack();
	hang_up(LEAT_TAP_NONE);
	tap_rig_say_no_wire(&rig);
	hang_up(LEAT_TAP_NONE);
	hang_up(LEAT_TAP_NONE);
	CU_ASSERT_EQUAL(leat_tap_state(rig.tap), LEAT_TAP_ABSENT);
	hang_up(LEAT_TAP_DOWN);
	CU_ASSERT_EQUAL(event.error, -ENOTSUP);
	/* Who speaks nonsense is another one. */
	say_type(rig.fd, LEAT_MESSAGE_ROOM, 0);
	later(MS);
	expect_next(LEAT_TAP_DOWN);
	CU_ASSERT_EQUAL(event.error, -EPROTO);
	close_all_of_it();
}

/* Why it ended, and no reason of an earlier time. */
static void test_reasons(void)
{
	open_where_no_room_is();
	hang_up(LEAT_TAP_DOWN);
	CU_ASSERT_EQUAL(event.error, -EUSERS);
	CU_ASSERT_STRING_EQUAL(event.text, "no room");
	tap_rig_say_wire(&rig);
	later(MS);
	expect_next(LEAT_TAP_UP);
	hang_up(LEAT_TAP_DOWN);
	CU_ASSERT_EQUAL(event.error, 0);
	CU_ASSERT_STRING_EQUAL(event.text, "");
	/* It says why it ends: that is no error. */
	tap_rig_say_wire(&rig);
	later(MS);
	expect_next(LEAT_TAP_NONE);
	later(501 * MS);
	expect_next(LEAT_TAP_UP);
	say_no_room();
	hang_up(LEAT_TAP_DOWN);
	CU_ASSERT_EQUAL(event.error, 0);
	CU_ASSERT_STRING_EQUAL(event.text, "no room");
	close_all_of_it();
}

/* Who only polls asks the socket each millisecond, and no more often. */
static void test_asking(void)
{
	open_to_jack();
	expect_next(LEAT_TAP_NONE);
	tap_rig_say_wire(&rig);
	later(MS - 1);
	expect_next(LEAT_TAP_NONE);
	later(1);
	expect_next(LEAT_TAP_UP);
	expect_next(LEAT_TAP_NONE);
	/* Who is about to wait asks at once. */
	tap_rig_say_no_wire(&rig);
	expect_next(LEAT_TAP_NONE);
	CU_ASSERT_TRUE(leat_tap_prepare_wait(rig.tap));
	expect_next(LEAT_TAP_DOWN);
	close_all_of_it();
}

/* ---- a generation that does not begin ---- */

/* One has ended, and the next is there. */
static void open_next(void)
{
	open_at_48000(LEAT_TO_PIPEWIRE);
	tap_rig_say_no_wire(&rig);
	later(MS);
	expect_next(LEAT_TAP_DOWN);
	expect_timer(0);
	tap_rig_say_wire(&rig);
	later(MS);
}

static void test_closed_before_it_begins(void)
{
	unsigned n_blocks = faults_blocks();

	open_next();
	expect_timer(NAP_NS);
	close_all_of_it();
	CU_ASSERT_EQUAL(faults_blocks(), n_blocks);
}

static void test_a_generation_without_frames(void)
{
	open_next();
	expect_timer(NAP_NS);
	later(500 * MS);
	expect_timer(NAP_NS);
	later(1);
	expect_next(LEAT_TAP_UP);
	close_all_of_it();
}

static void test_a_generation_begins(void)
{
	open_next();
	expect_timer(NAP_NS);
	tap_rig_stamp(&rig, LEAT_TO_PIPEWIRE, 0, 1, 1);
	expect_next(LEAT_TAP_NONE);
	tap_rig_set_index(&rig, LEAT_TO_PIPEWIRE, 1);
	expect_next(LEAT_TAP_UP);
	close_all_of_it();
	/* The other way round. */
	open_next();
	tap_rig_set_index(&rig, LEAT_TO_PIPEWIRE, 1);
	expect_timer(NAP_NS);
	tap_rig_stamp(&rig, LEAT_TO_PIPEWIRE, 0, 1, 1);
	expect_next(LEAT_TAP_UP);
	close_all_of_it();
}

static void lie(void)
{
	tap_rig_set_index(&rig, LEAT_TO_PIPEWIRE, UINT64_C(1) << 62);
}

/* It ends with a lie, just as the link says so: the next one is not ended. */
static void test_a_lie_at_the_end(void)
{
	open_at_48000(LEAT_TO_PIPEWIRE);
	tap_rig_say_no_wire(&rig);
	later(MS);
	faults_meanwhile(FAULT_RECVMSG, 0, lie);
	expect_next(LEAT_TAP_DOWN);
	CU_ASSERT_TRUE(faults_end());
	CU_ASSERT_EQUAL(event.error, -EPROTO);
	tap_rig_set_index(&rig, LEAT_TO_PIPEWIRE, 1);
	tap_rig_stamp(&rig, LEAT_TO_PIPEWIRE, 0, 1, 1);
	tap_rig_say_wire(&rig);
	later(MS);
	expect_next(LEAT_TAP_UP);
	(void)leat_tap_seek(rig.tap, 0);
	expect_next(LEAT_TAP_NONE);
	tap_rig_set_index(&rig, LEAT_TO_PIPEWIRE, 2);
	expect_next(LEAT_TAP_FRAMES);
	close_all_of_it();
}

/* ---- frames: naps ---- */

static void test_naps_grow(void)
{
	int64_t nap_ns = NAP_NS;

	open_at_48000(LEAT_TO_PIPEWIRE);
	while (nap_ns < NAP_MAX_NS) {
		expect_timer(nap_ns);
		nap_ns *= 2;
	}
	expect_timer(NAP_MAX_NS);
	expect_timer(NAP_MAX_NS);
	/* Something comes: short ones again. */
	pass_to(LEAT_TO_PIPEWIRE, 1);
	expect_timer(NAP_NS);
	expect_timer(2 * NAP_NS);
	/* So it is in another generation. */
	tap_rig_say_no_wire(&rig);
	CU_ASSERT_TRUE(leat_tap_prepare_wait(rig.tap));
	expect_next(LEAT_TAP_DOWN);
	tap_rig_say_wire(&rig);
	tap_rig_stamp(&rig, LEAT_TO_PIPEWIRE, 1, 1, 1);
	CU_ASSERT_TRUE(leat_tap_prepare_wait(rig.tap));
	expect_next(LEAT_TAP_UP);
	expect_next(LEAT_TAP_FRAMES);
	(void)leat_tap_seek(rig.tap, 0);
	expect_timer(NAP_NS);
	close_all_of_it();
}

/* ---- frames: by JACK's cycle ---- */

/* A cycle ago began at a position, and its block was so long. */
static void cycle(uint64_t position, uint64_t n_frames, int64_t ago_ns)
{
	tap_rig_stamp(&rig, LEAT_TO_PIPEWIRE, position, position,
		      (uint64_t)(now_ns - ago_ns));
	pass_to(LEAT_TO_PIPEWIRE, position + n_frames);
}

static int64_t frames_ns(int64_t n_frames)
{
	return n_frames * 1000 * MS / 48000;
}

static void test_the_next_cycle(void)
{
	open_at_48000(LEAT_TO_PIPEWIRE);
	cycle(64, 64, MS);
	expect_timer(frames_ns(64) + CALLBACK_NS - MS);
	cycle(128, 64, 0);
	expect_timer(frames_ns(64) + CALLBACK_NS);
	cycle(192, 48, 0);
	expect_timer(frames_ns(48) + CALLBACK_NS);
	close_all_of_it();
}

/* As many blocks as the watermark takes. */
static void test_later_cycles(void)
{
	open_at_48000(LEAT_TO_PIPEWIRE);
	cycle(64, 32, 0);
	leat_tap_set_watermark(rig.tap, 32);
	expect_timer(frames_ns(32) + CALLBACK_NS);
	leat_tap_set_watermark(rig.tap, 33);
	expect_timer(frames_ns(64) + CALLBACK_NS);
	leat_tap_set_watermark(rig.tap, 96);
	expect_timer(frames_ns(96) + CALLBACK_NS);
	/* What there is counts. */
	(void)leat_tap_seek(rig.tap, 10);
	expect_timer(frames_ns(96) + CALLBACK_NS);
	(void)leat_tap_seek(rig.tap, 32);
	expect_timer(frames_ns(64) + CALLBACK_NS);
	close_all_of_it();
}

/* None is one. */
static void test_no_watermark(void)
{
	open_at_48000(LEAT_TO_PIPEWIRE);
	leat_tap_set_watermark(rig.tap, 0);
	tap_rig_set_index(&rig, LEAT_TO_PIPEWIRE, 1);
	expect_next(LEAT_TAP_FRAMES);
	cycle(64, 64, 0);
	expect_timer(frames_ns(64) + CALLBACK_NS);
	close_all_of_it();
}

/* Blocks that leave no history are waited for one by one. */
static void test_blocks_of_a_ring(void)
{
	open_at_48000(LEAT_TO_PIPEWIRE);
	leat_word_store(&rig.part[LEAT_TO_PIPEWIRE]->events.block_max, 255);
	cycle(0, 255, 0);
	expect_timer(frames_ns(255) + CALLBACK_NS);
	close_all_of_it();
}

/* It should be there: then naps, from the shortest on. */
static void test_a_late_cycle(void)
{
	open_at_48000(LEAT_TO_PIPEWIRE);
	cycle(64, 64, frames_ns(64) + CALLBACK_NS - 1);
	expect_timer(1);
	cycle(128, 64, frames_ns(64) + CALLBACK_NS);
	expect_timer(NAP_NS);
	expect_timer(2 * NAP_NS);
	close_all_of_it();
}

/* Stamps that tell nothing. */
static void test_no_cycle(void)
{
	open_at_48000(LEAT_TO_PIPEWIRE);
	/* No frames behind it. */
	cycle(64, 0, 0);
	expect_timer(NAP_NS);
	/* Of a time that has not come. */
	cycle(64, 64, -1);
	expect_timer(NAP_NS);
	/* Of a block that is larger than the ring. */
	cycle(128, 256, 0);
	expect_timer(frames_ns(256) + CALLBACK_NS);
	cycle(384, 257, 0);
	expect_timer(NAP_NS);
	/* Of none. */
	cycle(641, 64, now_ns);
	expect_timer(NAP_NS);
	close_all_of_it();
}

/* What a long ring waits for is far ahead; a cycle of a second ago is none. */
static void test_an_old_cycle(void)
{
	struct leat_link_spec spec = tap_rig_spec();

	spec.rate_hz = 8000;
	spec.capacity = 1 << 16;
	open_for(LEAT_TO_PIPEWIRE, &spec);
	leat_tap_set_watermark(rig.tap, 16000);
	cycle(0, 64, 1000 * MS);
	expect_timer(1000 * MS + CALLBACK_NS);
	cycle(64, 64, 1000 * MS + 1);
	expect_timer(NAP_NS);
	close_all_of_it();
}

/*
 * Frames end at a jump that has not come, so that what is waited for has been
 * written: there is no telling when.
 */
static void test_behind_a_jump(void)
{
	open_at_48000(LEAT_TO_PIPEWIRE);
	tap_rig_write_event(&rig, LEAT_TO_PIPEWIRE, 0, 50, 1000,
			    LEAT_EVENT_JUMP);
	tap_rig_stamp(&rig, LEAT_TO_PIPEWIRE, 36, 36, (uint64_t)now_ns);
	tap_rig_set_index(&rig, LEAT_TO_PIPEWIRE, 100);
	(void)leat_tap_seek(rig.tap, 50);
	leat_tap_set_watermark(rig.tap, 50);
	expect_timer(NAP_NS);
	leat_tap_set_watermark(rig.tap, 51);
	expect_timer(frames_ns(64) + CALLBACK_NS);
	close_all_of_it();
}

/* ---- frames: by PipeWire's blocks ---- */

static void set_block(uint64_t n_frames)
{
	leat_word_store(&rig.part[LEAT_TO_JACK]->events.block_max, n_frames);
}

/* No stamps this way; JACK's tell nothing of it. */
static void test_blocks_that_come_back(void)
{
	open_at_48000(LEAT_TO_JACK);
	set_block(64);
	tap_rig_stamp(&rig, LEAT_TO_PIPEWIRE, 0, 1, (uint64_t)now_ns);
	pass_to(LEAT_TO_JACK, 64);
	leat_tap_set_watermark(rig.tap, 96);
	/* The first 64 may come at once. */
	expect_timer(frames_ns(32));
	(void)leat_tap_seek(rig.tap, 10);
	expect_timer(frames_ns(22));
	/* A nap is longer. */
	leat_tap_set_watermark(rig.tap, 74 + 9);
	expect_timer(4 * NAP_NS);
	leat_tap_set_watermark(rig.tap, 74);
	expect_timer(8 * NAP_NS);
	leat_tap_set_watermark(rig.tap, 73);
	expect_timer(16 * NAP_NS);
	close_all_of_it();
}

static void test_blocks_that_come_late(void)
{
	struct leat_link_spec spec = tap_rig_spec();

	spec.rate_hz = 8000;
	spec.capacity = 4096;
	open_for(LEAT_TO_JACK, &spec);
	leat_tap_set_watermark(rig.tap, 400);
	expect_timer(NAP_MAX_NS);
	leat_tap_set_watermark(rig.tap, 399);
	expect_timer(399 * 1000 * MS / 8000);
	leat_tap_set_watermark(rig.tap, 401);
	expect_timer(NAP_MAX_NS);
	close_all_of_it();
}

/* ---- waiting ---- */

static void test_waiting_no_time(void)
{
	open_at_48000(LEAT_TO_PIPEWIRE);
	CU_ASSERT_EQUAL(leat_tap_wait(rig.tap, 0), 0);
	CU_ASSERT_EQUAL(faults_polled_ms(), -2);
	tap_rig_set_index(&rig, LEAT_TO_PIPEWIRE, 1);
	CU_ASSERT_EQUAL(leat_tap_wait(rig.tap, 0), 1);
	CU_ASSERT_EQUAL(faults_polled_ms(), -2);
	close_all_of_it();
}

/* It goes on sleeping till the time is over, for what is left of it. */
static void test_waiting_some_time(void)
{
	open_at_48000(LEAT_TO_PIPEWIRE);
	faults_virtual_time(now_ns, 3, 0);
	CU_ASSERT_EQUAL(leat_tap_wait(rig.tap, 5), 0);
	CU_ASSERT_EQUAL(faults_polled_ms(), 2);
	faults_virtual_time(now_ns, 5, 0);
	CU_ASSERT_EQUAL(leat_tap_wait(rig.tap, 5), 0);
	CU_ASSERT_EQUAL(faults_polled_ms(), 5);
	faults_virtual_time(now_ns, 2000000, 0);
	CU_ASSERT_EQUAL(leat_tap_wait(rig.tap, 2000000), 0);
	CU_ASSERT_EQUAL(faults_polled_ms(), 2000000);
	at(now_ns + 1);
	faults_fail(FAULT_POLL, 0, EINTR);
	CU_ASSERT_EQUAL(leat_tap_wait(rig.tap, INT32_MAX), -EINTR);
	CU_ASSERT_TRUE(faults_end());
	close_all_of_it();
}

static void shift(void)
{
	faults_virtual_time(now_ns + MS - 1, 1, 0);
}

/* Not too short, if what is left is no whole number of milliseconds. */
static void test_waiting_for_the_rest(void)
{
	open_at_48000(LEAT_TO_PIPEWIRE);
	faults_meanwhile(FAULT_POLL, 0, shift);
	CU_ASSERT_EQUAL(leat_tap_wait(rig.tap, 5), 0);
	CU_ASSERT_TRUE(faults_end());
	CU_ASSERT_EQUAL(faults_polled_ms(), 1);
	close_all_of_it();
}

static void write_one(void)
{
	tap_rig_set_index(&rig, LEAT_TO_PIPEWIRE, 1);
}

static void test_waiting_for_ever(void)
{
	open_at_48000(LEAT_TO_PIPEWIRE);
	faults_virtual_time(now_ns, 1000, 0);
	faults_meanwhile(FAULT_POLL, 3, write_one);
	CU_ASSERT_EQUAL(leat_tap_wait(rig.tap, -1), 1);
	CU_ASSERT_TRUE(faults_end());
	CU_ASSERT_EQUAL(faults_polled_ms(), -1);
	expect_next(LEAT_TAP_FRAMES);
	close_all_of_it();
}

/* What wakes it: not a timer that has been set anew, or not at all. */
static void test_descriptor(void)
{
	open_at_48000(LEAT_TO_PIPEWIRE);
	cycle(64, 64, frames_ns(64) + CALLBACK_NS - 1);
	expect_timer(1);
	faults_virtual_time(0, 0, 0);
	CU_ASSERT_TRUE(unit_readable(leat_tap_fd(rig.tap), UNIT_DEADLINE_MS));
	at(now_ns);
	cycle(128, 128, -1);
	for (int i = 0; i < 8; i++)
		CU_ASSERT_FALSE(leat_tap_prepare_wait(rig.tap));
	faults_virtual_time(0, 0, 0);
	CU_ASSERT_FALSE(unit_readable(leat_tap_fd(rig.tap), 0));
	close(rig.fd);
	rig.fd = -1;
	CU_ASSERT_TRUE(unit_readable(leat_tap_fd(rig.tap), UNIT_DEADLINE_MS));
	close_all_of_it();
}

static const struct unit_test tests[] = {
	{ "link", "none", test_a_link_that_is_not_there },
	{ "link", "looking takes long", test_looking_takes_long },
	{ "link", "no room", test_a_link_with_no_room },
	{ "link", "the same again", test_the_same_again },
	{ "link", "silent", test_silent_hosts },
	{ "link", "reasons", test_reasons },
	{ "link", "asking", test_asking },
	{ "generations", "closed before", test_closed_before_it_begins },
	{ "generations", "without frames", test_a_generation_without_frames },
	{ "generations", "begin", test_a_generation_begins },
	{ "generations", "end with a lie", test_a_lie_at_the_end },
	{ "naps", "grow", test_naps_grow },
	{ "cycles", "the next", test_the_next_cycle },
	{ "cycles", "later ones", test_later_cycles },
	{ "cycles", "no watermark", test_no_watermark },
	{ "cycles", "of a ring", test_blocks_of_a_ring },
	{ "cycles", "late", test_a_late_cycle },
	{ "cycles", "none", test_no_cycle },
	{ "cycles", "old", test_an_old_cycle },
	{ "cycles", "behind a jump", test_behind_a_jump },
	{ "blocks", "that come back", test_blocks_that_come_back },
	{ "blocks", "that come late", test_blocks_that_come_late },
	{ "waiting", "no time", test_waiting_no_time },
	{ "waiting", "some time", test_waiting_some_time },
	{ "waiting", "for the rest", test_waiting_for_the_rest },
	{ "waiting", "for ever", test_waiting_for_ever },
	{ "waiting", "descriptor", test_descriptor },
};

UNIT_MAIN(tests)
