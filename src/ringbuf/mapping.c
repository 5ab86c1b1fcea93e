/* SPDX-License-Identifier: MIT */
#include "mapping.h"

#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <unistd.h>

/* From linux/magic.h and asm-generic/mman-common.h. */
#define HUGETLBFS_MAGIC 0x958458f6
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif

size_t leat_page_bytes(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

/*
 * The kind of file system tells, and not the block size of fstat alone: that
 * of an ordinary memfd is 2 MB too where transparent huge pages are on.
 */
size_t leat_page_bytes_of(int fd)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) == 0 && (uint32_t)fs.f_type == HUGETLBFS_MAGIC)
		return (size_t)fs.f_bsize;
	return leat_page_bytes();
}

size_t leat_whole_pages(size_t size_bytes, size_t page_bytes)
{
	if (size_bytes > SIZE_MAX - page_bytes)
		return 0;
	return (size_bytes + page_bytes - 1) / page_bytes * page_bytes;
}

static bool is_huge(const struct leat_mapping *mapping)
{
	return mapping->page_bytes > leat_page_bytes();
}

/* Addresses for n_bytes, aligned to page_bytes, with nothing there; NULL and
 * errno if there are none. */
static unsigned char *reserve(size_t n_bytes, size_t page_bytes)
{
	size_t slack = page_bytes - leat_page_bytes(), before;
	unsigned char *all;

	if (n_bytes > SIZE_MAX - slack) {
		errno = ENOMEM;
		return NULL;
	}
	all = mmap(NULL, n_bytes + slack, PROT_NONE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (all == MAP_FAILED)
		return NULL;
	before = -(uintptr_t)all & (page_bytes - 1);
	if (before > 0)
		munmap(all, before);
	if (slack > before)
		munmap(all + before + n_bytes, slack - before);
	return all + before;
}

static int place(const struct leat_mapping *mapping, unsigned char *addr,
		 size_t offset)
{
	size_t n_bytes = mapping->size_bytes - offset;

	if (mmap(addr, n_bytes, mapping->prot, MAP_SHARED | MAP_FIXED,
		 mapping->fd, (off_t)offset) != MAP_FAILED)
		return 0;
	/* There are addresses: what is missing is pages from the pool. */
	return errno == ENOMEM && is_huge(mapping) ? -ENOSPC : -errno;
}

/* For kernels before 5.14. Writes nothing but what is there: zeros. */
static void touch(unsigned char *addr, size_t n_bytes, size_t page_bytes,
		  bool writable)
{
	volatile unsigned char *bytes = addr;

	for (size_t i = 0; i < n_bytes; i += page_bytes)
		if (writable)
			bytes[i] = 0;
		else
			(void)bytes[i];
}

/* madvise says so if there is no page to be had; touching would kill. */
static int fault_in(const struct leat_mapping *mapping, unsigned char *addr,
		    size_t n_bytes)
{
	bool writable = mapping->prot & PROT_WRITE;

	if (madvise(addr, n_bytes,
		    writable ? MADV_POPULATE_WRITE : MADV_POPULATE_READ) == 0)
		return 0;
	if (errno == EINVAL) {
		touch(addr, n_bytes, mapping->page_bytes, writable);
		return 0;
	}
	if (errno != EFAULT && errno != ENOMEM)
		return -errno;
	return is_huge(mapping) ? -ENOSPC : -ENOMEM;
}

int leat_mapping_map(const struct leat_mapping *mapping, void **addr)
{
	size_t n_bytes =
		leat_whole_pages(mapping->size_bytes, mapping->page_bytes);
	unsigned char *first;
	int res;

	if (n_bytes == 0 || n_bytes > SIZE_MAX - mapping->mirror_bytes)
		return -ENOMEM;
	n_bytes += mapping->mirror_bytes;
	first = reserve(n_bytes, mapping->page_bytes);
	if (!first)
		return -errno;
	res = place(mapping, first, 0);
	if (res == 0 && mapping->mirror_bytes > 0)
		res = place(mapping, first + mapping->size_bytes,
			    mapping->size_bytes - mapping->mirror_bytes);
	if (res == 0)
		res = fault_in(mapping, first, n_bytes);
	if (res < 0) {
		munmap(first, n_bytes);
		return res;
	}
	*addr = first;
	return 0;
}

int leat_mapping_lock(const struct leat_mapping *mapping, void *addr)
{
	/* These are never swapped out, and mlock would only count them. */
	if (is_huge(mapping))
		return 0;
	if (mlock(addr, mapping->size_bytes + mapping->mirror_bytes) == 0)
		return 0;
	/* All is there: ENOMEM is about the limit too, see mlock(2). */
	return errno == ENOMEM ? -EPERM : -errno;
}
