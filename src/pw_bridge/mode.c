/* SPDX-License-Identifier: MIT */
#include "mode.h"

#include <string.h>

bool leat_pw_mode_parse(enum leat_pw_mode *mode, const char *name)
{
	static const char *const names[] = {
		[LEAT_PW_AUTO] = "auto",
		[LEAT_PW_FOLLOW] = "follow",
		[LEAT_PW_ADAPTIVE] = "adaptive",
	};

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(name, names[i]) != 0)
			continue;
		*mode = (enum leat_pw_mode)i;
		return true;
	}
	return false;
}
