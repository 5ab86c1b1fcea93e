/* SPDX-License-Identifier: MIT */
/*
 * Two threads and one mapping, so that thread sanitizers see every access.
 * The threads only record; the checks come after they have been joined.
 */
#include <leat/fdring.h>
#include <leat/ring.h>

#include "helpers.h"
#include <leat/inline/atomics.h>
#include "runner.h"

#include <CUnit/CUnit.h>

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

/* Everything that two threads share, and what each of them found. */
struct stress {
	struct leat_ring_words producer_words;
	struct leat_ring_words consumer_words;
	uint64_t *items;
	uint32_t capacity;
	uint32_t flags;
	uint64_t first_index;
	uint64_t n_total;
	int wake_consumer[2]; /* raised, waited for */
	int wake_producer[2];
	struct leat_fd_producer producer;
	struct leat_fd_consumer consumer;
	/* found by the producer */
	int producer_res;
	uint64_t n_written;
	/* found by the consumer */
	int consumer_res;
	uint64_t n_read;
	uint64_t n_wrong;
	atomic_bool stop;
};

static bool stress_open(struct stress *stress, uint32_t capacity,
			uint32_t flags, uint64_t n_total)
{
	memset(stress, 0, sizeof(*stress));
	stress->items = calloc(capacity, sizeof(*stress->items));
	stress->capacity = capacity;
	stress->flags = flags;
	stress->n_total = n_total;
	/* Both counts run over on the way. */
	stress->first_index = UINT64_MAX - n_total / 2;
	for (int i = 0; i < 2; i++)
		stress->wake_consumer[i] = stress->wake_producer[i] = -1;
	leat_ring_words_init(&stress->producer_words, stress->first_index);
	leat_ring_words_init(&stress->consumer_words, stress->first_index);
	return stress->items;
}

static struct leat_fdring_config config_of(struct stress *stress, bool producer)
{
	return (struct leat_fdring_config){
		.ring = {
			.own = producer ? &stress->producer_words
					: &stress->consumer_words,
			.peer = producer ? &stress->consumer_words
					 : &stress->producer_words,
			.capacity = stress->capacity,
			.flags = stress->flags,
		},
		.items = stress->items,
		.item_size_bytes = sizeof(*stress->items),
		.raise_fd = producer ? stress->wake_consumer[0]
				     : stress->wake_producer[0],
		.wait_fd = producer ? stress->wake_producer[1]
				    : stress->wake_consumer[1],
	};
}

static bool ends_init(struct stress *stress)
{
	struct leat_fdring_config config = config_of(stress, true);
	int res = leat_fd_producer_init(&stress->producer, &config);

	config = config_of(stress, false);
	return res == 0 &&
	       leat_fd_consumer_init(&stress->consumer, &config) == 0;
}

static void close_pair(int fds[2])
{
	if (fds[0] >= 0)
		close(fds[0]);
	if (fds[1] >= 0 && fds[1] != fds[0])
		close(fds[1]);
}

static void stress_close(struct stress *stress)
{
	close_pair(stress->wake_consumer);
	close_pair(stress->wake_producer);
	free(stress->items);
}

static void run_threads(void *user, void *(*produce)(void *),
			void *(*consume)(void *))
{
	pthread_t threads[2];

	CU_ASSERT_FATAL(pthread_create(&threads[0], NULL, produce, user) == 0);
	CU_ASSERT_FATAL(pthread_create(&threads[1], NULL, consume, user) == 0);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
}

/* ---- items ---- */

/* No two neighbours alike, and all 64 bits in use. */
static uint64_t item(uint64_t n)
{
	return (n + 1) * UINT64_C(0x9e3779b97f4a7c15);
}

static uint32_t fill_items(void *user, void *items, uint32_t n_items)
{
	struct stress *stress = user;
	uint64_t *out = items;

	for (uint32_t i = 0; i < n_items; i++)
		out[i] = item(stress->n_written++);
	return n_items;
}

static uint32_t check_items(void *user, const void *items, uint32_t n_items)
{
	struct stress *stress = user;
	const uint64_t *in = items;

	for (uint32_t i = 0; i < n_items; i++)
		stress->n_wrong += in[i] != item(stress->n_read++);
	return n_items;
}

static uint32_t block(uint64_t *state, uint32_t max, uint64_t left)
{
	uint32_t n = 1 + unit_random(state) % max;

	return n < left ? n : (uint32_t)left;
}

/* ---- without sleeping ---- */

static void *spin_produce(void *user)
{
	struct stress *stress = user;
	uint64_t state = 1, left;

	while ((left = stress->n_total - stress->n_written) > 0)
		if (leat_send(&stress->producer,
			      block(&state, stress->capacity, left), fill_items,
			      stress) == 0)
			sched_yield();
	return NULL;
}

static void *spin_consume(void *user)
{
	struct stress *stress = user;
	uint64_t state = 2, left;

	while ((left = stress->n_total - stress->n_read) > 0)
		if (leat_recv(&stress->consumer,
			      block(&state, stress->capacity, left),
			      check_items, stress) == 0)
			sched_yield();
	return NULL;
}

static void expect_all(const struct stress *stress)
{
	CU_ASSERT_EQUAL(stress->producer_res, 0);
	CU_ASSERT_EQUAL(stress->consumer_res, 0);
	CU_ASSERT_EQUAL(stress->n_written, stress->n_total);
	CU_ASSERT_EQUAL(stress->n_read, stress->n_total);
	CU_ASSERT_EQUAL(stress->n_wrong, 0);
	CU_ASSERT_FALSE(leat_producer_poisoned(&stress->producer.ring));
	CU_ASSERT_FALSE(leat_consumer_poisoned(&stress->consumer.ring));
}

static void spin(uint32_t capacity, uint32_t flags, uint64_t n_total)
{
	struct stress stress;

	CU_ASSERT_FATAL(stress_open(&stress, capacity, flags, n_total));
	CU_ASSERT_FATAL(ends_init(&stress));
	run_threads(&stress, spin_produce, spin_consume);
	expect_all(&stress);
	stress_close(&stress);
}

static void test_spin_1(void)
{
	spin(1, 0, 20000);
}

static void test_spin_3(void)
{
	spin(3, 0, 50000);
}

static void test_spin_64(void)
{
	spin(64, 0, 1000000);
}

static void test_spin_1000(void)
{
	spin(1000, 0, 2000000);
}

static void test_poll_7(void)
{
	spin(7, LEAT_RING_POLL, 200000);
}

static void test_poll_4096(void)
{
	spin(4096, LEAT_RING_POLL, 2000000);
}

/* ---- sleeping and waking ---- */

/* Half a ring at most: two ends that each wait for more would never meet. */
static uint32_t wait_max(const struct stress *stress)
{
	return stress->capacity > 1 ? stress->capacity / 2 : 1;
}

static void *wait_produce(void *user)
{
	struct stress *stress = user;
	uint64_t state = 3, left;

	while ((left = stress->n_total - stress->n_written) > 0) {
		uint32_t n = block(&state, wait_max(stress), left);

		stress->producer_res = leat_fd_producer_wait(
			&stress->producer, n, UNIT_DEADLINE_MS);
		if (stress->producer_res < 0)
			break;
		/* There is room for n, so that many it must be. */
		if (leat_send(&stress->producer, n, fill_items, stress) != n) {
			stress->producer_res = -EIO;
			break;
		}
	}
	return NULL;
}

static void *wait_consume(void *user)
{
	struct stress *stress = user;
	uint64_t state = 4, left;

	while ((left = stress->n_total - stress->n_read) > 0) {
		uint32_t n = block(&state, wait_max(stress), left);

		stress->consumer_res = leat_fd_consumer_wait(
			&stress->consumer, n, UNIT_DEADLINE_MS);
		if (stress->consumer_res < 0)
			break;
		/* As much as was waited for is there; not all need be taken. */
		if (unit_random(&state) % 4 == 0 && n > 1)
			n--;
		if (leat_recv(&stress->consumer, n, check_items, stress) != n) {
			stress->consumer_res = -EIO;
			break;
		}
	}
	return NULL;
}

/* A descriptor pair of a kind: the one raised, the one waited for. */
typedef bool (*open_signal_fn)(int fds[2]);

static bool open_eventfd(int fds[2])
{
	fds[0] = fds[1] = eventfd(0, EFD_CLOEXEC);
	return fds[0] >= 0;
}

static bool open_pipe(int fds[2])
{
	int ends[2];

	if (pipe(ends) < 0)
		return false;
	fds[0] = ends[1];
	fds[1] = ends[0];
	return true;
}

static bool open_socketpair(int fds[2])
{
	return socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0;
}

static void sleep_and_wake(open_signal_fn open_signal, uint32_t capacity,
			   uint64_t n_total)
{
	struct stress stress;

	CU_ASSERT_FATAL(stress_open(&stress, capacity, 0, n_total));
	CU_ASSERT_FATAL(open_signal(stress.wake_consumer));
	CU_ASSERT_FATAL(open_signal(stress.wake_producer));
	CU_ASSERT_FATAL(ends_init(&stress));
	run_threads(&stress, wait_produce, wait_consume);
	expect_all(&stress);
	stress_close(&stress);
}

static void test_eventfd(void)
{
	sleep_and_wake(open_eventfd, 1, 5000);
	sleep_and_wake(open_eventfd, 3, 10000);
	sleep_and_wake(open_eventfd, 100, 300000);
}

static void test_pipe(void)
{
	sleep_and_wake(open_pipe, 1, 5000);
	sleep_and_wake(open_pipe, 5, 10000);
	sleep_and_wake(open_pipe, 1024, 500000);
}

static void test_socketpair(void)
{
	sleep_and_wake(open_socketpair, 1, 5000);
	sleep_and_wake(open_socketpair, 7, 10000);
	sleep_and_wake(open_socketpair, 256, 300000);
}

/*
 * One thread sleeps and the other spins: whatever the spinning one does comes
 * at the worst moment for the sleeper sooner or later.
 */
static void test_sleeping_consumer(void)
{
	struct stress stress;

	CU_ASSERT_FATAL(stress_open(&stress, 1, 0, 10000));
	CU_ASSERT_FATAL(open_eventfd(stress.wake_consumer));
	CU_ASSERT_FATAL(ends_init(&stress));
	run_threads(&stress, spin_produce, wait_consume);
	expect_all(&stress);
	stress_close(&stress);
}

static void test_sleeping_producer(void)
{
	struct stress stress;

	CU_ASSERT_FATAL(stress_open(&stress, 1, 0, 10000));
	CU_ASSERT_FATAL(open_eventfd(stress.wake_producer));
	CU_ASSERT_FATAL(ends_init(&stress));
	run_threads(&stress, wait_produce, spin_consume);
	expect_all(&stress);
	stress_close(&stress);
}

/* ---- a timed ring, whose producer overwrites ---- */

#define BLOCK 16u

/*
 * Items are overwritten while they are read, on purpose; relaxed accesses say
 * so to the compiler and to sanitizers.
 */
static void timed_fill(struct stress *stress, const struct leat_spans *spans,
		       uint64_t index)
{
	for (int s = 0; s < 2; s++)
		for (uint32_t i = 0; i < spans->span[s].n_items; i++)
			__atomic_store_n(
				&stress->items[spans->span[s].offset + i],
				item(index++), __ATOMIC_RELAXED);
}

static void *timed_produce(void *user)
{
	struct stress *stress = user;
	struct leat_producer *ring = &stress->producer.ring;
	struct leat_spans spans;

	while (!atomic_load(&stress->stop)) {
		uint64_t index = leat_producer_index(ring);

		leat_producer_begin_at(ring, index, BLOCK, &spans);
		timed_fill(stress, &spans, index);
		leat_producer_commit(ring, BLOCK);
		stress->n_written += BLOCK;
	}
	return NULL;
}

static void timed_copy(const struct stress *stress,
		       const struct leat_spans *spans, uint64_t *copy)
{
	for (int s = 0; s < 2; s++)
		for (uint32_t i = 0; i < spans->span[s].n_items; i++)
			*copy++ = __atomic_load_n(
				&stress->items[spans->span[s].offset + i],
				__ATOMIC_RELAXED);
}

/* Read the newest block; whether it was there, and still after the copy. */
static bool timed_read(struct stress *stress)
{
	struct leat_consumer *ring = &stress->consumer.ring;
	uint64_t index = leat_consumer_newest(ring) - BLOCK;
	struct leat_spans spans;
	uint64_t copy[BLOCK];
	bool good = false;

	if (leat_consumer_begin_at(ring, index, BLOCK, &spans) == BLOCK) {
		timed_copy(stress, &spans, copy);
		good = leat_consumer_intact(ring, BLOCK);
	}
	leat_consumer_pass(ring, index + BLOCK);
	for (uint32_t i = 0; good && i < BLOCK; i++)
		stress->n_wrong += copy[i] != item(index + i);
	return good;
}

static void *timed_consume(void *user)
{
	struct stress *stress = user;
	int64_t deadline_ms = unit_now_ms() + UNIT_DEADLINE_MS;

	while (stress->n_read < stress->n_total && unit_now_ms() < deadline_ms)
		if (timed_read(stress))
			stress->n_read += BLOCK;
	atomic_store(&stress->stop, true);
	return NULL;
}

static void test_intact_means_intact(void)
{
	struct stress stress;

	CU_ASSERT_FATAL(
		stress_open(&stress, 2 * BLOCK, LEAT_RING_TIMED, BLOCK * 2000));
	CU_ASSERT_FATAL(ends_init(&stress));
	/* The first block that can be read is one that nobody has written. */
	for (uint64_t i = stress.first_index - BLOCK; i != stress.first_index;
	     i++)
		stress.items[i % stress.capacity] = item(i);
	run_threads(&stress, timed_produce, timed_consume);
	CU_ASSERT_TRUE(stress.n_read >= stress.n_total);
	CU_ASSERT_EQUAL(stress.n_wrong, 0);
	stress_close(&stress);
}

static const struct unit_test tests[] = {
	{ "spin", "capacity 1", test_spin_1 },
	{ "spin", "capacity 3", test_spin_3 },
	{ "spin", "capacity 64", test_spin_64 },
	{ "spin", "capacity 1000", test_spin_1000 },
	{ "poll", "capacity 7", test_poll_7 },
	{ "poll", "capacity 4096", test_poll_4096 },
	{ "sleep and wake", "eventfd", test_eventfd },
	{ "sleep and wake", "pipe", test_pipe },
	{ "sleep and wake", "socketpair", test_socketpair },
	{ "sleep and wake", "consumer sleeps", test_sleeping_consumer },
	{ "sleep and wake", "producer sleeps", test_sleeping_producer },
	{ "timed", "intact means intact", test_intact_means_intact },
};

UNIT_MAIN(tests)
