/* SPDX-License-Identifier: MIT */
/*
 * The header of a part, as a peer may have written it: it is accepted if and
 * only if it is what doc/format.md says, byte by byte. No state, no system
 * call.
 */
#include "fuzz.h"

#include "link/part.h"

#include <string.h>

static void put(uint8_t *bytes, size_t offset, uint64_t value, size_t n_bytes)
{
	for (size_t i = 0; i < n_bytes; i++)
		bytes[offset + i] = (uint8_t)(value >> (8 * i));
}

static uint64_t stride_bytes(const struct leat_frames_format *format)
{
	return (uint64_t)format->capacity * 4 + 128;
}

static uint64_t total_bytes(uint32_t kind,
			    const struct leat_frames_format *format)
{
	uint64_t bytes = 4096;

	if (kind == LEAT_PART_PRODUCER)
		bytes += format->n_channels * stride_bytes(format);
	return bytes % 4096 == 0 ? bytes : bytes - bytes % 4096 + 4096;
}

/* From the page and not from the library. */
static void write_header(uint8_t bytes[128], uint32_t kind,
			 const struct leat_frames_format *format)
{
	memset(bytes, 0, 128);
	memcpy(bytes, "leatpart", 8);
	put(bytes, 8, 2, 4);
	put(bytes, 12, kind, 4);
	put(bytes, 16, total_bytes(kind, format), 8);
	put(bytes, 24, format->generation, 8);
	put(bytes, 32, format->first_index, 8);
	put(bytes, 40, format->direction, 4);
	put(bytes, 44, format->n_channels, 4);
	put(bytes, 48, format->capacity, 4);
	put(bytes, 52, format->rate_hz, 4);
	put(bytes, 56, format->ring_flags, 4);
	put(bytes, 64, 4096, 8);
	put(bytes, 72, stride_bytes(format), 8);
}

static bool in_range(const struct leat_frames_format *format)
{
	bool power = false;

	for (int i = 6; i <= 24; i++)
		power = power || format->capacity == 1u << i;
	return power && format->n_channels <= 64 && format->rate_hz >= 1000 &&
	       format->rate_hz <= 768000 && format->ring_flags <= 3 &&
	       format->direction <= 1;
}

static void look_at_layout(uint32_t kind,
			   const struct leat_frames_format *format)
{
	uint64_t stride = leat_part_stride_bytes(format);
	uint64_t total =
		leat_part_total_bytes((enum leat_part_kind)kind, format);

	MUST(stride % sizeof(float) == 0);
	MUST(stride >= format->capacity * sizeof(float));
	MUST(total % 4096 == 0);
	MUST(total >= sizeof(struct leat_producer_part));
	MUST(kind != LEAT_PART_PRODUCER ||
	     total - LEAT_PART_PLANES_OFFSET >= format->n_channels * stride);
	/* What a hostile host can make a guest lock. */
	MUST(total <= UINT64_C(1) << 33);
}

static void take_format(struct fuzz_input *input,
			struct leat_frames_format *format)
{
	*format = (struct leat_frames_format){
		.n_channels = fuzz_u32(input),
		.capacity = fuzz_u32(input),
		.rate_hz = fuzz_u32(input),
		.ring_flags = fuzz_u32(input),
		.direction = fuzz_u32(input),
		.generation = fuzz_u64(input),
		.first_index = fuzz_u64(input),
	};
}

void fuzz_begin(void)
{
}

/* A format, and what is wrong with the header: bits to turn over. */
void fuzz_one(struct fuzz_input *input)
{
	enum leat_part_kind kind = fuzz_u8(input) % 2 + LEAT_PART_PRODUCER;
	struct leat_part_header header;
	struct leat_frames_format format;
	uint8_t bytes[128], wrong[128];
	bool right = true;

	take_format(input, &format);
	MUST((leat_frames_format_check(&format) == 0) == in_range(&format));
	if (!in_range(&format))
		return;
	look_at_layout(kind, &format);
	write_header(bytes, kind, &format);
	fuzz_take(input, wrong, sizeof(wrong));
	for (size_t i = 0; i < sizeof(bytes); i++) {
		bytes[i] ^= wrong[i];
		right = right && wrong[i] == 0;
	}
	memcpy(&header, bytes, sizeof(header));
	MUST((leat_part_header_check(&header, kind, &format) == 0) == right);
}

static void put_format(struct fuzz_seed *seed, uint32_t kind,
		       uint32_t n_channels, uint32_t capacity, uint32_t rate_hz)
{
	fuzz_put_u8(seed, kind);
	fuzz_put_u32(seed, n_channels);
	fuzz_put_u32(seed, capacity);
	fuzz_put_u32(seed, rate_hz);
	fuzz_put_u32(seed, LEAT_RING_TIMED);
	fuzz_put_u32(seed, LEAT_TO_JACK);
	fuzz_put_u64(seed, 7);
	fuzz_put_u64(seed, UINT64_MAX - 100);
}

void fuzz_seeds(void)
{
	static const uint8_t wrong[128] = { [127] = 1 };
	struct fuzz_seed seed = { .n_bytes = 0 };

	put_format(&seed, 0, 2, 1024, 48000);
	fuzz_write_seed(&seed, "right");
	put_format(&seed, 1, 64, 1u << 24, 768000);
	fuzz_write_seed(&seed, "largest");
	put_format(&seed, 0, 0, 64, 1000);
	fuzz_write_seed(&seed, "smallest");
	put_format(&seed, 0, 65, 1000, 0);
	fuzz_write_seed(&seed, "out-of-range");
	put_format(&seed, 0, 2, 64, 44100);
	fuzz_put(&seed, wrong, sizeof(wrong));
	fuzz_write_seed(&seed, "last-byte");
}
