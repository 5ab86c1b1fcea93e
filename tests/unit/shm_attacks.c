/* SPDX-License-Identifier: MIT */
#include "shm_attacks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

static int map_writable(const struct leat_shm *shm)
{
	return mmap(NULL, shm->size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
		    shm->fd, 0) != MAP_FAILED;
}

/* Through a new open file description, which has no flags of the old one. */
static int reopen_and_write(const struct leat_shm *shm)
{
	struct leat_shm again = *shm;
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", shm->fd);
	again.fd = open(path, O_RDWR);
	if (again.fd < 0)
		return 0;
	return map_writable(&again) || pwrite(again.fd, "x", 1, 0) >= 0 ||
	       ftruncate(again.fd, 0) == 0;
}

static int reopen_truncating(const struct leat_shm *shm)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", shm->fd);
	return open(path, O_RDWR | O_TRUNC) >= 0;
}

static int write_through(const struct leat_shm *shm)
{
	return pwrite(shm->fd, "x", 1, 0) >= 0;
}

/* By what its size can change: huge pages stay whole. */
static size_t step(const struct leat_shm *shm)
{
	return shm->page_bytes > 4096 ? shm->page_bytes : 1;
}

static int shrink(const struct leat_shm *shm)
{
	return ftruncate(shm->fd, (off_t)(shm->size_bytes - step(shm))) == 0;
}

static int grow(const struct leat_shm *shm)
{
	return ftruncate(shm->fd, (off_t)(shm->size_bytes + step(shm))) == 0 ||
	       fallocate(shm->fd, 0, 0, (off_t)(shm->size_bytes + step(shm))) ==
		       0;
}

static int punch_hole(const struct leat_shm *shm)
{
	return fallocate(shm->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
			 (off_t)shm->size_bytes) == 0;
}

static int zero_range(const struct leat_shm *shm)
{
	return fallocate(shm->fd, FALLOC_FL_ZERO_RANGE, 0,
			 (off_t)shm->size_bytes) == 0;
}

static int add_seal(const struct leat_shm *shm)
{
	return fcntl(shm->fd, F_ADD_SEALS, F_SEAL_WRITE) == 0 ||
	       fcntl(shm->fd, F_ADD_SEALS, 0) == 0;
}

/* Make what is mapped read-only writable. */
static int protect(const struct leat_shm *shm)
{
	void *addr =
		mmap(NULL, shm->size_bytes, PROT_READ, MAP_SHARED, shm->fd, 0);

	return addr == MAP_FAILED ||
	       mprotect(addr, shm->size_bytes, PROT_READ | PROT_WRITE) == 0;
}

/* Punch a hole through a mapping: one's own, and the owner's. */
static int remove_pages(const struct leat_shm *shm)
{
	void *addr =
		mmap(NULL, shm->size_bytes, PROT_READ, MAP_SHARED, shm->fd, 0);

	return addr == MAP_FAILED ||
	       madvise(addr, shm->size_bytes, MADV_REMOVE) == 0 ||
	       madvise(shm->addr, shm->size_bytes, MADV_REMOVE) == 0;
}

int (*const shm_attacks[])(const struct leat_shm *shm) = {
	map_writable,  reopen_and_write, reopen_truncating,
	write_through, shrink,		 grow,
	punch_hole,    zero_range,	 add_seal,
	protect,       remove_pages,
};

const size_t shm_n_attacks = sizeof(shm_attacks) / sizeof(shm_attacks[0]);

int shm_attack(void *user)
{
	const struct leat_shm *shm = user;

	for (size_t i = 0; i < shm_n_attacks; i++)
		if (shm_attacks[i](shm))
			return (int)i + 1;
	return 0;
}

/* Not every kernel can zero a range, and huge pages take no write. */
static bool may_fail(const struct shm_attempt *attempt)
{
	return shm_attacks[attempt->i] == zero_range ||
	       (attempt->memfd_flags &&
		shm_attacks[attempt->i] == write_through);
}

int shm_attack_unsealed(void *user)
{
	const struct shm_attempt *attempt = user;
	struct leat_shm shm = { .size_bytes = attempt->page_bytes,
				.page_bytes = attempt->page_bytes };

	shm.fd = memfd_create("unit", MFD_ALLOW_SEALING | attempt->memfd_flags);
	if (shm.fd < 0 || ftruncate(shm.fd, (off_t)shm.size_bytes) < 0)
		return 2;
	shm.addr = mmap(NULL, shm.size_bytes, PROT_READ | PROT_WRITE,
			MAP_SHARED, shm.fd, 0);
	if (shm.addr == MAP_FAILED)
		return 2;
	return shm_attacks[attempt->i](&shm) || may_fail(attempt) ? 0 : 1;
}

void shm_fill(const struct leat_shm *shm)
{
	for (size_t i = 0; i < shm->size_bytes; i++)
		((unsigned char *)shm->addr)[i] = (unsigned char)(i % 251);
}

bool shm_filled(const struct leat_shm *shm)
{
	for (size_t i = 0; i < shm->size_bytes; i++)
		if (((const unsigned char *)shm->addr)[i] != i % 251)
			return false;
	return true;
}

/* Bit 63 of each entry, see Documentation/admin-guide/mm/pagemap.rst. */
int shm_present(const void *addr, size_t size_bytes)
{
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	uintptr_t first = (uintptr_t)addr / page_bytes;
	size_t n_pages = (size_bytes + page_bytes - 1) / page_bytes;
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	int present = 1;

	for (size_t i = 0; i < n_pages && present == 1; i++) {
		uint64_t entry;

		if (pread(fd, &entry, sizeof(entry),
			  (off_t)((first + i) * 8)) != sizeof(entry))
			present = -1;
		else if (!(entry >> 63))
			present = 0;
	}
	if (fd >= 0)
		close(fd);
	return present;
}

bool shm_limit_locking(size_t size_bytes)
{
	const struct rlimit limit = { size_bytes, size_bytes };

	if (setrlimit(RLIMIT_MEMLOCK, &limit) < 0)
		return false;
	if (geteuid() == 0 && setresuid(65534, 65534, 65534) < 0)
		return false;
	/* Or /proc/self would be closed to us now. */
	return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0;
}
