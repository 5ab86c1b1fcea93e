/* SPDX-License-Identifier: MIT */
/* A hostile guest, or one who says to be one, and an honest host. */
#include "scene.h"

#include "unit/helpers.h"

#include <leat/inline/atomics.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- what it says ---- */

/* Send this instead of a HELLO; the host hangs up and has lost nobody. */
static void expect_refused(const void *bytes, size_t n_bytes, const int *fds,
			   unsigned n_fds)
{
	struct foe foe;

	CU_ASSERT_FATAL(foe_connect(&foe));
	CU_ASSERT_EQUAL(foe_send(foe.fd, bytes, n_bytes, fds, n_fds), 0);
	CU_ASSERT(foe_is_dropped(foe.fd));
	foe_finish(&foe);
}

static void hello(struct leat_message *message)
{
	leat_message_init(message, LEAT_MESSAGE_HELLO);
	message->body.hello.role = LEAT_ROLE_PIPEWIRE;
	message->n_fds = 1;
}

static void test_lengths(void)
{
	static const size_t lengths[] = { 0,   1,   4,	  15,	16,   511,
					  513, 516, 1024, 4096, 65536 };
	static struct leat_message messages[128];
	struct scene scene;
	struct foe foe;

	scene_open(&scene, HONEST_HOST);
	for (int i = 0; i < 128; i++)
		hello(&messages[i]);
	CU_ASSERT_FATAL(foe_connect(&foe) && foe_make_status(&foe, FOE_SEALS));
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		expect_refused(messages, lengths[i], &foe.status.fd, 1);
		expect_refused(messages, lengths[i], NULL, 0);
	}
	foe_finish(&foe);
	CU_ASSERT_EQUAL(scene.honest.report->n_gone, 0);
	scene_close(&scene);
}

/* Halves of a message, and then both. */
static void test_split(void)
{
	struct leat_message message;
	struct scene scene;
	struct foe foe;

	scene_open(&scene, HONEST_HOST);
	hello(&message);
	CU_ASSERT_FATAL(foe_connect(&foe) && foe_make_status(&foe, FOE_SEALS));
	CU_ASSERT_EQUAL(foe_send(foe.fd, &message, 256, &foe.status.fd, 1), 0);
	(void)foe_send(foe.fd, (char *)&message + 256, 256, NULL, 0);
	CU_ASSERT(foe_is_dropped(foe.fd));
	foe_finish(&foe);
	scene_close(&scene);
}

/* Each byte of a right HELLO that means something, with each value. */
static void test_message_fields(void)
{
	static const struct {
		size_t offset;
		unsigned n_bits;
	} fields[] = { { 0, 32 }, { 4, 16 },  { 6, 16 },
		       { 8, 32 }, { 12, 32 }, { 16, 32 } };
	struct leat_message right, message;
	struct scene scene;
	struct foe foe;

	scene_open(&scene, HONEST_HOST);
	hello(&right);
	CU_ASSERT_FATAL(foe_connect(&foe) && foe_make_status(&foe, FOE_SEALS));
	for (size_t f = 0; f < sizeof(fields) / sizeof(fields[0]); f++)
		for (unsigned i = 0; i < FOE_N_VALUES; i++) {
			uint64_t was = 0, value;

			memcpy(&was, (char *)&right + fields[f].offset,
			       fields[f].n_bits / 8);
			value = foe_value(i, was, fields[f].n_bits);
			if (value == was)
				continue;
			message = right;
			memcpy((char *)&message + fields[f].offset, &value,
			       fields[f].n_bits / 8);
			expect_refused(&message, sizeof(message),
				       &foe.status.fd, 1);
		}
	foe_finish(&foe);
	CU_ASSERT_EQUAL(scene.honest.report->n_gone, 0);
	CU_ASSERT_EQUAL(scene.honest.report->n_wires, 0);
	scene_close(&scene);
}

/* More room than there can be, and none; nobody here makes rings larger. */
static void test_room(void)
{
	struct scene scene;
	struct foe *foe = &scene.foe;
	struct leat_message message;

	scene_open(&scene, HONEST_HOST);
	CU_ASSERT_FATAL(foe_join(foe));
	leat_message_init(&message, LEAT_MESSAGE_ROOM);
	for (unsigned i = 0; i < FOE_N_VALUES; i++) {
		message.body.room.n_frames =
			(uint32_t)foe_value(i, foe->spec.capacity, 32);
		if (leat_message_check(&message, sizeof(message), 0) < 0)
			continue;
		CU_ASSERT_EQUAL(leat_message_send(foe->fd, &message, NULL, 0),
				0);
	}
	usleep(20000);
	CU_ASSERT_EQUAL(scene.honest.report->n_gone, 0);
	CU_ASSERT_EQUAL(scene.honest.report->n_wires, 1);
	message.body.room.n_frames = 0;
	message.reserved = 1;
	CU_ASSERT_EQUAL(leat_message_send(foe->fd, &message, NULL, 0), 0);
	scene_expect_gone(&scene, "protocol");
	scene_close(&scene);
}

/* Each number of a latency, with each value: kept, or the end. */
static void test_latency(void)
{
	struct leat_message right, message;
	struct scene scene;
	struct foe *foe = &scene.foe;

	scene_open(&scene, HONEST_HOST);
	leat_message_init(&right, LEAT_MESSAGE_LATENCY);
	for (unsigned w = 0; w < sizeof(right.body.latency) / 4; w++)
		for (unsigned i = 0; i < FOE_N_VALUES; i++) {
			message = right;
			((uint32_t *)&message.body.latency)[w] =
				(uint32_t)foe_value(i, 64, 32);
			CU_ASSERT_FATAL(foe_join(foe));
			CU_ASSERT_EQUAL(
				leat_message_send(foe->fd, &message, NULL, 0),
				0);
			if (leat_message_check(&message, sizeof(message), 0) ==
			    0) {
				CU_ASSERT(shutdown(foe->fd, SHUT_WR) == 0);
				scene_expect_gone(&scene, "");
				CU_ASSERT_EQUAL(scene.honest.report->text[0],
						0);
			} else {
				scene_expect_gone(&scene, "protocol");
			}
			foe_leave(foe);
		}
	scene_close(&scene);
}

static void test_versions(void)
{
	static const uint16_t versions[] = { 0, LEAT_PROTO_VERSION - 1,
					     LEAT_PROTO_VERSION + 1,
					     UINT16_MAX };
	struct leat_message message;
	struct scene scene;

	scene_open(&scene, HONEST_HOST);
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		struct foe foe;

		hello(&message);
		message.version = versions[i];
		CU_ASSERT_FATAL(foe_connect(&foe) &&
				foe_make_status(&foe, FOE_SEALS));
		CU_ASSERT_EQUAL(foe_send(foe.fd, &message, sizeof(message),
					 &foe.status.fd, 1),
				0);
		CU_ASSERT(foe_is_told(foe.fd, "version"));
		foe_finish(&foe);
	}
	scene_close(&scene);
}

/* ---- what it passes on ---- */

/* As many as the kernel takes, where one is right; and all of a kind. */
static void test_many_descriptors(void)
{
	static const unsigned numbers[] = { 0, 2, 3, 4, 100, FOE_FDS_MAX };
	struct leat_message message;
	int fds[FOE_FDS_MAX];
	struct scene scene;
	struct foe foe;

	scene_open(&scene, HONEST_HOST);
	hello(&message);
	CU_ASSERT_FATAL(foe_connect(&foe) && foe_make_status(&foe, FOE_SEALS));
	for (unsigned i = 0; i < FOE_FDS_MAX; i++)
		fds[i] = foe.status.fd;
	for (unsigned i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		for (unsigned n = 0; n < 2; n++) {
			/* The truth about it, and a lie. */
			message.n_fds = n == 0 ? numbers[i] : 1;
			expect_refused(&message, sizeof(message), fds,
				       numbers[i]);
		}
	foe_finish(&foe);
	scene_close(&scene);
}

/* Whatever else a descriptor can be, where the counters should be. */
static void test_kinds_of_status(void)
{
	struct leat_message message;
	struct scene scene;

	scene_open(&scene, HONEST_HOST);
	hello(&message);
	for (unsigned i = 0; i < foe_n_kinds; i++) {
		int fd = foe_kinds[i].open();
		struct foe foe;

		if (fd < 0)
			continue;
		CU_ASSERT_FATAL(foe_connect(&foe));
		CU_ASSERT_EQUAL(
			foe_send(foe.fd, &message, sizeof(message), &fd, 1), 0);
		CU_ASSERT(foe_is_told(foe.fd, "status part"));
		foe_finish(&foe);
		close(fd);
	}
	scene_close(&scene);
}

/* ... and where either part should be. */
static void test_kinds_of_parts(void)
{
	struct scene scene;

	scene_open(&scene, HONEST_HOST);
	for (unsigned i = 0; i < 3 * foe_n_kinds; i++) {
		struct foe *foe = &scene.foe;
		int fd = foe_kinds[i / 3].open();

		if (fd < 0)
			continue;
		CU_ASSERT_FATAL(foe_connect(foe) && foe_hello(foe) &&
				foe_make_parts(foe, FOE_SEALS));
		if (i % 3 != 0)
			dup2(fd, foe->producer.fd);
		if (i % 3 != 1)
			dup2(fd, foe->consumer.fd);
		CU_ASSERT(foe_accept(foe));
		scene_expect_gone(&scene, "protocol");
		foe_leave(foe);
		close(fd);
	}
	CU_ASSERT_EQUAL(scene.honest.report->n_wires, 0);
	scene_close(&scene);
}

/* ---- memory that it made ---- */

static void expect_parts_refused(struct scene *scene)
{
	CU_ASSERT(foe_accept(&scene->foe));
	scene_expect_gone(scene, "protocol");
	CU_ASSERT_EQUAL(scene->honest.report->n_wires, 0);
	foe_leave(&scene->foe);
}

/* Each of the seals missing in turn, and none at all. */
static void test_seals(void)
{
	static const int seals[] = { F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_SEAL,
				     F_SEAL_FUTURE_WRITE, FOE_SEALS };
	struct scene scene;

	scene_open(&scene, HONEST_HOST);
	for (unsigned i = 0; i < 5; i++)
		for (int both = 0; both < 2; both++) {
			struct foe *foe = &scene.foe;

			CU_ASSERT_FATAL(foe_connect(foe) && foe_hello(foe) &&
					foe_make_parts(foe, 0));
			CU_ASSERT(foe_memory_seal(&foe->producer,
						  FOE_SEALS & ~seals[i]));
			CU_ASSERT(foe_memory_seal(&foe->consumer,
						  both ? FOE_SEALS & ~seals[i]
						       : FOE_SEALS));
			expect_parts_refused(&scene);
		}
	scene_close(&scene);
}

static void test_seals_of_status(void)
{
	static const int seals[] = { F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_SEAL,
				     F_SEAL_FUTURE_WRITE, FOE_SEALS };
	struct leat_message message;
	struct scene scene;

	scene_open(&scene, HONEST_HOST);
	hello(&message);
	for (unsigned i = 0; i < 5; i++) {
		struct foe foe;

		CU_ASSERT_FATAL(foe_connect(&foe) &&
				foe_make_status(&foe, FOE_SEALS & ~seals[i]));
		CU_ASSERT_EQUAL(foe_send(foe.fd, &message, sizeof(message),
					 &foe.status.fd, 1),
				0);
		CU_ASSERT(foe_is_told(foe.fd, "status part"));
		foe_finish(&foe);
	}
	scene_close(&scene);
}

/*
 * Sealed against every write, its own too: it is constant, and so are the
 * indices in it. That is let in, and is as good as one that is frozen.
 */
static void test_constant_parts(void)
{
	struct scene scene;
	struct foe *foe = &scene.foe;

	scene_open(&scene, HONEST_HOST);
	CU_ASSERT_FATAL(foe_connect(foe) && foe_hello(foe) &&
			foe_make_parts(foe, 0));
	munmap(foe->producer.addr, foe->producer.size_bytes);
	munmap(foe->consumer.addr, foe->consumer.size_bytes);
	foe->producer.addr = foe->consumer.addr = MAP_FAILED;
	CU_ASSERT(foe_seal_parts(foe, FOE_SIZE_SEALS | F_SEAL_WRITE));
	CU_ASSERT(foe_accept(foe));
	CU_ASSERT(honest_wait(&scene.honest, &scene.honest.report->n_wires, 1));
	usleep(20000);
	scene_expect_calm(&scene);
	scene_close(&scene);
}

/* Shorter and longer than announced, by one byte up to terabytes. */
static void test_sizes(void)
{
	struct scene scene;

	scene_open(&scene, HONEST_HOST);
	for (unsigned i = 0; i < 14; i++) {
		struct foe *foe = &scene.foe;
		struct foe_memory *memory;
		const off_t sizes[] = {
			0, 1, 4095, 4096, 8192, 1 << 20, 1 << 30, (off_t)1 << 42
		};
		off_t size;

		CU_ASSERT_FATAL(foe_connect(foe) && foe_hello(foe) &&
				foe_make_parts(foe, 0));
		memory = i % 2 ? &foe->consumer : &foe->producer;
		size = sizes[i / 2];
		if (i % 2 && size == 4096)
			size = sizes[7];
		CU_ASSERT(ftruncate(memory->fd, size) == 0);
		CU_ASSERT(foe_seal_parts(foe, FOE_SEALS));
		expect_parts_refused(&scene);
	}
	scene_close(&scene);
}

/* Cut off, punched and written to from outside, just after it was taken. */
static void test_changed_behind_its_back(void)
{
	struct scene scene;
	struct foe *foe = &scene.foe;

	scene_open(&scene, HONEST_HOST);
	CU_ASSERT_FATAL(foe_join(foe));
	CU_ASSERT(honest_wait(&scene.honest, &scene.honest.report->n_wires, 1));
	for (int i = 0; i < 4; i++) {
		int fd = i == 0	  ? foe->producer.fd
			 : i == 1 ? foe->consumer.fd
				  : foe->peer_fds[i - 2];
		off_t size = lseek(fd, 0, SEEK_END);

		CU_ASSERT(ftruncate(fd, 0) < 0);
		CU_ASSERT(ftruncate(fd, size + 4096) < 0);
		CU_ASSERT(fallocate(fd,
				    FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				    0, size) < 0);
		CU_ASSERT(pwrite(fd, "x", 1, 0) < 0);
	}
	CU_ASSERT(madvise(foe->producer.addr, foe->producer.size_bytes,
			  MADV_REMOVE) < 0);
	scene_expect_calm(&scene);
	scene_close(&scene);
}

/* Each field of a part's header, with each value. */
static void expect_headers_refused(bool of_producer)
{
	static const struct {
		size_t offset;
		unsigned n_bits;
	} fields[] = { { 0, 64 },  { 8, 32 },  { 12, 32 }, { 16, 64 },
		       { 24, 64 }, { 32, 64 }, { 40, 32 }, { 44, 32 },
		       { 48, 32 }, { 52, 32 }, { 56, 32 }, { 60, 32 },
		       { 64, 64 }, { 72, 64 }, { 80, 64 }, { 120, 64 } };
	struct scene scene;

	scene_open(&scene, HONEST_HOST);
	for (size_t f = 0; f < sizeof(fields) / sizeof(fields[0]); f++)
		for (unsigned i = 0; i < FOE_N_VALUES; i++) {
			struct foe *foe = &scene.foe;
			uint64_t was = 0, value;
			char *field;

			CU_ASSERT_FATAL(foe_connect(foe) && foe_hello(foe) &&
					foe_make_parts(foe, FOE_SEALS));
			field = (char *)(of_producer ? foe->producer.addr
						     : foe->consumer.addr) +
				fields[f].offset;
			memcpy(&was, field, fields[f].n_bits / 8);
			value = foe_value(i, was, fields[f].n_bits);
			memcpy(field, &value, fields[f].n_bits / 8);
			if (value == was)
				foe_leave(foe);
			else
				expect_parts_refused(&scene);
			scene.n_gone = f * FOE_N_VALUES + i + 1;
			CU_ASSERT(honest_wait(&scene.honest,
					      &scene.honest.report->n_gone,
					      scene.n_gone));
		}
	scene_close(&scene);
}

static void test_producer_header(void)
{
	expect_headers_refused(true);
}

static void test_consumer_header(void)
{
	expect_headers_refused(false);
}

static const struct unit_test tests[] = {
	{ "messages", "lengths", test_lengths },
	{ "messages", "split", test_split },
	{ "messages", "each field", test_message_fields },
	{ "messages", "each field of a latency", test_latency },
	{ "messages", "any room", test_room },
	{ "messages", "version skew", test_versions },
	{ "descriptors", "too many", test_many_descriptors },
	{ "descriptors", "wrong kinds of status", test_kinds_of_status },
	{ "descriptors", "wrong kinds of parts", test_kinds_of_parts },
	{ "memory", "each seal missing", test_seals },
	{ "memory", "each seal of the status missing", test_seals_of_status },
	{ "memory", "constant", test_constant_parts },
	{ "memory", "short and huge", test_sizes },
	{ "memory", "cut and punched later", test_changed_behind_its_back },
	{ "memory", "each field of a producer's header", test_producer_header },
	{ "memory", "each field of a consumer's header", test_consumer_header },
};

SCENE_MAIN(tests)
