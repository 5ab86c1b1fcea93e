/* SPDX-License-Identifier: MIT */
/*
 * Waking a process that sleeps: from before the send (or the write) in this
 * process to after the receive in the other, on another core. The item is the
 * time at which it was sent.
 */
#include "bench.h"
#include "clock.h"
#include "pair.h"

#include <leat/fdring.h>

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_WAKES 200u
#define CAPACITY 16u
/* Between two, so that the other process is asleep again. */
#define REST_NS 60000u

/* Shared by both processes, which are forked from one. */
struct waking {
	struct leat_ring_words producer_words;
	struct leat_ring_words consumer_words;
	uint64_t items[CAPACITY];
	struct bench_flag sent_ns; /* where there is no ring */
	struct bench_flag n_received;
	uint64_t n_wakes;
	int filled_fd;
	double samples[MAX_WAKES]; /* ns */
};

static struct leat_fdring_config config_of(struct waking *w, bool producer)
{
	return (struct leat_fdring_config){
		.ring = { .own = producer ? &w->producer_words
					  : &w->consumer_words,
			  .peer = producer ? &w->consumer_words
					   : &w->producer_words,
			  .capacity = CAPACITY },
		.items = w->items,
		.item_size_bytes = sizeof(w->items[0]),
		.raise_fd = producer ? w->filled_fd : -1,
		.wait_fd = producer ? -1 : w->filled_fd,
	};
}

static void note(struct waking *w, uint64_t i, uint64_t sent_ns)
{
	w->samples[i] = (double)(bench_now_ns() - sent_ns);
	bench_flag_set(&w->n_received, i + 1);
}

static void take(struct leat_fd_consumer *consumer, uint64_t *item)
{
	const void *items[2];
	uint32_t n_each[2];

	while (leat_fd_consumer_begin(consumer, 1, items, n_each) == 0)
		if (leat_fd_consumer_wait(consumer, 1, -1) < 0)
			_exit(1);
	memcpy(item, items[0], sizeof(*item));
	leat_fd_consumer_commit(consumer, 1);
}

static void receive_ring(struct waking *w)
{
	struct leat_fdring_config config = config_of(w, false);
	struct leat_fd_consumer consumer;
	uint64_t item;

	if (leat_fd_consumer_init(&consumer, &config) < 0)
		_exit(1);
	for (uint64_t i = 0; i < w->n_wakes; i++) {
		take(&consumer, &item);
		note(w, i, item);
	}
}

static void receive_read(struct waking *w)
{
	uint64_t n;

	for (uint64_t i = 0; i < w->n_wakes; i++) {
		if (read(w->filled_fd, &n, sizeof(n)) != sizeof(n))
			_exit(1);
		note(w, i, bench_flag_get(&w->sent_ns));
	}
}

static void receive_poll(struct waking *w)
{
	struct pollfd pfd = { .fd = w->filled_fd, .events = POLLIN };
	uint64_t n;

	for (uint64_t i = 0; i < w->n_wakes; i++) {
		if (poll(&pfd, 1, -1) != 1 ||
		    read(w->filled_fd, &n, sizeof(n)) != sizeof(n))
			_exit(1);
		note(w, i, bench_flag_get(&w->sent_ns));
	}
}

/* Wait for what was sent, and until the other process sleeps again. */
static void settle(struct waking *w, uint64_t n_sent)
{
	uint64_t start;

	bench_flag_wait(&w->n_received, n_sent);
	start = bench_now_ns();
	while (bench_now_ns() - start < REST_NS)
		;
}

static void send_ring(struct waking *w)
{
	struct leat_fdring_config config = config_of(w, true);
	struct leat_fd_producer producer;
	void *items[2];
	uint32_t n_each[2];

	if (leat_fd_producer_init(&producer, &config) < 0)
		abort();
	for (uint64_t i = 0; i < w->n_wakes; i++) {
		uint64_t now_ns;

		settle(w, i);
		now_ns = bench_now_ns();
		if (leat_fd_producer_begin(&producer, 1, items, n_each) != 1)
			abort();
		memcpy(items[0], &now_ns, sizeof(now_ns));
		leat_fd_producer_commit(&producer, 1);
	}
}

static void send_raw(struct waking *w)
{
	const uint64_t one = 1;

	for (uint64_t i = 0; i < w->n_wakes; i++) {
		settle(w, i);
		bench_flag_set(&w->sent_ns, bench_now_ns());
		if (write(w->filled_fd, &one, sizeof(one)) != sizeof(one))
			abort();
	}
}

static void one(struct bench *bench, const char *name,
		void (*send)(struct waking *), void (*receive)(struct waking *))
{
	struct waking *w = mmap(NULL, sizeof(*w), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status = -1;
	pid_t child;

	if (w == MAP_FAILED)
		abort();
	w->n_wakes = bench_amount(bench, MAX_WAKES, 20);
	w->filled_fd = eventfd(0, EFD_CLOEXEC);
	child = fork();
	if (child == 0) {
		bench_pin(1);
		receive(w);
		_exit(0);
	}
	if (child < 0)
		abort();
	send(w);
	waitpid(child, &status, 0);
	bench_expect(bench,
		     status == 0 &&
			     bench_flag_get(&w->n_received) == w->n_wakes,
		     "wake", name);
	bench_record(&bench->figures, "wake-p50", name,
		     1e-3 * bench_quantile(w->samples, w->n_wakes, 0.5));
	bench_record(&bench->figures, "wake-p99", name,
		     1e-3 * bench_quantile(w->samples, w->n_wakes, 0.99));
	close(w->filled_fd);
	munmap(w, sizeof(*w));
}

void bench_wake_round(struct bench *bench)
{
	one(bench, FLOOR_READ, send_raw, receive_read);
	one(bench, FLOOR_POLL, send_raw, receive_poll);
	one(bench, bench_leat_wake.name, send_ring, receive_ring);
}
