/* SPDX-License-Identifier: MIT */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- what libFuzzer calls ---- */

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes);

/* PROGRAM --seeds DIR: write the seeds and end. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	if (*argc == 3 && strcmp((*argv)[1], "--seeds") == 0) {
		if (chdir((*argv)[2]) < 0) {
			perror((*argv)[2]);
			exit(EXIT_FAILURE);
		}
		fuzz_seeds();
		exit(EXIT_SUCCESS);
	}
	fuzz_begin();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
	struct fuzz_input input = { bytes, n_bytes };

	fuzz_one(&input);
	return 0;
}

/* ---- inputs ---- */

void fuzz_take(struct fuzz_input *input, void *to, size_t n_bytes)
{
	size_t n = n_bytes < input->left ? n_bytes : input->left;

	memset(to, 0, n_bytes);
	if (n > 0)
		memcpy(to, input->at, n);
	input->at += n;
	input->left -= n;
}

uint8_t fuzz_u8(struct fuzz_input *input)
{
	uint8_t value;

	fuzz_take(input, &value, sizeof(value));
	return value;
}

uint16_t fuzz_u16(struct fuzz_input *input)
{
	uint16_t value;

	fuzz_take(input, &value, sizeof(value));
	return value;
}

uint32_t fuzz_u32(struct fuzz_input *input)
{
	uint32_t value;

	fuzz_take(input, &value, sizeof(value));
	return value;
}

uint64_t fuzz_u64(struct fuzz_input *input)
{
	uint64_t value;

	fuzz_take(input, &value, sizeof(value));
	return value;
}

/* ---- seeds ---- */

void fuzz_put(struct fuzz_seed *seed, const void *bytes, size_t n_bytes)
{
	MUST(n_bytes <= sizeof(seed->bytes) - seed->n_bytes);
	memcpy(seed->bytes + seed->n_bytes, bytes, n_bytes);
	seed->n_bytes += n_bytes;
}

void fuzz_put_u8(struct fuzz_seed *seed, unsigned value)
{
	uint8_t byte = (uint8_t)value;

	fuzz_put(seed, &byte, sizeof(byte));
}

void fuzz_put_u16(struct fuzz_seed *seed, unsigned value)
{
	uint16_t number = (uint16_t)value;

	fuzz_put(seed, &number, sizeof(number));
}

void fuzz_put_u32(struct fuzz_seed *seed, uint32_t value)
{
	fuzz_put(seed, &value, sizeof(value));
}

void fuzz_put_u64(struct fuzz_seed *seed, uint64_t value)
{
	fuzz_put(seed, &value, sizeof(value));
}

void fuzz_write_seed(struct fuzz_seed *seed, const char *name)
{
	FILE *file = fopen(name, "w");

	MUST(file);
	MUST(fwrite(seed->bytes, 1, seed->n_bytes, file) == seed->n_bytes);
	MUST(fclose(file) == 0);
	seed->n_bytes = 0;
}

/* ---- findings ---- */

_Noreturn void fuzz_broken(const char *what, const char *file, int line)
{
	fprintf(stderr, "%s:%d: not true: %s\n", file, line, what);
	abort();
}

unsigned fuzz_count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned n = 0;

	MUST(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}
