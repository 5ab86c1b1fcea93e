/* SPDX-License-Identifier: MIT */
/* The main() of a test program whose table of tests shares one bridge. */
#ifndef TEST_BRIDGE_MAIN_H
#define TEST_BRIDGE_MAIN_H

#include "bridge.h"

#include "unit/runner.h"

#include <stdio.h>

#define BRIDGE_MAIN(bridge, period, tests)                                     \
	int main(int argc, char **argv)                                        \
	{                                                                      \
		const char *why = bridge_init(&(bridge), (period));            \
                                                                               \
		if (why) {                                                     \
			printf("skipped: %s\n", why);                          \
			return SANDBOX_SKIP;                                   \
		}                                                              \
		return unit_run(tests, sizeof(tests) / sizeof((tests)[0]),     \
				argc, argv);                                   \
	}

#endif
