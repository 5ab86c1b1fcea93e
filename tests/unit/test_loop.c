/* SPDX-License-Identifier: MIT */
/* leat-up's loop: who is called, and who is not called any more. */
#include "runner.h"

#include "tools/common/loop.h"

#include <CUnit/CUnit.h>

#include <unistd.h>

struct pair {
	struct leat_loop loop;
	struct leat_source source;
	int write_fd;
	unsigned n_calls;
};

static void on_ready(void *user)
{
	struct pair *pair = user;

	pair->n_calls++;
}

static void pair_open(struct pair *pair)
{
	int fds[2];

	CU_ASSERT_EQUAL_FATAL(leat_loop_init(&pair->loop), 0);
	CU_ASSERT_EQUAL_FATAL(pipe(fds), 0);
	pair->write_fd = fds[1];
	pair->n_calls = 0;
	pair->source = (struct leat_source){ fds[0], on_ready, pair, NULL };
	CU_ASSERT_EQUAL_FATAL(leat_loop_add(&pair->loop, &pair->source), 0);
	CU_ASSERT_EQUAL_FATAL(write(fds[1], "", 1), 1);
}

static void pair_close(struct pair *pair)
{
	leat_source_close(&pair->source);
	close(pair->write_fd);
	leat_loop_finish(&pair->loop);
}

static void test_called(void)
{
	struct pair pair;

	pair_open(&pair);
	leat_loop_step(&pair.loop, 0);
	leat_loop_step(&pair.loop, 0);
	CU_ASSERT_EQUAL(pair.n_calls, 2);
	leat_loop_remove(&pair.source);
	leat_loop_step(&pair.loop, 0);
	CU_ASSERT_EQUAL(pair.n_calls, 2);
	CU_ASSERT_EQUAL(leat_loop_add(&pair.loop, &pair.source), 0);
	leat_loop_step(&pair.loop, 0);
	CU_ASSERT_EQUAL(pair.n_calls, 3);
	pair_close(&pair);
}

/* A child that has not come to its exec yet holds a copy. */
static void test_closed_with_a_copy(void)
{
	struct pair pair;
	int copy;

	pair_open(&pair);
	copy = dup(pair.source.fd);
	CU_ASSERT_TRUE_FATAL(copy >= 0);
	leat_source_close(&pair.source);
	leat_loop_step(&pair.loop, 0);
	CU_ASSERT_EQUAL(pair.n_calls, 0);
	close(copy);
	pair_close(&pair);
}

static const struct unit_test tests[] = {
	{ "loop", "called, and removed", test_called },
	{ "loop", "closed with a copy left", test_closed_with_a_copy },
};

UNIT_MAIN(tests)
