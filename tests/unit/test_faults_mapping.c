/* SPDX-License-Identifier: MIT */
/* Mapping pages: sizes that no memory has, huge pages, and older kernels. */
#include "ringbuf/mapping.h"

#include <leat/inline/atomics.h>

#include "faults.h"
#include "runner.h"

#include <CUnit/CUnit.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define HUGE_BYTES ((size_t)2 << 20)

/* ---- sizes ---- */

static void test_whole_pages(void)
{
	size_t page = leat_page_bytes();

	CU_ASSERT_EQUAL(leat_whole_pages(0, page), 0);
	CU_ASSERT_EQUAL(leat_whole_pages(1, page), page);
	CU_ASSERT_EQUAL(leat_whole_pages(page, page), page);
	CU_ASSERT_EQUAL(leat_whole_pages(page + 1, page), 2 * page);
	/* The largest that can be rounded up, and what cannot be. */
	CU_ASSERT_EQUAL(leat_whole_pages(SIZE_MAX - page, page),
			SIZE_MAX - page + 1);
	CU_ASSERT_EQUAL(leat_whole_pages(SIZE_MAX - page + 1, page), 0);
	CU_ASSERT_EQUAL(leat_whole_pages(SIZE_MAX, page), 0);
}

/* An ordinary memfd; its pages are taken for huge ones where it says so. */
static struct leat_mapping mapping_of(size_t size_bytes, size_t page_bytes)
{
	struct leat_mapping mapping = {
		.fd = memfd_create("unit", MFD_CLOEXEC),
		.prot = PROT_READ | PROT_WRITE,
		.size_bytes = size_bytes,
		.page_bytes = page_bytes,
	};

	CU_ASSERT_FATAL(mapping.fd >= 0);
	CU_ASSERT_FATAL(ftruncate(mapping.fd, (off_t)HUGE_BYTES) == 0);
	return mapping;
}

static int map_and_close(struct leat_mapping mapping)
{
	void *addr = NULL;
	int res = leat_mapping_map(&mapping, &addr);

	CU_ASSERT_EQUAL(addr != NULL, res == 0);
	close(mapping.fd);
	return res;
}

static void test_sizes_that_cannot_be(void)
{
	size_t page = leat_page_bytes();
	struct leat_mapping mapping = mapping_of(0, page);

	CU_ASSERT_EQUAL(map_and_close(mapping), -ENOMEM);
	CU_ASSERT_EQUAL(map_and_close(mapping_of(SIZE_MAX, page)), -ENOMEM);
	/* With the mirror it would be a page more than there are numbers. */
	mapping = mapping_of(SIZE_MAX - page, page);
	mapping.mirror_bytes = page;
	CU_ASSERT_EQUAL(map_and_close(mapping), -ENOMEM);
	/* Room to align it does not exist: no page of a pool is missing. */
	CU_ASSERT_EQUAL(
		map_and_close(mapping_of(SIZE_MAX - HUGE_BYTES, HUGE_BYTES)),
		-ENOMEM);
	mapping = mapping_of(SIZE_MAX - HUGE_BYTES, HUGE_BYTES);
	mapping.mirror_bytes = HUGE_BYTES - 1;
	CU_ASSERT_EQUAL(map_and_close(mapping), -ENOMEM);
}

/* The first place fails: that there is a second one does not help. */
static void test_half_a_mirror(void)
{
	size_t page = leat_page_bytes();
	struct leat_mapping mapping = mapping_of(2 * page, page);

	mapping.mirror_bytes = page;
	faults_fail(FAULT_MMAP, 1, EACCES);
	CU_ASSERT_EQUAL(map_and_close(mapping), -EACCES);
	CU_ASSERT_TRUE(faults_end());
	mapping = mapping_of(2 * page, page);
	mapping.mirror_bytes = page;
	faults_fail(FAULT_MMAP, 2, EACCES);
	CU_ASSERT_EQUAL(map_and_close(mapping), -EACCES);
	CU_ASSERT_TRUE(faults_end());
}

/* ---- huge pages ---- */

/* Pages of addresses that are taken. */
static long n_addresses(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	long n = -1;

	CU_ASSERT_FATAL(file != NULL);
	CU_ASSERT_EQUAL(fscanf(file, "%ld", &n), 1);
	fclose(file);
	return n;
}

static void test_huge_pages_are_aligned(void)
{
	struct leat_mapping mapping = mapping_of(HUGE_BYTES, HUGE_BYTES);
	long before = n_addresses();
	void *addr;

	CU_ASSERT_EQUAL(leat_mapping_map(&mapping, &addr), 0);
	CU_ASSERT_EQUAL((uintptr_t)addr % HUGE_BYTES, 0);
	/* What was taken to find the place is given back. */
	CU_ASSERT_EQUAL(n_addresses() - before, HUGE_BYTES / leat_page_bytes());
	CU_ASSERT_EQUAL(munmap(addr, HUGE_BYTES), 0);
	close(mapping.fd);
}

/* That the pool is empty is told apart from other troubles. */
static void test_huge_pages_that_are_missing(void)
{
	struct leat_mapping mapping = mapping_of(HUGE_BYTES, HUGE_BYTES);
	char path[64];
	void *addr;
	int fd;

	faults_fail(FAULT_MMAP, 1, ENOMEM);
	CU_ASSERT_EQUAL(leat_mapping_map(&mapping, &addr), -ENOSPC);
	CU_ASSERT_TRUE(faults_end());
	faults_fail(FAULT_MADVISE, 0, ENOMEM);
	CU_ASSERT_EQUAL(leat_mapping_map(&mapping, &addr), -ENOSPC);
	CU_ASSERT_TRUE(faults_end());
	faults_fail(FAULT_MADVISE, 0, EFAULT);
	CU_ASSERT_EQUAL(leat_mapping_map(&mapping, &addr), -ENOSPC);
	CU_ASSERT_TRUE(faults_end());
	snprintf(path, sizeof(path), "/proc/self/fd/%d", mapping.fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	CU_ASSERT_FATAL(fd >= 0);
	close(mapping.fd);
	mapping.fd = fd;
	CU_ASSERT_EQUAL(leat_mapping_map(&mapping, &addr), -EACCES);
	close(fd);
}

/* ---- kernels before 5.14 ---- */

static long n_faults(void)
{
	struct rusage usage;

	CU_ASSERT_EQUAL(getrusage(RUSAGE_THREAD, &usage), 0);
	return usage.ru_minflt;
}

static unsigned sum(const volatile unsigned char *bytes, size_t n_bytes)
{
	unsigned n = 0;

	for (size_t i = 0; i < n_bytes; i += leat_page_bytes())
		n += bytes[i];
	return n;
}

/* How many pages a mapping had to fetch when they were used. */
static long use(struct leat_mapping mapping)
{
	volatile unsigned char *bytes;
	long before;
	void *addr;

	(void)n_faults();
	faults_fail(FAULT_MADVISE, 0, EINVAL);
	CU_ASSERT_FATAL(leat_mapping_map(&mapping, &addr) == 0);
	CU_ASSERT_TRUE(faults_end());
	bytes = addr;
	before = n_faults();
	if (mapping.prot & PROT_WRITE)
		for (size_t i = 0; i < mapping.size_bytes;
		     i += leat_page_bytes())
			bytes[i] += 1;
	else
		CU_ASSERT_EQUAL(sum(bytes, mapping.size_bytes),
				mapping.size_bytes / leat_page_bytes());
	before = n_faults() - before;
	munmap(addr, mapping.size_bytes);
#ifdef LEAT_TSAN
	/* It keeps memory of its own for each page that is used. */
	before = 0;
#endif
	return before;
}

static void test_without_populate(void)
{
	struct leat_mapping mapping = mapping_of(HUGE_BYTES, leat_page_bytes());

	CU_ASSERT_EQUAL(use(mapping), 0);
	/* Each page had a 0 and was counted up once. */
	mapping.prot = PROT_READ;
	CU_ASSERT_EQUAL(use(mapping), 0);
	close(mapping.fd);
}

static const struct unit_test tests[] = {
	{ "mapping", "whole pages", test_whole_pages },
	{ "mapping", "sizes that cannot be", test_sizes_that_cannot_be },
	{ "mapping", "half a mirror", test_half_a_mirror },
	{ "mapping", "huge pages are aligned", test_huge_pages_are_aligned },
	{ "mapping", "huge pages missing", test_huge_pages_that_are_missing },
	{ "mapping", "older kernels", test_without_populate },
};

UNIT_MAIN(tests)
