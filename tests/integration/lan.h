/* SPDX-License-Identifier: MIT */
/**
 * Two hosts on a wire, for a test that is both of them: network namespaces
 * without a name, which end with the process. Between them is a relay that
 * loses packets and delays each by another time, so that they also overtake one
 * another: what tc-netem(8) does, on kernels without it too, and counted.
 *
 *	host 0, 10.76.0.1 eth0 --- relay --- eth0 10.76.0.2, host 1
 */
#ifndef TEST_LAN_H
#define TEST_LAN_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#define LAN_N_HOSTS 2

/** Room for all that is under way. */
#define LAN_N_FRAMES 512
#define LAN_FRAME_BYTES 2048

struct lan_frame {
	int64_t due_ns; /* 0: free */
	int to;
	uint32_t n_bytes;
	uint8_t bytes[LAN_FRAME_BYTES];
};

struct lan {
	int host[LAN_N_HOSTS]; /* their namespaces */
	int end[LAN_N_HOSTS];  /* the relay's packet sockets */
	int home;	       /* the namespace that the test came from */
	uint16_t port;	       /* UDP, whose packets are counted */
	pthread_t thread;
	atomic_bool ends;

	atomic_uint loss_ppm;
	atomic_uint delay_us;	 /* at most; each takes from 0 to that */
	atomic_uint n_passed;	 /* packets to the port */
	atomic_uint n_lost;	 /* on purpose, and what is not taken */
	atomic_uint n_overtaken; /* sent on after a later one */

	/* The relay's. */
	uint64_t random;
	uint16_t last_sequence;
	struct lan_frame frames[LAN_N_FRAMES];
};

/** NULL, or why it cannot be had here: skip the test. Needs ip(8). */
const char *lan_open(struct lan *lan, uint16_t port);

/** From now on this thread, and what it starts, is on a host; -1: at home. */
int lan_enter(const struct lan *lan, int host);

/** A host whose cable leads nowhere; or why not. */
const char *lan_alone(void);

void lan_close(struct lan *lan);

#endif
