/* SPDX-License-Identifier: MIT */
/*
 * What other rings between processes have fallen into, each by its name.
 * doc/traps.md has them all, with those that other test programs show.
 */
#include <leat/fdring.h>
#include <leat/frames.h>
#include <leat/inline/atomics.h>
#include <leat/shm.h>

#include "helpers.h"
#include "link/part.h"
#include "node.h"
#include "pair.h"
#include "runner.h"

#include <CUnit/CUnit.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- an end that begins anew ---- */

/*
 * Elsewhere an end that attaches again begins at 0, and from then on the two
 * are out of phase without a word; here the new end begins where the words say,
 * and words that were set back are refused by the one and poison the other.
 */
static void test_index_restarted_at_0(void)
{
	struct leat_ring_config config;
	struct pair pair;

	CU_ASSERT_FATAL(pair_open(&pair, 64, 1000, 0));
	CU_ASSERT_EQUAL(pair_write(&pair, 40), 40);
	CU_ASSERT_EQUAL(pair_read(&pair, 30), 30);
	config = (struct leat_ring_config){ .own = &pair.producer_words,
					    .peer = &pair.consumer_words,
					    .capacity = 64 };
	CU_ASSERT_EQUAL(leat_producer_init(&pair.producer, &config), 0);
	CU_ASSERT_EQUAL(leat_producer_index(&pair.producer), 1040);
	CU_ASSERT_EQUAL(pair_write(&pair, 20), 20);
	CU_ASSERT_EQUAL(pair_read(&pair, 30), 30);
	/* A peer that does begin at 0. */
	leat_ring_words_init(&pair.producer_words, 0);
	CU_ASSERT_EQUAL(leat_producer_init(&pair.producer, &config), -EPROTO);
	CU_ASSERT_EQUAL(leat_consumer_fill(&pair.consumer), 0);
	CU_ASSERT_TRUE(leat_consumer_poisoned(&pair.consumer));
}

/* ---- a peer that writes while a closure runs ---- */

#define N_FAKE 8u

/* A ring of 8 and a lie that is told from within a closure. */
struct lie {
	struct leat_ring_words producer_words;
	struct leat_ring_words consumer_words;
	uint32_t items[N_FAKE + 1]; /* the last one is a guard */
	struct leat_fd_producer producer;
	struct leat_fd_consumer consumer;
	uint64_t index; /* what the peer claims */
	uint32_t n_most;
};

/* As far from the truth as they come, and close to it. */
static const uint64_t lies[] = {
	0,
	3,
	4,
	5,
	8,
	9,
	1000,
	UINT32_MAX,
	UINT64_C(1) << 32,
	INT64_MAX,
	UINT64_C(1) << 63,
	UINT64_MAX,
};

#define N_LIES (sizeof(lies) / sizeof(lies[0]))

/* Four items in the ring, which begins at an index of 2. */
static void lie_open(struct lie *lie, uint64_t index)
{
	struct leat_fdring_config config = {
		.ring = { .own = &lie->producer_words,
			  .peer = &lie->consumer_words,
			  .capacity = N_FAKE },
		.items = lie->items,
		.item_size_bytes = sizeof(lie->items[0]),
		.raise_fd = -1,
		.wait_fd = -1,
	};
	uint32_t n_each[2];
	void *items[2];

	memset(lie, 0, sizeof(*lie));
	lie->items[N_FAKE] = 77;
	lie->index = 2 + index;
	leat_ring_words_init(&lie->producer_words, 2);
	leat_ring_words_init(&lie->consumer_words, 2);
	CU_ASSERT_FATAL(leat_fd_producer_init(&lie->producer, &config) == 0);
	config.ring.own = &lie->consumer_words;
	config.ring.peer = &lie->producer_words;
	CU_ASSERT_FATAL(leat_fd_consumer_init(&lie->consumer, &config) == 0);
	leat_fd_producer_begin(&lie->producer, 4, items, n_each);
	leat_fd_producer_commit(&lie->producer, 4);
}

static uint32_t fill_and_lie(void *user, void *items, uint32_t n_items) LEAT_RT
{
	struct lie *lie = user;

	memset(items, 1, n_items * sizeof(lie->items[0]));
	if (n_items > lie->n_most)
		lie->n_most = n_items;
	leat_word_store(&lie->consumer_words.index, lie->index);
	return n_items;
}

static uint32_t take_and_lie(void *user, const void *items, uint32_t n_items)
	LEAT_RT
{
	struct lie *lie = user;

	(void)items;
	if (n_items > lie->n_most)
		lie->n_most = n_items;
	leat_word_store(&lie->producer_words.index, lie->index);
	return n_items;
}

/*
 * Elsewhere the count that a peer changed meanwhile is not looked at, so what
 * remains runs below 0 to nearly 2^64, or an assertion ends the sender; here
 * the index is checked when it is read, and a lie leaves nothing to fill.
 */
static void test_count_changed_while_sending(void)
{
	for (size_t i = 0; i < N_LIES; i++) {
		struct lie lie;
		uint32_t room;

		lie_open(&lie, lies[i]);
		CU_ASSERT_EQUAL(leat_send(&lie.producer, 4, fill_and_lie, &lie),
				4);
		room = leat_producer_room(&lie.producer.ring);
		/* It may have read what there is, and no more. */
		CU_ASSERT_EQUAL(room, lies[i] <= 8 ? lies[i] : 0);
		CU_ASSERT_EQUAL(leat_producer_poisoned(&lie.producer.ring),
				lies[i] > 8);
		CU_ASSERT_EQUAL(
			leat_send(&lie.producer, 100, fill_and_lie, &lie),
			room);
		CU_ASSERT_TRUE(lie.n_most <= N_FAKE);
		CU_ASSERT_EQUAL(lie.items[N_FAKE], 77);
	}
}

/* The same for the other end, which would read beyond what there is. */
static void test_count_changed_while_receiving(void)
{
	for (size_t i = 0; i < N_LIES; i++) {
		struct lie lie;
		bool possible;

		lie_open(&lie, lies[i]);
		CU_ASSERT_EQUAL(leat_recv(&lie.consumer, 4, take_and_lie, &lie),
				4);
		/* It has taken four, so there were four. */
		possible = lies[i] >= 4 && lies[i] <= 4 + N_FAKE;
		CU_ASSERT_EQUAL(leat_consumer_fill(&lie.consumer.ring),
				possible ? lies[i] - 4 : 0);
		CU_ASSERT_EQUAL(leat_consumer_poisoned(&lie.consumer.ring),
				!possible);
		leat_recv(&lie.consumer, 100, take_and_lie, &lie);
		CU_ASSERT_TRUE(lie.n_most <= N_FAKE);
	}
}

/* ---- memory ---- */

static const struct leat_frames_format format = {
	.n_channels = 2,
	.capacity = 4096,
	.rate_hz = 48000,
};

/*
 * Elsewhere a memfd that is shorter than announced is mapped, and the first
 * touch behind its end is a SIGBUS; here its size is compared before it is.
 */
static void test_part_shorter_than_its_header_says(void)
{
	struct leat_frames_consumer *consumer;
	struct leat_producer_part *part;
	struct leat_shm shm;
	int fd;

	CU_ASSERT_FATAL(
		leat_shm_create(&shm, "unit", LEAT_PART_PLANES_OFFSET) == 0);
	part = shm.addr;
	leat_part_header_init(&part->header, LEAT_PART_PRODUCER, &format);
	leat_ring_words_init(&part->words, 0);
	fd = dup(shm.fd);
	CU_ASSERT_FATAL(leat_frames_consumer_create(&consumer, &format) == 0);
	CU_ASSERT_EQUAL(leat_frames_consumer_connect(consumer, fd, -1),
			-EPROTO);
	CU_ASSERT_FALSE(unit_fd_open(fd));
	leat_frames_consumer_destroy(consumer);
	leat_shm_finish(&shm);
}

struct parts {
	struct leat_frames_producer *producer;
	struct leat_frames_consumer *consumer;
};

static void parts_open(struct parts *parts)
{
	CU_ASSERT_FATAL(
		leat_frames_producer_create(&parts->producer, &format) == 0);
	CU_ASSERT_FATAL(
		leat_frames_consumer_create(&parts->consumer, &format) == 0);
	CU_ASSERT_FATAL(leat_frames_producer_connect(
				parts->producer,
				dup(leat_frames_consumer_fd(parts->consumer)),
				-1) == 0);
	CU_ASSERT_FATAL(leat_frames_consumer_connect(
				parts->consumer,
				dup(leat_frames_producer_fd(parts->producer)),
				-1) == 0);
}

static void set_ones(void *user, const struct leat_frames_room *room) LEAT_RT
{
	(void)user;
	for (uint32_t c = 0; c < room->n_channels; c++)
		for (uint32_t i = 0; i < room->n_frames; i++)
			leat_frames_room_plane(room, c)[i] = 1;
}

static void sum_up(void *user, const struct leat_frames_view *view) LEAT_RT
{
	double *sum = user;

	for (uint32_t c = 0; c < view->n_channels; c++)
		for (uint32_t i = 0; i < view->n_frames; i++)
			*sum += (double)leat_frames_view_plane(view, c)[i];
}

/* Both ends of a ring, and a peer that waits to be told to attack. */
struct punch {
	struct parts parts;
	int fds[2];
};

/* A process that was given both descriptors; 0 if it could do nothing. */
static int punch_holes(void *user)
{
	const struct punch *punch = user;
	const int fds[] = { leat_frames_producer_fd(punch->parts.producer),
			    leat_frames_consumer_fd(punch->parts.consumer) };
	int n = 0;
	char go;

	if (read(punch->fds[0], &go, 1) != 1)
		return 99;
	for (int i = 0; i < 2; i++) {
		off_t size_bytes = lseek(fds[i], 0, SEEK_END);

		n += fallocate(fds[i],
			       FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
			       size_bytes) == 0;
	}
	return n;
}

static long n_faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_minflt + usage.ru_majflt;
}

/* Read a full ring of ones and fill it again; the page faults that took. */
static long turn(struct parts *parts, double *sum)
{
	long n_before = n_faults();

	*sum = 0;
	leat_frames_recv(parts->consumer, 4096, sum_up, sum);
	leat_frames_send(parts->producer, 4096, set_ones, NULL);
	return n_faults() - n_before;
}

/*
 * Elsewhere memory is sealed against another size and a peer punches holes
 * instead: samples turn to zeros, and the realtime thread pays a page fault for
 * each page; here the seal against future writes refuses that as well.
 */
static void test_hole_punched_into_a_full_ring(void)
{
	struct punch punch;
	double sum;
	long n;
	pid_t pid;

	parts_open(&punch.parts);
	CU_ASSERT_FATAL(pipe2(punch.fds, O_CLOEXEC) == 0);
	pid = unit_fork(punch_holes, &punch);
	leat_frames_send(punch.parts.producer, 4096, set_ones, NULL);
	/* The first turns bring in what the fork took away. */
	for (int i = 0; i < 3; i++)
		turn(&punch.parts, &sum);
	CU_ASSERT_EQUAL(write(punch.fds[1], "x", 1), 1);
	CU_ASSERT_EQUAL(unit_wait_child(pid), 0);
	n = turn(&punch.parts, &sum);
#ifdef LEAT_TSAN
	/* It keeps a history, which grows and takes pages of its own. */
	(void)n;
#else
	CU_ASSERT_EQUAL(n, 0);
#endif
	CU_ASSERT_EQUAL(sum, 2 * 4096.0);
	close(punch.fds[0]);
	close(punch.fds[1]);
	leat_frames_producer_destroy(punch.parts.producer);
	leat_frames_consumer_destroy(punch.parts.consumer);
}

/* ---- signals ---- */

struct meeting {
	struct node host, guest;
};

/* Crossings that the guest asks for, until no signal goes out any more. */
static int fill_the_signal(void *user)
{
	struct meeting *meeting = user;
	struct leat_consumer *ring =
		leat_frames_consumer_ring(meeting->guest.wire->in);
	unsigned n_idle = 0;
	uint64_t n = 0;

	while (n_idle < 100) {
		leat_consumer_arm(ring, 1);
		if (!node_cross(meeting->host.wire, meeting->guest.wire))
			return 1;
		n_idle = leat_frames_wakeups(meeting->host.wire->out) == n
				 ? n_idle + 1
				 : 0;
		n = leat_frames_wakeups(meeting->host.wire->out);
	}
	return n > 10 ? 0 : 2;
}

/*
 * Elsewhere the signal is an eventfd that both sides hold: a peer fills it,
 * clears O_NONBLOCK, which belongs to the open file and not to the descriptor,
 * and the realtime thread blocks in write(); here each send() says for itself
 * that it does not wait.
 */
static void test_signal_that_a_peer_made_blocking(void)
{
	struct leat_link_spec spec = node_spec();
	struct meeting meeting;
	struct stat st;
	int fd;

	CU_ASSERT_FATAL(unit_rundir_make());
	CU_ASSERT_FATAL(node_host(&meeting.host, &spec) == 0);
	CU_ASSERT_FATAL(node_guest(&meeting.guest) == 0);
	CU_ASSERT_FATAL(node_connect(&meeting.guest));
	node_settle(&meeting.host, &meeting.guest);
	CU_ASSERT_FATAL(meeting.host.wire && meeting.guest.wire);
	fd = leat_frames_wait_fd(meeting.guest.wire->in);
	CU_ASSERT_EQUAL(fstat(fd, &st), 0);
	CU_ASSERT_TRUE(S_ISSOCK(st.st_mode));
	CU_ASSERT_EQUAL(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK),
			0);
	/* It would be killed for not coming back. */
	CU_ASSERT_EQUAL(unit_in_child(fill_the_signal, &meeting), 0);
	node_close(&meeting.guest);
	node_close(&meeting.host);
	unit_rundir_remove();
}

static const struct unit_test tests[] = {
	{ "index", "restarted at 0", test_index_restarted_at_0 },
	{ "count", "changed while sending", test_count_changed_while_sending },
	{ "count", "changed while receiving",
	  test_count_changed_while_receiving },
	{ "memory", "shorter than announced",
	  test_part_shorter_than_its_header_says },
	{ "memory", "hole punched", test_hole_punched_into_a_full_ring },
	{ "signal", "made blocking by a peer",
	  test_signal_that_a_peer_made_blocking },
};

UNIT_MAIN(tests)
