/* SPDX-License-Identifier: MIT */
/* Both sides in one process, so that what happens when is certain. */
#include <leat/link.h>

#include "helpers.h"
#include "link/socket.h"
#include "meeting.h"
#include "node.h"
#include "runner.h"

#include <CUnit/CUnit.h>

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- meeting ---- */

static void test_names_are_checked(void)
{
	struct leat_link_spec spec = node_spec();
	struct leat_error error = { "" };
	struct leat_guest *guest;
	struct leat_host *host;
	unsigned n_fds;

	CU_ASSERT_FATAL(unit_rundir_make());
	n_fds = unit_count_fds();
	CU_ASSERT_EQUAL(leat_guest_create(&guest, "a/b", NULL, NULL, &error),
			-EINVAL);
	CU_ASSERT_PTR_NULL(guest);
	CU_ASSERT_TRUE(strlen(error.text) > 20);
	strcpy(spec.link_name, "../x");
	error.text[0] = 0;
	CU_ASSERT_EQUAL(leat_host_create(&host, &spec, NULL, NULL, &error),
			-EINVAL);
	CU_ASSERT_PTR_NULL(host);
	CU_ASSERT_TRUE(strlen(error.text) > 20);
	leat_host_destroy(NULL);
	leat_guest_destroy(NULL);
	leat_wire_destroy(NULL);
	CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
	unit_rundir_remove();
}

static void test_second_host_is_refused(void)
{
	struct leat_link_spec spec = node_spec();
	struct meeting meeting;
	struct node second;

	meeting_open(&meeting);
	CU_ASSERT_EQUAL(node_host(&second, &spec), -EADDRINUSE);
	CU_ASSERT_PTR_NULL(second.host);
	join(&meeting);
	expect_frames(&meeting);
	meeting_close(&meeting);
}

static void test_guest_may_be_first(void)
{
	struct leat_link_spec spec = node_spec();
	struct leat_error error;
	struct node guest, host;

	CU_ASSERT_FATAL(unit_rundir_make());
	CU_ASSERT_FATAL(node_guest(&guest) == 0);
	CU_ASSERT_EQUAL(leat_guest_connect(guest.guest, &error), -ENOENT);
	CU_ASSERT_FALSE(leat_guest_connected(guest.guest));
	CU_ASSERT_FALSE(unit_readable(node_fd(&guest), 0));
	CU_ASSERT_EQUAL(guest.n_gone, 0);
	CU_ASSERT_FATAL(node_host(&host, &spec) == 0);
	CU_ASSERT_EQUAL(leat_guest_connect(guest.guest, &error), 0);
	CU_ASSERT_TRUE(leat_guest_connected(guest.guest));
	node_settle(&host, &guest);
	CU_ASSERT_EQUAL(guest.n_wires, 1);
	CU_ASSERT_EQUAL(host.n_wires, 1);
	node_close(&host);
	node_close(&guest);
	unit_rundir_remove();
}

static void test_spec_comes_first(void)
{
	struct leat_link_spec spec = node_spec();
	struct meeting meeting;

	meet(&meeting);
	CU_ASSERT_EQUAL(meeting.guest.n_specs, 1);
	CU_ASSERT_STRING_EQUAL(meeting.guest.spec.link_name, NODE_LINK);
	CU_ASSERT_EQUAL(meeting.guest.spec.rate_hz, spec.rate_hz);
	CU_ASSERT_EQUAL(meeting.guest.spec.period, spec.period);
	CU_ASSERT_EQUAL(meeting.guest.spec.capacity, spec.capacity);
	CU_ASSERT_TRUE(meeting.guest.spec.jack_alive);
	CU_ASSERT_EQUAL(memcmp(meeting.guest.spec.position, spec.position,
			       sizeof(spec.position)),
			0);
	CU_ASSERT_EQUAL(meeting.host.n_specs, 0);
	CU_ASSERT_EQUAL(meeting.host.n_gone + meeting.guest.n_gone, 0);
	meeting_close(&meeting);
}

static void expect_format(const struct leat_frames_format *format,
			  enum leat_direction direction)
{
	struct leat_link_spec spec = node_spec();

	CU_ASSERT_EQUAL(format->direction, direction);
	CU_ASSERT_EQUAL(format->n_channels, spec.n_channels[direction]);
	CU_ASSERT_EQUAL(format->rate_hz, spec.rate_hz);
	CU_ASSERT_EQUAL(format->capacity, spec.capacity);
	CU_ASSERT_EQUAL(format->ring_flags, spec.ring_flags[direction]);
	CU_ASSERT_EQUAL(format->first_index, spec.first_index);
	CU_ASSERT_EQUAL(format->generation, 1);
}

static void expect_ring(const struct leat_frames_producer *producer,
			const struct leat_frames_consumer *consumer,
			enum leat_direction direction)
{
	expect_format(leat_frames_producer_format(producer), direction);
	expect_format(leat_frames_consumer_format(consumer), direction);
}

static void test_wires_fit_together(void)
{
	struct meeting meeting;

	meet(&meeting);
	CU_ASSERT_EQUAL(meeting.host.wire->generation, 1);
	CU_ASSERT_EQUAL(meeting.guest.wire->generation, 1);
	expect_ring(meeting.host.wire->out, meeting.guest.wire->in,
		    LEAT_TO_PIPEWIRE);
	expect_ring(meeting.guest.wire->out, meeting.host.wire->in,
		    LEAT_TO_JACK);
	expect_frames(&meeting);
	meeting_close(&meeting);
}

/* The guest sleeps, the host wakes it. */
static void test_guest_can_be_woken(void)
{
	struct meeting meeting;
	int wait_fd;

	meet(&meeting);
	wait_fd = leat_frames_wait_fd(meeting.guest.wire->in);
	CU_ASSERT_TRUE(wait_fd >= 0);
	CU_ASSERT_FALSE(leat_frames_prepare_wait(meeting.guest.wire->in, 1));
	CU_ASSERT_FALSE(unit_readable(wait_fd, 0));
	expect_frames(&meeting);
	CU_ASSERT_TRUE(unit_readable(wait_fd, 0));
	CU_ASSERT_EQUAL(leat_frames_wakeups(meeting.host.wire->out), 1);
	leat_frames_clear_wait(meeting.guest.wire->in);
	CU_ASSERT_FALSE(unit_readable(wait_fd, 0));
	meeting_close(&meeting);
}

/* The other way through the same pair of sockets, and neither wakes the other. */
static void test_host_can_be_woken(void)
{
	struct meeting meeting;
	int wait_fd;

	meet(&meeting);
	wait_fd = leat_frames_wait_fd(meeting.host.wire->in);
	CU_ASSERT_TRUE(wait_fd >= 0);
	CU_ASSERT_FALSE(leat_frames_prepare_wait(meeting.host.wire->in, 1));
	CU_ASSERT_FALSE(unit_readable(wait_fd, 0));
	expect_frames(&meeting);
	CU_ASSERT_TRUE(unit_readable(wait_fd, 0));
	CU_ASSERT_EQUAL(leat_frames_wakeups(meeting.guest.wire->out), 1);
	CU_ASSERT_EQUAL(leat_frames_wakeups(meeting.host.wire->out), 0);
	leat_frames_clear_wait(meeting.host.wire->in);
	CU_ASSERT_FALSE(unit_readable(wait_fd, 0));
	meeting_close(&meeting);
}

/* Who is called by a server needs no descriptor to sleep on. */
static void test_host_that_never_sleeps(void)
{
	struct leat_link_spec spec = node_spec();
	struct meeting meeting;

	spec.ring_flags[LEAT_TO_JACK] |= LEAT_RING_POLL;
	meeting_open_for(&meeting, &spec);
	join(&meeting);
	CU_ASSERT_EQUAL_FATAL(meeting.host.n_wires, 1);
	CU_ASSERT_EQUAL(leat_frames_wait_fd(meeting.host.wire->in), -1);
	CU_ASSERT_TRUE(leat_frames_wait_fd(meeting.guest.wire->in) >= 0);
	meeting_close(&meeting);
}

/*
 * Without a descriptor for a connection it is turned away, and the host does not
 * spin on it.
 */
static void test_no_descriptor_left(void)
{
	struct meeting meeting;
	struct leat_error error;
	struct rlimit limit, none;
	int fd, last;
	char byte;

	meeting_open(&meeting);
	fd = leat_connect(NODE_LINK, &error);
	CU_ASSERT_FATAL(fd >= 0);
	last = dup(fd);
	close(last);
	getrlimit(RLIMIT_NOFILE, &limit);
	none = limit;
	none.rlim_cur = (rlim_t)last;
	for (int i = 0; i < 3; i++) {
		setrlimit(RLIMIT_NOFILE, &none);
		CU_ASSERT_TRUE(
			unit_readable(leat_host_fd(meeting.host.host), 0));
		leat_host_dispatch(meeting.host.host);
		CU_ASSERT_FALSE(
			unit_readable(leat_host_fd(meeting.host.host), 0));
		setrlimit(RLIMIT_NOFILE, &limit);
		CU_ASSERT_EQUAL(recv(fd, &byte, 1, MSG_DONTWAIT), 0);
		close(fd);
		fd = leat_connect(NODE_LINK, &error);
		CU_ASSERT_FATAL(fd >= 0);
	}
	close(fd);
	leat_host_dispatch(meeting.host.host);
	/* The others go on. */
	join(&meeting);
	CU_ASSERT_EQUAL(meeting.host.n_wires, 1);
	meeting_close(&meeting);
}

/* Wires are their owner's: they outlive the link that made them. */
static void test_wires_outlive_the_link(void)
{
	struct meeting meeting;

	meet(&meeting);
	leat_host_destroy(meeting.host.host);
	leat_guest_destroy(meeting.guest.guest);
	meeting.host.host = NULL;
	meeting.guest.guest = NULL;
	expect_frames(&meeting);
	meeting_close(&meeting);
}

/* Nobody finds it any more, and those who have do not notice. */
static void test_host_withdraws(void)
{
	struct leat_link_spec spec = node_spec();
	struct meeting meeting;
	struct node second;

	meet(&meeting);
	leat_host_withdraw(meeting.host.host);
	CU_ASSERT_EQUAL(leat_connect(NODE_LINK, NULL), -ENOENT);
	settle(&meeting);
	CU_ASSERT_EQUAL(meeting.host.n_gone + meeting.guest.n_gone, 0);
	expect_frames(&meeting);
	spec.rate_hz = 96000;
	leat_host_update(meeting.host.host, &spec);
	settle(&meeting);
	CU_ASSERT_EQUAL(meeting.host.n_wires, 2);
	expect_frames(&meeting);
	/* The name is free, and stays the next one's. */
	CU_ASSERT_FATAL(node_host(&second, &spec) == 0);
	leat_host_destroy(meeting.host.host);
	meeting.host.host = NULL;
	CU_ASSERT_EQUAL(leat_guest_connect(meeting.guest.guest, NULL), 0);
	node_close(&second);
	meeting_close(&meeting);
}

/* ---- changes ---- */

static void update(struct meeting *meeting, const struct leat_link_spec *spec)
{
	leat_host_update(meeting->host.host, spec);
	settle(meeting);
}

static void test_period_keeps_the_wire(void)
{
	struct leat_link_spec spec = node_spec();
	struct meeting meeting;

	meet(&meeting);
	spec.period = 128;
	spec.jack_alive = false;
	update(&meeting, &spec);
	CU_ASSERT_EQUAL(meeting.guest.n_specs, 2);
	CU_ASSERT_EQUAL(meeting.guest.spec.period, 128);
	CU_ASSERT_FALSE(meeting.guest.spec.jack_alive);
	CU_ASSERT_EQUAL(meeting.guest.n_wires, 1);
	CU_ASSERT_EQUAL(meeting.host.n_wires, 1);
	expect_frames(&meeting);
	meeting_close(&meeting);
}

static void expect_new_wire(const struct leat_link_spec *spec)
{
	struct meeting meeting;

	meet(&meeting);
	update(&meeting, spec);
	CU_ASSERT_EQUAL(meeting.guest.n_specs, 2);
	CU_ASSERT_EQUAL(meeting.guest.n_wires, 2);
	CU_ASSERT_EQUAL(meeting.host.n_wires, 2);
	CU_ASSERT_EQUAL(meeting.guest.wire->generation, 2);
	CU_ASSERT_EQUAL(meeting.host.wire->generation, 2);
	CU_ASSERT_EQUAL(
		leat_frames_consumer_format(meeting.guest.wire->in)->rate_hz,
		spec->rate_hz);
	expect_frames(&meeting);
	meeting_close(&meeting);
}

static void test_other_rings_make_a_wire(void)
{
	struct leat_link_spec spec = node_spec();

	spec.rate_hz = 44100;
	expect_new_wire(&spec);
	spec = node_spec();
	spec.capacity = 512;
	expect_new_wire(&spec);
	spec = node_spec();
	spec.n_channels[LEAT_TO_PIPEWIRE] = 0;
	expect_new_wire(&spec);
	spec = node_spec();
	spec.ring_flags[LEAT_TO_JACK] = LEAT_RING_POLL;
	expect_new_wire(&spec);
}

/* Before a guest came: it hears of the newest only. */
static void test_update_without_a_guest(void)
{
	struct leat_link_spec spec = node_spec();
	struct meeting meeting;

	meeting_open(&meeting);
	spec.rate_hz = 96000;
	update(&meeting, &spec);
	join(&meeting);
	CU_ASSERT_EQUAL(meeting.guest.n_specs, 1);
	CU_ASSERT_EQUAL(meeting.guest.spec.rate_hz, 96000);
	CU_ASSERT_EQUAL(meeting.guest.n_wires, 1);
	CU_ASSERT_EQUAL(meeting.host.n_wires, 1);
	expect_frames(&meeting);
	meeting_close(&meeting);
}

/* Faster than the guest can answer: only the last offer becomes a wire. */
static void test_updates_in_a_row(void)
{
	static const uint32_t rates_hz[] = { 44100, 96000, 22050 };
	struct leat_link_spec spec = node_spec();
	struct meeting meeting;

	meet(&meeting);
	for (int i = 0; i < 3; i++) {
		spec.rate_hz = rates_hz[i];
		leat_host_update(meeting.host.host, &spec);
	}
	settle(&meeting);
	CU_ASSERT_EQUAL(meeting.guest.n_wires, 4);
	CU_ASSERT_EQUAL(meeting.host.n_wires, 2);
	CU_ASSERT_EQUAL(meeting.host.wire->generation, 4);
	CU_ASSERT_EQUAL(meeting.guest.wire->generation, 4);
	CU_ASSERT_EQUAL(meeting.host.n_gone + meeting.guest.n_gone, 0);
	expect_frames(&meeting);
	meeting_close(&meeting);
}

/* ---- latency ---- */

static struct leat_link_latency a_latency(uint32_t n_frames)
{
	return (struct leat_link_latency){
		.beyond = { { 1, n_frames }, { 0, 2 } },
		.added = { n_frames, 7 },
	};
}

/* Each hears what the other has said before they met. */
static void test_latency_is_told(void)
{
	struct leat_link_latency told = a_latency(100);
	struct meeting meeting;

	meeting_open(&meeting);
	leat_host_set_latency(meeting.host.host, &told);
	leat_guest_set_latency(meeting.guest.guest, &told);
	join(&meeting);
	CU_ASSERT_EQUAL(meeting.host.n_latencies, 1);
	CU_ASSERT_EQUAL(meeting.guest.n_latencies, 1);
	CU_ASSERT_EQUAL(meeting.host.latency.beyond[0].max, 100);
	CU_ASSERT_EQUAL(meeting.host.latency.beyond[1].max, 2);
	CU_ASSERT_EQUAL(meeting.host.latency.added[0], 100);
	CU_ASSERT_EQUAL(meeting.host.latency.added[1], 7);
	CU_ASSERT_EQUAL(meeting.guest.latency.beyond[0].min, 1);
	CU_ASSERT_EQUAL(meeting.guest.latency.beyond[0].max, 100);
	CU_ASSERT_EQUAL(meeting.guest.latency.added[1], 7);
	meeting_close(&meeting);
}

/* Only what is new, and no more than ten seconds of it. */
static void test_latency_changes(void)
{
	struct leat_link_latency told = a_latency(480001);
	struct meeting meeting;

	meet(&meeting);
	for (int i = 0; i < 3; i++) {
		leat_host_set_latency(meeting.host.host, &told);
		leat_guest_set_latency(meeting.guest.guest, &told);
		settle(&meeting);
	}
	/* Both had said before that there is nothing. */
	CU_ASSERT_EQUAL(meeting.host.n_latencies, 2);
	CU_ASSERT_EQUAL(meeting.guest.n_latencies, 2);
	CU_ASSERT_EQUAL(meeting.host.latency.beyond[0].max, 480000);
	CU_ASSERT_EQUAL(meeting.host.latency.added[0], 480000);
	CU_ASSERT_EQUAL(meeting.guest.latency.beyond[0].max, 480000);
	CU_ASSERT_EQUAL(meeting.host.n_gone + meeting.guest.n_gone, 0);
	/* The next guest hears it too. */
	leat_guest_leave(meeting.guest.guest, "");
	join(&meeting);
	CU_ASSERT_EQUAL(meeting.host.n_latencies, 3);
	CU_ASSERT_EQUAL(meeting.guest.n_latencies, 3);
	CU_ASSERT_EQUAL(meeting.guest.latency.beyond[0].max, 480000);
	meeting_close(&meeting);
}

/* ---- room ---- */

static int ask(struct meeting *meeting, uint32_t n_frames)
{
	int res = leat_guest_ask_room(meeting->guest.guest, n_frames);

	settle(meeting);
	return res;
}

static uint32_t capacity_of(const struct leat_wire *wire)
{
	return leat_frames_producer_format(wire->out)->capacity;
}

static void expect_capacity(struct meeting *meeting, uint32_t capacity,
			    unsigned n_wires)
{
	CU_ASSERT_EQUAL(meeting->guest.spec.capacity, capacity);
	CU_ASSERT_EQUAL(capacity_of(meeting->guest.wire), capacity);
	CU_ASSERT_EQUAL(capacity_of(meeting->host.wire), capacity);
	CU_ASSERT_EQUAL(meeting->guest.n_wires, n_wires);
	CU_ASSERT_EQUAL(meeting->host.n_wires, n_wires);
	CU_ASSERT_EQUAL(meeting->host.n_gone + meeting->guest.n_gone, 0);
	expect_frames(meeting);
}

/* Rings of the next power of two, and only where they lack room. */
static void test_guest_asks_for_room(void)
{
	struct meeting meeting;

	meet(&meeting);
	CU_ASSERT_EQUAL(meeting.guest.spec.capacity_max, 1u << 20);
	CU_ASSERT_EQUAL(ask(&meeting, 256), 0);
	expect_capacity(&meeting, 256, 1);
	CU_ASSERT_EQUAL(meeting.host.n_rooms, 0);
	CU_ASSERT_EQUAL(ask(&meeting, 257), 0);
	expect_capacity(&meeting, 512, 2);
	CU_ASSERT_EQUAL(ask(&meeting, 5000), 0);
	expect_capacity(&meeting, 8192, 3);
	/* It does not shrink. */
	CU_ASSERT_EQUAL(ask(&meeting, 100), 0);
	expect_capacity(&meeting, 8192, 3);
	CU_ASSERT_EQUAL(meeting.host.n_rooms, 2);
	meeting_close(&meeting);
}

/* More than there can be: the most, and the guest knows. */
static void test_guest_asks_for_too_much(void)
{
	struct meeting meeting;

	meet(&meeting);
	CU_ASSERT_EQUAL(ask(&meeting, (1u << 20) + 1), -ERANGE);
	expect_capacity(&meeting, 1u << 20, 2);
	CU_ASSERT_EQUAL(ask(&meeting, UINT32_MAX), -ERANGE);
	CU_ASSERT_EQUAL(ask(&meeting, 1u << 20), 0);
	expect_capacity(&meeting, 1u << 20, 2);
	meeting_close(&meeting);
}

/* A question that is on its way is not asked again, nor one without a host. */
static void test_guest_asks_once(void)
{
	struct meeting meeting;

	meeting_open(&meeting);
	CU_ASSERT_EQUAL(ask(&meeting, 1000), -ENOTCONN);
	join(&meeting);
	for (int i = 0; i < 1000; i++)
		CU_ASSERT_EQUAL(leat_guest_ask_room(meeting.guest.guest, 1000),
				0);
	settle(&meeting);
	CU_ASSERT_EQUAL(meeting.host.n_rooms, 1);
	expect_capacity(&meeting, 1024, 2);
	/* Another host, or the same again, is asked anew. */
	leat_guest_leave(meeting.guest.guest, "");
	settle(&meeting);
	CU_ASSERT_EQUAL(ask(&meeting, 5000), -ENOTCONN);
	join(&meeting);
	CU_ASSERT_EQUAL(ask(&meeting, 5000), 0);
	CU_ASSERT_EQUAL(meeting.host.n_rooms, 2);
	CU_ASSERT_EQUAL(capacity_of(meeting.guest.wire), 8192);
	meeting_close(&meeting);
}

static const struct unit_test tests[] = {
	{ "meeting", "names", test_names_are_checked },
	{ "meeting", "second host", test_second_host_is_refused },
	{ "meeting", "guest first", test_guest_may_be_first },
	{ "meeting", "spec", test_spec_comes_first },
	{ "meeting", "wires", test_wires_fit_together },
	{ "meeting", "the guest is woken", test_guest_can_be_woken },
	{ "meeting", "the host is woken", test_host_can_be_woken },
	{ "meeting", "no descriptor left", test_no_descriptor_left },
	{ "meeting", "never sleeps", test_host_that_never_sleeps },
	{ "meeting", "wires outlive it", test_wires_outlive_the_link },
	{ "meeting", "withdrawn", test_host_withdraws },
	{ "changes", "period", test_period_keeps_the_wire },
	{ "changes", "other rings", test_other_rings_make_a_wire },
	{ "changes", "without a guest", test_update_without_a_guest },
	{ "changes", "in a row", test_updates_in_a_row },
	{ "room", "asked for", test_guest_asks_for_room },
	{ "room", "too much", test_guest_asks_for_too_much },
	{ "room", "once", test_guest_asks_once },
	{ "latency", "told", test_latency_is_told },
	{ "latency", "changes", test_latency_changes },
};

UNIT_MAIN(tests)
