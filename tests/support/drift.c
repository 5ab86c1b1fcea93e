/* SPDX-License-Identifier: MIT */
#include "drift.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sys/mman.h>
#include <unistd.h>

int drift_open(struct drift **drift, const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	void *map = MAP_FAILED;
	int res = 0;

	*drift = NULL;
	if (fd < 0)
		return -errno;
	if (ftruncate(fd, sizeof(**drift)) == 0)
		map = mmap(NULL, sizeof(**drift), PROT_READ | PROT_WRITE,
			   MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		res = -errno;
	else
		*drift = map;
	close(fd);
	return res;
}

void drift_close(struct drift *drift)
{
	if (drift)
		munmap(drift, sizeof(*drift));
}

void drift_set_ppm(struct drift *drift, double ppm)
{
	double clamped = fmax(-DRIFT_MOST_PPM, fmin(ppm, DRIFT_MOST_PPM));

	atomic_store(&drift->drift_ppb, llround(clamped * 1000));
}

double drift_ppm(const struct drift *drift)
{
	return (double)atomic_load(&drift->drift_ppb) * 1e-3;
}

uint64_t drift_count(const struct drift *drift, int64_t *due_ns)
{
	uint64_t n = atomic_load(&drift->n_due);

	*due_ns = n > 0 ? atomic_load(&drift->due_ns[(n - 1) % DRIFT_N_DUE])
			: 0;
	return n;
}

int64_t drift_began_ns(const struct drift *drift, int64_t now_ns)
{
	uint64_t n = atomic_load(&drift->n_due);

	/* The driver may already have said when the next one is due. */
	for (uint64_t i = n; i > 0 && n - i < DRIFT_N_DUE - 1; i--) {
		int64_t due_ns =
			atomic_load(&drift->due_ns[(i - 1) % DRIFT_N_DUE]);

		if (due_ns <= now_ns)
			return due_ns;
	}
	return 0;
}
