/* SPDX-License-Identifier: MIT */
#include <leat/shm.h>

#include "mapping.h"

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

#define HUGE_FLAGS (LEAT_SHM_HUGE | LEAT_SHM_HUGE_IF_ANY)
#define CREATE_FLAGS (HUGE_FLAGS | LEAT_SHM_MIRRORED | LEAT_SHM_MUST_LOCK)
#define ATTACH_FLAGS (CREATE_FLAGS | LEAT_SHM_CONSTANT)

static const struct leat_shm none = LEAT_SHM_NONE;

/* Map, fault in and, where we may or must, lock. */
static int map(struct leat_shm *shm, const struct leat_mapping *mapping,
	       uint32_t flags)
{
	int res = leat_mapping_map(mapping, &shm->addr);

	if (res < 0)
		return res;
	shm->size_bytes = mapping->size_bytes;
	shm->mirror_bytes = mapping->mirror_bytes;
	shm->page_bytes = mapping->page_bytes;
	res = leat_mapping_lock(mapping, shm->addr);
	shm->locked = res == 0;
	if (res < 0 && flags & LEAT_SHM_MUST_LOCK) {
		leat_shm_finish(shm);
		return res;
	}
	shm->fd = mapping->fd;
	return 0;
}

/* ---- what is asked for ---- */

/* A mirror repeats whole pages, at a distance of whole pages. */
static bool mirror_fits(const struct leat_shm_config *config, size_t page_bytes)
{
	if (!(config->flags & LEAT_SHM_MIRRORED))
		return config->mirror_offset == 0;
	return config->mirror_offset < config->size_bytes &&
	       config->mirror_offset % page_bytes == 0 &&
	       config->size_bytes % page_bytes == 0;
}

static size_t mirror_bytes(const struct leat_shm_config *config)
{
	return config->flags & LEAT_SHM_MIRRORED
		       ? config->size_bytes - config->mirror_offset
		       : 0;
}

static bool is_sound(const struct leat_shm_config *config, uint32_t flags)
{
	return !(config->flags & ~flags) &&
	       (config->flags & HUGE_FLAGS) != HUGE_FLAGS &&
	       mirror_fits(config, leat_page_bytes());
}

size_t leat_shm_page_bytes(uint32_t flags)
{
	size_t page_bytes = 0;
	int fd = -1;

	if (flags & HUGE_FLAGS)
		fd = memfd_create("leat-pages", MFD_CLOEXEC | MFD_HUGETLB);
	if (fd >= 0) {
		page_bytes = leat_page_bytes_of(fd);
		close(fd);
	}
	if (page_bytes == 0 && !(flags & LEAT_SHM_HUGE))
		page_bytes = leat_page_bytes();
	return page_bytes;
}

/* ---- creating ---- */

static int open_memfd(const char *name, bool huge)
{
	unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int fd = memfd_create(name, huge ? flags | MFD_HUGETLB : flags);

	if (fd >= 0)
		return fd;
	/* As a kernel puts it that has no huge pages, or not of this size. */
	if (huge && (errno == ENOSYS || errno == ENODEV || errno == ENOENT))
		return -ENOSPC;
	return -errno;
}

/*
 * Kernels have taken F_SEAL_FUTURE_WRITE on huge pages without keeping it: so
 * see whether it keeps us out.
 */
static int try_to_break_in(const struct leat_shm *shm)
{
	void *addr = mmap(NULL, shm->page_bytes, PROT_READ | PROT_WRITE,
			  MAP_SHARED, shm->fd, 0);

	if (addr == MAP_FAILED)
		return errno == EPERM ? 0 : -errno;
	munmap(addr, shm->page_bytes);
	return -EOPNOTSUPP;
}

static int seal(const struct leat_shm *shm)
{
	if (fcntl(shm->fd, F_ADD_SEALS, OWNED_SEALS) < 0)
		return -errno;
	return try_to_break_in(shm);
}

/* On failure fd is still open and nothing is mapped. */
static int create_on(struct leat_shm *shm, int fd,
		     const struct leat_shm_config *config)
{
	struct leat_mapping mapping = {
		.fd = fd,
		.prot = PROT_READ | PROT_WRITE,
		.mirror_bytes = mirror_bytes(config),
		.page_bytes = leat_page_bytes_of(fd),
	};

	if (!mirror_fits(config, mapping.page_bytes))
		return -EINVAL;
	mapping.size_bytes =
		leat_whole_pages(config->size_bytes, mapping.page_bytes);
	if (mapping.size_bytes == 0)
		return -EINVAL;
	if (ftruncate(fd, (off_t)mapping.size_bytes) < 0)
		return -errno;
	return map(shm, &mapping, config->flags);
}

static int create(struct leat_shm *shm, const char *name,
		  const struct leat_shm_config *config, bool huge)
{
	int fd = open_memfd(name, huge), res;

	if (fd < 0)
		return fd;
	res = create_on(shm, fd, config);
	if (res < 0) {
		close(fd);
		return res;
	}
	res = seal(shm);
	if (res < 0)
		leat_shm_finish(shm);
	return res;
}

int leat_shm_create_with(struct leat_shm *shm, const char *name,
			 const struct leat_shm_config *config)
{
	int res;

	*shm = none;
	if (!is_sound(config, CREATE_FLAGS))
		return -EINVAL;
	if (config->flags & HUGE_FLAGS) {
		res = create(shm, name, config, true);
		if (res == 0 || config->flags & LEAT_SHM_HUGE)
			return res;
	}
	return create(shm, name, config, false);
}

int leat_shm_create(struct leat_shm *shm, const char *name, size_t size_bytes)
{
	const struct leat_shm_config config = { .size_bytes = size_bytes };

	return leat_shm_create_with(shm, name, &config);
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
	struct leat_mapping mapping = {
		.prot = PROT_READ,
		.size_bytes = size_bytes,
		.page_bytes = leat_page_bytes(),
	};
	int fd, res;

	*shm = none;
	if (size_bytes == 0)
		return -EINVAL;
	fd = open_memfd(name, false);
	if (fd < 0)
		return fd;
	mapping.fd = fd;
	res = write_whole(fd, data, size_bytes);
	if (res == 0 && fcntl(fd, F_ADD_SEALS, CONSTANT_SEALS) < 0)
		res = -errno;
	if (res == 0)
		res = map(shm, &mapping, 0);
	if (res < 0)
		close(fd);
	return res;
}

/* ---- attaching ---- */

/*
 * F_GET_SEALS fails on anything but a memfd (or a file on a tmpfs made to
 * allow it), so this also refuses regular files, pipes and sockets.
 */
static bool is_sealed(int fd, bool constant)
{
	int seals = fcntl(fd, F_GET_SEALS);
	int writing = F_SEAL_WRITE | (constant ? 0 : F_SEAL_FUTURE_WRITE);

	return seals >= 0 && (seals & SIZE_SEALS) == SIZE_SEALS &&
	       seals & writing;
}

/*
 * Missing huge pages would be taken from the pool in our name, and one of them
 * may be a thousand times what was asked for. Ordinary pages that are missing
 * are no more than that, and are faulted in.
 */
static bool is_there(const struct stat *st, size_t page_bytes)
{
	return page_bytes == leat_page_bytes() ||
	       st->st_blocks >= st->st_size / 512;
}

/* As asked for, but for what fills the last page; or up to *max_bytes. */
static bool size_fits(const struct stat *st, size_t min_bytes,
		      const size_t *max_bytes, size_t page_bytes)
{
	size_t most = max_bytes ? *max_bytes
				: leat_whole_pages(min_bytes, page_bytes);

	return st->st_size > 0 && (uintmax_t)st->st_size >= min_bytes &&
	       (uintmax_t)st->st_size <= most;
}

static int attach(struct leat_shm *shm, int fd, const size_t *max_bytes,
		  const struct leat_shm_config *config)
{
	struct leat_mapping mapping = {
		.fd = fd,
		.prot = PROT_READ,
		.mirror_bytes = mirror_bytes(config),
	};
	struct stat st;

	if (!is_sealed(fd, config->flags & LEAT_SHM_CONSTANT))
		return -EPROTO;
	if (fstat(fd, &st) < 0)
		return -errno;
	mapping.page_bytes = leat_page_bytes_of(fd);
	if (!size_fits(&st, config->size_bytes, max_bytes,
		       mapping.page_bytes) ||
	    !mirror_fits(config, mapping.page_bytes) ||
	    !is_there(&st, mapping.page_bytes))
		return -EPROTO;
	mapping.size_bytes = (size_t)st.st_size;
	return map(shm, &mapping, config->flags);
}

/* max_bytes: NULL if the size must be the one in config. */
static int attach_or_close(struct leat_shm *shm, int fd,
			   const size_t *max_bytes,
			   const struct leat_shm_config *config)
{
	int res = -EINVAL;

	*shm = none;
	if (is_sound(config, ATTACH_FLAGS))
		res = attach(shm, fd, max_bytes, config);
	if (res < 0 && fd >= 0)
		close(fd);
	return res;
}

int leat_shm_attach_with(struct leat_shm *shm, int fd,
			 const struct leat_shm_config *config)
{
	return attach_or_close(shm, fd, NULL, config);
}

int leat_shm_attach(struct leat_shm *shm, int fd, size_t size_bytes)
{
	const struct leat_shm_config config = { .size_bytes = size_bytes };

	return attach_or_close(shm, fd, NULL, &config);
}

int leat_shm_attach_any(struct leat_shm *shm, int fd, size_t max_bytes)
{
	const struct leat_shm_config config = { .size_bytes = 1 };

	return attach_or_close(shm, fd, &max_bytes, &config);
}

void leat_shm_finish(struct leat_shm *shm)
{
	if (shm->addr)
		munmap(shm->addr, shm->size_bytes + shm->mirror_bytes);
	if (shm->fd >= 0)
		close(shm->fd);
	*shm = none;
}
