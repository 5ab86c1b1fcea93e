/* SPDX-License-Identifier: MIT */
/* How a link ends, and who is turned away. */
#include <leat/link.h>

#include "helpers.h"
#include "link/socket.h"
#include "meeting.h"
#include "node.h"
#include "runner.h"

#include <CUnit/CUnit.h>

#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* ---- leaving ---- */

static void test_guest_says_why_it_leaves(void)
{
	struct meeting meeting;

	meet(&meeting);
	leat_guest_leave(meeting.guest.guest, "the daemon is away");
	CU_ASSERT_FALSE(leat_guest_connected(meeting.guest.guest));
	settle(&meeting);
	CU_ASSERT_EQUAL(meeting.host.n_gone, 1);
	CU_ASSERT_STRING_EQUAL(meeting.host.text, "the daemon is away");
	CU_ASSERT_EQUAL(meeting.guest.n_gone, 0);
	/* Once more is nothing. */
	leat_guest_leave(meeting.guest.guest, "again");
	settle(&meeting);
	CU_ASSERT_EQUAL(meeting.host.n_gone, 1);
	meeting_close(&meeting);
}

/* More than fits is cut off, and not a broken protocol. */
static void test_long_farewell(void)
{
	struct meeting meeting;
	char text[1000];

	meet(&meeting);
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	leat_guest_leave(meeting.guest.guest, text);
	settle(&meeting);
	CU_ASSERT_EQUAL(meeting.host.n_gone, 1);
	CU_ASSERT_EQUAL(strspn(meeting.host.text, "x"), 383);
	meeting_close(&meeting);
}

static void test_guest_is_dismissed(void)
{
	struct meeting meeting;

	meeting_open(&meeting);
	/* Nobody is there. */
	leat_host_dismiss(meeting.host.host, "nobody");
	CU_ASSERT_EQUAL(meeting.host.n_gone, 0);
	join(&meeting);
	leat_host_dismiss(meeting.host.host, "a poisoned ring");
	CU_ASSERT_EQUAL(meeting.host.n_gone, 1);
	CU_ASSERT_STRING_EQUAL(meeting.host.text, "a poisoned ring");
	settle(&meeting);
	CU_ASSERT_EQUAL(meeting.guest.n_gone, 1);
	CU_ASSERT_STRING_EQUAL(meeting.guest.text, "a poisoned ring");
	CU_ASSERT_FALSE(leat_guest_connected(meeting.guest.guest));
	/* It comes back, to a new wire. */
	join(&meeting);
	CU_ASSERT_EQUAL(meeting.host.n_wires, 2);
	CU_ASSERT_EQUAL(meeting.guest.n_wires, 2);
	CU_ASSERT_EQUAL(meeting.host.wire->generation, 2);
	CU_ASSERT_EQUAL(meeting.host.n_gone + meeting.guest.n_gone, 2);
	expect_frames(&meeting);
	meeting_close(&meeting);
}

static void test_either_side_vanishes(void)
{
	struct meeting meeting;

	meet(&meeting);
	leat_guest_destroy(meeting.guest.guest);
	meeting.guest.guest = NULL;
	settle(&meeting);
	CU_ASSERT_EQUAL(meeting.host.n_gone, 1);
	CU_ASSERT_STRING_EQUAL(meeting.host.text, "");
	meeting_close(&meeting);
	meet(&meeting);
	leat_host_destroy(meeting.host.host);
	meeting.host.host = NULL;
	settle(&meeting);
	CU_ASSERT_EQUAL(meeting.guest.n_gone, 1);
	CU_ASSERT_STRING_EQUAL(meeting.guest.text, "");
	CU_ASSERT_FALSE(leat_guest_connected(meeting.guest.guest));
	meeting_close(&meeting);
}

/* It leaves in the middle: after the offer, before it has answered. */
static void test_guest_leaves_early(void)
{
	struct leat_error error;
	struct meeting meeting;

	meeting_open(&meeting);
	CU_ASSERT_EQUAL(leat_guest_connect(meeting.guest.guest, &error), 0);
	leat_host_dispatch(meeting.host.host);
	leat_host_dispatch(meeting.host.host);
	leat_guest_leave(meeting.guest.guest, "changed my mind");
	settle(&meeting);
	CU_ASSERT_EQUAL(meeting.host.n_gone, 1);
	CU_ASSERT_EQUAL(meeting.host.n_wires, 0);
	join(&meeting);
	CU_ASSERT_EQUAL(meeting.host.n_wires, 1);
	CU_ASSERT_EQUAL(meeting.guest.n_wires, 1);
	expect_frames(&meeting);
	meeting_close(&meeting);
}

static void test_a_hundred_joins(void)
{
	struct meeting meeting;
	unsigned n_fds;

	meeting_open(&meeting);
	n_fds = unit_count_fds();
	for (unsigned i = 1; i <= 100; i++) {
		join(&meeting);
		CU_ASSERT_EQUAL(meeting.host.n_wires, i);
		CU_ASSERT_EQUAL(meeting.guest.n_wires, i);
		CU_ASSERT_EQUAL(meeting.host.wire->generation, i);
		CU_ASSERT_TRUE(
			node_cross(meeting.host.wire, meeting.guest.wire));
		leat_guest_leave(meeting.guest.guest, "");
		settle(&meeting);
		CU_ASSERT_EQUAL(meeting.host.n_gone, i);
	}
	leat_wire_destroy(meeting.host.wire);
	leat_wire_destroy(meeting.guest.wire);
	meeting.host.wire = meeting.guest.wire = NULL;
	CU_ASSERT_EQUAL(unit_count_fds(), n_fds);
	meeting_close(&meeting);
}

/* ---- more than two ---- */

static void test_second_guest_is_refused(void)
{
	struct leat_error error;
	struct meeting meeting;
	struct node second;

	meet(&meeting);
	CU_ASSERT_FATAL(node_guest(&second) == 0);
	CU_ASSERT_EQUAL(leat_guest_connect(second.guest, &error), 0);
	node_settle(&meeting.host, &second);
	CU_ASSERT_EQUAL(second.n_gone, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(second.text, "another leat-pipewire"));
	CU_ASSERT_EQUAL(second.n_wires + second.n_specs, 0);
	CU_ASSERT_FALSE(leat_guest_connected(second.guest));
	/* The first one does not notice. */
	settle(&meeting);
	CU_ASSERT_EQUAL(meeting.host.n_gone + meeting.guest.n_gone, 0);
	expect_frames(&meeting);
	/* Once it has left, the place is free. */
	leat_guest_leave(meeting.guest.guest, "");
	settle(&meeting);
	CU_ASSERT_EQUAL(leat_guest_connect(second.guest, &error), 0);
	node_settle(&meeting.host, &second);
	CU_ASSERT_EQUAL(second.n_wires, 1);
	node_close(&second);
	meeting_close(&meeting);
}

#define N_SILENT 20

static void test_silent_connections(void)
{
	struct meeting meeting;
	int fds[N_SILENT];

	meeting_open(&meeting);
	for (int i = 0; i < N_SILENT; i++) {
		fds[i] = leat_connect(NODE_LINK, NULL);
		CU_ASSERT_TRUE(fds[i] >= 0);
		settle(&meeting);
	}
	join(&meeting);
	CU_ASSERT_EQUAL(meeting.host.n_wires, 1);
	CU_ASSERT_EQUAL(meeting.guest.n_wires, 1);
	expect_frames(&meeting);
	/* Nor do they disturb the guest once it is there. */
	for (int i = 0; i < N_SILENT; i++) {
		close(fds[i]);
		fds[i] = leat_connect(NODE_LINK, NULL);
		CU_ASSERT_TRUE(fds[i] >= 0);
		settle(&meeting);
	}
	CU_ASSERT_EQUAL(meeting.host.n_gone + meeting.guest.n_gone, 0);
	expect_frames(&meeting);
	for (int i = 0; i < N_SILENT; i++)
		close(fds[i]);
	settle(&meeting);
	CU_ASSERT_FALSE(unit_readable(node_fd(&meeting.host), 0));
	meeting_close(&meeting);
}

/* It is the one that has been silent longest that makes room. */
static void test_oldest_makes_room(void)
{
	struct meeting meeting;
	int fds[N_SILENT];

	meeting_open(&meeting);
	for (int i = 0; i < N_SILENT; i++) {
		fds[i] = leat_connect(NODE_LINK, NULL);
		settle(&meeting);
	}
	for (int i = 0; i < N_SILENT; i++) {
		CU_ASSERT_EQUAL(unit_readable(fds[i], 0), i < N_SILENT - 16);
		close(fds[i]);
	}
	meeting_close(&meeting);
}

static const struct unit_test tests[] = {
	{ "leaving", "says why", test_guest_says_why_it_leaves },
	{ "leaving", "long farewell", test_long_farewell },
	{ "leaving", "dismissed", test_guest_is_dismissed },
	{ "leaving", "vanishes", test_either_side_vanishes },
	{ "leaving", "early", test_guest_leaves_early },
	{ "leaving", "a hundred joins", test_a_hundred_joins },
	{ "crowd", "second guest", test_second_guest_is_refused },
	{ "crowd", "silent connections", test_silent_connections },
	{ "crowd", "oldest makes room", test_oldest_makes_room },
};

UNIT_MAIN(tests)
