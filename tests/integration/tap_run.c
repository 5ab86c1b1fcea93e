/* SPDX-License-Identifier: MIT */
#include "tap_run.h"

#include "counting.h"

#include <sndfile.h>

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARGS_MAX 24

static void collect(const char **argv, char *program, size_t program_bytes,
		    va_list args)
{
	int n = 1;

	snprintf(program, program_bytes, "%s/leat-tap", getenv("LEAT_TAP_DIR"));
	argv[0] = program;
	while (n < ARGS_MAX && (argv[n] = va_arg(args, const char *)))
		n++;
	argv[n] = NULL;
}

bool tap_start(struct proc *proc, const struct bridge *bridge, const char *log,
	       ...)
{
	const char *argv[ARGS_MAX + 1];
	char program[512], path[128];
	struct proc_options options = {
		.log = sandbox_path(&bridge->sandbox, log, path, sizeof(path)),
		.merged = true,
	};
	va_list args;

	va_start(args, log);
	collect(argv, program, sizeof(program), args);
	va_end(args);
	return proc_start(proc, argv, &options) == 0;
}

int tap_run(char *text, size_t text_bytes, int timeout_ms, ...)
{
	const char *argv[ARGS_MAX + 1];
	char program[512];
	va_list args;

	va_start(args, timeout_ms);
	collect(argv, program, sizeof(program), args);
	va_end(args);
	return proc_run(argv, NULL, text, text_bytes, timeout_ms);
}

/* ---- files ---- */

bool tape_load(struct tape_file *file, const char *path)
{
	SF_INFO info = { .format = 0 };
	SNDFILE *sound = sf_open(path, SFM_READ, &info);

	memset(file, 0, sizeof(*file));
	if (!sound)
		return false;
	file->n_channels = (uint32_t)info.channels;
	file->rate_hz = (uint32_t)info.samplerate;
	file->samples = malloc(
		(size_t)info.frames * file->n_channels * sizeof(float) + 1);
	file->n_frames =
		(uint64_t)sf_readf_float(sound, file->samples, info.frames);
	sf_close(sound);
	return true;
}

void tape_free(struct tape_file *file)
{
	free(file->samples);
	file->samples = NULL;
}

bool tape_load_marks(struct tape_marks *marks, const char *path)
{
	char name[512], line[512];
	FILE *file;

	snprintf(name, sizeof(name), "%s.marks", path);
	file = fopen(name, "r");
	marks->n = 0;
	while (file && fgets(line, sizeof(line), file)) {
		struct tape_mark *mark = &marks->mark[marks->n];

		if (line[0] != '#' && marks->n < 256 &&
		    sscanf(line, "%" SCNu64 " %*s %15s %" SCNu64 " %127[^\n]",
			   &mark->position, mark->kind, &mark->n_frames,
			   mark->text) >= 3)
			marks->n++;
	}
	if (file)
		fclose(file);
	return file != NULL;
}

uint64_t tape_marked(const struct tape_marks *marks, const char *kind)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < marks->n; i++)
		if (!kind || strcmp(marks->mark[i].kind, kind) == 0)
			n += marks->mark[i].n_frames;
	return n;
}

bool tape_had_xruns(const struct tape_marks *marks)
{
	for (unsigned i = 0; i < marks->n; i++)
		if (strcmp(marks->mark[i].kind, "xrun") == 0)
			return true;
	return false;
}

/* ---- the counting signal ---- */

static bool is_marked(const struct tape_marks *marks, uint64_t frame,
		      uint64_t before, uint64_t after)
{
	for (unsigned i = 0; i < marks->n; i++) {
		const struct tape_mark *mark = &marks->mark[i];

		if (mark->n_frames > 0 && frame + before >= mark->position &&
		    frame < mark->position + mark->n_frames + after)
			return true;
	}
	return false;
}

/*
 * Where frames are missing the signal goes on elsewhere. And when JACK goes on
 * without a client that is late, others hear its old buffer again.
 */
static bool is_disturbed(const struct tape_marks *marks, uint64_t frame,
			 uint64_t n_since)
{
	return (n_since > 1 && is_marked(marks, frame - 1, 2, 2)) ||
	       is_marked(marks, frame, 1024, 1024);
}

static bool is_silent(const float *pair)
{
	return !(pair[0] < 0 || pair[0] > 0 || pair[1] < 0 || pair[1] > 0);
}

static bool decode(const float *pair, uint32_t *frame)
{
	uint32_t second;

	return counting_decode(pair[0], 2, 0, frame) &&
	       counting_decode(pair[1], 2, 1, &second) && *frame == second;
}

void tape_judge(struct tape_count *count, const struct tape_file *file,
		uint32_t first_channel, const struct tape_marks *marks)
{
	uint64_t n_since = 0; /* frames since the last exact one */
	uint32_t last = 0, frame;
	bool locked = false;

	memset(count, 0, sizeof(*count));
	for (uint64_t i = 0; i < file->n_frames; i++) {
		const float *pair =
			&file->samples[i * file->n_channels + first_channel];
		bool good = decode(pair, &frame) && !is_silent(pair);

		n_since++;
		count->n_before += !good && !locked;
		if (good && locked) {
			int64_t ahead = counting_distance(last, frame, 2) -
					(int64_t)n_since;

			if (ahead == 0 || is_disturbed(marks, i, n_since))
				count->slack += ahead;
			else if (count->n_wrong++ == 0)
				count->first_bad = i;
		} else if (!good && locked) {
			if (is_silent(pair) && is_marked(marks, i, 0, 0))
				count->n_silent++;
			else if (is_marked(marks, i, 512, 512))
				count->n_other++;
			else if (count->n_wrong++ == 0)
				count->first_bad = i;
		}
		if (good) {
			count->n_exact++;
			locked = true;
			last = frame;
			n_since = 0;
		}
	}
}
