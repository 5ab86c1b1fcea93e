/* SPDX-License-Identifier: MIT */
/* Parts and descriptors that are not what they should be are refused. */
#include <leat/frames.h>

#include <leat/shm.h>

#include "frames_ring.h"
#include "helpers.h"
#include "link/part.h"
#include "runner.h"

#include <CUnit/CUnit.h>

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* A part as a peer would make it, with one byte of its header changed. */
static int forge(enum leat_part_kind kind, size_t offset, int flip,
		 uint64_t index)
{
	struct leat_consumer_part *part;
	struct leat_shm shm;
	int fd;

	CU_ASSERT_FATAL(leat_shm_create(&shm, "unit", total_bytes(kind)) == 0);
	part = shm.addr;
	leat_part_header_init(&part->header, kind, &plain);
	leat_ring_words_init(&part->words, index);
	((unsigned char *)shm.addr)[offset] ^= (unsigned char)flip;
	fd = dup(shm.fd);
	leat_shm_finish(&shm);
	return fd;
}

static void expect_producer_connect(int part_fd, int res)
{
	struct leat_frames_producer *producer;
	unsigned n_fds = unit_count_fds() - (unit_fd_open(part_fd) ? 1 : 0);

	CU_ASSERT_FATAL(leat_frames_producer_create(&producer, &plain) == 0);
	CU_ASSERT_EQUAL(leat_frames_producer_connect(producer, part_fd,
						     eventfd(0, EFD_CLOEXEC)),
			res);
	leat_frames_producer_destroy(producer);
	CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
}

static void expect_consumer_connect(int part_fd, int res)
{
	struct leat_frames_consumer *consumer;
	unsigned n_fds = unit_count_fds() - (unit_fd_open(part_fd) ? 1 : 0);

	CU_ASSERT_FATAL(leat_frames_consumer_create(&consumer, &plain) == 0);
	CU_ASSERT_EQUAL(leat_frames_consumer_connect(consumer, part_fd,
						     eventfd(0, EFD_CLOEXEC)),
			res);
	leat_frames_consumer_destroy(consumer);
	CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
}

static void test_header_says_what_it_is(void)
{
	struct leat_part_header header;
	struct leat_frames_format format = plain;

	format.ring_flags = LEAT_RING_TIMED;
	memset(&header, 0xff, sizeof(header));
	leat_part_header_init(&header, LEAT_PART_PRODUCER, &format);
	CU_ASSERT_EQUAL(memcmp(&header.magic, "leatpart", 8), 0);
	CU_ASSERT_EQUAL(header.version, 2);
	CU_ASSERT_EQUAL(header.kind, LEAT_PART_PRODUCER);
	CU_ASSERT_EQUAL(header.total_bytes, 8192);
	CU_ASSERT_EQUAL(header.generation, 7);
	CU_ASSERT_EQUAL(header.first_index, 1000);
	CU_ASSERT_EQUAL(header.direction, LEAT_TO_JACK);
	CU_ASSERT_EQUAL(header.n_channels, 2);
	CU_ASSERT_EQUAL(header.capacity, 64);
	CU_ASSERT_EQUAL(header.rate_hz, 48000);
	CU_ASSERT_EQUAL(header.ring_flags, LEAT_RING_TIMED);
	CU_ASSERT_EQUAL(header.features, 0);
	CU_ASSERT_EQUAL(header.planes_offset, 4096);
	CU_ASSERT_EQUAL(header.plane_stride_bytes, 384);
	for (size_t i = 0; i < sizeof(header.reserved); i++)
		CU_ASSERT_EQUAL(header.reserved[i], 0);
}

/* What a part really begins with, once it is made. */
static void test_parts_begin_with_their_header(void)
{
	struct leat_part_header wanted;
	struct leat_shm shm;
	struct ring ring;

	ring_open(&ring, &plain);
	leat_part_header_init(&wanted, LEAT_PART_PRODUCER, &plain);
	CU_ASSERT_FATAL(
		leat_shm_attach(&shm,
				dup(leat_frames_producer_fd(ring.producer)),
				8192) == 0);
	CU_ASSERT_EQUAL(memcmp(shm.addr, &wanted, sizeof(wanted)), 0);
	leat_shm_finish(&shm);
	leat_part_header_init(&wanted, LEAT_PART_CONSUMER, &plain);
	CU_ASSERT_FATAL(
		leat_shm_attach(&shm,
				dup(leat_frames_consumer_fd(ring.consumer)),
				4096) == 0);
	CU_ASSERT_EQUAL(memcmp(shm.addr, &wanted, sizeof(wanted)), 0);
	leat_shm_finish(&shm);
	ring_close(&ring);
}

static void test_every_byte_of_the_header_counts(void)
{
	/* Unchanged, they will do: it is the change that is refused. */
	expect_producer_connect(forge(LEAT_PART_CONSUMER, 0, 0, 1000), 0);
	expect_consumer_connect(forge(LEAT_PART_PRODUCER, 0, 0, 1000), 0);
	for (size_t i = 0; i < sizeof(struct leat_part_header); i++) {
		expect_producer_connect(forge(LEAT_PART_CONSUMER, i, 1, 1000),
					-EPROTO);
		expect_consumer_connect(
			forge(LEAT_PART_PRODUCER, i, 0x80, 1000), -EPROTO);
	}
}

static void test_peer_index_counts(void)
{
	expect_producer_connect(forge(LEAT_PART_CONSUMER, 0, 0, 1001), -EPROTO);
	expect_producer_connect(forge(LEAT_PART_CONSUMER, 0, 0, 935), -EPROTO);
	expect_consumer_connect(forge(LEAT_PART_PRODUCER, 0, 0, 999), -EPROTO);
	expect_consumer_connect(forge(LEAT_PART_PRODUCER, 0, 0, 1065), -EPROTO);
	expect_consumer_connect(forge(LEAT_PART_PRODUCER, 0, 0, 1064), 0);
}

/* An end that refused a peer holds nothing of it, and may meet another. */
static void test_nothing_is_kept_of_the_refused(void)
{
	struct leat_frames_producer *producer;
	struct leat_frames_consumer *consumer;
	unsigned n_fds;

	CU_ASSERT_FATAL(leat_frames_producer_create(&producer, &plain) == 0);
	CU_ASSERT_FATAL(leat_frames_consumer_create(&consumer, &plain) == 0);
	n_fds = unit_count_fds();
	/* Right but for the index, and right but for the header. */
	for (int flip = 0; flip < 2; flip++) {
		CU_ASSERT_EQUAL(
			leat_frames_producer_connect(
				producer,
				forge(LEAT_PART_CONSUMER, 0, flip, 1001),
				eventfd(0, EFD_CLOEXEC)),
			-EPROTO);
		CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
		CU_ASSERT_EQUAL(leat_frames_consumer_connect(
					consumer,
					forge(LEAT_PART_PRODUCER, 0, flip, 999),
					eventfd(0, EFD_CLOEXEC)),
				-EPROTO);
		CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
		CU_ASSERT_EQUAL(leat_frames_wait_fd(consumer), -1);
	}
	CU_ASSERT_EQUAL(
		leat_frames_producer_connect(
			producer, forge(LEAT_PART_CONSUMER, 0, 0, 1000), -1),
		0);
	CU_ASSERT_EQUAL(
		leat_frames_consumer_connect(
			consumer, forge(LEAT_PART_PRODUCER, 0, 0, 1000), -1),
		0);
	leat_frames_producer_destroy(producer);
	leat_frames_consumer_destroy(consumer);
}

/* Nothing that is no part at all does, either. */
static void test_other_descriptors_are_refused(void)
{
	int fds[2];

	expect_producer_connect(-1, -EPROTO);
	expect_consumer_connect(-1, -EPROTO);
	CU_ASSERT_FATAL(pipe(fds) == 0);
	expect_producer_connect(fds[0], -EPROTO);
	expect_consumer_connect(fds[1], -EPROTO);
	/* One's own kind. */
	expect_producer_connect(forge(LEAT_PART_PRODUCER, 0, 0, 1000), -EPROTO);
	expect_consumer_connect(forge(LEAT_PART_CONSUMER, 0, 0, 1000), -EPROTO);
}

/* A signal that cannot be used: nothing of the part is left. */
static void test_bad_signal_is_refused(void)
{
	struct leat_frames_producer *producer;
	struct leat_frames_consumer *consumer;
	unsigned n_fds = unit_count_fds();
	int fd = forge(LEAT_PART_CONSUMER, 0, 0, 1000);

	CU_ASSERT_FATAL(leat_frames_producer_create(&producer, &plain) == 0);
	CU_ASSERT_EQUAL(leat_frames_producer_connect(producer, fd, 9999),
			-EBADF);
	CU_ASSERT_FALSE(unit_fd_open(fd));
	leat_frames_producer_destroy(producer);
	fd = forge(LEAT_PART_PRODUCER, 0, 0, 1000);
	CU_ASSERT_FATAL(leat_frames_consumer_create(&consumer, &plain) == 0);
	CU_ASSERT_EQUAL(leat_frames_consumer_connect(consumer, fd, 9999),
			-EBADF);
	CU_ASSERT_FALSE(unit_fd_open(fd));
	leat_frames_consumer_destroy(consumer);
	CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
}

static const struct unit_test tests[] = {
	{ "parts", "what a header says", test_header_says_what_it_is },
	{ "parts", "begin with a header", test_parts_begin_with_their_header },
	{ "parts", "every byte counts", test_every_byte_of_the_header_counts },
	{ "parts", "the index counts", test_peer_index_counts },
	{ "parts", "other descriptors", test_other_descriptors_are_refused },
	{ "parts", "nothing is kept", test_nothing_is_kept_of_the_refused },
	{ "parts", "bad signal", test_bad_signal_is_refused },
};

UNIT_MAIN(tests)
