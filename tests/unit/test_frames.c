/* SPDX-License-Identifier: MIT */
#include <leat/frames.h>

#include <leat/shm.h>

#include "frames_ring.h"
#include "helpers.h"
#include "link/part.h"
#include <leat/inline/atomics.h>
#include "runner.h"

#include <CUnit/CUnit.h>

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- formats ---- */

static void expect_format(const struct leat_frames_format *format, int res)
{
	struct leat_frames_producer *producer = NULL;
	struct leat_frames_consumer *consumer = NULL;
	unsigned n_fds = unit_count_fds();

	CU_ASSERT_EQUAL(leat_frames_format_check(format), res);
	CU_ASSERT_EQUAL(leat_frames_producer_create(&producer, format), res);
	CU_ASSERT_EQUAL(leat_frames_consumer_create(&consumer, format), res);
	CU_ASSERT_EQUAL(producer != NULL, res == 0);
	CU_ASSERT_EQUAL(consumer != NULL, res == 0);
	leat_frames_producer_destroy(producer);
	leat_frames_consumer_destroy(consumer);
	CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
}

static void expect_capacity(uint32_t capacity, int res)
{
	struct leat_frames_format format = plain;

	format.n_channels = 0;
	format.capacity = capacity;
	expect_format(&format, res);
}

static void expect_rate(uint32_t rate_hz, int res)
{
	struct leat_frames_format format = plain;

	format.rate_hz = rate_hz;
	expect_format(&format, res);
}

static void expect_channels(uint32_t n_channels, int res)
{
	struct leat_frames_format format = plain;

	format.n_channels = n_channels;
	expect_format(&format, res);
}

static void expect_flags(uint32_t ring_flags, int res)
{
	struct leat_frames_format format = plain;

	format.ring_flags = ring_flags;
	expect_format(&format, res);
}

static void expect_direction(uint32_t direction, int res)
{
	struct leat_frames_format format = plain;

	format.direction = direction;
	expect_format(&format, res);
}

static void test_format_capacity(void)
{
	expect_capacity(0, -EINVAL);
	expect_capacity(32, -EINVAL);
	expect_capacity(63, -EINVAL);
	expect_capacity(64, 0);
	expect_capacity(65, -EINVAL);
	expect_capacity(96, -EINVAL);
	expect_capacity(1u << 24, 0);
	expect_capacity((1u << 24) + 1, -EINVAL);
	expect_capacity(1u << 25, -EINVAL);
	expect_capacity(1u << 31, -EINVAL);
}

static void test_format_others(void)
{
	expect_channels(0, 0);
	expect_channels(64, 0);
	expect_channels(65, -EINVAL);
	expect_channels(UINT32_MAX, -EINVAL);
	expect_rate(999, -EINVAL);
	expect_rate(1000, 0);
	expect_rate(768000, 0);
	expect_rate(768001, -EINVAL);
	expect_flags(LEAT_RING_POLL | LEAT_RING_TIMED, 0);
	expect_flags(4, -EINVAL);
	expect_flags(0x80000000u, -EINVAL);
	expect_direction(LEAT_TO_PIPEWIRE, 0);
	expect_direction(2, -EINVAL);
	expect_direction(UINT32_MAX, -EINVAL);
}

static void test_destroy_takes_null(void)
{
	leat_frames_producer_destroy(NULL);
	leat_frames_consumer_destroy(NULL);
	CU_PASS("still here");
}

/* ---- a connected ring ---- */

static void expect_send(struct ring *ring, uint32_t n, uint32_t n_sent)
{
	struct run run = { .index = leat_producer_index(
				   leat_frames_producer_ring(ring->producer)) };

	CU_ASSERT_EQUAL(leat_frames_send(ring->producer, n, write_run, &run),
			n_sent);
	CU_ASSERT_EQUAL(run.n_seen, n_sent);
	CU_ASSERT_EQUAL(run.n_wrong, 0);
}

static void expect_recv(struct ring *ring, uint32_t n, uint32_t n_received)
{
	struct run run = { .index = leat_consumer_index(
				   leat_frames_consumer_ring(ring->consumer)) };

	CU_ASSERT_EQUAL(leat_frames_recv(ring->consumer, n, read_run, &run),
			n_received);
	CU_ASSERT_EQUAL(run.n_seen, n_received);
	CU_ASSERT_EQUAL(run.n_wrong, 0);
}

static void round_trip(uint32_t n_channels, uint64_t first_index)
{
	struct leat_frames_format format = plain;
	unsigned n_fds = unit_count_fds();
	struct ring ring;

	format.n_channels = n_channels;
	format.first_index = first_index;
	ring_open(&ring, &format);
	/* Blocks that wrap, and a ring that is filled to the brim. */
	for (int i = 0; i < 20; i++) {
		expect_send(&ring, 40, 40);
		expect_send(&ring, 40, 24);
		expect_send(&ring, 1, 0);
		expect_recv(&ring, 30, 30);
		expect_recv(&ring, 40, 34);
		expect_recv(&ring, 1, 0);
	}
	ring_close(&ring);
	CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
}

static void test_round_trip_of_no_channels(void)
{
	round_trip(0, 0);
	round_trip(0, UINT64_MAX - 100);
}

static void test_round_trip(void)
{
	round_trip(1, 0);
	round_trip(2, 5);
	round_trip(3, UINT32_MAX - 100);
	round_trip(3, UINT64_MAX - 100);
}

static void test_round_trip_of_64_channels(void)
{
	round_trip(64, 0);
	round_trip(64, UINT64_MAX - 100);
}

static void test_planes_lie_apart(void)
{
	struct leat_frames_format format = plain;

	format.capacity = 256;
	CU_ASSERT_EQUAL(leat_part_stride_bytes(&format), 256 * 4 + 128);
	format.n_channels = 0;
	CU_ASSERT_EQUAL(leat_part_total_bytes(LEAT_PART_PRODUCER, &format),
			4096);
	format.n_channels = 64;
	CU_ASSERT_EQUAL(leat_part_total_bytes(LEAT_PART_CONSUMER, &format),
			4096);
	CU_ASSERT_EQUAL(leat_part_total_bytes(LEAT_PART_PRODUCER, &format),
			4096 + 64 * 1152);
	format.n_channels = 1;
	CU_ASSERT_EQUAL(leat_part_total_bytes(LEAT_PART_PRODUCER, &format),
			2 * 4096);
	format.capacity = 1u << 24;
	format.n_channels = 64;
	CU_ASSERT_EQUAL(leat_part_total_bytes(LEAT_PART_PRODUCER, &format),
			UINT64_C(4096) + 64 * ((UINT64_C(1) << 26) + 128));
}

static void expect_plain(const struct leat_frames_format *format)
{
	CU_ASSERT_EQUAL(format->n_channels, plain.n_channels);
	CU_ASSERT_EQUAL(format->capacity, plain.capacity);
	CU_ASSERT_EQUAL(format->rate_hz, plain.rate_hz);
	CU_ASSERT_EQUAL(format->ring_flags, plain.ring_flags);
	CU_ASSERT_EQUAL(format->direction, plain.direction);
	CU_ASSERT_EQUAL(format->generation, plain.generation);
	CU_ASSERT_EQUAL(format->first_index, plain.first_index);
}

static void test_formats_are_kept(void)
{
	struct ring ring;

	ring_open(&ring, &plain);
	expect_plain(leat_frames_producer_format(ring.producer));
	expect_plain(leat_frames_consumer_format(ring.consumer));
	ring_close(&ring);
}

/* ---- timed ---- */

static void open_timed(struct ring *ring, uint64_t first_index)
{
	struct leat_frames_format format = plain;

	format.ring_flags = LEAT_RING_TIMED;
	format.first_index = first_index;
	ring_open(ring, &format);
}

static uint32_t send_at(struct ring *ring, uint64_t index, uint32_t n)
{
	struct run run = { .index = index };
	uint32_t n_sent =
		leat_frames_send_at(ring->producer, index, n, write_run, &run);

	CU_ASSERT_EQUAL(run.n_seen, n_sent);
	return n_sent;
}

static uint32_t recv_at(struct ring *ring, uint64_t index, uint32_t n)
{
	struct run run = { .index = index };
	uint32_t n_received =
		leat_frames_recv_at(ring->consumer, index, n, read_run, &run);

	CU_ASSERT_EQUAL(
		leat_consumer_index(leat_frames_consumer_ring(ring->consumer)),
		index + n);
	if (n_received > 0) {
		CU_ASSERT_EQUAL(run.n_wrong, 0);
		CU_ASSERT_EQUAL(run.n_seen, n_received);
	}
	return n_received;
}

static void test_at(void)
{
	for (uint64_t base = UINT64_MAX - 99; base != 50; base += 50) {
		struct ring ring;

		open_timed(&ring, base);
		CU_ASSERT_EQUAL(send_at(&ring, base, 16), 16);
		CU_ASSERT_EQUAL(recv_at(&ring, base, 16), 16);
		/* Not there; passed in any case, and that can be seen. */
		CU_ASSERT_EQUAL(recv_at(&ring, base + 16, 16), 0);
		CU_ASSERT_EQUAL(send_at(&ring, base + 80, 32), 32);
		CU_ASSERT_EQUAL(recv_at(&ring, base + 96, 32), 0);
		CU_ASSERT_EQUAL(recv_at(&ring, base + 80, 32), 32);
		/* In the past, and more than fits. */
		CU_ASSERT_EQUAL(send_at(&ring, base + 111, 1), 0);
		CU_ASSERT_EQUAL(send_at(&ring, base + 112, 65), 0);
		ring_close(&ring);
	}
}

static uint64_t n_events(struct ring *ring)
{
	struct leat_shm shm;
	uint64_t n;

	CU_ASSERT_FATAL(
		leat_shm_attach(&shm,
				dup(leat_frames_producer_fd(ring->producer)),
				total_bytes(LEAT_PART_PRODUCER)) == 0);
	n = leat_word_load(
		&((struct leat_producer_part *)shm.addr)->events.n_written);
	leat_shm_finish(&shm);
	return n;
}

/* A jump is told of if it is one, and only where the index is time. */
static void test_jumps_are_told(void)
{
	struct ring ring;

	open_timed(&ring, 0);
	CU_ASSERT_EQUAL(send_at(&ring, 0, 16), 16);
	CU_ASSERT_EQUAL(send_at(&ring, 16, 16), 16);
	CU_ASSERT_EQUAL(send_at(&ring, 31, 1), 0);
	CU_ASSERT_EQUAL(send_at(&ring, 100, 65), 0);
	CU_ASSERT_EQUAL(n_events(&ring), 0);
	CU_ASSERT_EQUAL(send_at(&ring, 100, 64), 64);
	CU_ASSERT_EQUAL(n_events(&ring), 1);
	ring_close(&ring);
	ring_open(&ring, &plain);
	CU_ASSERT_EQUAL(send_at(&ring, 1020, 16), 0);
	CU_ASSERT_EQUAL(n_events(&ring), 0);
	ring_close(&ring);
}

/* Frames that the next block of the same size may be about to overwrite. */
/* One frame is enough for a call, and none makes none. */
static void count_calls(void *user, const struct leat_frames_room *room)
{
	unsigned *n_calls = user;

	CU_ASSERT_TRUE(room->n_frames > 0);
	++*n_calls;
}

static void test_calls(void)
{
	struct ring ring;
	unsigned n_calls = 0;

	open_timed(&ring, 60);
	CU_ASSERT_EQUAL(leat_frames_send_at(ring.producer, 60, 1, count_calls,
					    &n_calls),
			1);
	CU_ASSERT_EQUAL(n_calls, 1);
	CU_ASSERT_EQUAL(leat_frames_send_at(ring.producer, 61, 0, count_calls,
					    &n_calls),
			0);
	CU_ASSERT_EQUAL(n_calls, 1);
	/* Up to the end of the memory, and on from its beginning. */
	CU_ASSERT_EQUAL(leat_frames_send_at(ring.producer, 61, 8, count_calls,
					    &n_calls),
			8);
	CU_ASSERT_EQUAL(n_calls, 3);
	ring_close(&ring);
}

static void test_recv_at_leaves_room_for_the_writer(void)
{
	struct ring ring;

	open_timed(&ring, 0);
	CU_ASSERT_EQUAL(send_at(&ring, 0, 40), 40);
	CU_ASSERT_EQUAL(recv_at(&ring, 0, 40), 0);
	CU_ASSERT_EQUAL(recv_at(&ring, 8, 32), 32);
	ring_close(&ring);
}

static void test_at_on_a_plain_ring(void)
{
	struct run run = { 0 };
	struct ring ring;

	ring_open(&ring, &plain);
	CU_ASSERT_EQUAL(
		leat_frames_send_at(ring.producer, 1000, 8, write_run, &run),
		0);
	expect_send(&ring, 8, 8);
	CU_ASSERT_EQUAL(
		leat_frames_recv_at(ring.consumer, 1000, 8, read_run, &run), 0);
	CU_ASSERT_EQUAL(run.n_calls, 0);
	expect_recv(&ring, 8, 8);
	ring_close(&ring);
}

/* ---- stamps and activity ---- */

static void test_stamp(void)
{
	const struct leat_stamp first = { 1, UINT64_MAX, 3 };
	const struct leat_stamp second = { 4, 5, UINT64_MAX - 1 };
	struct leat_stamp stamp, stamps[LEAT_STAMP_LOG_SIZE];
	uint64_t n_read = 0;
	struct ring ring;

	ring_open(&ring, &plain);
	CU_ASSERT_TRUE(leat_frames_get_stamp(ring.consumer, &stamp));
	CU_ASSERT_EQUAL(stamp.time_ns, 0);
	leat_frames_set_stamp(ring.producer, &first);
	CU_ASSERT_TRUE(leat_frames_get_stamp(ring.consumer, &stamp));
	CU_ASSERT_EQUAL(memcmp(&stamp, &first, sizeof(first)), 0);
	leat_frames_set_stamp(ring.producer, &second);
	CU_ASSERT_TRUE(leat_frames_get_stamp(ring.consumer, &stamp));
	CU_ASSERT_EQUAL(memcmp(&stamp, &second, sizeof(second)), 0);
	CU_ASSERT_EQUAL(leat_frames_get_stamps(ring.consumer, &n_read, stamps),
			2);
	CU_ASSERT_EQUAL(memcmp(&stamps[0], &first, sizeof(first)), 0);
	CU_ASSERT_EQUAL(memcmp(&stamps[1], &second, sizeof(second)), 0);
	CU_ASSERT_EQUAL(leat_frames_get_stamps(ring.consumer, &n_read, stamps),
			0);
	ring_close(&ring);
}

/* A consumer of a part whose words the test itself can write. */
static struct leat_producer_part *
open_forged(struct leat_frames_consumer **consumer, struct leat_shm *shm)
{
	struct leat_producer_part *part;

	CU_ASSERT_FATAL(leat_shm_create(shm, "unit",
					total_bytes(LEAT_PART_PRODUCER)) == 0);
	part = shm->addr;
	leat_part_header_init(&part->header, LEAT_PART_PRODUCER, &plain);
	leat_ring_words_init(&part->words, plain.first_index);
	CU_ASSERT_FATAL(leat_frames_consumer_create(consumer, &plain) == 0);
	CU_ASSERT_FATAL(
		leat_frames_consumer_connect(*consumer, dup(shm->fd), -1) == 0);
	return part;
}

static void test_stamp_being_written(void)
{
	struct leat_frames_consumer *consumer;
	struct leat_producer_part *part;
	struct leat_stamp stamp;
	struct leat_shm shm;

	part = open_forged(&consumer, &shm);
	leat_word_store(&part->stamp.frame_time, 55);
	leat_word_store(&part->stamp.sequence, 1);
	CU_ASSERT_FALSE(leat_frames_get_stamp(consumer, &stamp));
	leat_word_store(&part->stamp.sequence, UINT64_MAX);
	CU_ASSERT_FALSE(leat_frames_get_stamp(consumer, &stamp));
	leat_word_store(&part->stamp.sequence, 2);
	CU_ASSERT_TRUE(leat_frames_get_stamp(consumer, &stamp));
	CU_ASSERT_EQUAL(stamp.frame_time, 55);
	leat_frames_consumer_destroy(consumer);
	leat_shm_finish(&shm);
}

static void test_activity(void)
{
	struct leat_frames_consumer *consumer;
	struct leat_producer_part *part;
	struct leat_shm shm;
	struct ring ring;

	ring_open(&ring, &plain);
	CU_ASSERT_EQUAL(leat_frames_activity(ring.consumer), LEAT_IDLE);
	leat_frames_set_activity(ring.producer, LEAT_ACTIVE);
	CU_ASSERT_EQUAL(leat_frames_activity(ring.consumer), LEAT_ACTIVE);
	leat_frames_set_activity(ring.producer, LEAT_ANSWERS);
	CU_ASSERT_EQUAL(leat_frames_activity(ring.consumer), LEAT_ANSWERS);
	leat_frames_set_activity(ring.producer, LEAT_IDLE);
	CU_ASSERT_EQUAL(leat_frames_activity(ring.consumer), LEAT_IDLE);
	ring_close(&ring);
	/* Whatever else a peer writes there says nothing. */
	part = open_forged(&consumer, &shm);
	leat_word_store(&part->activity, LEAT_N_ACTIVITIES);
	CU_ASSERT_EQUAL(leat_frames_activity(consumer), LEAT_IDLE);
	leat_word_store(&part->activity, UINT64_C(1) << 32 | LEAT_ACTIVE);
	CU_ASSERT_EQUAL(leat_frames_activity(consumer), LEAT_IDLE);
	leat_word_store(&part->activity, UINT64_MAX);
	CU_ASSERT_EQUAL(leat_frames_activity(consumer), LEAT_IDLE);
	leat_frames_consumer_destroy(consumer);
	leat_shm_finish(&shm);
}

/* ---- fetching ahead ---- */

/* Silence, and where it lies. */
static void send_silence(void *user, const struct leat_frames_room *room)
	LEAT_RT
{
	float **base = user;

	memset(room->base, 0, room->n_frames * sizeof(float));
	*base = room->base;
}

/* Lines are fetched ahead by writing to them: not those that are being read. */
static void test_fetches_only_what_is_free(void)
{
	struct leat_frames_format format = plain;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint32_t n = (uint32_t)(page / sizeof(float));
	struct ring ring;
	float *base;

	format.n_channels = 1;
	format.capacity = 2 * n;
	format.first_index = 0;
	ring_open(&ring, &format);
	for (int i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(
			leat_frames_send(ring.producer, n, send_silence, &base),
			n);
		mprotect(base, page, PROT_READ);
	}
	ring_close(&ring);
}

/* ---- waking ---- */

static void test_wake(void)
{
	struct ring ring;

	ring_open(&ring, &plain);
	CU_ASSERT_TRUE(leat_frames_wait_fd(ring.consumer) >= 0);
	CU_ASSERT_FALSE(leat_frames_prepare_wait(ring.consumer, 10));
	expect_send(&ring, 9, 9);
	CU_ASSERT_FALSE(unit_readable(leat_frames_wait_fd(ring.consumer), 0));
	CU_ASSERT_EQUAL(leat_frames_wakeups(ring.producer), 0);
	/* Over the wrap, and so in two spans: one signal. */
	expect_send(&ring, 55, 55);
	CU_ASSERT_TRUE(unit_readable(leat_frames_wait_fd(ring.consumer), 0));
	CU_ASSERT_EQUAL(leat_frames_wakeups(ring.producer), 1);
	CU_ASSERT_TRUE(leat_frames_prepare_wait(ring.consumer, 10));
	CU_ASSERT_FALSE(unit_readable(leat_frames_wait_fd(ring.consumer), 0));
	expect_recv(&ring, 64, 64);
	CU_ASSERT_FALSE(leat_frames_prepare_wait(ring.consumer, 1));
	expect_send(&ring, 1, 1);
	CU_ASSERT_TRUE(unit_readable(leat_frames_wait_fd(ring.consumer), 0));
	leat_frames_clear_wait(ring.consumer);
	CU_ASSERT_FALSE(unit_readable(leat_frames_wait_fd(ring.consumer), 0));
	expect_send(&ring, 1, 1);
	CU_ASSERT_EQUAL(leat_frames_wakeups(ring.producer), 2);
	CU_ASSERT_EQUAL(leat_frames_wake_calls(ring.producer), 2);
	ring_close(&ring);
}

static const struct unit_test tests[] = {
	{ "format", "capacity", test_format_capacity },
	{ "format", "others", test_format_others },
	{ "format", "kept", test_formats_are_kept },
	{ "format", "layout of planes", test_planes_lie_apart },
	{ "round trip", "no channels", test_round_trip_of_no_channels },
	{ "round trip", "a few channels", test_round_trip },
	{ "round trip", "64 channels", test_round_trip_of_64_channels },
	{ "round trip", "destroy NULL", test_destroy_takes_null },
	{ "at an index", "there and not there", test_at },
	{ "at an index", "jumps are told", test_jumps_are_told },
	{ "at an index", "calls", test_calls },
	{ "at an index", "room for the writer",
	  test_recv_at_leaves_room_for_the_writer },
	{ "at an index", "on a plain ring", test_at_on_a_plain_ring },
	{ "stamps", "read as written", test_stamp },
	{ "stamps", "being written", test_stamp_being_written },
	{ "stamps", "activity", test_activity },
	{ "fetching", "what is free", test_fetches_only_what_is_free },
	{ "waking", "wake", test_wake },
};

UNIT_MAIN(tests)
