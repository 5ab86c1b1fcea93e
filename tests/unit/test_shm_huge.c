/* SPDX-License-Identifier: MIT */
/*
 * Memory on huge pages. Where there are too few, and this process may not have
 * the kernel make some, only the rest is tested, and the program says so and
 * exits with 77.
 */
#include <leat/shm.h>

#include "helpers.h"
#include "huge_pool.h"
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
#include <sys/stat.h>
#include <unistd.h>

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL | F_SEAL_FUTURE_WRITE)

/* The most that one test has at once. */
#define N_PAGES 4

static size_t page_bytes(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static size_t huge_bytes(void)
{
	return leat_shm_page_bytes(LEAT_SHM_HUGE);
}

static unsigned n_skipped;

/* Whether there is what most of these tests take. */
static bool have_pages(const char *test)
{
	if (huge_bytes() > 0 && huge_pool_free() >= N_PAGES)
		return true;
	printf("skipped: %s: fewer than %d huge pages are free\n", test,
	       N_PAGES);
	n_skipped++;
	return false;
}

static int create(struct leat_shm *shm, size_t size_bytes, uint32_t flags)
{
	const struct leat_shm_config config = { size_bytes, 0, flags };

	return leat_shm_create_with(shm, "unit", &config);
}

/* ---- with none, or too few ---- */

static void test_page_bytes(void)
{
	size_t huge = huge_bytes();

	CU_ASSERT_EQUAL(leat_shm_page_bytes(0), page_bytes());
	CU_ASSERT_EQUAL(leat_shm_page_bytes(LEAT_SHM_MIRRORED), page_bytes());
	CU_ASSERT_EQUAL(leat_shm_page_bytes(LEAT_SHM_HUGE_IF_ANY),
			huge > 0 ? huge : page_bytes());
	CU_ASSERT_TRUE(huge == 0 ||
		       (huge > page_bytes() && (huge & (huge - 1)) == 0));
}

/* More than there can ever be. */
static void test_too_many(void)
{
	size_t n_pages = huge_pool_value("nr_hugepages") +
			 huge_pool_value("nr_overcommit_hugepages") + 1;
	size_t size_bytes = n_pages * (huge_bytes() > 0 ? huge_bytes() : 1);
	unsigned n_fds = unit_count_fds();
	size_t n_free = huge_pool_free();
	struct leat_shm shm;

	CU_ASSERT_EQUAL(create(&shm, size_bytes, LEAT_SHM_HUGE), -ENOSPC);
	CU_ASSERT_EQUAL(shm.fd, -1);
	CU_ASSERT_PTR_NULL(shm.addr);
	CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
	CU_ASSERT_EQUAL(huge_pool_free(), n_free);
	if (size_bytes > (size_t)64 << 20)
		return;
	CU_ASSERT_FATAL(create(&shm, size_bytes, LEAT_SHM_HUGE_IF_ANY) == 0);
	CU_ASSERT_EQUAL(shm.page_bytes, page_bytes());
	leat_shm_finish(&shm);
}

/* Where huge pages do not fit the mirror, ordinary ones do. */
static void test_if_any_falls_back(void)
{
	struct leat_shm_config config = { 3 * page_bytes(), page_bytes(),
					  LEAT_SHM_MIRRORED |
						  LEAT_SHM_HUGE_IF_ANY };
	unsigned n_fds = unit_count_fds();
	struct leat_shm shm;

	CU_ASSERT_FATAL(leat_shm_create_with(&shm, "unit", &config) == 0);
	CU_ASSERT_EQUAL(shm.page_bytes, page_bytes());
	CU_ASSERT_EQUAL(shm.size_bytes, 3 * page_bytes());
	leat_shm_finish(&shm);
	CU_ASSERT_EQUAL(create(&shm, 0, LEAT_SHM_HUGE_IF_ANY), -EINVAL);
	CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
}

/* ---- creating ---- */

static void expect_huge(const struct leat_shm *shm, size_t n_pages)
{
	struct stat st;

	CU_ASSERT_EQUAL(shm->page_bytes, huge_bytes());
	CU_ASSERT_EQUAL(shm->size_bytes, n_pages * huge_bytes());
	CU_ASSERT_EQUAL((uintptr_t)shm->addr % huge_bytes(), 0);
	CU_ASSERT_TRUE(shm->locked);
	CU_ASSERT_EQUAL(fstat(shm->fd, &st), 0);
	CU_ASSERT_EQUAL((size_t)st.st_size, shm->size_bytes);
	CU_ASSERT_EQUAL((size_t)st.st_blksize, huge_bytes());
	CU_ASSERT_NOT_EQUAL(shm_present(shm->addr, shm->size_bytes), 0);
	CU_ASSERT_EQUAL(fcntl(shm->fd, F_GET_SEALS), SEALS);
	CU_ASSERT_TRUE(fcntl(shm->fd, F_GETFD) & FD_CLOEXEC);
}

static void test_rounds_up_and_gives_back(void)
{
	const size_t n_free = huge_pool_free();
	const unsigned n_fds = unit_count_fds();
	struct leat_shm shm;

	if (!have_pages(__func__))
		return;
	for (size_t i = 0; i < 5; i++) {
		const size_t sizes[] = { 1, 5000, huge_bytes() - 1,
					 huge_bytes(), huge_bytes() + 1 };
		size_t n_pages = i < 4 ? 1 : 2;

		CU_ASSERT_FATAL(create(&shm, sizes[i], LEAT_SHM_HUGE) == 0);
		expect_huge(&shm, n_pages);
		CU_ASSERT_EQUAL(huge_pool_free(), n_free - n_pages);
		shm_fill(&shm);
		CU_ASSERT_TRUE(shm_filled(&shm));
		leat_shm_finish(&shm);
		CU_ASSERT_EQUAL(huge_pool_free(), n_free);
	}
	CU_ASSERT_FATAL(create(&shm, 1, LEAT_SHM_HUGE_IF_ANY) == 0);
	expect_huge(&shm, 1);
	leat_shm_finish(&shm);
	CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
}

/* Huge pages do not count against the limit, so nothing is short. */
static int lock_without_limit(void *user)
{
	struct leat_shm shm;

	(void)user;
	if (!shm_limit_locking(0))
		return 2;
	if (create(&shm, 1, LEAT_SHM_HUGE | LEAT_SHM_MUST_LOCK) < 0)
		return 3;
	return shm.locked ? 0 : 4;
}

static void test_needs_no_right_to_lock(void)
{
	if (have_pages(__func__))
		CU_ASSERT_EQUAL(unit_in_child(lock_without_limit, NULL), 0);
}

/* ---- nobody else writes ---- */

static void test_peer_can_change_nothing(void)
{
	struct leat_shm shm;

	if (!have_pages(__func__))
		return;
	CU_ASSERT_FATAL(create(&shm, huge_bytes(), LEAT_SHM_HUGE) == 0);
	shm_fill(&shm);
	CU_ASSERT_EQUAL(unit_in_child(shm_attack, &shm), 0);
	CU_ASSERT_TRUE(shm_filled(&shm));
	leat_shm_finish(&shm);
}

static void test_attacks_work_where_nothing_is_sealed(void)
{
	struct shm_attempt attempt = { .page_bytes = huge_bytes(),
				       .memfd_flags = MFD_HUGETLB };

	if (!have_pages(__func__))
		return;
	for (; attempt.i < shm_n_attacks; attempt.i++)
		CU_ASSERT_EQUAL(unit_in_child(shm_attack_unsealed, &attempt),
				0);
}

static int write_to_attached(void *user)
{
	struct leat_shm *shm = user, mine;

	signal(SIGSEGV, SIG_DFL);
	if (leat_shm_attach(&mine, dup(shm->fd), 1) < 0 || !shm_filled(&mine))
		return 1;
	*(volatile unsigned char *)mine.addr = 1;
	return 0;
}

static void test_attached_is_read_only(void)
{
	struct leat_shm shm;

	if (!have_pages(__func__))
		return;
	CU_ASSERT_FATAL(create(&shm, 1, LEAT_SHM_HUGE) == 0);
	shm_fill(&shm);
	CU_ASSERT_EQUAL(unit_in_child(write_to_attached, &shm),
			UNIT_CHILD_KILLED + SIGSEGV);
	leat_shm_finish(&shm);
}

/* ---- attaching ---- */

/* Huge pages as a peer might send them; n_there of them are there. */
static int memfd_of(size_t n_pages, size_t n_there, int seals)
{
	int fd = memfd_create("unit",
			      MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_HUGETLB);

	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_FATAL(ftruncate(fd, (off_t)(n_pages * huge_bytes())) == 0);
	if (n_there > 0)
		CU_ASSERT_FATAL(
			fallocate(fd, 0, 0, (off_t)(n_there * huge_bytes())) ==
			0);
	if (seals)
		CU_ASSERT_FATAL(fcntl(fd, F_ADD_SEALS, seals) == 0);
	return fd;
}

static void expect_attach(int fd, size_t size_bytes, int res)
{
	struct leat_shm shm;

	CU_ASSERT_EQUAL(leat_shm_attach(&shm, fd, size_bytes), res);
	CU_ASSERT_EQUAL(unit_fd_open(fd), res == 0);
	if (res == 0) {
		CU_ASSERT_EQUAL(shm.page_bytes, huge_bytes());
		CU_ASSERT_EQUAL(shm.size_bytes % huge_bytes(), 0);
		CU_ASSERT_TRUE(shm.locked);
	}
	leat_shm_finish(&shm);
}

static void test_attach_checks_the_size(void)
{
	const size_t huge = huge_bytes();
	unsigned n_fds = unit_count_fds();
	struct leat_shm shm;

	if (!have_pages(__func__))
		return;
	expect_attach(memfd_of(1, 1, SEALS), 1, 0);
	expect_attach(memfd_of(1, 1, SEALS), 4096, 0);
	expect_attach(memfd_of(1, 1, SEALS), huge, 0);
	expect_attach(memfd_of(1, 1, SEALS), huge + 1, -EPROTO);
	expect_attach(memfd_of(2, 2, SEALS), huge + 1, 0);
	expect_attach(memfd_of(2, 2, SEALS), huge, -EPROTO);
	expect_attach(memfd_of(2, 2, SEALS), 4096, -EPROTO);
	expect_attach(memfd_of(0, 0, SEALS), 1, -EPROTO);
	CU_ASSERT_EQUAL(
		leat_shm_attach_any(&shm, memfd_of(1, 1, SEALS), huge - 1),
		-EPROTO);
	CU_ASSERT_EQUAL(leat_shm_attach_any(&shm, memfd_of(1, 1, SEALS), huge),
			0);
	leat_shm_finish(&shm);
	CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
}

static void test_attach_checks_the_seals(void)
{
	static const int needed[] = { F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_SEAL,
				      F_SEAL_FUTURE_WRITE };

	if (!have_pages(__func__))
		return;
	expect_attach(memfd_of(1, 1, 0), huge_bytes(), -EPROTO);
	for (size_t i = 0; i < 4; i++)
		expect_attach(memfd_of(1, 1, SEALS & ~needed[i]), huge_bytes(),
			      -EPROTO);
}

/* Or the reader would pay for the page, or be killed for want of one. */
static void test_attach_refuses_holes(void)
{
	const size_t huge = huge_bytes();
	size_t n_free = huge_pool_free();
	int fd;

	if (!have_pages(__func__))
		return;
	expect_attach(memfd_of(1, 0, SEALS), huge, -EPROTO);
	expect_attach(memfd_of(2, 1, SEALS), 2 * huge, -EPROTO);
	fd = memfd_of(2, 2, 0);
	CU_ASSERT_EQUAL(fallocate(fd,
				  FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
				  (off_t)huge),
			0);
	CU_ASSERT_EQUAL(fcntl(fd, F_ADD_SEALS, SEALS), 0);
	expect_attach(fd, 2 * huge, -EPROTO);
	CU_ASSERT_EQUAL(huge_pool_free(), n_free);
}

/* One that lies about it does not get us killed, but gets an error. */
static int attach_to_a_lie(void *user)
{
	int fd = memfd_of(1, 0, 0);
	struct leat_shm shm;
	size_t n_left;
	int res;

	(void)user;
	/* A page behind its end is counted as one that it has. */
	if (fallocate(fd, FALLOC_FL_KEEP_SIZE, (off_t)huge_bytes(),
		      (off_t)huge_bytes()) < 0 ||
	    fcntl(fd, F_ADD_SEALS, SEALS) < 0)
		return 2;
	n_left = huge_pool_free();
	if (create(&shm, n_left * huge_bytes(), LEAT_SHM_HUGE) < 0)
		return 3;
	res = leat_shm_attach(&shm, fd, huge_bytes());
	return res == -ENOSPC && !unit_fd_open(fd) ? 0 : 4;
}

static void test_attach_survives_a_lie(void)
{
	if (have_pages(__func__))
		CU_ASSERT_EQUAL(unit_in_child(attach_to_a_lie, NULL), 0);
}

/* ---- mirrored ---- */

static void see_it_twice(const struct leat_shm_config *config)
{
	struct leat_shm shm, peer;
	unsigned char *bytes;

	CU_ASSERT_FATAL(leat_shm_create_with(&shm, "unit", config) == 0);
	expect_huge(&shm, config->size_bytes / huge_bytes());
	CU_ASSERT_EQUAL(shm.mirror_bytes, huge_bytes());
	bytes = shm.addr;
	memset(bytes + shm.size_bytes - 3, 7, 6);
	CU_ASSERT_EQUAL(bytes[config->mirror_offset + 2], 7);
	CU_ASSERT_EQUAL(bytes[config->mirror_offset + 3], 0);
	CU_ASSERT_FATAL(leat_shm_attach_with(&peer, dup(shm.fd), config) == 0);
	CU_ASSERT_EQUAL(
		memcmp(peer.addr, shm.addr, shm.size_bytes + shm.mirror_bytes),
		0);
	CU_ASSERT_NOT_EQUAL(
		shm_present(peer.addr, peer.size_bytes + peer.mirror_bytes), 0);
	leat_shm_finish(&peer);
	leat_shm_finish(&shm);
}

static void test_mirror(void)
{
	const uint32_t flags = LEAT_SHM_HUGE | LEAT_SHM_MIRRORED;
	const struct leat_shm_config whole = { huge_bytes(), 0, flags },
				     behind = { 2 * huge_bytes(), huge_bytes(),
						flags };

	if (!have_pages(__func__))
		return;
	see_it_twice(&whole);
	see_it_twice(&behind);
}

/* Pages of addresses in use. */
static size_t addresses(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	size_t n_pages = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%zu", &n_pages) != 1)
		n_pages = 0;
	fclose(file);
	return n_pages;
}

/* What is reserved to be cut to alignment is given back. */
static void test_no_address_is_lost(void)
{
	const struct leat_shm_config config = {
		huge_bytes(), 0, LEAT_SHM_HUGE | LEAT_SHM_MIRRORED
	};
	size_t before = addresses();
	struct leat_shm shm;

	if (!have_pages(__func__))
		return;
	for (int i = 0; i < 40; i++) {
		CU_ASSERT_FATAL(leat_shm_create_with(&shm, "unit", &config) ==
				0);
		leat_shm_finish(&shm);
	}
	CU_ASSERT_TRUE(addresses() < before + 4 * huge_bytes() / page_bytes());
}

static void test_mirror_refuses_parts_of_pages(void)
{
	const uint32_t flags = LEAT_SHM_HUGE | LEAT_SHM_MIRRORED;
	const struct leat_shm_config configs[] = {
		{ 16 * page_bytes(), 0, flags },
		{ huge_bytes() + page_bytes(), 0, flags },
		{ huge_bytes(), page_bytes(), flags },
		{ 2 * huge_bytes(), page_bytes(), flags },
	};
	unsigned n_fds = unit_count_fds();
	struct leat_shm shm;

	if (!have_pages(__func__))
		return;
	for (size_t i = 0; i < 4; i++) {
		CU_ASSERT_EQUAL(leat_shm_create_with(&shm, "unit", &configs[i]),
				-EINVAL);
		/* As seen by a peer, it is the owner's pages that are wrong. */
		CU_ASSERT_EQUAL(leat_shm_attach_with(&shm,
						     memfd_of(1, 1, SEALS),
						     &configs[i]),
				-EPROTO);
	}
	CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
}

static const struct unit_test tests[] = {
	{ "none", "size of pages", test_page_bytes },
	{ "none", "too many", test_too_many },
	{ "none", "if any", test_if_any_falls_back },
	{ "create", "rounds up, gives back", test_rounds_up_and_gives_back },
	{ "create", "needs no right to lock", test_needs_no_right_to_lock },
	{ "seals", "a peer can change nothing", test_peer_can_change_nothing },
	{ "seals", "the attacks are real",
	  test_attacks_work_where_nothing_is_sealed },
	{ "seals", "attached is read-only", test_attached_is_read_only },
	{ "attach", "size", test_attach_checks_the_size },
	{ "attach", "seals", test_attach_checks_the_seals },
	{ "attach", "holes", test_attach_refuses_holes },
	{ "attach", "lies", test_attach_survives_a_lie },
	{ "mirror", "twice", test_mirror },
	{ "mirror", "no address is lost", test_no_address_is_lost },
	{ "mirror", "parts of pages", test_mirror_refuses_parts_of_pages },
};

struct arguments {
	int argc;
	char **argv;
};

static int run(void *user)
{
	const struct arguments *arguments = user;
	int status = unit_run(tests, sizeof(tests) / sizeof(tests[0]),
			      arguments->argc, arguments->argv);

	return status == EXIT_SUCCESS && n_skipped > 0 ? 77 : status;
}

int main(int argc, char **argv)
{
	struct arguments arguments = { argc, argv };

	return huge_pool_run(N_PAGES, run, &arguments);
}
