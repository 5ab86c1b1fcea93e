/* SPDX-License-Identifier: MIT */
#include "part.h"

#include <errno.h>
#include <string.h>

/*
 * One line more than the samples need: planes a power of two apart would all
 * fall into the same sets of the caches.
 */
size_t leat_part_stride_bytes(const struct leat_frames_format *format)
{
	return format->capacity * sizeof(float) + LEAT_LINE_BYTES;
}

uint64_t leat_part_total_bytes(enum leat_part_kind kind,
			       const struct leat_frames_format *format)
{
	uint64_t bytes = LEAT_PART_PLANES_OFFSET;

	if (kind == LEAT_PART_PRODUCER)
		bytes += (uint64_t)format->n_channels *
			 leat_part_stride_bytes(format);
	return (bytes + 4095) / 4096 * 4096;
}

void leat_part_header_init(struct leat_part_header *header,
			   enum leat_part_kind kind,
			   const struct leat_frames_format *format)
{
	memset(header, 0, sizeof(*header));
	header->magic = LEAT_PART_MAGIC;
	header->version = LEAT_PART_VERSION;
	header->kind = kind;
	header->total_bytes = leat_part_total_bytes(kind, format);
	header->generation = format->generation;
	header->first_index = format->first_index;
	header->direction = format->direction;
	header->n_channels = format->n_channels;
	header->capacity = format->capacity;
	header->rate_hz = format->rate_hz;
	header->ring_flags = format->ring_flags;
	header->planes_offset = LEAT_PART_PLANES_OFFSET;
	header->plane_stride_bytes = leat_part_stride_bytes(format);
}

int leat_part_header_check(const struct leat_part_header *header,
			   enum leat_part_kind kind,
			   const struct leat_frames_format *format)
{
	struct leat_part_header wanted;

	leat_part_header_init(&wanted, kind, format);
	return memcmp(header, &wanted, sizeof(wanted)) == 0 ? 0 : -EPROTO;
}
