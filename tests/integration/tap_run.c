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

bool tape_slack_is_told(int64_t slack, const struct tape_marks *marks)
{
	return slack <= 0 && -slack <= (int64_t)tape_marked(marks, "xrun");
}

static bool pair_is_true(const struct tape_file *file, uint32_t first_channel,
			 const struct tape_marks *marks)
{
	struct tape_count count;

	tape_judge(&count, file, first_channel, marks);
	if ((count.n_wrong == 0 || tape_had_xruns(marks)) &&
	    tape_slack_is_told(count.slack, marks) &&
	    count.n_before + count.n_exact + count.n_silent + count.n_other ==
		    file->n_frames &&
	    count.n_exact >= file->n_frames / 2)
		return true;
	fprintf(stderr,
		"channel %u: %" PRIu64 " exact, %" PRIu64 " silent, %" PRIu64
		" other, %" PRIu64 " wrong from %" PRIu64 " on, slack %" PRId64
		"\n",
		first_channel, count.n_exact, count.n_silent, count.n_other,
		count.n_wrong, count.first_bad, count.slack);
	return false;
}

static void show_marks(const char *path, const struct tape_marks *marks)
{
	for (unsigned i = 0; i < marks->n; i++)
		fprintf(stderr, "%s: %" PRIu64 " %s %" PRIu64 " %s\n", path,
			marks->mark[i].position, marks->mark[i].kind,
			marks->mark[i].n_frames, marks->mark[i].text);
}

bool tape_is_true(const char *path, uint32_t n_channels, uint32_t rate_hz,
		  uint64_t n_frames)
{
	static struct tape_marks marks;
	struct tape_file file;
	bool good;

	if (!tape_load(&file, path))
		return false;
	good = tape_load_marks(&marks, path) && file.n_channels == n_channels &&
	       file.rate_hz == rate_hz && file.n_frames == n_frames;
	if (!good)
		fprintf(stderr,
			"%s: %" PRIu64 " frames of %u channels at %u Hz\n",
			path, file.n_frames, file.n_channels, file.rate_hz);
	for (uint32_t c = 0; good && c < n_channels; c += 2)
		good = pair_is_true(&file, c, &marks);
	if (!good)
		show_marks(path, &marks);
	tape_free(&file);
	return good;
}

/* ---- two of them ---- */

static const float *frame_of(const struct tape_file *file, uint64_t i)
{
	return &file->samples[i * file->n_channels];
}

static bool is_same(const struct tape_file *a, uint64_t i,
		    const struct tape_file *b, uint64_t k)
{
	return memcmp(frame_of(a, i), frame_of(b, k),
		      a->n_channels * sizeof(float)) == 0;
}

/* Where a signal begins in it. */
static uint64_t skip_silence(const struct tape_file *file)
{
	uint64_t i = 0;

	while (i < file->n_frames && is_silent(frame_of(file, i)))
		i++;
	return i;
}

/* Whether all is alike from frame i of one and k of the other on. */
static bool agree_from(const struct tape_file *a, uint64_t i,
		       const struct tape_file *b, uint64_t k, uint64_t *best)
{
	uint64_t n = 0;

	while (i + n < a->n_frames && k + n < b->n_frames &&
	       is_same(a, i + n, b, k + n))
		n++;
	*best = n > *best ? n : *best;
	return i + n == a->n_frames || k + n == b->n_frames;
}

/* b began later. A frame may be in a twice, where JACK was late. */
static bool continues(const struct tape_file *a, const struct tape_file *b,
		      uint64_t n_least, uint64_t *best)
{
	uint64_t k = skip_silence(b);

	for (uint64_t i = 0; i + n_least <= a->n_frames; i++)
		if (k + n_least <= b->n_frames && is_same(a, i, b, k) &&
		    agree_from(a, i, b, k, best))
			return true;
	return false;
}

bool tapes_agree(const struct tape_file *a, const struct tape_file *b,
		 uint64_t n_least)
{
	uint64_t best = 0;

	if (a->n_channels == b->n_channels &&
	    (continues(a, b, n_least, &best) ||
	     continues(b, a, n_least, &best)))
		return true;
	fprintf(stderr, "two recordings agree in %" PRIu64 " frames only\n",
		best);
	return false;
}
