/* SPDX-License-Identifier: MIT */
/*
 * What an endpoint says of itself: memory that it shares with the one that
 * kills it, and that therefore outlives it.
 */
#ifndef LEAT_FAULT_PAGE_H
#define LEAT_FAULT_PAGE_H

#include <stdatomic.h>
#include <stdint.h>

enum fault_role { FAULT_HOST, FAULT_GUEST, FAULT_N_ROLES };

/*
 * A wire as one end has used it, in frames since the wire's first. What is in
 * hand is told before it is published and again afterwards: one who is killed
 * in between has either published it or not.
 */
struct fault_books {
	_Atomic uint64_t wire; /* number of it in this process; 0: none yet */
	_Atomic uint64_t sent;
	_Atomic uint64_t sent_in_hand;
	_Atomic uint64_t got;
	_Atomic uint64_t got_in_hand;
	_Atomic uint64_t dropped;    /* not sent: the ring was full */
	_Atomic uint64_t missed;     /* left out between frames that came */
	_Atomic uint64_t first_sent; /* number of the first frame sent */
	_Atomic uint64_t first_got;
	_Atomic uint64_t peer;	    /* life of the peer, as its frames say */
	_Atomic uint64_t in_flight; /* at its end: sent, and taken by nobody */
	_Atomic int64_t first_got_ns;
};

/* An endpoint, of its present life. */
struct fault_page {
	_Atomic uint64_t life; /* number of it, in all runs of the role */
	_Atomic uint64_t n_wires;
	_Atomic uint64_t n_ended;  /* of them, with their books closed */
	_Atomic uint64_t n_gone;   /* times that a wire's peer was gone */
	_Atomic int64_t gone_ns;   /* the latest */
	_Atomic uint64_t produced; /* frames, in all */
	_Atomic uint64_t away;	   /* of them, with nobody to send them to */
	_Atomic uint64_t lost; /* of them, by the count at each wire's end */
	_Atomic uint64_t delivered; /* of them, likewise */
	_Atomic uint64_t n_bad;	    /* frames that are none of the signal, or */
	_Atomic uint64_t n_repeats; /* come again, */
	_Atomic uint64_t n_strange; /* or are of another life in one wire */
	_Atomic uint64_t n_misled;  /* calls of the library that failed */
	_Atomic uint32_t is_realtime;
	_Atomic int64_t heap_bytes; /* in use when it last settled */
	_Atomic uint32_t settled;   /* the newest request that was answered */
	_Atomic uint32_t still;	    /* likewise: no more is produced */
	struct fault_books now;	    /* the newest wire */
	struct fault_books last;    /* the one before it, once it has ended */
	/* requests, by number, of who kills it */
	_Atomic uint32_t settle;
	_Atomic uint32_t hold; /* 0: go on */
};

#endif
