/* SPDX-License-Identifier: MIT */
#include "file_format.h"

#include <sndfile.h>

#include <errno.h>
#include <string.h>
#include <strings.h>

/* What libsndfile takes of channels, as SFM_WRITE; FLAC and Vorbis say less. */
#define MANY 1024

static const struct file_format formats[] = {
	/* RF64 that becomes WAV where it has stayed below 4 GB. */
	{ "wav", SF_FORMAT_RF64 | SF_FORMAT_FLOAT, MANY, LEAT_RATE_MAX_HZ, true,
	  true, "every bit" },
	{ "rf64", SF_FORMAT_RF64 | SF_FORMAT_FLOAT, MANY, LEAT_RATE_MAX_HZ,
	  false, true, "every bit" },
	{ "w64", SF_FORMAT_W64 | SF_FORMAT_FLOAT, MANY, LEAT_RATE_MAX_HZ, false,
	  true, "every bit" },
	{ "caf", SF_FORMAT_CAF | SF_FORMAT_FLOAT, MANY, LEAT_RATE_MAX_HZ, false,
	  true, "every bit" },
	{ "flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_24, 8, 655350, true, false,
	  "24 bits" },
	{ "ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS, 255, 200000, true, false,
	  "not the bits, the sound" },
};

const struct file_format *file_format_find(const char *name)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strcasecmp(formats[i].name, name) == 0)
			return &formats[i];
	return NULL;
}

const struct file_format *file_format_of_path(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *dot = strrchr(slash ? slash : path, '.');

	if (!dot)
		return NULL;
	return file_format_find(strcasecmp(dot, ".oga") == 0 ? "ogg" : dot + 1);
}

int file_format_check(const struct file_format *format, uint32_t n_channels,
		      uint32_t rate_hz, struct leat_error *error)
{
	if (n_channels > format->max_channels)
		return leat_error_set(error, -EINVAL,
				      "%s takes %u channels and there are %u: "
				      "record one direction, or as wav, w64 or "
				      "caf",
				      format->name, format->max_channels,
				      n_channels);
	if (rate_hz > format->max_rate_hz)
		return leat_error_set(error, -EINVAL,
				      "%s goes up to %u Hz and the link runs "
				      "at %u Hz: record as wav, w64 or caf",
				      format->name, format->max_rate_hz,
				      rate_hz);
	return 0;
}
