/* SPDX-License-Identifier: MIT */
/*
 * A library to preload: counts the allocations of each thread.
 *
 * LEAT_ALLOC_WATCH names a file of ALLOC_WATCH_SLOTS slots, which a test maps
 * and reads while the program runs.
 */
#include "alloc-watch.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);
void __libc_free(void *old);

static struct alloc_watch_slot *slots;
static __thread struct alloc_watch_slot *mine
	__attribute__((tls_model("initial-exec")));

__attribute__((constructor)) static void open_watch(void)
{
	const char *path = getenv("LEAT_ALLOC_WATCH");
	size_t n_bytes = ALLOC_WATCH_SLOTS * sizeof(*slots);
	int fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
	void *map;

	if (fd < 0 || ftruncate(fd, (off_t)n_bytes) < 0)
		return;
	map = mmap(NULL, n_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (map != MAP_FAILED)
		slots = map;
}

static struct alloc_watch_slot *take_slot(void)
{
	uint32_t tid = (uint32_t)gettid();

	for (int i = 0; i < ALLOC_WATCH_SLOTS; i++) {
		uint32_t none = 0;

		if (__atomic_compare_exchange_n(&slots[i].tid, &none, tid,
						false, __ATOMIC_RELAXED,
						__ATOMIC_RELAXED))
			return &slots[i];
	}
	return &slots[ALLOC_WATCH_SLOTS - 1];
}

static void count(void)
{
	if (!slots)
		return;
	if (!mine)
		mine = take_slot();
	__atomic_fetch_add(&mine->n_calls, 1, __ATOMIC_RELAXED);
}

__attribute__((visibility("default"))) void *malloc(size_t size)
{
	count();
	return __libc_malloc(size);
}

__attribute__((visibility("default"))) void *calloc(size_t n, size_t size)
{
	count();
	return __libc_calloc(n, size);
}

__attribute__((visibility("default"))) void *realloc(void *old, size_t size)
{
	count();
	return __libc_realloc(old, size);
}

__attribute__((visibility("default"))) void free(void *old)
{
	count();
	__libc_free(old);
}
