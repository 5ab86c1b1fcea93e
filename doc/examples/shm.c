/* SPDX-License-Identifier: MIT */
/* Memory that its owner writes and that others can only read. */
#include <leat/shm.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

/* What a peer does with the descriptor that it was sent. */
static int look_at(int fd, size_t size_bytes)
{
	struct leat_shm shm = LEAT_SHM_NONE;
	int res = leat_shm_attach(&shm, fd, size_bytes); /* takes fd over */

	if (res < 0)
		return res;
	printf("the peer reads: %s\n", (const char *)shm.addr);
	leat_shm_finish(&shm);
	return 0;
}

/* Nobody gets to write through the descriptor. */
static bool writable(const struct leat_shm *shm)
{
	void *addr = mmap(NULL, shm->size_bytes, PROT_READ | PROT_WRITE,
			  MAP_SHARED, shm->fd, 0);

	if (addr == MAP_FAILED)
		return false;
	munmap(addr, shm->size_bytes);
	return true;
}

int main(void)
{
	struct leat_shm shm = LEAT_SHM_NONE;
	int res = leat_shm_create(&shm, "example", 1000);

	if (res < 0) {
		fprintf(stderr, "leat_shm_create: %s\n", strerror(-res));
		return 1;
	}
	printf("%zu bytes%s\n", shm.size_bytes, shm.locked ? ", locked" : "");
	strcpy(shm.addr, "hello");
	res = look_at(fcntl(shm.fd, F_DUPFD_CLOEXEC, 0), 1000);
	if (res == 0 && writable(&shm))
		res = -EPROTO;
	leat_shm_finish(&shm);
	/* What is no such memory is refused, and closed. */
	if (look_at(open("/dev/null", O_RDONLY), 1000) != -EPROTO)
		res = -EPROTO;
	return res < 0 ? 1 : 0;
}
