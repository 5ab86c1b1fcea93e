/* SPDX-License-Identifier: MIT */
/* A hostile host, and an honest guest or a tool that asks it. */
#include "scene.h"

#include "unit/helpers.h"

#include <leat/status.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- what it says ---- */

/* Send this instead of what is due; the guest says why it leaves. */
static void expect_left(struct scene *scene, const void *bytes, size_t n_bytes,
			const int *fds, unsigned n_fds, const char *word)
{
	CU_ASSERT_FATAL(foe_meet(&scene->foe));
	CU_ASSERT_EQUAL(foe_send(scene->foe.fd, bytes, n_bytes, fds, n_fds), 0);
	scene_expect_gone(scene, word);
	foe_leave(&scene->foe);
}

static void right_spec(struct leat_message *message)
{
	struct leat_link_spec spec = honest_spec();

	leat_message_init(message, LEAT_MESSAGE_SPEC);
	leat_spec_pack(&message->body.spec, &spec);
}

static void test_lengths(void)
{
	static const size_t lengths[] = { 1,   4,   15,	  16,	511,
					  513, 516, 1024, 65536 };
	static struct leat_message messages[128];
	struct scene scene;

	scene_open(&scene, HONEST_GUEST);
	for (int i = 0; i < 128; i++)
		right_spec(&messages[i]);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
		expect_left(&scene, messages, lengths[i], NULL, 0, "protocol");
	/* Nothing at all is as good as hanging up. */
	expect_left(&scene, messages, 0, NULL, 0, "");
	CU_ASSERT_EQUAL(scene.honest.report->n_specs, 0);
	scene_close(&scene);
}

/* Types that there are not, that are not a host's, that come out of turn. */
static void test_types(void)
{
	static const uint16_t types[] = {
		0,
		LEAT_MESSAGE_HELLO,
		LEAT_MESSAGE_OFFER,
		LEAT_MESSAGE_ACCEPT,
		LEAT_MESSAGE_STATUS,
		99,
		256,
		INT16_MAX,
		UINT16_MAX,
	};
	struct leat_message message;
	struct scene scene;

	scene_open(&scene, HONEST_GUEST);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		right_spec(&message);
		message.type = types[i];
		expect_left(&scene, &message, sizeof(message), NULL, 0,
			    "protocol");
	}
	scene_close(&scene);
}

/* Each field of a SPEC, with each value: refused, or a link of that kind. */
static void test_spec_fields(void)
{
	static const struct {
		size_t offset;
		unsigned n_bits;
	} fields[] = {
		{ 0, 32 },  { 4, 16 },	 { 8, 32 },  { 12, 32 }, { 16, 32 },
		{ 20, 32 }, { 24, 32 },	 { 28, 32 }, { 32, 32 }, { 36, 32 },
		{ 40, 32 }, { 44, 32 },	 { 48, 64 }, { 80, 64 }, { 88, 8 },
		{ 152, 8 }, { 216, 32 },
	};
	struct scene scene;

	scene_open(&scene, HONEST_GUEST);
	for (size_t f = 0; f < sizeof(fields) / sizeof(fields[0]); f++)
		for (unsigned i = 0; i < FOE_N_VALUES; i++) {
			struct leat_link_spec unpacked;
			struct leat_message message;
			uint64_t was = 0, value;
			bool fits;

			right_spec(&message);
			memcpy(&was, (char *)&message + fields[f].offset,
			       fields[f].n_bits / 8);
			value = foe_value(i, was, fields[f].n_bits);
			memcpy((char *)&message + fields[f].offset, &value,
			       fields[f].n_bits / 8);
			fits = leat_message_check(&message, sizeof(message),
						  0) == 0 &&
			       leat_spec_unpack(&unpacked,
						&message.body.spec) == 0 &&
			       strcmp(unpacked.link_name, HONEST_LINK) == 0;
			if (!fits) {
				expect_left(&scene, &message, sizeof(message),
					    NULL, 0, "protocol");
				continue;
			}
			CU_ASSERT_FATAL(foe_meet(&scene.foe));
			CU_ASSERT_EQUAL(foe_send(scene.foe.fd, &message,
						 sizeof(message), NULL, 0),
					0);
			foe_leave(&scene.foe);
			scene_expect_gone(&scene, "");
		}
	CU_ASSERT_EQUAL(scene.honest.report->n_wires, 0);
	scene_close(&scene);
}

/* Each number of a latency, with each value: kept, or the end. */
static void test_latency(void)
{
	struct leat_message right, message;
	struct scene scene;
	struct foe *foe = &scene.foe;

	scene_open(&scene, HONEST_GUEST);
	leat_message_init(&right, LEAT_MESSAGE_LATENCY);
	for (unsigned w = 0; w < sizeof(right.body.latency) / 4; w++)
		for (unsigned i = 0; i < FOE_N_VALUES; i++) {
			message = right;
			message.body.latency.added[0] =
				message.body.latency.added[1] =
					LEAT_LATENCY_FOLLOW;
			((uint32_t *)&message.body.latency)[w] =
				(uint32_t)foe_value(i, 64, 32);
			CU_ASSERT_FATAL(foe_meet(foe) &&
					foe_say_spec(foe, &foe->spec));
			CU_ASSERT_EQUAL(
				leat_message_send(foe->fd, &message, NULL, 0),
				0);
			CU_ASSERT(shutdown(foe->fd, SHUT_WR) == 0);
			if (leat_message_check(&message, sizeof(message), 0) <
			    0)
				scene_expect_gone(&scene, "protocol");
			else
				scene_expect_gone(&scene, "");
			foe_leave(foe);
		}
	scene_close(&scene);
}

/* ---- what it passes on ---- */

static void expect_offer_refused(struct scene *scene)
{
	CU_ASSERT(foe_offer(&scene->foe));
	scene_expect_gone(scene, "protocol");
	CU_ASSERT_EQUAL(scene->honest.report->n_wires, 0);
	foe_leave(&scene->foe);
}

static void prepare(struct scene *scene, int seals)
{
	struct foe *foe = &scene->foe;

	CU_ASSERT_FATAL(foe_meet(foe) && foe_say_spec(foe, &foe->spec) &&
			foe_make_parts(foe, seals));
}

/* Whatever else a descriptor can be, in each of the three places. */
static void test_kinds(void)
{
	struct scene scene;

	scene_open(&scene, HONEST_GUEST);
	for (unsigned i = 0; i < 3 * foe_n_kinds; i++) {
		struct foe *foe = &scene.foe;
		int fd = foe_kinds[i / 3].open(), pair[2];

		/* As a signal that one will do. */
		if (fd < 0 || (i % 3 == 2 &&
			       strcmp(foe_kinds[i / 3].name, "stream") == 0))
			continue;
		prepare(&scene, FOE_SEALS);
		CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
		foe->signal_fd = pair[0];
		foe->given_fd = pair[1];
		dup2(fd, i % 3 == 0   ? foe->producer.fd
			 : i % 3 == 1 ? foe->consumer.fd
				      : foe->given_fd);
		close(fd);
		expect_offer_refused(&scene);
	}
	scene_close(&scene);
}

static void test_many_descriptors(void)
{
	static const unsigned numbers[] = { 1, 2, 4, 100, FOE_FDS_MAX };
	int fds[FOE_FDS_MAX];
	struct leat_message message;
	struct scene scene;

	scene_open(&scene, HONEST_GUEST);
	for (unsigned i = 0; i < FOE_FDS_MAX; i++)
		fds[i] = STDERR_FILENO;
	for (unsigned i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		for (unsigned lie = 0; lie < 2; lie++) {
			leat_message_init(&message, LEAT_MESSAGE_OFFER);
			message.n_fds = lie ? 3 : numbers[i];
			expect_left(&scene, &message, sizeof(message), fds,
				    numbers[i], "protocol");
		}
	scene_close(&scene);
}

/* ---- memory that it made ---- */

static void test_seals(void)
{
	static const int seals[] = { F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_SEAL,
				     F_SEAL_FUTURE_WRITE, FOE_SEALS };
	struct scene scene;

	scene_open(&scene, HONEST_GUEST);
	for (unsigned i = 0; i < 5; i++)
		for (int both = 0; both < 2; both++) {
			struct foe *foe = &scene.foe;

			prepare(&scene, 0);
			CU_ASSERT(foe_memory_seal(&foe->producer,
						  FOE_SEALS & ~seals[i]));
			CU_ASSERT(foe_memory_seal(&foe->consumer,
						  both ? FOE_SEALS & ~seals[i]
						       : FOE_SEALS));
			expect_offer_refused(&scene);
		}
	scene_close(&scene);
}

static void test_sizes(void)
{
	static const off_t sizes[] = { 0,	1,	 4095,		8192,
				       1 << 20, 1 << 30, (off_t)1 << 42 };
	struct scene scene;

	scene_open(&scene, HONEST_GUEST);
	for (unsigned i = 0; i < 14; i++) {
		struct foe *foe = &scene.foe;

		prepare(&scene, 0);
		CU_ASSERT(ftruncate(i % 2 ? foe->consumer.fd : foe->producer.fd,
				    sizes[i / 2]) == 0);
		CU_ASSERT(foe_seal_parts(foe, FOE_SEALS));
		expect_offer_refused(&scene);
	}
	scene_close(&scene);
}

static void test_headers(void)
{
	static const struct {
		size_t offset;
		unsigned n_bits;
	} fields[] = { { 0, 64 },  { 8, 32 },  { 12, 32 }, { 16, 64 },
		       { 24, 64 }, { 32, 64 }, { 40, 32 }, { 44, 32 },
		       { 48, 32 }, { 52, 32 }, { 56, 32 }, { 60, 32 },
		       { 64, 64 }, { 72, 64 }, { 80, 64 }, { 120, 64 } };
	struct scene scene;

	scene_open(&scene, HONEST_GUEST);
	for (size_t f = 0; f < sizeof(fields) / sizeof(fields[0]); f++)
		for (unsigned i = 0; i < 2 * FOE_N_VALUES; i++) {
			struct foe *foe = &scene.foe;
			uint64_t was = 0, value;
			char *field;

			prepare(&scene, FOE_SEALS);
			field = (char *)(i % 2 ? foe->producer.addr
					       : foe->consumer.addr) +
				fields[f].offset;
			memcpy(&was, field, fields[f].n_bits / 8);
			value = foe_value(i / 2, was, fields[f].n_bits);
			if (value == was)
				value ^= 1;
			memcpy(field, &value, fields[f].n_bits / 8);
			expect_offer_refused(&scene);
		}
	scene_close(&scene);
}

/* ---- to a tool ---- */

/* One answer to one that asks. */
struct answer {
	struct foe *foe;
	struct leat_message message;
	int fds[2];
	unsigned n_fds;
	int64_t pause_ms; /* before it */
};

static int give(void *user)
{
	struct answer *answer = user;

	if (!foe_meet(answer->foe))
		return 1;
	usleep((useconds_t)answer->pause_ms * 1000);
	(void)foe_send(answer->foe->fd, &answer->message,
		       sizeof(answer->message), answer->fds, answer->n_fds);
	/* Silent, but there. */
	usleep((useconds_t)answer->pause_ms * 1000);
	return 0;
}

static int ask(struct answer *answer)
{
	struct leat_link_status status;
	pid_t pid = unit_fork(give, answer);
	int res = leat_status_query(HONEST_LINK, &status);

	CU_ASSERT_EQUAL(unit_wait_child(pid), 0);
	return res;
}

static void test_tool(void)
{
	struct answer answer = { .n_fds = 1 };
	unsigned n_fds;
	struct foe foe;

	CU_ASSERT_FATAL(unit_rundir_make());
	CU_ASSERT_FATAL(foe_listen(&foe));
	CU_ASSERT_FATAL(foe_make_status(&foe, FOE_SEALS));
	n_fds = unit_count_fds();
	answer.foe = &foe;
	leat_message_init(&answer.message, LEAT_MESSAGE_STATUS);
	answer.message.n_fds = 1;
	/* So that what follows is known to fail for what it is. */
	answer.fds[0] = answer.fds[1] = foe.status.fd;
	CU_ASSERT_EQUAL(ask(&answer), 0);
	for (unsigned i = 0; i < 2 * foe_n_kinds; i++) {
		int fd = foe_kinds[i / 2].open();

		answer.fds[0] = i % 2 ? foe.status.fd : fd;
		answer.fds[1] = fd;
		answer.message.n_fds = answer.n_fds = 1 + i % 2;
		if (fd >= 0)
			CU_ASSERT_EQUAL(ask(&answer), -EPROTO);
		close(fd);
	}
	answer.fds[0] = foe.status.fd;
	answer.n_fds = answer.message.n_fds = 1;
	for (unsigned i = 0; i < FOE_N_VALUES; i++) {
		uint64_t *field = (uint64_t *)foe.status.addr + i;

		*field += 1;
		CU_ASSERT_EQUAL(ask(&answer), -EPROTO);
		*field -= 1;
	}
	for (unsigned type = 0; type < 12; type++) {
		answer.message.type = (uint16_t)type;
		CU_ASSERT_EQUAL(ask(&answer),
				type == LEAT_MESSAGE_STATUS ? 0 : -EPROTO);
	}
	answer.message.type = LEAT_MESSAGE_STATUS;
	answer.message.version++;
	CU_ASSERT_EQUAL(ask(&answer), -ENOTSUP);
	answer.message.version--;
	answer.pause_ms = 1200;
	CU_ASSERT_EQUAL(ask(&answer), -ETIMEDOUT);
	CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
	foe_finish(&foe);
	unit_rundir_remove();
}

static const struct unit_test tests[] = {
	{ "messages", "lengths", test_lengths },
	{ "messages", "types", test_types },
	{ "messages", "each field of a spec", test_spec_fields },
	{ "messages", "each field of a latency", test_latency },
	{ "descriptors", "wrong kinds", test_kinds },
	{ "descriptors", "too many", test_many_descriptors },
	{ "memory", "each seal missing", test_seals },
	{ "memory", "short and huge", test_sizes },
	{ "memory", "each field of a header", test_headers },
	{ "tools", "any answer", test_tool },
};

SCENE_MAIN(tests)
