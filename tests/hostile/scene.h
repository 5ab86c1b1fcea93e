/* SPDX-License-Identifier: MIT */
/*
 * An attack: an honest side in a process of its own, a foe here, and at the
 * end a well-behaved peer that must get a link. With CUnit's assertions.
 */
#ifndef LEAT_HOSTILE_SCENE_H
#define LEAT_HOSTILE_SCENE_H

#include "foe.h"
#include "honest.h"

#include "unit/runner.h"

#include <CUnit/CUnit.h>

/*
 * No callback may take longer. Machines stall, so this only tells one that
 * was made to wait from one that was not; figures are printed by --long.
 */
#define SCENE_BLOCKED_NS UINT64_C(400000000)

struct scene {
	struct honest honest;
	struct foe foe;
	/* As they were when they were last looked at. */
	uint64_t n_gone, n_poisoned;
};

/* How long something goes on at full speed. */
int scene_race_ms(void);
/* How often something is done. */
unsigned scene_flood(unsigned fast, unsigned longer);

void scene_open(struct scene *scene, enum honest_role role);
void scene_open_waiting(struct scene *scene, uint32_t sync_wait_percent);

/* Whether the honest side says that its peer is gone, and why. */
void scene_expect_gone(struct scene *scene, const char *word);

/* Whether it found an index that cannot be and says so. */
void scene_expect_poisoned(struct scene *scene);

/* It did not wait and made no calls that it should not. */
void scene_expect_calm(const struct scene *scene);

/* The foe leaves, a well-behaved peer comes, frames pass, all was well. */
void scene_close(struct scene *scene);

/* As UNIT_MAIN, with --long. */
int scene_main(const struct unit_test *tests, size_t n_tests, int argc,
	       char **argv);

#define SCENE_MAIN(tests)                                                      \
	int main(int argc, char **argv)                                        \
	{                                                                      \
		return scene_main(tests, sizeof(tests) / sizeof((tests)[0]),   \
				  argc, argv);                                 \
	}

#endif
