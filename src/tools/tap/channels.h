/* SPDX-License-Identifier: MIT */
/* Names of a stream's channels and directions. */
#ifndef LEAT_TAP_CHANNELS_H
#define LEAT_TAP_CHANNELS_H

#include "weave.h"

/* "to_pipewire" or "to_jack" */
const char *channels_direction(enum leat_direction direction);

/* "FL"; or "to_jack:FL" where there are several lanes. Returns name. */
const char *channels_name(const struct weave_format *format, uint32_t channel,
			  char *name, size_t name_bytes);

/* All names, with blanks between them; those that do not fit are left out. */
const char *channels_list(const struct weave_format *format, char *list,
			  size_t list_bytes);

#endif
