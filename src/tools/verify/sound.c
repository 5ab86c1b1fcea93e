/* SPDX-License-Identifier: MIT */
#include "sound.h"

#include <sndfile.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A float32 counts exactly to here. */
#define COUNT_MAX (1u << 24)

/* Frames read from a file at once. */
#define BLOCK_FRAMES 4096

__attribute__((format(printf, 2, 3))) static int
refuse(struct leat_error *error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	return -EINVAL;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* One plane for each of n_planes; further channels share the last one. */
static int make_planes(struct sound *sound, uint32_t n_planes,
		       struct leat_error *error)
{
	sound->samples = calloc((size_t)n_planes * sound->n_frames,
				sizeof(*sound->samples));
	if (!sound->samples)
		return refuse(error, "out of memory");
	for (uint32_t c = 0; c < sound->n_channels; c++) {
		uint32_t plane = c < n_planes ? c : n_planes - 1;

		sound->plane[c] =
			sound->samples + (size_t)plane * sound->n_frames;
	}
	return 0;
}

static int check_info(const struct sound *sound, const SF_INFO *info,
		      struct leat_error *error)
{
	if ((uint32_t)info->samplerate != sound->rate_hz)
		return refuse(error,
			      "'%s' has %d Hz, but the link runs at %u Hz: "
			      "take a file of that rate",
			      sound->name, info->samplerate, sound->rate_hz);
	if (info->channels != 1 &&
	    (uint32_t)info->channels != sound->n_channels)
		return refuse(error,
			      "'%s' has %d channels, but the link carries %u: "
			      "take a file with as many, or with one",
			      sound->name, info->channels, sound->n_channels);
	if (info->frames < 1)
		return refuse(error, "'%s' has no sound in it", sound->name);
	if (info->frames > (sf_count_t)SOUND_SECONDS_MAX * info->samplerate)
		return refuse(error, "'%s' is longer than %d s", sound->name,
			      SOUND_SECONDS_MAX);
	return 0;
}

static void spread(struct sound *sound, const float *block, uint32_t n_frames,
		   uint32_t n_planes, uint32_t at)
{
	for (uint32_t c = 0; c < n_planes; c++) {
		float *plane = sound->samples + (size_t)c * sound->n_frames;

		for (uint32_t i = 0; i < n_frames; i++)
			plane[at + i] = block[i * n_planes + c];
	}
}

static int read_frames(struct sound *sound, SNDFILE *file, uint32_t n_planes,
		       struct leat_error *error)
{
	float *block = malloc((size_t)BLOCK_FRAMES * n_planes * sizeof(*block));
	uint32_t at = 0;

	if (!block)
		return refuse(error, "out of memory");
	while (at < sound->n_frames) {
		uint32_t room = sound->n_frames - at;
		sf_count_t n = sf_readf_float(
			file, block, room < BLOCK_FRAMES ? room : BLOCK_FRAMES);

		if (n <= 0)
			break;
		spread(sound, block, (uint32_t)n, n_planes, at);
		at += (uint32_t)n;
	}
	free(block);
	if (at < sound->n_frames)
		return refuse(error, "'%s' ends early: it is damaged",
			      sound->name);
	return 0;
}

static bool is_silent(const struct sound *sound, uint32_t n_planes)
{
	size_t n_samples = (size_t)n_planes * sound->n_frames;

	for (size_t i = 0; i < n_samples; i++)
		if (sound->samples[i] < 0.0f || sound->samples[i] > 0.0f)
			return false;
	return true;
}

static int take_file(struct sound *sound, SNDFILE *file, const SF_INFO *info,
		     struct leat_error *error)
{
	uint32_t n_planes = (uint32_t)info->channels;
	int res = check_info(sound, info, error);

	if (res < 0)
		return res;
	sound->n_frames = (uint32_t)info->frames;
	res = make_planes(sound, n_planes, error);
	if (res == 0)
		res = read_frames(sound, file, n_planes, error);
	if (res == 0 && is_silent(sound, n_planes))
		return refuse(error, "'%s' is silent: nothing to compare",
			      sound->name);
	return res;
}

int sound_load(struct sound *sound, const char *path, uint32_t n_channels,
	       uint32_t rate_hz, struct leat_error *error)
{
	SF_INFO info = { .format = 0 };
	SNDFILE *file = sf_open(path, SFM_READ, &info);
	int res;

	if (!file)
		return refuse(error, "cannot read '%s': %s", path,
			      sf_strerror(NULL));
	*sound = (struct sound){ .name = base_name(path),
				 .rate_hz = rate_hz,
				 .n_channels = n_channels };
	res = take_file(sound, file, &info, error);
	sf_close(file);
	if (res < 0)
		sound_finish(sound);
	return res;
}

int sound_count(struct sound *sound, uint32_t n_seconds, uint32_t n_channels,
		uint32_t rate_hz, struct leat_error *error)
{
	uint32_t number = 1;
	int res;

	*sound = (struct sound){ .name = "counting signal",
				 .rate_hz = rate_hz,
				 .n_channels = n_channels,
				 .n_frames = n_seconds * rate_hz };
	res = make_planes(sound, n_channels, error);
	if (res < 0)
		return res;
	for (uint32_t i = 0; i < sound->n_frames; i++) {
		for (uint32_t c = 0; c < n_channels; c++) {
			size_t at = (size_t)c * sound->n_frames + i;

			sound->samples[at] = (float)number / (float)COUNT_MAX;
			number = number == COUNT_MAX - 1 ? 1 : number + 1;
		}
	}
	return 0;
}

void sound_finish(struct sound *sound)
{
	free(sound->samples);
	*sound = (struct sound){ .name = NULL };
}
