/* SPDX-License-Identifier: MIT */
#include "load_rig.h"

#include "helpers.h"
#include "link/load_part.h"
#include "peers.h"

#include <CUnit/CUnit.h>

#include <string.h>
#include <unistd.h>

int load_forge(size_t offset, int flip, size_t n_bytes)
{
	struct leat_shm shm, whole;
	int fd;

	CU_ASSERT_FATAL(leat_load_part_create(&whole) == 0);
	CU_ASSERT_FATAL(leat_shm_create(&shm, "unit", n_bytes) == 0);
	memcpy(shm.addr, whole.addr,
	       n_bytes < whole.size_bytes ? n_bytes : whole.size_bytes);
	((unsigned char *)shm.addr)[offset] ^= (unsigned char)flip;
	fd = dup(shm.fd);
	leat_shm_finish(&shm);
	leat_shm_finish(&whole);
	return fd;
}

void load_open_both(struct node *host, struct node *guest)
{
	struct leat_link_spec spec = node_spec();

	CU_ASSERT_FATAL(unit_rundir_make());
	CU_ASSERT_FATAL(node_host(host, &spec) == 0);
	CU_ASSERT_FATAL(node_guest(guest) == 0);
	CU_ASSERT_FATAL(node_connect(guest));
	node_settle(host, guest);
}

void load_close_both(struct node *host, struct node *guest)
{
	node_close(guest);
	node_close(host);
	unit_rundir_remove();
}

int load_ask(struct leat_load **load, struct node *host, struct node *guest)
{
	int fd = leat_status_ask(NODE_LINK);

	CU_ASSERT_FATAL(fd >= 0);
	node_settle(host, guest);
	return leat_load_answer(load, fd);
}

void load_make_pair(int pair[2])
{
	CU_ASSERT_FATAL(
		socketpair(AF_UNIX,
			   SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
			   pair) == 0);
}

int load_say(uint32_t loads, int part, int other_part)
{
	struct leat_message message;
	struct leat_shm status;
	int pair[2];

	load_make_pair(pair);
	CU_ASSERT_FATAL(leat_side_create(&status) == 0);
	leat_message_init(&message, LEAT_MESSAGE_STATUS);
	message.body.status.loads = loads;
	say(pair[0], &message, (int[]){ status.fd, part, other_part },
	    1u + (part >= 0) + (other_part >= 0));
	leat_shm_finish(&status);
	close(pair[0]);
	if (part >= 0)
		close(part);
	if (other_part >= 0)
		close(other_part);
	return pair[1];
}

int load_answer(struct leat_load **load, uint32_t loads, int part,
		int other_part)
{
	return leat_load_answer(load, load_say(loads, part, other_part));
}
