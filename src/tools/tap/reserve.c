/* SPDX-License-Identifier: MIT */
#include "reserve.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* Reserved at once: each is a system call, and a piece in one place. */
#define STEP_BYTES (UINT64_C(16) << 20)

void reserve_init(struct reserve *reserve, int fd, uint64_t margin_bytes)
{
	*reserve = (struct reserve){ .fd = fd, .margin_bytes = margin_bytes };
}

/* Ours alone, without a change of the file's length. */
static int take(const struct reserve *reserve, uint64_t end)
{
	uint64_t from = reserve->n_bytes;
	int res;

	do
		res = fallocate(reserve->fd, FALLOC_FL_KEEP_SIZE, (off_t)from,
				(off_t)(end - from));
	while (res < 0 && errno == EINTR);
	return res < 0 ? -errno : 0;
}

static bool is_full(int res)
{
	return res == -ENOSPC || res == -EDQUOT || res == -EFBIG;
}

/* The least is wanted; more saves calls. */
static int take_step(struct reserve *reserve, uint64_t wanted)
{
	uint64_t end = wanted + STEP_BYTES;
	int res;

	while (is_full(res = take(reserve, end)) && end > wanted)
		end = wanted + (end - wanted) / 2;
	if (res == 0)
		reserve->n_bytes = end;
	return res;
}

/* ulimit -f: fallocate() that keeps the length does not look at it. */
static bool within_limit(uint64_t end)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_FSIZE, &limit) < 0 ||
	       limit.rlim_cur == RLIM_INFINITY || end <= limit.rlim_cur;
}

int reserve_ahead(struct reserve *reserve, uint64_t n_bytes)
{
	struct stat st;
	uint64_t wanted;
	int res;

	if (fstat(reserve->fd, &st) < 0)
		return -errno;
	wanted = (uint64_t)st.st_size + n_bytes + reserve->margin_bytes;
	if (!within_limit(wanted))
		return -EFBIG;
	if (reserve->blind || wanted <= reserve->n_bytes)
		return 0;
	res = take_step(reserve, wanted);
	if (res == -EOPNOTSUPP || res == -ENOSYS) {
		reserve->blind = true;
		return 0;
	}
	return res;
}

void reserve_finish(struct reserve *reserve)
{
	struct stat st;

	if (reserve->n_bytes == 0 || fstat(reserve->fd, &st) < 0)
		return;
	if (ftruncate(reserve->fd, st.st_size) < 0) {
		/* The room stays taken: a pity, and no harm to the file. */
	}
}
