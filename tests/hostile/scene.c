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

/* Callbacks of all scenes by the processor's time that they took. */
struct took {
	uint64_t n[HONEST_N_TOOK];
};

static struct took attacked, in_peace;

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

/* ---- what the callbacks took ---- */

static void add_took(struct took *to, const struct honest_report *report,
		     const struct took *before)
{
	for (unsigned i = 0; i < HONEST_N_TOOK; i++)
		to->n[i] += report->n_took[i] - before->n[i];
}

/* Of so many of a thousand callbacks none took longer than this. */
static double quantile_us(const struct took *took, uint64_t n_all,
			  unsigned n_of_1000)
{
	uint64_t n = 0;
	unsigned i = 0;

	while (i < HONEST_N_TOOK - 1 &&
	       (n += took->n[i]) * 1000 < n_all * n_of_1000)
		i++;
	return (i + 1) * HONEST_TOOK_NS * 1e-3;
}

static void print_took(const char *when, const struct took *took)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < HONEST_N_TOOK; i++)
		n += took->n[i];
	printf("%s: %lu callbacks, of the processor %.1f us in the median, "
	       "%.1f p99, %.1f p99.9\n",
	       when, (unsigned long)n, quantile_us(took, n, 500),
	       quantile_us(took, n, 990), quantile_us(took, n, 999));
}

/* ---- afterwards ---- */

/* The other role, in a process of its own: what a user would start. */
static void meet_a_good_peer(struct scene *scene)
{
	enum honest_role other =
		scene->honest.role == HONEST_HOST ? HONEST_GUEST : HONEST_HOST;
	struct honest_report *report = scene->honest.report;
	uint64_t n = report->n_good;
	struct honest good;

	CU_ASSERT_FATAL(honest_start(&good, other));
	CU_ASSERT(honest_wait(&scene->honest, &report->n_good,
			      n + scene_flood(20, 2000)));
	if (other == HONEST_HOST)
		CU_ASSERT(honest_wait(&good, &good.report->n_good, 20));
	n = report->n_gone;
	CU_ASSERT_EQUAL(honest_stop(&good), 0);
	CU_ASSERT(honest_wait(&scene->honest, &report->n_gone, n + 1));
}

void scene_close(struct scene *scene)
{
	static const struct took none;
	struct honest_report *report = scene->honest.report;
	struct took before;

	add_took(&attacked, report, &none);
	foe_finish(&scene->foe);
	meet_a_good_peer(scene);
	scene_expect_calm(scene);
	memcpy(before.n, report->n_took, sizeof(before.n));
	/* The first one may have come before the foe's end was noticed. */
	meet_a_good_peer(scene);
	add_took(&in_peace, report, &before);
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
	if (!is_long)
		return res;
	printf("the longest callback took %lu us\n",
	       (unsigned long)(worst_ns / 1000));
	print_took("attacked", &attacked);
	print_took("in peace", &in_peace);
	return res;
}
