/* SPDX-License-Identifier: MIT */
/*
 * The taps of a host. They are told of each wire, by the parts that its
 * producers own, and say nothing themselves. One that says something, or does
 * not read what it is told, is hung up on. Thread: the host's.
 */
#ifndef LEAT_LINK_HOST_TAPS_H
#define LEAT_LINK_HOST_TAPS_H

#include "proto.h"

/* Beyond what descriptors there are: a quarter of them is for the rest. */
#define LEAT_TAPS_MAX 1024u

struct leat_host_taps {
	int fds[LEAT_TAPS_MAX]; /* connections */
	uint32_t n_fds;
	struct leat_tap_message wire;	 /* that there is, if part_fds are */
	int part_fds[LEAT_N_DIRECTIONS]; /* own copies, or -1 */
};

void leat_host_taps_init(struct leat_host_taps *taps);

/* Hang up on all. */
void leat_host_taps_finish(struct leat_host_taps *taps);

/*
 * A connection has said that it is a tap: tell it what there is. Takes fd over
 * and returns 0; else the caller has to close it, and text says why.
 */
int leat_host_taps_add(struct leat_host_taps *taps, int fd, const char **text);

/* Whether fd is one of them. If so it spoke or hung up, and is closed. */
bool leat_host_taps_heard(struct leat_host_taps *taps, int fd);

/*
 * There is a wire now: tell all of them. The descriptors, of the producers'
 * parts each way, are copied.
 */
void leat_host_taps_up(struct leat_host_taps *taps,
		       const struct leat_tap_message *wire,
		       const int part_fds[LEAT_N_DIRECTIONS]);

/* There is none any more. */
void leat_host_taps_down(struct leat_host_taps *taps);

#endif
