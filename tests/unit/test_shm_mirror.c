/* SPDX-License-Identifier: MIT */
/* The same pages twice in a row, and a ring over them. */
#include <leat/fdring.h>
#include <leat/shm.h>

#include "helpers.h"
#include "runner.h"
#include "shm_attacks.h"

#include <CUnit/CUnit.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

static size_t page_bytes(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static struct leat_shm_config mirror_of(size_t n_pages, size_t n_before)
{
	return (struct leat_shm_config){ n_pages * page_bytes(),
					 n_before * page_bytes(),
					 LEAT_SHM_MIRRORED };
}

static void create(struct leat_shm *shm, const struct leat_shm_config *config)
{
	CU_ASSERT_FATAL(leat_shm_create_with(shm, "unit", config) == 0);
	CU_ASSERT_EQUAL(shm->size_bytes, config->size_bytes);
	CU_ASSERT_EQUAL(shm->mirror_bytes,
			config->size_bytes - config->mirror_offset);
	CU_ASSERT_EQUAL(shm->page_bytes, page_bytes());
}

static void attach(struct leat_shm *peer, const struct leat_shm *shm,
		   const struct leat_shm_config *config)
{
	CU_ASSERT_FATAL(leat_shm_attach_with(peer, dup(shm->fd), config) == 0);
	CU_ASSERT_EQUAL(peer->size_bytes, shm->size_bytes);
	CU_ASSERT_EQUAL(peer->mirror_bytes,
			config->size_bytes - config->mirror_offset);
}

/* Both places hold the pattern, and the mirror follows the end. */
static bool mirrors(const struct leat_shm *shm)
{
	const unsigned char *bytes = shm->addr;

	return shm_filled(shm) &&
	       memcmp(bytes + shm->size_bytes,
		      bytes + shm->size_bytes - shm->mirror_bytes,
		      shm->mirror_bytes) == 0;
}

/* ---- mapping ---- */

static void test_owner_sees_it_twice(void)
{
	for (size_t n_before = 0; n_before < 3; n_before++) {
		struct leat_shm_config config = mirror_of(4, n_before);
		struct leat_shm shm;
		unsigned char *bytes;

		create(&shm, &config);
		bytes = shm.addr;
		shm_fill(&shm);
		CU_ASSERT_TRUE(mirrors(&shm));
		/* Over the end, and where that lands. */
		memset(bytes + shm.size_bytes - 3, 7, 6);
		CU_ASSERT_EQUAL(bytes[config.mirror_offset + 2], 7);
		CU_ASSERT_NOT_EQUAL(bytes[config.mirror_offset + 3], 7);
		CU_ASSERT_EQUAL(bytes[shm.size_bytes + shm.mirror_bytes - 3],
				7);
		leat_shm_finish(&shm);
	}
}

/* Each maps it as it likes: the mirror is no property of the memory. */
static void test_peers_see_it_twice_or_not(void)
{
	struct leat_shm_config config = mirror_of(3, 1);
	unsigned n_fds = unit_count_fds();
	struct leat_shm shm, peer;

	create(&shm, &config);
	shm_fill(&shm);
	attach(&peer, &shm, &config);
	CU_ASSERT_TRUE(mirrors(&peer));
	leat_shm_finish(&peer);
	CU_ASSERT_EQUAL(leat_shm_attach(&peer, dup(shm.fd), config.size_bytes),
			0);
	CU_ASSERT_EQUAL(peer.mirror_bytes, 0);
	leat_shm_finish(&peer);
	leat_shm_finish(&shm);

	CU_ASSERT_FATAL(leat_shm_create(&shm, "unit", config.size_bytes) == 0);
	shm_fill(&shm);
	attach(&peer, &shm, &config);
	CU_ASSERT_TRUE(mirrors(&peer));
	leat_shm_finish(&peer);
	leat_shm_finish(&shm);
	CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
}

static int unlocked_but_present(void *user)
{
	struct leat_shm_config config = mirror_of(32, 0);
	struct leat_shm shm, peer;

	(void)user;
	if (!shm_limit_locking(0) ||
	    leat_shm_create_with(&shm, "unit", &config) < 0 ||
	    leat_shm_attach_with(&peer, dup(shm.fd), &config) < 0)
		return 2;
	if (shm_present(shm.addr, 2 * shm.size_bytes) == 0)
		return 3;
	return shm_present(peer.addr, 2 * shm.size_bytes) == 0 ? 4 : 0;
}

static void test_both_places_are_faulted_in(void)
{
	CU_ASSERT_EQUAL(unit_in_child(unlocked_but_present, NULL), 0);
}

/* mincore fails with ENOMEM where nothing is mapped. */
static void test_finish_unmaps_both(void)
{
	struct leat_shm_config config = mirror_of(2, 0);
	unsigned char there[1];
	struct leat_shm shm;
	unsigned char *bytes;

	create(&shm, &config);
	bytes = shm.addr;
	leat_shm_finish(&shm);
	for (size_t i = 0; i < 4; i++)
		CU_ASSERT_TRUE(mincore(bytes + i * page_bytes(), page_bytes(),
				       there) < 0 &&
			       errno == ENOMEM);
}

/* ---- nobody else writes ---- */

static void test_peer_can_change_nothing(void)
{
	struct leat_shm_config config = mirror_of(3, 1);
	struct leat_shm shm;

	create(&shm, &config);
	shm_fill(&shm);
	CU_ASSERT_EQUAL(unit_in_child(shm_attack, &shm), 0);
	CU_ASSERT_TRUE(mirrors(&shm));
	leat_shm_finish(&shm);
}

static int write_to_mirror(void *user)
{
	struct leat_shm_config config = mirror_of(3, 1);
	const struct leat_shm *shm = user;
	struct leat_shm mine;
	unsigned char *bytes;

	signal(SIGSEGV, SIG_DFL);
	if (leat_shm_attach_with(&mine, dup(shm->fd), &config) < 0)
		return 1;
	bytes = mine.addr;
	if (mprotect(bytes + mine.size_bytes, mine.mirror_bytes,
		     PROT_READ | PROT_WRITE) == 0 ||
	    madvise(bytes + mine.size_bytes, mine.mirror_bytes, MADV_REMOVE) ==
		    0)
		return 2;
	*(volatile unsigned char *)(bytes + mine.size_bytes) = 1;
	return 0;
}

static void test_attached_mirror_is_read_only(void)
{
	struct leat_shm_config config = mirror_of(3, 1);
	struct leat_shm shm;

	create(&shm, &config);
	CU_ASSERT_EQUAL(unit_in_child(write_to_mirror, &shm),
			UNIT_CHILD_KILLED + SIGSEGV);
	leat_shm_finish(&shm);
}

/* ---- refused ---- */

static void test_refuses_parts_of_pages(void)
{
	const size_t page = page_bytes();
	const struct leat_shm_config configs[] = {
		{ 1, 0, LEAT_SHM_MIRRORED },
		{ page - 1, 0, LEAT_SHM_MIRRORED },
		{ page + 1, 0, LEAT_SHM_MIRRORED },
		{ 2 * page, 1, LEAT_SHM_MIRRORED },
		{ 2 * page, page - 8, LEAT_SHM_MIRRORED },
		{ 2 * page, 2 * page, LEAT_SHM_MIRRORED },
		{ 2 * page, 3 * page, LEAT_SHM_MIRRORED },
		{ 0, 0, LEAT_SHM_MIRRORED },
	};
	struct leat_shm whole, shm;
	unsigned n_fds;

	CU_ASSERT_FATAL(leat_shm_create(&whole, "unit", 2 * page) == 0);
	n_fds = unit_count_fds();
	for (size_t i = 0; i < sizeof(configs) / sizeof(configs[0]); i++) {
		CU_ASSERT_EQUAL(leat_shm_create_with(&shm, "unit", &configs[i]),
				-EINVAL);
		CU_ASSERT_EQUAL(
			leat_shm_attach_with(&shm, dup(whole.fd), &configs[i]),
			-EINVAL);
		CU_ASSERT_EQUAL(shm.fd, -1);
		CU_ASSERT_PTR_NULL(shm.addr);
	}
	CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
	leat_shm_finish(&whole);
}

/* A peer's memory that is smaller would end within the mirror. */
static void test_attach_refuses_other_sizes(void)
{
	struct leat_shm_config config = mirror_of(3, 1);
	unsigned n_fds = unit_count_fds();
	struct leat_shm shm, peer;

	for (size_t n_pages = 1; n_pages < 6; n_pages++) {
		CU_ASSERT_FATAL(leat_shm_create(&shm, "unit",
						n_pages * page_bytes()) == 0);
		CU_ASSERT_EQUAL(
			leat_shm_attach_with(&peer, dup(shm.fd), &config),
			n_pages == 3 ? 0 : -EPROTO);
		leat_shm_finish(&peer);
		leat_shm_finish(&shm);
	}
	/* A constant of this many pages, less one byte. */
	CU_ASSERT_FATAL(leat_shm_create_constant(&shm, "unit", __func__, 1) ==
			0);
	config = mirror_of(1, 0);
	CU_ASSERT_EQUAL(leat_shm_attach_with(&peer, dup(shm.fd), &config),
			-EPROTO);
	leat_shm_finish(&shm);
	CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
}

static int without_address_space(void *user)
{
	struct leat_shm_config config = mirror_of(1024, 0);
	const struct rlimit none = { 1, 1 };
	int lowest_free = dup(0);
	struct leat_shm shm;

	(void)user;
	close(lowest_free);
	if (setrlimit(RLIMIT_AS, &none) < 0)
		return 2;
	if (leat_shm_create_with(&shm, "unit", &config) != -ENOMEM)
		return 3;
	return shm.fd == -1 && !shm.addr && dup(0) == lowest_free ? 0 : 4;
}

static void test_without_address_space(void)
{
	CU_ASSERT_EQUAL(unit_in_child(without_address_space, NULL), 0);
}

/* ---- a ring over it ---- */

/* Items that fit neither a page nor the ring's end: 3 pages of 12 bytes. */
struct item {
	uint32_t number, twice, thrice;
};

#define CAPACITY 1024u
#define N_ITEMS 200000u

struct over_mirror {
	struct leat_shm words; /* mapped before the fork: both write it */
	struct leat_shm items;
	uint32_t next; /* number */
	unsigned n_calls, n_wrong;
};

static struct leat_ring_words *words_of(const struct over_mirror *over, int i)
{
	return (struct leat_ring_words *)over->words.addr + i;
}

static struct leat_fdring_config ring_of(const struct over_mirror *over,
					 const struct leat_shm *items, int own)
{
	return (struct leat_fdring_config){
		.ring = { .own = words_of(over, own),
			  .peer = words_of(over, 1 - own),
			  .capacity = CAPACITY,
			  .flags = LEAT_RING_MIRRORED | LEAT_RING_POLL },
		.items = items->addr,
		.item_size_bytes = sizeof(struct item),
		.raise_fd = -1,
		.wait_fd = -1,
	};
}

static uint32_t put(void *user, void *items, uint32_t n_items)
{
	struct over_mirror *over = user;
	struct item *item = items;

	over->n_calls++;
	for (uint32_t i = 0; i < n_items; i++, over->next++)
		item[i] = (struct item){ over->next, 2 * over->next,
					 3 * over->next };
	return n_items;
}

static uint32_t take(void *user, const void *items, uint32_t n_items)
{
	struct over_mirror *over = user;
	const struct item *item = items;

	over->n_calls++;
	for (uint32_t i = 0; i < n_items; i++, over->next++)
		over->n_wrong += item[i].number != over->next ||
				 item[i].twice != 2 * over->next ||
				 item[i].thrice != 3 * over->next;
	return n_items;
}

/* The other process: maps the items by itself, and only to read. */
static int consume(void *user)
{
	struct over_mirror *over = user;
	const struct leat_shm_config config = { CAPACITY * sizeof(struct item),
						0, LEAT_SHM_MIRRORED };
	int64_t deadline_ms = unit_now_ms() + UNIT_DEADLINE_MS;
	struct leat_fdring_config ring;
	struct leat_fd_consumer consumer;
	unsigned n_full = 0;
	struct leat_shm items;

	if (leat_shm_attach_with(&items, dup(over->items.fd), &config) < 0)
		return 1;
	ring = ring_of(over, &items, 1);
	if (leat_fd_consumer_init(&consumer, &ring) < 0)
		return 2;
	while (over->next < N_ITEMS && unit_now_ms() < deadline_ms) {
		uint32_t n = leat_recv(&consumer, 777, take, over);

		n_full += n > 0;
		if (n == 0)
			sched_yield();
	}
	if (over->next != N_ITEMS || over->n_wrong > 0)
		return 3;
	return over->n_calls == n_full ? 0 : 4;
}

static void produce(struct over_mirror *over)
{
	struct leat_fdring_config ring = ring_of(over, &over->items, 0);
	int64_t deadline_ms = unit_now_ms() + UNIT_DEADLINE_MS;
	struct leat_fd_producer producer;
	unsigned n_full = 0;

	CU_ASSERT_FATAL(leat_fd_producer_init(&producer, &ring) == 0);
	while (over->next < N_ITEMS && unit_now_ms() < deadline_ms) {
		uint32_t left = N_ITEMS - over->next;
		uint32_t n = leat_send(&producer, left < 501 ? left : 501, put,
				       over);

		n_full += n > 0;
		if (n == 0)
			sched_yield();
	}
	CU_ASSERT_EQUAL(over->next, N_ITEMS);
	/* One span each time: the closure was never called twice. */
	CU_ASSERT_EQUAL(over->n_calls, n_full);
}

static void test_ring_over_a_mirror(void)
{
	const struct leat_shm_config config = { CAPACITY * sizeof(struct item),
						0, LEAT_SHM_MIRRORED };
	struct over_mirror over = { .next = 0 };
	pid_t pid;

	if (config.size_bytes % page_bytes() != 0) {
		printf("skipped: a ring of 12288 bytes on pages of %zu\n",
		       page_bytes());
		return;
	}
	CU_ASSERT_FATAL(leat_shm_create(&over.words, "unit", 512) == 0);
	create(&over.items, &config);
	leat_ring_words_init(words_of(&over, 0), UINT64_MAX - 5000);
	leat_ring_words_init(words_of(&over, 1), UINT64_MAX - 5000);
	pid = unit_fork(consume, &over);
	produce(&over);
	CU_ASSERT_EQUAL(unit_wait_child(pid), 0);
	leat_shm_finish(&over.items);
	leat_shm_finish(&over.words);
}

static const struct unit_test tests[] = {
	{ "mapping", "the owner sees it twice", test_owner_sees_it_twice },
	{ "mapping", "peers: twice or not", test_peers_see_it_twice_or_not },
	{ "mapping", "faulted in twice", test_both_places_are_faulted_in },
	{ "mapping", "finish unmaps both", test_finish_unmaps_both },
	{ "seals", "a peer can change nothing", test_peer_can_change_nothing },
	{ "seals", "attached is read-only", test_attached_mirror_is_read_only },
	{ "refused", "parts of pages", test_refuses_parts_of_pages },
	{ "refused", "other sizes", test_attach_refuses_other_sizes },
	{ "refused", "no address space", test_without_address_space },
	{ "ring", "two processes, one span", test_ring_over_a_mirror },
};

UNIT_MAIN(tests)
