/* SPDX-License-Identifier: MIT */
#include <leat/fdring.h>

#include "helpers.h"
#include "pair.h"
#include <leat/inline/atomics.h>
#include "runner.h"

#include <CUnit/CUnit.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* Both ends of a ring of 8, woken by eventfds. */
struct fd_pair {
	struct leat_ring_words producer_words;
	struct leat_ring_words consumer_words;
	uint32_t items[8];
	int wake_consumer;
	int wake_producer;
	struct leat_fd_producer producer;
	struct leat_fd_consumer consumer;
};

static struct leat_fdring_config producer_config(struct fd_pair *pair)
{
	return (struct leat_fdring_config){
		.ring = { .own = &pair->producer_words,
			  .peer = &pair->consumer_words,
			  .capacity = 8 },
		.items = pair->items,
		.item_size_bytes = sizeof(pair->items[0]),
		.raise_fd = pair->wake_consumer,
		.wait_fd = pair->wake_producer,
	};
}

static struct leat_fdring_config consumer_config(struct fd_pair *pair)
{
	struct leat_fdring_config config = producer_config(pair);

	config.ring.own = &pair->consumer_words;
	config.ring.peer = &pair->producer_words;
	config.raise_fd = pair->wake_producer;
	config.wait_fd = pair->wake_consumer;
	return config;
}

static void fd_pair_open(struct fd_pair *pair, uint64_t first_index)
{
	struct leat_fdring_config config;

	memset(pair, 0xa5, sizeof(*pair));
	leat_ring_words_init(&pair->producer_words, first_index);
	leat_ring_words_init(&pair->consumer_words, first_index);
	pair->wake_consumer = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pair->wake_producer = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	config = producer_config(pair);
	CU_ASSERT_FATAL(leat_fd_producer_init(&pair->producer, &config) == 0);
	config = consumer_config(pair);
	CU_ASSERT_FATAL(leat_fd_consumer_init(&pair->consumer, &config) == 0);
}

static void fd_pair_close(struct fd_pair *pair)
{
	close(pair->wake_consumer);
	close(pair->wake_producer);
}

/* How often an eventfd was raised since it was last asked. */
static uint64_t raised(int fd)
{
	uint64_t n = 0;

	return read(fd, &n, sizeof(n)) == (ssize_t)sizeof(n) ? n : 0;
}

/* ---- closures ---- */

/* What a closure was called with, and how many items it is to take. */
struct call {
	uint32_t stop_after; /* items in all */
	uint32_t more;	     /* claims that many too much */
	uint32_t next;	     /* number of the next item */
	uint32_t n_calls;
	uint32_t n_each[4];
	bool wrong;
};

static uint32_t account(struct call *call, uint32_t n_items)
{
	uint32_t n = n_items < call->stop_after ? n_items : call->stop_after;

	call->n_each[call->n_calls++ % 4] = n_items;
	call->stop_after -= n;
	return n;
}

static uint32_t fill(void *user, void *items, uint32_t n_items)
{
	struct call *call = user;
	uint32_t *out = items, n = account(call, n_items);

	for (uint32_t i = 0; i < n; i++)
		out[i] = call->next++;
	return n + call->more;
}

static uint32_t take(void *user, const void *items, uint32_t n_items)
{
	struct call *call = user;
	const uint32_t *in = items;
	uint32_t n = account(call, n_items);

	for (uint32_t i = 0; i < n; i++)
		if (in[i] != call->next++)
			call->wrong = true;
	return n + call->more;
}

static struct call begin_call(uint32_t stop_after, uint32_t next)
{
	return (struct call){ .stop_after = stop_after, .next = next };
}

static uint32_t send_n(struct fd_pair *pair, uint32_t n, uint32_t next)
{
	struct call call = begin_call(n, next);

	return leat_send(&pair->producer, n, fill, &call);
}

static uint32_t recv_n(struct fd_pair *pair, uint32_t n, uint32_t next)
{
	struct call call = begin_call(n, next);
	uint32_t res = leat_recv(&pair->consumer, n, take, &call);

	return call.wrong ? UINT32_MAX : res;
}

static void test_closure_is_called_once(void)
{
	struct call call = begin_call(100, 0);
	struct fd_pair pair;

	fd_pair_open(&pair, 0);
	CU_ASSERT_EQUAL(leat_send(&pair.producer, 8, fill, &call), 8);
	CU_ASSERT_EQUAL(call.n_calls, 1);
	CU_ASSERT_EQUAL(call.n_each[0], 8);
	/* Full: there is nothing to call it with. */
	CU_ASSERT_EQUAL(leat_send(&pair.producer, 1, fill, &call), 0);
	CU_ASSERT_EQUAL(call.n_calls, 1);
	call = begin_call(100, 0);
	CU_ASSERT_EQUAL(leat_recv(&pair.consumer, 9, take, &call), 8);
	CU_ASSERT_EQUAL(call.n_calls, 1);
	CU_ASSERT_FALSE(call.wrong);
	CU_ASSERT_EQUAL(leat_recv(&pair.consumer, 1, take, &call), 0);
	CU_ASSERT_EQUAL(call.n_calls, 1);
	fd_pair_close(&pair);
}

static void test_closure_is_called_twice_at_the_wrap(void)
{
	struct call call = begin_call(100, 5);
	struct fd_pair pair;

	fd_pair_open(&pair, 0);
	CU_ASSERT_EQUAL(send_n(&pair, 5, 0), 5);
	CU_ASSERT_EQUAL(recv_n(&pair, 5, 0), 5);
	CU_ASSERT_EQUAL(leat_send(&pair.producer, 7, fill, &call), 7);
	CU_ASSERT_EQUAL(call.n_calls, 2);
	CU_ASSERT_EQUAL(call.n_each[0], 3);
	CU_ASSERT_EQUAL(call.n_each[1], 4);
	call = begin_call(100, 5);
	CU_ASSERT_EQUAL(leat_recv(&pair.consumer, 7, take, &call), 7);
	CU_ASSERT_EQUAL(call.n_calls, 2);
	CU_ASSERT_EQUAL(call.n_each[0], 3);
	CU_ASSERT_EQUAL(call.n_each[1], 4);
	CU_ASSERT_FALSE(call.wrong);
	fd_pair_close(&pair);
}

/* A closure that takes less ends the call, in either span. */
static void expect_short(uint32_t stop_after, uint32_t n_calls)
{
	struct call call = begin_call(stop_after, 5);
	struct fd_pair pair;

	fd_pair_open(&pair, 0);
	send_n(&pair, 5, 0);
	recv_n(&pair, 5, 0);
	CU_ASSERT_EQUAL(leat_send(&pair.producer, 7, fill, &call), stop_after);
	CU_ASSERT_EQUAL(call.n_calls, n_calls);
	/* The rest goes where the first part ended. */
	CU_ASSERT_EQUAL(send_n(&pair, 7 - stop_after, 5 + stop_after),
			7 - stop_after);
	call = begin_call(stop_after, 5);
	CU_ASSERT_EQUAL(leat_recv(&pair.consumer, 7, take, &call), stop_after);
	CU_ASSERT_EQUAL(call.n_calls, n_calls);
	CU_ASSERT_FALSE(call.wrong);
	CU_ASSERT_EQUAL(recv_n(&pair, 7, 5 + stop_after), 7 - stop_after);
	fd_pair_close(&pair);
}

static void test_short_closures(void)
{
	expect_short(0, 1);
	expect_short(1, 1);
	expect_short(2, 1);
	expect_short(3, 2);
	expect_short(4, 2);
	expect_short(6, 2);
	expect_short(7, 2);
}

/* A closure that claims more than it was given is not believed. */
static void test_boasting_closures(void)
{
	struct call call = begin_call(100, 0);
	struct fd_pair pair;

	fd_pair_open(&pair, 0);
	call.more = 5;
	CU_ASSERT_EQUAL(leat_send(&pair.producer, 3, fill, &call), 3);
	call = begin_call(100, 0);
	call.more = 5;
	CU_ASSERT_EQUAL(leat_recv(&pair.consumer, 2, take, &call), 2);
	CU_ASSERT_EQUAL(leat_consumer_fill(&pair.consumer.ring), 1);
	fd_pair_close(&pair);
}

static void test_begin_and_commit(void)
{
	struct fd_pair pair;
	const void *in[2];
	void *out[2];
	uint32_t n_each[2];

	fd_pair_open(&pair, 6);
	CU_ASSERT_EQUAL(leat_fd_producer_begin(&pair.producer, 5, out, n_each),
			5);
	CU_ASSERT_PTR_EQUAL(out[0], &pair.items[6]);
	CU_ASSERT_PTR_EQUAL(out[1], &pair.items[0]);
	CU_ASSERT_EQUAL(n_each[0], 2);
	CU_ASSERT_EQUAL(n_each[1], 3);
	leat_fd_producer_commit(&pair.producer, 4);
	CU_ASSERT_EQUAL(leat_fd_consumer_begin(&pair.consumer, 5, in, n_each),
			4);
	CU_ASSERT_PTR_EQUAL(in[0], &pair.items[6]);
	CU_ASSERT_PTR_EQUAL(in[1], &pair.items[0]);
	CU_ASSERT_EQUAL(n_each[0], 2);
	CU_ASSERT_EQUAL(n_each[1], 2);
	leat_fd_consumer_commit(&pair.consumer, 3);
	CU_ASSERT_EQUAL(leat_consumer_fill(&pair.consumer.ring), 1);
	fd_pair_close(&pair);
}

static uint32_t set_odd(void *user, void *items, uint32_t n_items)
{
	memset(items, *(unsigned char *)user, (size_t)n_items * 13);
	return n_items;
}

static uint32_t check_odd(void *user, const void *items, uint32_t n_items)
{
	const unsigned char *in = items;

	for (size_t i = 0; i < (size_t)n_items * 13; i++)
		if (in[i] != *(unsigned char *)user)
			return 0;
	return n_items;
}

/* Two pages of items and one that nobody may touch. */
struct guarded {
	struct fd_pair pair;
	uint64_t *items;
	size_t page;	 /* bytes */
	uint32_t n_page; /* items */
};

static void guarded_open(struct guarded *guarded)
{
	struct fd_pair *pair = &guarded->pair;
	struct leat_fdring_config config;

	guarded->page = (size_t)sysconf(_SC_PAGESIZE);
	guarded->n_page = (uint32_t)(guarded->page / sizeof(uint64_t));
	guarded->items = mmap(NULL, 3 * guarded->page, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CU_ASSERT_FATAL(guarded->items != MAP_FAILED);
	mprotect(guarded->items + 2 * guarded->n_page, guarded->page,
		 PROT_NONE);
	fd_pair_open(pair, 0);
	for (int end = 0; end < 2; end++) {
		config = end ? consumer_config(pair) : producer_config(pair);
		config.ring.capacity = 2 * guarded->n_page;
		config.items = guarded->items;
		config.item_size_bytes = sizeof(uint64_t);
		CU_ASSERT_FATAL(
			(end ? leat_fd_consumer_init(&pair->consumer, &config)
			     : leat_fd_producer_init(&pair->producer,
						     &config)) == 0);
	}
}

static void guarded_close(struct guarded *guarded)
{
	fd_pair_close(&guarded->pair);
	munmap(guarded->items, 3 * guarded->page);
}

static uint32_t send_zeros(void *user, void *items, uint32_t n_items)
{
	(void)user;
	memset(items, 0, n_items * sizeof(uint64_t));
	return n_items;
}

static uint32_t recv_any(void *user, const void *items, uint32_t n_items)
{
	(void)user;
	(void)items;
	return n_items;
}

/* Send a page of items, which is for reading only from then on. */
static void send_page(struct guarded *guarded)
{
	struct leat_fd_producer *producer = &guarded->pair.producer;
	void *items[2];
	uint32_t n_each[2];

	CU_ASSERT_EQUAL(leat_fd_producer_begin(producer, guarded->n_page, items,
					       n_each),
			guarded->n_page);
	send_zeros(NULL, items[0], n_each[0]);
	mprotect(items[0], guarded->page, PROT_READ);
	leat_fd_producer_commit(producer, guarded->n_page);
}

/* Lines are fetched ahead by writing to them: not those that are being read. */
static void test_fetches_only_what_is_free(void)
{
	struct guarded guarded;

	guarded_open(&guarded);
	send_page(&guarded);
	send_page(&guarded);
	guarded_close(&guarded);
}

/* Nor what lies beyond the end of the ring. */
static void test_fetches_nothing_beyond_the_end(void)
{
	struct guarded guarded;
	uint32_t n;

	guarded_open(&guarded);
	n = guarded.n_page * 5 / 8;
	for (int i = 0; i < 100; i++) {
		CU_ASSERT_EQUAL(
			leat_send(&guarded.pair.producer, n, send_zeros, NULL),
			n);
		CU_ASSERT_EQUAL(
			leat_recv(&guarded.pair.consumer, n, recv_any, NULL),
			n);
	}
	guarded_close(&guarded);
}

/* Any size of item: here 13 bytes, over the wrap, with a guard behind. */
static void test_odd_items(void)
{
	unsigned char items[13 * 3 + 1] = { 0 }, value = 7;
	struct leat_fdring_config config;
	struct fd_pair pair;

	fd_pair_open(&pair, 2);
	config = producer_config(&pair);
	config.items = items;
	config.item_size_bytes = 13;
	config.ring.capacity = 3;
	CU_ASSERT_EQUAL(leat_fd_producer_init(&pair.producer, &config), 0);
	config.ring.own = &pair.consumer_words;
	config.ring.peer = &pair.producer_words;
	CU_ASSERT_EQUAL(leat_fd_consumer_init(&pair.consumer, &config), 0);
	CU_ASSERT_EQUAL(leat_send(&pair.producer, 2, set_odd, &value), 2);
	/* The last place, and the first. */
	CU_ASSERT_TRUE(items[0] == 7 && items[12] == 7 && items[13] == 0);
	CU_ASSERT_TRUE(items[25] == 0 && items[26] == 7 && items[38] == 7);
	CU_ASSERT_EQUAL(items[39], 0);
	CU_ASSERT_EQUAL(leat_recv(&pair.consumer, 3, check_odd, &value), 2);
	fd_pair_close(&pair);
}

static void expect_init(const struct leat_fdring_config *config, int res)
{
	struct leat_fd_producer producer;
	struct leat_fd_consumer consumer;

	CU_ASSERT_EQUAL(leat_fd_producer_init(&producer, config), res);
	CU_ASSERT_EQUAL(leat_fd_consumer_init(&consumer, config), res);
}

static void test_init_refuses(void)
{
	struct leat_fdring_config config;
	struct fd_pair pair;

	fd_pair_open(&pair, 0);
	config = producer_config(&pair);
	expect_init(&config, 0);
	config.items = NULL;
	expect_init(&config, -EINVAL);
	config = producer_config(&pair);
	config.item_size_bytes = 0;
	expect_init(&config, -EINVAL);
	config = producer_config(&pair);
	config.ring.capacity = 0;
	expect_init(&config, -EINVAL);
	/* A mirror of 32 bytes there cannot be, but one of 4096. */
	config = producer_config(&pair);
	config.ring.flags = LEAT_RING_MIRRORED;
	expect_init(&config, -EINVAL);
	config.item_size_bytes = 511;
	expect_init(&config, -EINVAL);
	config.item_size_bytes = 512;
	expect_init(&config, 0);
	config = producer_config(&pair);
	config.raise_fd = 9999;
	expect_init(&config, -EBADF);
	config = producer_config(&pair);
	config.wait_fd = 9999;
	expect_init(&config, -EBADF);
	config.raise_fd = config.wait_fd = -1;
	expect_init(&config, 0);
	pair_forge(&pair.producer_words.index, 9);
	expect_init(&config, -EPROTO);
	fd_pair_close(&pair);
}

/* ---- signals ---- */

static void test_empty_crossing_over_a_wrap_signals_once(void)
{
	struct fd_pair pair;

	fd_pair_open(&pair, 5);
	CU_ASSERT_FALSE(leat_fd_consumer_prepare(&pair.consumer, 1));
	CU_ASSERT_EQUAL(send_n(&pair, 8, 0), 8);
	CU_ASSERT_EQUAL(raised(pair.wake_consumer), 1);
	CU_ASSERT_EQUAL(pair.producer.wake.n_raised, 1);
	/* The mark in the second span. */
	CU_ASSERT_EQUAL(recv_n(&pair, 8, 0), 8);
	CU_ASSERT_FALSE(leat_fd_consumer_prepare(&pair.consumer, 6));
	CU_ASSERT_EQUAL(send_n(&pair, 8, 8), 8);
	CU_ASSERT_EQUAL(raised(pair.wake_consumer), 1);
	CU_ASSERT_EQUAL(raised(pair.wake_producer), 0);
	fd_pair_close(&pair);
}

static void test_full_crossing_over_a_wrap_signals_once(void)
{
	struct fd_pair pair;

	fd_pair_open(&pair, UINT64_MAX - 2);
	CU_ASSERT_EQUAL(send_n(&pair, 8, 0), 8);
	CU_ASSERT_FALSE(leat_fd_producer_prepare(&pair.producer, 1));
	CU_ASSERT_EQUAL(recv_n(&pair, 8, 0), 8);
	CU_ASSERT_EQUAL(raised(pair.wake_producer), 1);
	CU_ASSERT_EQUAL(pair.consumer.wake.n_raised, 1);
	CU_ASSERT_EQUAL(send_n(&pair, 8, 8), 8);
	CU_ASSERT_FALSE(leat_fd_producer_prepare(&pair.producer, 5));
	CU_ASSERT_EQUAL(recv_n(&pair, 8, 8), 8);
	CU_ASSERT_EQUAL(raised(pair.wake_producer), 1);
	CU_ASSERT_EQUAL(raised(pair.wake_consumer), 0);
	fd_pair_close(&pair);
}

/* No system call while both keep up. */
static void test_steady_state_signals_nobody(void)
{
	struct fd_pair pair;

	fd_pair_open(&pair, 0);
	CU_ASSERT_FALSE(leat_fd_consumer_prepare(&pair.consumer, 1));
	for (uint32_t i = 0; i < 1000; i++) {
		CU_ASSERT_EQUAL(send_n(&pair, 3, 3 * i), 3);
		CU_ASSERT_EQUAL(recv_n(&pair, 3, 3 * i), 3);
	}
	CU_ASSERT_EQUAL(pair.producer.wake.n_raised, 1);
	CU_ASSERT_EQUAL(pair.consumer.wake.n_raised, 0);
	fd_pair_close(&pair);
}

/* Preparing takes an old signal back, and looks again after that. */
static void test_prepare_clears_and_looks(void)
{
	struct fd_pair pair;

	fd_pair_open(&pair, 0);
	CU_ASSERT_FALSE(leat_fd_consumer_prepare(&pair.consumer, 1));
	send_n(&pair, 1, 0);
	CU_ASSERT_TRUE(unit_readable(pair.wake_consumer, 0));
	CU_ASSERT_TRUE(leat_fd_consumer_prepare(&pair.consumer, 1));
	CU_ASSERT_FALSE(unit_readable(pair.wake_consumer, 0));
	CU_ASSERT_FALSE(leat_fd_consumer_prepare(&pair.consumer, 2));
	send_n(&pair, 7, 1);
	CU_ASSERT_TRUE(unit_readable(pair.wake_consumer, 0));
	CU_ASSERT_FALSE(leat_fd_producer_prepare(&pair.producer, 1));
	recv_n(&pair, 1, 0);
	CU_ASSERT_TRUE(unit_readable(pair.wake_producer, 0));
	CU_ASSERT_TRUE(leat_fd_producer_prepare(&pair.producer, 1));
	CU_ASSERT_FALSE(unit_readable(pair.wake_producer, 0));
	fd_pair_close(&pair);
}

/* ---- waiting ---- */

static void test_wait_for_what_is_there(void)
{
	struct fd_pair pair;

	fd_pair_open(&pair, 0);
	CU_ASSERT_EQUAL(leat_fd_producer_wait(&pair.producer, 8, 0), 0);
	send_n(&pair, 3, 0);
	CU_ASSERT_EQUAL(leat_fd_consumer_wait(&pair.consumer, 3, 0), 0);
	CU_ASSERT_EQUAL(leat_fd_consumer_wait(&pair.consumer, 3, -1), 0);
	CU_ASSERT_EQUAL(leat_fd_producer_wait(&pair.producer, 5, -1), 0);
	CU_ASSERT_EQUAL(leat_fd_consumer_wait(&pair.consumer, 4, 0),
			-ETIMEDOUT);
	CU_ASSERT_EQUAL(leat_fd_producer_wait(&pair.producer, 6, 0),
			-ETIMEDOUT);
	fd_pair_close(&pair);
}

static void test_wait_takes_its_time(void)
{
	int64_t begin_ms = unit_now_ms();
	struct fd_pair pair;

	fd_pair_open(&pair, 0);
	CU_ASSERT_EQUAL(leat_fd_consumer_wait(&pair.consumer, 1, 20),
			-ETIMEDOUT);
	CU_ASSERT_TRUE(unit_now_ms() - begin_ms >= 19);
	send_n(&pair, 8, 0);
	begin_ms = unit_now_ms();
	CU_ASSERT_EQUAL(leat_fd_producer_wait(&pair.producer, 1, 20),
			-ETIMEDOUT);
	CU_ASSERT_TRUE(unit_now_ms() - begin_ms >= 19);
	fd_pair_close(&pair);
}

/* A signal that means nothing does not end the wait, nor restart its time. */
static void test_wait_survives_idle_signals(void)
{
	const uint64_t one = 1;
	struct fd_pair pair;

	fd_pair_open(&pair, 0);
	CU_ASSERT_EQUAL(write(pair.wake_consumer, &one, 8), 8);
	CU_ASSERT_EQUAL(leat_fd_consumer_wait(&pair.consumer, 1, 5),
			-ETIMEDOUT);
	send_n(&pair, 8, 0);
	CU_ASSERT_EQUAL(write(pair.wake_producer, &one, 8), 8);
	CU_ASSERT_EQUAL(leat_fd_producer_wait(&pair.producer, 1, 5),
			-ETIMEDOUT);
	fd_pair_close(&pair);
}

/* Signal idly, for far longer than anybody waits. */
static int signal_idly(void *user)
{
	int64_t deadline_ms = unit_now_ms() + UNIT_DEADLINE_MS / 3;
	const uint64_t one = 1;

	while (unit_now_ms() < deadline_ms) {
		if (write(*(int *)user, &one, sizeof(one)) < 0)
			return 1;
		poll(NULL, 0, 1);
	}
	return 0;
}

/* However many of them there are: the time runs on. */
static void test_wait_ends_among_idle_signals(void)
{
	struct fd_pair pair;
	pid_t pid;

	fd_pair_open(&pair, 0);
	pid = unit_fork(signal_idly, &pair.wake_consumer);
	CU_ASSERT_EQUAL(leat_fd_consumer_wait(&pair.consumer, 1, 300),
			-ETIMEDOUT);
	kill(pid, SIGKILL);
	/* It did not end by itself, so the wait ended before it. */
	CU_ASSERT_EQUAL(unit_wait_child(pid), UNIT_CHILD_KILLED + SIGKILL);
	fd_pair_close(&pair);
}

/* Whoever would signal is gone: that is no reason to spin. */
static void expect_hang_up(int fds[2])
{
	struct leat_fdring_config config;
	struct fd_pair pair;

	fd_pair_open(&pair, 0);
	close(fds[1]);
	config = consumer_config(&pair);
	config.wait_fd = fds[0];
	CU_ASSERT_EQUAL(leat_fd_consumer_init(&pair.consumer, &config), 0);
	CU_ASSERT_EQUAL(
		leat_fd_consumer_wait(&pair.consumer, 1, UNIT_DEADLINE_MS),
		-EPIPE);
	send_n(&pair, 1, 0);
	CU_ASSERT_EQUAL(leat_fd_consumer_wait(&pair.consumer, 1, 0), 0);
	close(fds[0]);
	fd_pair_close(&pair);
}

static void test_wait_tells_of_a_hang_up(void)
{
	int fds[2];

	CU_ASSERT_FATAL(pipe(fds) == 0);
	expect_hang_up(fds);
	CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
	expect_hang_up(fds);
}

static void test_wait_tells_of_poison(void)
{
	struct fd_pair pair;

	fd_pair_open(&pair, 0);
	pair_forge(&pair.producer_words.index, 9);
	CU_ASSERT_EQUAL(leat_fd_consumer_wait(&pair.consumer, 1, -1), -EPROTO);
	CU_ASSERT_EQUAL(leat_fd_consumer_wait(&pair.consumer, 1, 0), -EPROTO);
	pair_forge(&pair.consumer_words.index, 1);
	CU_ASSERT_EQUAL(leat_fd_producer_wait(&pair.producer, 8, -1), -EPROTO);
	CU_ASSERT_EQUAL(leat_fd_producer_wait(&pair.producer, 8, 0), -EPROTO);
	fd_pair_close(&pair);
}

/* One that reads a little and waits again: what is left does not signal. */
/* On a timed ring what is waited for is news, however much lies there. */
static void test_wait_for_news(void)
{
	struct leat_fdring_config config;
	struct fd_pair pair;
	void *items[2];
	uint32_t n_each[2];

	fd_pair_open(&pair, 0);
	config = producer_config(&pair);
	config.ring.flags = LEAT_RING_TIMED;
	CU_ASSERT_FATAL(leat_fd_producer_init(&pair.producer, &config) == 0);
	config = consumer_config(&pair);
	config.ring.flags = LEAT_RING_TIMED;
	CU_ASSERT_FATAL(leat_fd_consumer_init(&pair.consumer, &config) == 0);
	for (int i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(leat_fd_producer_begin(&pair.producer, 3, items,
						       n_each),
				3);
		leat_fd_producer_commit(&pair.producer, 3);
		CU_ASSERT_EQUAL(leat_fd_consumer_wait(&pair.consumer, 1, 0), 0);
		CU_ASSERT_EQUAL(leat_consumer_fill(&pair.consumer.ring),
				3 * (i + 1));
		CU_ASSERT_EQUAL(leat_fd_consumer_wait(&pair.consumer, 1, 0),
				-ETIMEDOUT);
	}
	CU_ASSERT_EQUAL(leat_fd_producer_wait(&pair.producer, 8, 0), 0);
	fd_pair_close(&pair);
}

static void test_reader_that_does_not_drain(void)
{
	struct fd_pair pair;

	fd_pair_open(&pair, 0);
	CU_ASSERT_FALSE(leat_fd_consumer_prepare(&pair.consumer, 1));
	send_n(&pair, 3, 0);
	for (uint32_t i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(leat_fd_consumer_wait(&pair.consumer, 1, 0), 0);
		CU_ASSERT_EQUAL(recv_n(&pair, 1, i), 1);
	}
	CU_ASSERT_EQUAL(leat_fd_consumer_wait(&pair.consumer, 1, 0),
			-ETIMEDOUT);
	/* And with some left, for more than that. */
	send_n(&pair, 2, 3);
	recv_n(&pair, 1, 3);
	CU_ASSERT_FALSE(leat_fd_consumer_prepare(&pair.consumer, 2));
	CU_ASSERT_FALSE(unit_readable(pair.wake_consumer, 0));
	send_n(&pair, 1, 5);
	CU_ASSERT_TRUE(unit_readable(pair.wake_consumer, 0));
	CU_ASSERT_EQUAL(leat_fd_consumer_wait(&pair.consumer, 2, 0), 0);
	fd_pair_close(&pair);
}

static void on_alarm(int number)
{
	(void)number;
}

static void test_wait_is_interrupted(void)
{
	const struct itimerval often = { { 0, 2000 }, { 0, 2000 } };
	const struct itimerval never = { 0 };
	struct sigaction action = { .sa_handler = on_alarm }, before;
	struct fd_pair pair;
	int consumer_res, producer_res;

	fd_pair_open(&pair, 0);
	sigaction(SIGALRM, &action, &before);
	/* Again and again, so that one comes while poll sleeps. */
	setitimer(ITIMER_REAL, &often, NULL);
	consumer_res =
		leat_fd_consumer_wait(&pair.consumer, 1, UNIT_DEADLINE_MS);
	send_n(&pair, 8, 0);
	producer_res =
		leat_fd_producer_wait(&pair.producer, 1, UNIT_DEADLINE_MS);
	setitimer(ITIMER_REAL, &never, NULL);
	sigaction(SIGALRM, &before, NULL);
	CU_ASSERT_EQUAL(consumer_res, -EINTR);
	CU_ASSERT_EQUAL(producer_res, -EINTR);
	fd_pair_close(&pair);
}

static const struct unit_test tests[] = {
	{ "set-up", "refuses", test_init_refuses },
	{ "closures", "once", test_closure_is_called_once },
	{ "closures", "twice", test_closure_is_called_twice_at_the_wrap },
	{ "closures", "short", test_short_closures },
	{ "closures", "boasting", test_boasting_closures },
	{ "closures", "items of 13 bytes", test_odd_items },
	{ "closures", "fetches what is free", test_fetches_only_what_is_free },
	{ "closures", "fetches nothing else",
	  test_fetches_nothing_beyond_the_end },
	{ "spans", "begin and commit", test_begin_and_commit },
	{ "crossing", "empty, over a wrap",
	  test_empty_crossing_over_a_wrap_signals_once },
	{ "crossing", "full, over a wrap",
	  test_full_crossing_over_a_wrap_signals_once },
	{ "crossing", "steady state", test_steady_state_signals_nobody },
	{ "crossing", "prepare", test_prepare_clears_and_looks },
	{ "waiting", "already there", test_wait_for_what_is_there },
	{ "waiting", "timeout", test_wait_takes_its_time },
	{ "waiting", "idle signals", test_wait_survives_idle_signals },
	{ "waiting", "many idle signals", test_wait_ends_among_idle_signals },
	{ "waiting", "hang-up", test_wait_tells_of_a_hang_up },
	{ "waiting", "poison", test_wait_tells_of_poison },
	{ "waiting", "not draining", test_reader_that_does_not_drain },
	{ "waiting", "news", test_wait_for_news },
	{ "waiting", "interrupted", test_wait_is_interrupted },
};

UNIT_MAIN(tests)
