/* SPDX-License-Identifier: MIT */
/*
 * A library to preload that fails one call of one of our programs.
 *
 * Only calls that come from our own code count: those whose return address is
 * in the program itself or in libleat. What libjack, libpipewire and the C
 * library call for themselves goes on as ever: how they bear with failures is
 * theirs to test, and a program of ours sees of it what their functions say.
 * So those functions are called here too, and fail as their manuals have it.
 *
 * The test and the program share a board, a file that LEAT_FAIL_BOARD names.
 * The test writes an order on it. The program notes there who has called what.
 */
#ifndef LEAT_FAULT_FAIL_H
#define LEAT_FAULT_FAIL_H

#include <stdbool.h>
#include <stdint.h>

#define FAIL_NAME_BYTES 40
#define FAIL_SITES_MAX 512

/* Where a call comes from. */
enum fail_module { FAIL_PROGRAM, FAIL_LIBLEAT, FAIL_ANYWHERE };

/* What happens instead of the call. */
enum fail_deed {
	FAIL_NOTHING,
	FAIL_ONCE,   /* it fails */
	FAIL_ALWAYS, /* it fails, and so do all later ones from there */
	/* Planted, so that a test sees its own detectors work: */
	FAIL_CRASH,	  /* a bad access */
	FAIL_EXIT,	  /* the program ends without a word */
	FAIL_SAY_TWICE,	  /* it ends with two lines */
	FAIL_SAY_NOTHING, /* it ends with a line that is of no help */
	FAIL_HANG,	  /* the call does not return */
	FAIL_LEAK_FD,	  /* a descriptor is left open */
	FAIL_LEAK_MEMORY, /* a block is not freed */
	FAIL_LEAK_FILE,	  /* a file is left beside the link's socket */
};

struct fail_site {
	char call[FAIL_NAME_BYTES]; /* the function's name */
	uint32_t module;	    /* enum fail_module */
	uint32_t n_calls;
	uint64_t offset; /* of the return address in the module */
};

struct fail_order {
	struct fail_site site;
	uint32_t nth;  /* call from there, beginning with 0 */
	uint32_t deed; /* enum fail_deed */
	int32_t error; /* errno */
};

struct fail_board {
	char program[FAIL_NAME_BYTES]; /* whose calls count */
	struct fail_order order;
	uint32_t closed;   /* calls are not noted, and do not fail, any more */
	uint32_t n_failed; /* calls */
	uint32_t n_sites;
	uint32_t ended;	     /* the program has come to its end, with */
	uint32_t n_fds_left; /* that it has opened, and */
	uint32_t n_blocks_left;
	uint32_t lock;
	struct fail_site sites[FAIL_SITES_MAX];
};

/* ---- for those that stand in for a function ---- */

/* Whether this call is to fail, with errno set. */
bool fail_due(const char *call, const void *caller);

/* The same of a call from wherever it comes. */
bool fail_due_anywhere(const char *call);

/* The function that is stood in for. */
void *fail_real(const char *call);

/* Descriptors and blocks that our own code has got, and gives back. */
int fail_keep_fd(int fd, const void *caller);
void fail_drop_fd(int fd);
void *fail_keep_block(void *block, const void *caller);
void fail_drop_block(const void *block);

/* ---- standing in ---- */

#define CALLER __builtin_return_address(0)
#define ARGUMENTS(...) __VA_ARGS__

/* Its name here differs from the one it stands in for, which has a declaration
 * already. */
#define EXPORT(type, name, parameters)                                         \
	type fail_##name parameters __asm__(#name)                             \
		__attribute__((visibility("default"), noinline));              \
	type fail_##name parameters

/* A pointer to the real function, found once. */
#define REAL(type, name, parameters)                                           \
	static type(*real) parameters;                                         \
                                                                               \
	if (!real)                                                             \
	*(void **)&real = fail_real(#name)

/* A function that fails with a value, or does what it always does. */
#define STAND_IN(type, name, parameters, arguments, failure, keep)             \
	EXPORT(type, name, parameters)                                         \
	{                                                                      \
		REAL(type, name, parameters);                                  \
		const void *caller = CALLER;                                   \
		type res;                                                      \
                                                                               \
		if (fail_due(#name, caller))                                   \
			return failure;                                        \
		res = real arguments;                                          \
		keep;                                                          \
		return res;                                                    \
	}
#define STAND_IN_INT(name, parameters, arguments)                              \
	STAND_IN(int, name, parameters, arguments, -1, (void)caller)
#define STAND_IN_SIZE(name, parameters, arguments)                             \
	STAND_IN(ssize_t, name, parameters, arguments, -1, (void)caller)

#endif
