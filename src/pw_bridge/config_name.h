/* SPDX-License-Identifier: MIT */
/* Which configuration a client of PipeWire's takes; the tools take it as well. */
#ifndef LEAT_PW_CONFIG_NAME_H
#define LEAT_PW_CONFIG_NAME_H

#include <pipewire/pipewire.h>

#include <string.h>

/*
 * One that makes the data loop realtime. In 0.3 only this one does; later there is
 * no such file, and the plain one does it.
 */
static inline const char *leat_pw_config_name(void)
{
	return strncmp(pw_get_library_version(), "0.", 2) == 0
		       ? "client-rt.conf"
		       : "client.conf";
}

#endif
