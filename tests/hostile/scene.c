/* SPDX-License-Identifier: MIT */
#include "scene.h"

#include "unit/helpers.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Of the command line; CUnit hands nothing to a test. */
static bool is_long;
static uint64_t worst_ns;

int scene_race_ms(void)
{
	return is_long ? 5000 : 100;
}

unsigned scene_flood(unsigned fast, unsigned longer)
{
	return is_long ? longer : fast;
}

void scene_open(struct scene *scene, enum honest_role role)
{
	memset(scene, 0, sizeof(*scene));
	foe_init(&scene->foe);
	CU_ASSERT_FATAL(unit_rundir_make());
	if (role == HONEST_GUEST)
		CU_ASSERT_FATAL(foe_listen(&scene->foe));
	CU_ASSERT_FATAL(honest_start(&scene->honest, role));
}

void scene_open_waiting(struct scene *scene, uint32_t sync_wait_percent)
{
	memset(scene, 0, sizeof(*scene));
	foe_init(&scene->foe);
	CU_ASSERT_FATAL(unit_rundir_make());
	CU_ASSERT_FATAL(
		honest_start_waiting(&scene->honest, sync_wait_percent));
}

void scene_expect_gone(struct scene *scene, const char *word)
{
	const struct honest *honest = &scene->honest;

	CU_ASSERT(honest_wait(honest, &honest->report->n_gone,
			      scene->n_gone + 1));
	scene->n_gone = honest->report->n_gone;
	CU_ASSERT_PTR_NOT_NULL(strstr(honest->report->text, word));
	if (!strstr(honest->report->text, word))
		printf("it says: '%s'\n", honest->report->text);
}

void scene_expect_poisoned(struct scene *scene)
{
	const struct honest *honest = &scene->honest;

	CU_ASSERT(honest_wait(honest, &honest->report->n_poisoned,
			      scene->n_poisoned + 1));
	scene->n_poisoned = honest->report->n_poisoned;
	scene_expect_gone(scene, "index that cannot be");
}

void scene_expect_calm(const struct scene *scene)
{
	struct honest_report *report = scene->honest.report;
	uint64_t n = report->n_callbacks;

	/* One that waits now would not be counted yet. */
	CU_ASSERT(honest_wait(&scene->honest, &report->n_callbacks, n + 3));
	CU_ASSERT(report->max_ns < SCENE_BLOCKED_NS);
	CU_ASSERT_EQUAL(report->n_calls, 0);
	if (report->n_calls > 0)
		printf("%lu calls, the last was %lu\n",
		       (unsigned long)report->n_calls,
		       (unsigned long)report->last_call);
	if (report->max_ns > worst_ns)
		worst_ns = report->max_ns;
}

/* The other role, in a process of its own: what a user would start. */
static void meet_a_good_peer(struct scene *scene)
{
	enum honest_role other =
		scene->honest.role == HONEST_HOST ? HONEST_GUEST : HONEST_HOST;
	struct honest_report *report = scene->honest.report;
	uint64_t n = report->n_good;
	struct honest good;

	CU_ASSERT_FATAL(honest_start(&good, other));
	CU_ASSERT(honest_wait(&scene->honest, &report->n_good, n + 20));
	if (other == HONEST_HOST)
		CU_ASSERT(honest_wait(&good, &good.report->n_good, 20));
	n = report->n_gone;
	CU_ASSERT_EQUAL(honest_stop(&good), 0);
	CU_ASSERT(honest_wait(&scene->honest, &report->n_gone, n + 1));
}

void scene_close(struct scene *scene)
{
	struct honest_report *report = scene->honest.report;

	foe_finish(&scene->foe);
	meet_a_good_peer(scene);
	scene_expect_calm(scene);
	/* The first one may have come before the foe's end was noticed. */
	meet_a_good_peer(scene);
	CU_ASSERT_EQUAL(report->n_fds, report->n_fds_first);
	CU_ASSERT_EQUAL(honest_stop(&scene->honest), 0);
	unit_rundir_remove();
}

int scene_main(const struct unit_test *tests, size_t n_tests, int argc,
	       char **argv)
{
	int res;

	signal(SIGPIPE, SIG_IGN);
	is_long = argc > 1 && strcmp(argv[1], "--long") == 0;
	res = unit_run(tests, n_tests, is_long ? 1 : argc, argv);
	if (is_long)
		printf("the longest callback took %lu us\n",
		       (unsigned long)(worst_ns / 1000));
	return res;
}
