/* SPDX-License-Identifier: MIT */
/* A host and a guest that have met, and what each was told. */
#ifndef LEAT_UNIT_MEETING_H
#define LEAT_UNIT_MEETING_H

#include <leat/link.h>

#include "helpers.h"
#include "node.h"

#include <CUnit/CUnit.h>

#include <sys/resource.h>

/* A host and a guest, and the descriptors that were open before. */
struct meeting {
	struct node host;
	struct node guest;
	unsigned n_fds;
};

static inline void meeting_open_for(struct meeting *meeting,
				    const struct leat_link_spec *spec)
{
	CU_ASSERT_FATAL(unit_rundir_make());
	meeting->n_fds = unit_count_fds();
	CU_ASSERT_FATAL(node_host(&meeting->host, spec) == 0);
	CU_ASSERT_FATAL(node_guest(&meeting->guest) == 0);
}

static inline void meeting_open(struct meeting *meeting)
{
	struct leat_link_spec spec = node_spec();

	meeting_open_for(meeting, &spec);
}

static inline void meeting_close(struct meeting *meeting)
{
	node_close(&meeting->guest);
	node_close(&meeting->host);
	CU_ASSERT_EQUAL(unit_count_fds(), meeting->n_fds);
	unit_rundir_remove();
}

static inline void settle(struct meeting *meeting)
{
	node_settle(&meeting->host, &meeting->guest);
}

static inline void join(struct meeting *meeting)
{
	struct leat_error error = { "" };

	CU_ASSERT_EQUAL(leat_guest_connect(meeting->guest.guest, &error), 0);
	CU_ASSERT_STRING_EQUAL(error.text, "");
	settle(meeting);
}

static inline void meet(struct meeting *meeting)
{
	meeting_open(meeting);
	join(meeting);
	CU_ASSERT_EQUAL_FATAL(meeting->host.n_wires, 1);
	CU_ASSERT_EQUAL_FATAL(meeting->guest.n_wires, 1);
}

static inline void expect_frames(struct meeting *meeting)
{
	CU_ASSERT_TRUE(node_cross(meeting->host.wire, meeting->guest.wire));
	CU_ASSERT_TRUE(node_cross(meeting->guest.wire, meeting->host.wire));
}

#endif
