/* SPDX-License-Identifier: MIT */
#include <leat/shm.h>

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

#define SIZE_SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)
#define OWNED_SEALS (SIZE_SEALS | F_SEAL_FUTURE_WRITE)
#define CONSTANT_SEALS (SIZE_SEALS | F_SEAL_WRITE)

static const struct leat_shm none = LEAT_SHM_NONE;

static int open_sized(const char *name, size_t size_bytes)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int res;

	if (fd < 0)
		return -errno;
	if (ftruncate(fd, (off_t)size_bytes) < 0) {
		res = -errno;
		close(fd);
		return res;
	}
	return fd;
}

/* Map, fault in and, where we may, lock. */
static int map(struct leat_shm *shm, int fd, size_t size_bytes, int prot)
{
	void *addr =
		mmap(NULL, size_bytes, prot, MAP_SHARED | MAP_POPULATE, fd, 0);

	if (addr == MAP_FAILED)
		return -errno;
	shm->addr = addr;
	shm->size_bytes = size_bytes;
	shm->fd = fd;
	shm->locked = mlock(addr, size_bytes) == 0;
	return 0;
}

/* Writing faults in what MAP_POPULATE may have left out. */
static void touch(const struct leat_shm *shm)
{
	volatile unsigned char *bytes = shm->addr;
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);

	for (size_t i = 0; i < shm->size_bytes; i += page_bytes)
		bytes[i] = 0;
}

/* 0 if there are too many. */
static size_t whole_pages(size_t size_bytes)
{
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);

	if (size_bytes > SIZE_MAX - page_bytes)
		return 0;
	return (size_bytes + page_bytes - 1) / page_bytes * page_bytes;
}

int leat_shm_create(struct leat_shm *shm, const char *name, size_t size_bytes)
{
	int fd, res;

	*shm = none;
	size_bytes = whole_pages(size_bytes);
	if (size_bytes == 0)
		return -EINVAL;
	fd = open_sized(name, size_bytes);
	if (fd < 0)
		return fd;
	res = map(shm, fd, size_bytes, PROT_READ | PROT_WRITE);
	if (res < 0) {
		close(fd);
		return res;
	}
	touch(shm);
	if (fcntl(fd, F_ADD_SEALS, OWNED_SEALS) < 0) {
		res = -errno;
		leat_shm_finish(shm);
		return res;
	}
	return 0;
}

static int write_whole(int fd, const unsigned char *data, size_t size_bytes)
{
	while (size_bytes > 0) {
		ssize_t n = write(fd, data, size_bytes);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		size_bytes -= (size_t)n;
	}
	return 0;
}

int leat_shm_create_constant(struct leat_shm *shm, const char *name,
			     const void *data, size_t size_bytes)
{
	int fd, res;

	*shm = none;
	if (size_bytes == 0)
		return -EINVAL;
	fd = open_sized(name, size_bytes);
	if (fd < 0)
		return fd;
	res = write_whole(fd, data, size_bytes);
	if (res == 0 && fcntl(fd, F_ADD_SEALS, CONSTANT_SEALS) < 0)
		res = -errno;
	if (res == 0)
		res = map(shm, fd, size_bytes, PROT_READ);
	if (res < 0)
		close(fd);
	return res;
}

/*
 * F_GET_SEALS fails on anything but a memfd (or a file on a tmpfs made to
 * allow it), so this also refuses regular files, pipes and sockets.
 */
static bool sealed(int fd)
{
	int seals = fcntl(fd, F_GET_SEALS);

	return seals >= 0 && (seals & SIZE_SEALS) == SIZE_SEALS &&
	       (seals & (F_SEAL_FUTURE_WRITE | F_SEAL_WRITE));
}

static int attach(struct leat_shm *shm, int fd, size_t min_bytes,
		  size_t max_bytes)
{
	struct stat st;

	*shm = none;
	if (!sealed(fd))
		return -EPROTO;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_size <= 0 || (uintmax_t)st.st_size < min_bytes ||
	    (uintmax_t)st.st_size > max_bytes)
		return -EPROTO;
	return map(shm, fd, (size_t)st.st_size, PROT_READ);
}

static int attach_or_close(struct leat_shm *shm, int fd, size_t min_bytes,
			   size_t max_bytes)
{
	int res = attach(shm, fd, min_bytes, max_bytes);

	if (res < 0 && fd >= 0)
		close(fd);
	return res;
}

int leat_shm_attach(struct leat_shm *shm, int fd, size_t size_bytes)
{
	/* A constant ends within the last page, and the rest of it reads 0. */
	return attach_or_close(shm, fd, size_bytes, whole_pages(size_bytes));
}

int leat_shm_attach_any(struct leat_shm *shm, int fd, size_t max_bytes)
{
	return attach_or_close(shm, fd, 1, max_bytes);
}

void leat_shm_finish(struct leat_shm *shm)
{
	if (shm->addr)
		munmap(shm->addr, shm->size_bytes);
	if (shm->fd >= 0)
		close(shm->fd);
	*shm = none;
}
