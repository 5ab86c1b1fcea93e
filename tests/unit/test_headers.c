/* SPDX-License-Identifier: MIT */
/*
 * The build is the test: each public header compiles by itself, and one
 * function of each, called here, links. Built as C and as C++.
 */
#include <leat/attributes.h>
#include <leat/fdring.h>
#include <leat/frames.h>
#include <leat/link.h>
#include <leat/load.h>
#include <leat/positions.h>
#include <leat/ring.h>
#include <leat/shm.h>
#include <leat/status.h>
#include <leat/tap.h>

#include <stdio.h>
#include <string.h>

int main(void)
{
	struct leat_shm shm = LEAT_SHM_NONE;
	struct leat_ring_words words;
	struct leat_signal signal;
	bool good;

	leat_ring_words_init(&words, 5);
	leat_shm_finish(&shm);
	leat_frames_producer_destroy(NULL);
	leat_tap_close(NULL);
	leat_load_close(NULL);
	good = leat_signal_init(&signal, -1) == 0 &&
	       leat_link_name_check("main", NULL) == 0 &&
	       strcmp(leat_position_name(LEAT_POSITION_FL), "FL") == 0 &&
	       strcmp(leat_reason_text(LEAT_REASON_NONE), "") == 0 &&
	       words.index.atomic_value == 5;
	printf("cunit: %d passed, %d failed\n", good, !good);
	return good ? 0 : 1;
}
