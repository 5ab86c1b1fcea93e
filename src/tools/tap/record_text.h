/* SPDX-License-Identifier: MIT */
/* What leat-tap record says of how it goes. */
#ifndef LEAT_TAP_RECORD_TEXT_H
#define LEAT_TAP_RECORD_TEXT_H

#include "recording.h"

/* The line on a terminal. Returns text. */
const char *record_text_progress(char *text, size_t text_bytes,
				 const struct recording_sums *sums,
				 uint32_t rate_hz, uint32_t percent);

/* The sentence at the end. Returns text. */
const char *record_text_end(char *text, size_t text_bytes, const char *path,
			    const struct recording_sums *sums,
			    const struct weave_format *format);

#endif
