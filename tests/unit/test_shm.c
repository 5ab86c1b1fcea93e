/* SPDX-License-Identifier: MIT */
#include <leat/shm.h>

#include "helpers.h"
#include "ringbuf/mapping.h"
#include "runner.h"
#include "shm_attacks.h"

#include <CUnit/CUnit.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

#define PAGE 4096u

static size_t page_bytes(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static void test_peer_can_change_nothing(void)
{
	struct leat_shm shm;

	CU_ASSERT_FATAL(leat_shm_create(&shm, "unit", 3 * page_bytes()) == 0);
	shm_fill(&shm);
	CU_ASSERT_EQUAL(unit_in_child(shm_attack, &shm), 0);
	CU_ASSERT_TRUE(shm_filled(&shm));
	leat_shm_finish(&shm);
}

static void test_attacks_work_where_nothing_is_sealed(void)
{
	struct shm_attempt attempt = { .page_bytes = page_bytes() };

	for (; attempt.i < shm_n_attacks; attempt.i++)
		CU_ASSERT_EQUAL(unit_in_child(shm_attack_unsealed, &attempt),
				0);
}

static int write_to_attached(void *user)
{
	struct leat_shm *shm = user, mine;

	signal(SIGSEGV, SIG_DFL);
	if (leat_shm_attach(&mine, dup(shm->fd), shm->size_bytes) < 0)
		return 1;
	*(volatile unsigned char *)mine.addr = 1;
	return 0;
}

static void test_attached_is_read_only(void)
{
	struct leat_shm shm;

	CU_ASSERT_FATAL(leat_shm_create(&shm, "unit", 1) == 0);
	CU_ASSERT_EQUAL(unit_in_child(write_to_attached, &shm),
			UNIT_CHILD_KILLED + SIGSEGV);
	leat_shm_finish(&shm);
}

/* A peer that looks until the owner has written. */
static int see_owner(void *user)
{
	struct leat_shm *shm = user, mine;
	int64_t deadline_ms = unit_now_ms() + UNIT_DEADLINE_MS;
	const unsigned char *last;

	if (leat_shm_attach(&mine, dup(shm->fd), shm->size_bytes) < 0)
		return 1;
	last = (const unsigned char *)mine.addr + mine.size_bytes - 1;
	while (__atomic_load_n(last, __ATOMIC_ACQUIRE) == 0)
		if (unit_now_ms() > deadline_ms)
			return 2;
	return ((const unsigned char *)mine.addr)[0] == 42 ? 0 : 3;
}

static void test_owner_writes_and_peer_sees(void)
{
	struct leat_shm shm;
	unsigned char *bytes;
	pid_t pid;

	CU_ASSERT_FATAL(leat_shm_create(&shm, "unit", 2 * page_bytes()) == 0);
	pid = unit_fork(see_owner, &shm);
	bytes = shm.addr;
	bytes[0] = 42;
	__atomic_store_n(&bytes[shm.size_bytes - 1], 1, __ATOMIC_RELEASE);
	CU_ASSERT_EQUAL(unit_wait_child(pid), 0);
	leat_shm_finish(&shm);
}

/* ---- creating ---- */

static void test_create_rounds_up_and_zeroes(void)
{
	static const size_t sizes[] = { 1, PAGE - 1, PAGE, PAGE + 1, 5 * PAGE };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct leat_shm shm;
		bool zero = true;

		CU_ASSERT_FATAL(leat_shm_create(&shm, "unit", sizes[i]) == 0);
		CU_ASSERT_TRUE(shm.size_bytes >= sizes[i]);
		CU_ASSERT_TRUE(shm.size_bytes < sizes[i] + page_bytes());
		CU_ASSERT_EQUAL(shm.size_bytes % page_bytes(), 0);
		CU_ASSERT_EQUAL(lseek(shm.fd, 0, SEEK_END),
				(off_t)shm.size_bytes);
		CU_ASSERT_TRUE(fcntl(shm.fd, F_GETFD) & FD_CLOEXEC);
		CU_ASSERT_EQUAL(fcntl(shm.fd, F_GET_SEALS),
				F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL |
					F_SEAL_FUTURE_WRITE);
		for (size_t j = 0; j < shm.size_bytes; j++)
			zero = zero && ((unsigned char *)shm.addr)[j] == 0;
		CU_ASSERT_TRUE(zero);
		leat_shm_finish(&shm);
	}
}

/* Every page is there before the realtime thread is. */
static void test_create_faults_in(void)
{
	unsigned char there[16] = { 0 };
	struct leat_shm shm;

	CU_ASSERT_FATAL(leat_shm_create(&shm, "unit", 16 * page_bytes()) == 0);
	CU_ASSERT_EQUAL(mincore(shm.addr, shm.size_bytes, there), 0);
	for (int i = 0; i < 16; i++)
		CU_ASSERT_TRUE(there[i] & 1);
	leat_shm_finish(&shm);
}

static void test_create_refuses(void)
{
	unsigned n_fds = unit_count_fds();
	struct leat_shm shm;
	char name[300];

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	CU_ASSERT_EQUAL(leat_shm_create(&shm, "unit", 0), -EINVAL);
	CU_ASSERT_EQUAL(shm.fd, -1);
	CU_ASSERT_PTR_NULL(shm.addr);
	CU_ASSERT_EQUAL(leat_shm_create(&shm, "unit", SIZE_MAX), -EINVAL);
	CU_ASSERT_TRUE(leat_shm_create(&shm, "unit", SIZE_MAX / 2) < 0);
	CU_ASSERT_EQUAL(leat_shm_create(&shm, name, 1), -EINVAL);
	CU_ASSERT_EQUAL(shm.fd, -1);
	CU_ASSERT_EQUAL(leat_shm_create_constant(&shm, "unit", "", 0), -EINVAL);
	CU_ASSERT_EQUAL(leat_shm_create_constant(&shm, name, "x", 1), -EINVAL);
	CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
}

static int without_descriptors(void *user)
{
	const struct rlimit none = { 3, 3 };
	struct leat_shm shm;

	(void)user;
	if (setrlimit(RLIMIT_NOFILE, &none) < 0)
		return 2;
	if (leat_shm_create_constant(&shm, "unit", "x", 1) != -EMFILE)
		return 3;
	return leat_shm_create(&shm, "unit", 1) == -EMFILE ? 0 : 1;
}

static int without_address_space(void *user)
{
	const struct rlimit none = { 1, 1 };
	int lowest_free = dup(0);
	struct leat_shm shm;

	(void)user;
	close(lowest_free);
	if (setrlimit(RLIMIT_AS, &none) < 0)
		return 2;
	if (leat_shm_create(&shm, "unit", (size_t)1 << 20) != -ENOMEM)
		return 1;
	if (leat_shm_create_constant(&shm, "unit", "x", 1) != -ENOMEM)
		return 3;
	return shm.fd == -1 && dup(0) == lowest_free ? 0 : 4;
}

static void test_create_without_means(void)
{
	CU_ASSERT_EQUAL(unit_in_child(without_descriptors, NULL), 0);
	CU_ASSERT_EQUAL(unit_in_child(without_address_space, NULL), 0);
}

static void test_finish_is_harmless(void)
{
	struct leat_shm shm = LEAT_SHM_NONE;
	int fd;

	leat_shm_finish(&shm);
	CU_ASSERT_FATAL(leat_shm_create(&shm, "unit", 1) == 0);
	fd = shm.fd;
	leat_shm_finish(&shm);
	CU_ASSERT_FALSE(unit_fd_open(fd));
	CU_ASSERT_EQUAL(shm.fd, -1);
	CU_ASSERT_PTR_NULL(shm.addr);
	leat_shm_finish(&shm);
}

/* ---- attaching ---- */

/* A memfd of a size with some seals. */
static int memfd_of(size_t size_bytes, int seals)
{
	int fd = memfd_create("unit", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_FATAL(ftruncate(fd, (off_t)size_bytes) == 0);
	if (seals)
		CU_ASSERT_FATAL(fcntl(fd, F_ADD_SEALS, seals) == 0);
	return fd;
}

/* Attaching is refused, and nothing is left of it or of the descriptor. */
static void expect_refused(int fd)
{
	struct leat_shm shm;

	CU_ASSERT_EQUAL(leat_shm_attach(&shm, fd, PAGE), -EPROTO);
	CU_ASSERT_EQUAL(shm.fd, -1);
	CU_ASSERT_PTR_NULL(shm.addr);
	CU_ASSERT_FALSE(unit_fd_open(fd));
}

#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL | F_SEAL_FUTURE_WRITE)

static void test_attach_to_what_is_right(void)
{
	unsigned n_fds = unit_count_fds();
	struct leat_shm shm;

	CU_ASSERT_EQUAL(leat_shm_attach(&shm, memfd_of(PAGE, SEALS), PAGE), 0);
	CU_ASSERT_EQUAL(shm.size_bytes, PAGE);
	CU_ASSERT_PTR_NOT_NULL(shm.addr);
	leat_shm_finish(&shm);
	CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
}

static void test_attach_refuses_missing_seals(void)
{
	static const int needed[] = { F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_SEAL,
				      F_SEAL_FUTURE_WRITE };
	unsigned n_fds = unit_count_fds();

	expect_refused(memfd_of(PAGE, 0));
	for (size_t i = 0; i < 4; i++)
		expect_refused(memfd_of(PAGE, SEALS & ~needed[i]));
	CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
}

static void test_attach_refuses_other_sizes(void)
{
	unsigned n_fds = unit_count_fds();

	expect_refused(memfd_of(0, SEALS));
	expect_refused(memfd_of(1, SEALS));
	expect_refused(memfd_of(PAGE - 1, SEALS));
	expect_refused(memfd_of(PAGE + 1, SEALS));
	expect_refused(memfd_of(2 * PAGE, SEALS));
	CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
}

static void test_attach_refuses_other_kinds(void)
{
	unsigned n_fds = unit_count_fds();
	char path[] = "/tmp/leat-unit-XXXXXX";
	int fd = mkstemp(path), fds[2];

	CU_ASSERT_FATAL(fd >= 0 && ftruncate(fd, PAGE) == 0);
	unlink(path);
	expect_refused(fd);
	CU_ASSERT_FATAL(pipe(fds) == 0);
	expect_refused(fds[0]);
	expect_refused(fds[1]);
	CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
	expect_refused(fds[0]);
	expect_refused(fds[1]);
	expect_refused(open("/dev/zero", O_RDWR | O_CLOEXEC));
	expect_refused(open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	expect_refused(-1);
	expect_refused(9999);
	CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
}

/* The size that was asked for at its creation is good enough. */
static void test_attach_rounds_up(void)
{
	static const size_t sizes[] = { 1, PAGE - 1, PAGE, PAGE + 1 };
	struct leat_shm shm, peer;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		CU_ASSERT_FATAL(leat_shm_create(&shm, "unit", sizes[i]) == 0);
		CU_ASSERT_EQUAL(leat_shm_attach(&peer, dup(shm.fd), sizes[i]),
				0);
		CU_ASSERT_EQUAL(peer.size_bytes, shm.size_bytes);
		leat_shm_finish(&peer);
		CU_ASSERT_EQUAL(
			leat_shm_attach(&peer, dup(shm.fd), shm.size_bytes + 1),
			-EPROTO);
		leat_shm_finish(&shm);
	}
	CU_ASSERT_EQUAL(leat_shm_attach(&peer, memfd_of(PAGE, SEALS), SIZE_MAX),
			-EPROTO);
	CU_ASSERT_EQUAL(leat_shm_attach(&peer, memfd_of(PAGE, SEALS), 0),
			-EPROTO);
}

static void test_attach_any_has_a_limit(void)
{
	unsigned n_fds = unit_count_fds();
	struct leat_shm shm;

	CU_ASSERT_EQUAL(leat_shm_attach_any(&shm, memfd_of(PAGE, SEALS), PAGE),
			0);
	CU_ASSERT_EQUAL(shm.size_bytes, PAGE);
	leat_shm_finish(&shm);
	CU_ASSERT_EQUAL(leat_shm_attach_any(&shm, memfd_of(1, SEALS), PAGE), 0);
	CU_ASSERT_EQUAL(shm.size_bytes, 1);
	leat_shm_finish(&shm);
	CU_ASSERT_EQUAL(
		leat_shm_attach_any(&shm, memfd_of(PAGE + 1, SEALS), PAGE),
		-EPROTO);
	CU_ASSERT_EQUAL(leat_shm_attach_any(&shm, memfd_of(0, SEALS), PAGE),
			-EPROTO);
	CU_ASSERT_EQUAL(leat_shm_attach_any(&shm, memfd_of(PAGE, 0), PAGE),
			-EPROTO);
	CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
}

/* ---- what is asked for ---- */

static void expect_create(uint32_t flags, size_t mirror_offset, int res)
{
	const struct leat_shm_config config = { 4 * page_bytes(), mirror_offset,
						flags };
	struct leat_shm shm;

	CU_ASSERT_EQUAL(leat_shm_create_with(&shm, "unit", &config), res);
	CU_ASSERT_EQUAL(shm.fd >= 0, res == 0);
	leat_shm_finish(&shm);
}

static void test_with_refuses_what_makes_no_sense(void)
{
	unsigned n_fds = unit_count_fds();
	const struct leat_shm_config odd = { PAGE, 0, 1u << 5 };
	struct leat_shm shm;
	int fd = memfd_of(PAGE, SEALS);

	expect_create(0, 0, 0);
	expect_create(1u << 5, 0, -EINVAL);
	expect_create(LEAT_SHM_CONSTANT, 0, -EINVAL);
	expect_create(LEAT_SHM_HUGE | LEAT_SHM_HUGE_IF_ANY, 0, -EINVAL);
	expect_create(0, page_bytes(), -EINVAL);
	CU_ASSERT_EQUAL(leat_shm_attach_with(&shm, fd, &odd), -EINVAL);
	CU_ASSERT_FALSE(unit_fd_open(fd));
	CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
}

/* ---- in memory, and staying there ---- */

/* A sealed memfd, of which some was punched out before it was sealed. */
static int punched_memfd(size_t size_bytes)
{
	int fd = memfd_of(size_bytes, 0);

	CU_ASSERT_EQUAL(fallocate(fd, 0, 0, (off_t)size_bytes), 0);
	CU_ASSERT_EQUAL(fallocate(fd,
				  FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				  PAGE, PAGE),
			0);
	CU_ASSERT_EQUAL(fcntl(fd, F_ADD_SEALS, SEALS), 0);
	return fd;
}

/* Where nothing may be locked, all is faulted in none the less. */
static int unlocked_but_present(void *user)
{
	const size_t size_bytes = 64 * page_bytes();
	struct leat_shm shm, peer;

	(void)user;
	if (!shm_limit_locking(0))
		return 2;
	if (leat_shm_create(&shm, "unit", size_bytes) < 0)
		return 3;
	if (shm_present(shm.addr, size_bytes) == 0)
		return 4;
	if (leat_shm_attach(&peer, dup(shm.fd), size_bytes) < 0)
		return 5;
	if (shm_present(peer.addr, size_bytes) == 0)
		return 6;
	leat_shm_finish(&peer);
	if (leat_shm_attach(&peer, punched_memfd(size_bytes), size_bytes) < 0)
		return 7;
	return shm_present(peer.addr, size_bytes) == 0 ? 8 : 0;
}

/* What was never touched is not there: the others may rely on the answer. */
static void test_presence_is_told(void)
{
	void *addr = mmap(NULL, 64 * page_bytes(), PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CU_ASSERT_FATAL(addr != MAP_FAILED);
	CU_ASSERT_NOT_EQUAL(shm_present(addr, 64 * page_bytes()), 1);
	munmap(addr, 64 * page_bytes());
}

static void test_faulted_in_without_a_lock(void)
{
	CU_ASSERT_EQUAL(unit_in_child(unlocked_but_present, NULL), 0);
}

/* No page to be had is an error, and kills nobody. */
static int map_beyond_the_end(void *user)
{
	struct leat_mapping mapping = {
		.fd = memfd_of(PAGE, 0),
		.prot = *(int *)user,
		.size_bytes = 3 * page_bytes(),
		.page_bytes = page_bytes(),
	};
	void *addr;

	return leat_mapping_map(&mapping, &addr) == -ENOMEM ? 0 : 1;
}

/* MADV_POPULATE_READ, which older kernels do not know. */
static bool kernel_tells(void)
{
	return madvise(NULL, 0, 22) == 0;
}

static void test_missing_pages_are_an_error(void)
{
	int prots[] = { PROT_READ, PROT_READ | PROT_WRITE };

	for (int i = 0; i < 2; i++) {
		if (!kernel_tells()) {
			printf("skipped: a kernel before 5.14 does not tell\n");
			return;
		}
		CU_ASSERT_EQUAL(unit_in_child(map_beyond_the_end, &prots[i]),
				0);
	}
}

/* Not so with sanitizers: their mlock does nothing, and says it did. */
static bool limit_is_kept(size_t limit_bytes)
{
	void *addr = mmap(NULL, limit_bytes + 1, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool kept;

	if (addr == MAP_FAILED)
		return false;
	kept = mlock(addr, limit_bytes + 1) < 0;
	munmap(addr, limit_bytes + 1);
	return kept;
}

/* The limit of a process: nothing, or some pages. */
static int lock_within(void *user)
{
	const size_t limit_bytes = *(size_t *)user;
	const unsigned n_fds = unit_count_fds();
	struct leat_shm_config config = { 0, 0, LEAT_SHM_MUST_LOCK };
	struct leat_shm shm, peer;

	if (!shm_limit_locking(limit_bytes))
		return 2;
	if (!limit_is_kept(limit_bytes))
		return 77;
	config.size_bytes = limit_bytes + 1;
	if (leat_shm_create_with(&shm, "unit", &config) != -EPERM)
		return 3;
	if (leat_shm_create(&shm, "unit", limit_bytes + 1) < 0 || shm.locked)
		return 4;
	if (leat_shm_attach_with(&peer, dup(shm.fd), &config) != -EPERM)
		return 5;
	if (peer.fd != -1 || peer.addr || unit_count_fds() != n_fds + 1)
		return 6;
	leat_shm_finish(&shm);
	if (limit_bytes == 0)
		return 0;
	config.size_bytes = limit_bytes;
	if (leat_shm_create_with(&shm, "unit", &config) < 0 || !shm.locked)
		return 7;
	leat_shm_finish(&shm);
	/* A mirror counts twice. */
	config.flags |= LEAT_SHM_MIRRORED;
	return leat_shm_create_with(&shm, "unit", &config) == -EPERM ? 0 : 8;
}

static void test_lock_is_told_or_asked_for(void)
{
	size_t limits_bytes[] = { 0, 16 * page_bytes() };

	for (int i = 0; i < 2; i++) {
		int code = unit_in_child(lock_within, &limits_bytes[i]);

		if (code == 77)
			printf("skipped: mlock keeps no limit here\n");
		else
			CU_ASSERT_EQUAL(code, 0);
	}
}

/* ---- constant ---- */

static int attack_constant(void *user)
{
	struct leat_shm shm = *(struct leat_shm *)user;

	for (size_t i = 0; i < shm_n_attacks; i++)
		if (shm_attacks[i](&shm))
			return (int)i + 1;
	signal(SIGSEGV, SIG_DFL);
	*(volatile unsigned char *)shm.addr = 1;
	return 100;
}

static void test_constant_is_a_copy_for_good(void)
{
	static const size_t sizes[] = { 1, PAGE, PAGE + 1, 3 * PAGE + 7 };
	unsigned char data[3 * PAGE + 7];
	struct leat_shm whole = { .addr = data, .size_bytes = sizeof(data) };
	unsigned n_fds = unit_count_fds();

	shm_fill(&whole);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct leat_shm shm, peer;

		CU_ASSERT_FATAL(leat_shm_create_constant(&shm, "unit", data,
							 sizes[i]) == 0);
		CU_ASSERT_EQUAL(shm.size_bytes, sizes[i]);
		CU_ASSERT_EQUAL(memcmp(shm.addr, data, sizes[i]), 0);
		/* Killed at the end, by writing to its own mapping. */
		CU_ASSERT_EQUAL(unit_in_child(attack_constant, &shm),
				UNIT_CHILD_KILLED + SIGSEGV);
		CU_ASSERT_EQUAL(memcmp(shm.addr, data, sizes[i]), 0);
		CU_ASSERT_FATAL(leat_shm_attach(&peer, dup(shm.fd), sizes[i]) ==
				0);
		CU_ASSERT_EQUAL(peer.size_bytes, sizes[i]);
		CU_ASSERT_EQUAL(memcmp(peer.addr, data, sizes[i]), 0);
		leat_shm_finish(&peer);
		leat_shm_finish(&shm);
	}
	CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
}

/* Who wants what never changes is not given what its owner writes. */
static void test_constant_can_be_asked_for(void)
{
	const struct leat_shm_config config = { 5, 0, LEAT_SHM_CONSTANT };
	unsigned n_fds = unit_count_fds();
	struct leat_shm shm, peer;

	CU_ASSERT_FATAL(leat_shm_create_constant(&shm, "unit", "four", 5) == 0);
	CU_ASSERT_FATAL(leat_shm_attach_with(&peer, dup(shm.fd), &config) == 0);
	CU_ASSERT_STRING_EQUAL(peer.addr, "four");
	leat_shm_finish(&peer);
	leat_shm_finish(&shm);
	CU_ASSERT_FATAL(leat_shm_create(&shm, "unit", 5) == 0);
	CU_ASSERT_EQUAL(leat_shm_attach_with(&peer, dup(shm.fd), &config),
			-EPROTO);
	leat_shm_finish(&shm);
	CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
}

static const struct unit_test tests[] = {
	{ "seals", "a peer can change nothing", test_peer_can_change_nothing },
	{ "seals", "the attacks are real",
	  test_attacks_work_where_nothing_is_sealed },
	{ "seals", "attached is read-only", test_attached_is_read_only },
	{ "seals", "the owner still writes", test_owner_writes_and_peer_sees },
	{ "create", "rounds up and zeroes", test_create_rounds_up_and_zeroes },
	{ "create", "faults in", test_create_faults_in },
	{ "create", "refuses", test_create_refuses },
	{ "create", "without means", test_create_without_means },
	{ "create", "finish is harmless", test_finish_is_harmless },
	{ "attach", "what is right", test_attach_to_what_is_right },
	{ "attach", "missing seals", test_attach_refuses_missing_seals },
	{ "attach", "other sizes", test_attach_refuses_other_sizes },
	{ "attach", "other kinds", test_attach_refuses_other_kinds },
	{ "attach", "rounds up", test_attach_rounds_up },
	{ "attach", "any size", test_attach_any_has_a_limit },
	{ "with", "refuses", test_with_refuses_what_makes_no_sense },
	{ "memory", "presence is told", test_presence_is_told },
	{ "memory", "faulted in without a lock",
	  test_faulted_in_without_a_lock },
	{ "memory", "missing pages", test_missing_pages_are_an_error },
	{ "memory", "locked, or it is told", test_lock_is_told_or_asked_for },
	{ "constant", "a copy for good", test_constant_is_a_copy_for_good },
	{ "constant", "can be asked for", test_constant_can_be_asked_for },
};

UNIT_MAIN(tests)
