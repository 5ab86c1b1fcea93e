/* SPDX-License-Identifier: MIT */
#include "detector.h"

#include <math.h>

const char *finding_name(enum finding finding)
{
	static const char *const names[] = {
		[FOUND_NOTHING] = "nothing", [FOUND_SIGNAL] = "signal",
		[FOUND_SILENCE] = "silence", [FOUND_CLIP] = "clip",
		[FOUND_XRUN] = "xrun",
	};

	return names[finding];
}

static void find(struct detector *detector, enum finding finding,
		 uint64_t position, uint32_t channel, float level)
{
	if (!detector->wanted[finding] || detector->found != FOUND_NOTHING)
		return;
	detector->found = finding;
	detector->position = position;
	detector->channel = channel;
	detector->level = level;
}

/* The loudest sample of a frame; one that is no number is infinitely loud. */
static float loudest(const float *const *planes, uint32_t n_channels,
		     uint32_t at, uint32_t *channel)
{
	float level = 0;

	*channel = 0;
	for (uint32_t c = 0; c < n_channels; c++) {
		float sample = fabsf(planes[c][at]);

		if (isnan(sample))
			sample = INFINITY;
		if (sample > level) {
			level = sample;
			*channel = c;
		}
	}
	return level;
}

static void count_quiet(struct detector *detector)
{
	detector->n_quiet++;
	if (detector->n_quiet == detector->n_silence_frames)
		find(detector, FOUND_SILENCE,
		     detector->n_frames + 1 - detector->n_quiet, 0, 0);
}

static void look_at(struct detector *detector, float level, uint32_t channel)
{
	if (level <= detector->threshold) {
		count_quiet(detector);
	} else {
		detector->n_quiet = 0;
		/* It clips as well, which is rarer. */
		if (level >= 1)
			find(detector, FOUND_CLIP, detector->n_frames, channel,
			     level);
		find(detector, FOUND_SIGNAL, detector->n_frames, channel,
		     level);
	}
	detector->n_frames++;
}

enum finding detector_frames(struct detector *detector,
			     const float *const *planes, uint32_t n_channels,
			     uint32_t n_frames)
{
	for (uint32_t i = 0; i < n_frames; i++) {
		uint32_t channel;
		float level = loudest(planes, n_channels, i, &channel);

		look_at(detector, level, channel);
	}
	return detector->found;
}

enum finding detector_silence(struct detector *detector, uint64_t n_frames)
{
	uint64_t before = detector->n_quiet;

	detector->n_quiet += n_frames;
	if (before < detector->n_silence_frames &&
	    detector->n_quiet >= detector->n_silence_frames)
		find(detector, FOUND_SILENCE, detector->n_frames - before, 0,
		     0);
	detector->n_frames += n_frames;
	return detector->found;
}

void detector_unknown(struct detector *detector)
{
	detector->n_quiet = 0;
}

enum finding detector_xrun(struct detector *detector)
{
	find(detector, FOUND_XRUN, detector->n_frames, 0, 0);
	return detector->found;
}
