/* SPDX-License-Identifier: MIT */
#include "recording.h"

#include "part_name.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Silence is written in pieces of so many samples. */
#define ZEROS 16384u

static const char *const reasons[MARK_N_KINDS] = {
	[MARK_LOST] = "overwritten before they were read",
	[MARK_HOLE] = "nothing was sent",
	[MARK_AWAY] = "the link was away",
	[MARK_XRUN] = "JACK left them out",
};

/* ---- parts ---- */

static int begin_part(struct recording *recording, struct leat_error *error)
{
	const struct recording_config *config = &recording->config;
	struct part_config of = {
		.format = config->format,
		.n_channels = config->n_channels,
		.rate_hz = config->rate_hz,
		.overwrite = config->overwrite,
		.stream = config->stream,
		.head = config->head,
	};
	int res;

	if (!part_name(recording->path, sizeof(recording->path), config->path,
		       recording->number))
		return leat_error_set(error, -ENAMETOOLONG,
				      "cannot write '%s': its name is too long",
				      config->path);
	of.head.rate_hz = config->rate_hz;
	of.head.first_frame = recording->part_begin;
	res = part_open(&recording->part, recording->path, &of, error);
	recording->open = res == 0;
	return res;
}

/* Names that are taken are passed over: there is no time to ask. */
static int next_part(struct recording *recording)
{
	int res;

	recording->part_begin = recording->sums.n_frames;
	do {
		recording->number += recording->number == 0 ? 2 : 1;
		res = begin_part(recording, &recording->error);
	} while (res == -EEXIST && recording->number < PARTS_MAX);
	return res;
}

static int end_part(struct recording *recording, const char *why)
{
	uint64_t n_bytes = part_bytes(&recording->part);
	int res = part_close(&recording->part, why);
	struct stat st;

	/* What is held back is written in the end. */
	if (!recording->config.stream && stat(recording->path, &st) == 0)
		n_bytes = (uint64_t)st.st_size;
	recording->closed_bytes += n_bytes;
	recording->sums.n_bytes = recording->closed_bytes;
	recording->open = false;
	if (res < 0)
		leat_error_set(&recording->error, res, "cannot end '%s': %s",
			       recording->path, strerror(-res));
	return res;
}

/* Later parts are looked for now, not when it is too late to ask. */
static int check_free(const struct recording_config *config,
		      struct leat_error *error)
{
	char name[PATH_MAX];

	if (config->split_frames == 0 || config->overwrite || config->stream)
		return 0;
	for (unsigned i = config->first_part; i < 1000; i++)
		if (part_name(name, sizeof(name), config->path, i) &&
		    access(name, F_OK) == 0)
			return leat_error_set(error, -EEXIST,
					      "'%s' is there already: take "
					      "another name, or --force to "
					      "overwrite it",
					      name);
	return 0;
}

int recording_open(struct recording *recording,
		   const struct recording_config *config,
		   struct leat_error *error)
{
	int res;

	memset(recording, 0, sizeof(*recording));
	recording->config = *config;
	recording->number = config->first_part;
	recording->part_begin = config->sums.n_frames;
	recording->closed_bytes = config->sums.n_bytes;
	recording->sums = config->sums;
	res = check_free(config, error);
	return res < 0 ? res : begin_part(recording, error);
}

/* ---- what is missing ---- */

static void end_run(struct recording *recording, uint32_t lane)
{
	struct recording_run *run = &recording->run[lane];
	struct mark mark = { .kind = run->kind,
			     .position = run->position,
			     .n_frames = run->n_frames };

	if (run->n_frames == 0)
		return;
	snprintf(mark.text, sizeof(mark.text), "%s: %s",
		 recording->config.lane_name[lane], reasons[run->kind]);
	part_mark(&recording->part, &mark);
	recording->sums.n_marks[run->kind]++;
	run->n_frames = 0;
}

/* Those that do not reach up to where the recording is now. */
static void end_old_runs(struct recording *recording, uint64_t position)
{
	for (uint32_t l = 0; l < recording->config.n_lanes; l++) {
		const struct recording_run *run = &recording->run[l];

		if (run->position + run->n_frames < position)
			end_run(recording, l);
	}
}

void recording_missing(struct recording *recording, uint32_t lane,
		       enum mark_kind kind, uint64_t n_frames)
{
	struct recording_run *run = &recording->run[lane];
	uint64_t position = recording->sums.n_frames;

	recording->sums.n_missing[kind] += n_frames;
	if (run->n_frames > 0 && run->kind == kind &&
	    run->position + run->n_frames == position) {
		run->n_frames += n_frames;
		return;
	}
	end_run(recording, lane);
	*run = (struct recording_run){ kind, position, n_frames };
}

/*
 * A part ends within silence: what lies in it is told in it, and the rest in
 * the next one.
 */
static void split_runs(struct recording *recording, uint64_t rest[LANES_MAX])
{
	uint64_t position = recording->sums.n_frames;

	for (uint32_t l = 0; l < recording->config.n_lanes; l++) {
		struct recording_run *run = &recording->run[l];
		uint64_t end = run->position + run->n_frames;

		rest[l] = run->n_frames > 0 && end > position ? end - position
							      : 0;
		run->n_frames -= rest[l];
		end_run(recording, l);
		run->position = position;
	}
}

void recording_mark(struct recording *recording, uint32_t lane,
		    const struct mark *mark)
{
	struct mark told = *mark;

	if (!recording->open)
		return;
	told.position = recording->sums.n_frames;
	snprintf(told.text, sizeof(told.text), "%s: %.60s",
		 recording->config.lane_name[lane], mark->text);
	part_mark(&recording->part, &told);
	recording->sums.n_marks[mark->kind]++;
}

/* ---- frames ---- */

static int change_part(struct recording *recording)
{
	uint64_t rest[LANES_MAX];
	int res;

	split_runs(recording, rest);
	res = end_part(recording, "split");
	if (res == 0)
		res = next_part(recording);
	if (res < 0)
		return res;
	for (uint32_t l = 0; l < recording->config.n_lanes; l++)
		recording->run[l].n_frames = rest[l];
	return 0;
}

static uint64_t room_of_part(const struct recording *recording)
{
	uint64_t split = recording->config.split_frames;

	return split == 0 ? UINT64_MAX : split - recording->part.n_frames;
}

static int write_piece(struct recording *recording, const float *samples,
		       uint32_t n)
{
	uint64_t before = recording->part.n_frames;
	int res = part_write(&recording->part, samples, n);

	recording->sums.n_frames += recording->part.n_frames - before;
	recording->sums.n_bytes =
		recording->closed_bytes + part_bytes(&recording->part);
	if (res < 0)
		leat_error_set(&recording->error, res, "cannot write '%s': %s",
			       recording->path, strerror(-res));
	return res;
}

/* samples of n_frames, or of silence if step is 0. */
static int write_all(struct recording *recording, const float *samples,
		     uint64_t n_frames, uint32_t piece, uint32_t step)
{
	while (n_frames > 0) {
		uint64_t n = n_frames < piece ? n_frames : piece;
		int res = 0;

		if (room_of_part(recording) == 0)
			res = change_part(recording);
		if (res == 0 && n > room_of_part(recording))
			n = room_of_part(recording);
		if (res == 0)
			res = write_piece(recording, samples, (uint32_t)n);
		if (res < 0)
			return res;
		samples += n * step;
		n_frames -= n;
	}
	return 0;
}

static void note_peak(struct recording *recording, const float *samples,
		      uint64_t n_samples)
{
	float peak = recording->sums.peak;

	for (uint64_t i = 0; i < n_samples; i++)
		peak = fmaxf(peak, fabsf(samples[i]));
	recording->sums.peak = peak;
}

int recording_frames(struct recording *recording, const float *samples,
		     uint64_t n_frames)
{
	uint32_t n_channels = recording->config.n_channels;

	end_old_runs(recording, recording->sums.n_frames);
	note_peak(recording, samples, n_frames * n_channels);
	return write_all(recording, samples, n_frames, UINT32_MAX, n_channels);
}

int recording_silence(struct recording *recording, uint64_t n_frames)
{
	static const float zeros[ZEROS];

	end_old_runs(recording, recording->sums.n_frames);
	return write_all(recording, zeros, n_frames,
			 ZEROS / recording->config.n_channels, 0);
}

void recording_update(struct recording *recording)
{
	if (recording->open)
		part_update(&recording->part);
}

int recording_close(struct recording *recording, const char *why)
{
	uint64_t rest[LANES_MAX];

	if (!recording->open)
		return 0;
	split_runs(recording, rest);
	return end_part(recording, why);
}
