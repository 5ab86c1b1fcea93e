/* SPDX-License-Identifier: MIT */
/*
 * What the fuzz targets share. A target is one file that has fuzz_one(), which
 * reads an input as it likes, and fuzz_seeds(), which writes inputs to begin
 * with. run.sh builds and runs them.
 */
#ifndef LEAT_FUZZ_H
#define LEAT_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- the target ---- */

struct fuzz_input {
	const uint8_t *at;
	size_t left;
};

/* Once, before the first input. */
void fuzz_begin(void);

/* Do with the library what the input says, and look at what it does. */
void fuzz_one(struct fuzz_input *input);

/* Write the seeds with fuzz_write_seed(). */
void fuzz_seeds(void);

/* ---- reading an input: it goes on with zeros behind its end ---- */

void fuzz_take(struct fuzz_input *input, void *to, size_t n_bytes);
uint8_t fuzz_u8(struct fuzz_input *input);
uint16_t fuzz_u16(struct fuzz_input *input);
uint32_t fuzz_u32(struct fuzz_input *input);
uint64_t fuzz_u64(struct fuzz_input *input);

/* ---- writing a seed ---- */

struct fuzz_seed {
	uint8_t bytes[4096];
	size_t n_bytes;
};

void fuzz_put(struct fuzz_seed *seed, const void *bytes, size_t n_bytes);
void fuzz_put_u8(struct fuzz_seed *seed, unsigned value);
void fuzz_put_u16(struct fuzz_seed *seed, unsigned value);
void fuzz_put_u32(struct fuzz_seed *seed, uint32_t value);
void fuzz_put_u64(struct fuzz_seed *seed, uint64_t value);

/* Into the working directory; the seed is empty again afterwards. */
void fuzz_write_seed(struct fuzz_seed *seed, const char *name);

/* ---- finding something ---- */

/* What must be true of the library whatever the input is. */
#define MUST(what) ((what) ? (void)0 : fuzz_broken(#what, __FILE__, __LINE__))

_Noreturn void fuzz_broken(const char *what, const char *file, int line);

/* Open descriptors of this process. */
unsigned fuzz_count_fds(void);

#endif
