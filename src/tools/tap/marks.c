/* SPDX-License-Identifier: MIT */
#include "marks.h"

#include <inttypes.h>

static const char *const names[MARK_N_KINDS] = {
	[MARK_LOST] = "lost",	  [MARK_HOLE] = "hole", [MARK_AWAY] = "away",
	[MARK_BACK] = "back",	  [MARK_XRUN] = "xrun", [MARK_SLIP] = "slip",
	[MARK_FORMAT] = "format",
};

const char *mark_kind_name(enum mark_kind kind)
{
	return names[kind];
}

void marks_write_head(FILE *file, const struct marks_head *head)
{
	fprintf(file,
		"# leat marks 1\n# file %s\n# link %s\n# direction %s\n"
		"# channels %s\n# rate %" PRIu32 "\n# first-frame %" PRIu64
		"\n",
		head->file, head->link, head->direction, head->channels,
		head->rate_hz, head->first_frame);
	if (head->began)
		fprintf(file, "# began %s\n", head->began);
	fputs("# position\tseconds\tkind\tframes\twhat\n", file);
}

static void write_line(FILE *file, uint64_t position, uint32_t rate_hz,
		       const char *kind, uint64_t n_frames, const char *text)
{
	uint64_t us = position % rate_hz * 1000000 / rate_hz;

	fprintf(file,
		"%" PRIu64 "\t%" PRIu64 ".%06" PRIu64 "\t%s\t%" PRIu64 "\t%s\n",
		position, position / rate_hz, us, kind, n_frames, text);
}

void marks_write(FILE *file, const struct mark *mark, uint64_t first_frame,
		 uint64_t n_part_frames, uint32_t rate_hz)
{
	uint64_t position = mark->position, end = position + mark->n_frames;

	if (position < first_frame)
		position = first_frame;
	if (n_part_frames < UINT64_MAX - first_frame &&
	    end > first_frame + n_part_frames)
		end = first_frame + n_part_frames;
	write_line(file, position - first_frame, rate_hz,
		   mark_kind_name(mark->kind),
		   end > position ? end - position : 0, mark->text);
}

void marks_write_end(FILE *file, uint64_t n_frames, uint32_t rate_hz,
		     const char *why)
{
	write_line(file, n_frames, rate_hz, "end", 0, why);
}
