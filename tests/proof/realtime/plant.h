/* SPDX-License-Identifier: MIT */
/*
 * A fault to plant into realtime code, by number: what both the compiler and
 * the sanitizer have to find.
 */
#ifndef LEAT_PROOF_PLANT_H
#define LEAT_PROOF_PLANT_H

#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

static inline void plant(void)
{
#if PLANT == 1
	void *volatile memory = malloc(1);

	free(memory);
#elif PLANT == 2
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

	pthread_mutex_lock(&mutex);
	pthread_mutex_unlock(&mutex);
#elif PLANT == 3
	(void)!write(-1, "", 0);
#elif PLANT == 4
	(void)eventfd_write(-1, 0);
#endif
}

#endif
