/* SPDX-License-Identifier: MIT */
/* The formats of recordings, as far as libsndfile writes them. */
#ifndef LEAT_TAP_FILE_FORMAT_H
#define LEAT_TAP_FILE_FORMAT_H

#include <leat/link.h>

#include <stdbool.h>
#include <stdint.h>

struct file_format {
	const char *name;      /* also the file name's end */
	int sndfile;	       /* SF_FORMAT_... */
	uint32_t max_channels; /* that the format takes */
	uint32_t max_rate_hz;
	bool streams;	   /* can be written to a pipe */
	bool whole_header; /* libsndfile can bring it up to date early */
	const char *keeps; /* what is left of a float32 sample */
};

/* By name, in any case of letters; NULL if there is none. */
const struct file_format *file_format_find(const char *name);

/* By the end of a file's name; NULL if that says nothing. */
const struct file_format *file_format_of_path(const char *path);

/* "wav, rf64, w64, caf, flac, ogg" */
#define FILE_FORMAT_NAMES "wav, rf64, w64, caf, flac, ogg"

/* Whether it takes so many channels at that rate: 0, or -EINVAL and why. */
LEAT_MUST_CHECK int file_format_check(const struct file_format *format,
				      uint32_t n_channels, uint32_t rate_hz,
				      struct leat_error *error);

#endif
