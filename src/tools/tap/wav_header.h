/* SPDX-License-Identifier: MIT */
/* The header of a WAV whose length is not known, for pipes. */
#ifndef LEAT_TAP_WAV_HEADER_H
#define LEAT_TAP_WAV_HEADER_H

#include "samples.h"

#include <leat/attributes.h>

#define WAV_HEADER_MAX 1024u

/*
 * libsndfile makes it; both lengths are then set to 0xffffffff, which those
 * who read pipes take for "until the end".
 *
 * Returns its bytes, or -EINVAL where libsndfile refuses.
 */
LEAT_MUST_CHECK int wav_header(unsigned char bytes[WAV_HEADER_MAX],
			       enum samples_format format, uint32_t n_channels,
			       uint32_t rate_hz);

#endif
