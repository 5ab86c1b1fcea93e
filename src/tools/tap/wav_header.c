/* SPDX-License-Identifier: MIT */
#include "wav_header.h"

#include <sndfile.h>

#include <errno.h>
#include <string.h>

struct memory {
	unsigned char *bytes;
	sf_count_t at;
	sf_count_t end;
};

static sf_count_t length(void *user)
{
	const struct memory *memory = user;

	return memory->end;
}

static sf_count_t seek(sf_count_t offset, int whence, void *user)
{
	struct memory *memory = user;

	if (whence == SEEK_CUR)
		offset += memory->at;
	else if (whence == SEEK_END)
		offset += memory->end;
	memory->at = offset < 0 ? 0 : offset;
	return memory->at;
}

static sf_count_t read_none(void *bytes, sf_count_t n, void *user)
{
	(void)bytes;
	(void)n;
	(void)user;
	return 0;
}

static sf_count_t write_some(const void *bytes, sf_count_t n, void *user)
{
	struct memory *memory = user;

	if (memory->at + n > WAV_HEADER_MAX)
		return 0;
	memcpy(memory->bytes + memory->at, bytes, (size_t)n);
	memory->at += n;
	if (memory->at > memory->end)
		memory->end = memory->at;
	return n;
}

static sf_count_t tell(void *user)
{
	const struct memory *memory = user;

	return memory->at;
}

/* Closing pads it: look at it before. */
static int make(struct memory *memory, SF_INFO *info)
{
	SF_VIRTUAL_IO io = { length, seek, read_none, write_some, tell };
	SNDFILE *file = sf_open_virtual(&io, SFM_WRITE, info, memory);
	int n;

	if (!file)
		return -EINVAL;
	sf_command(file, SFC_SET_ADD_PEAK_CHUNK, NULL, SF_FALSE);
	sf_command(file, SFC_UPDATE_HEADER_NOW, NULL, 0);
	n = (int)memory->end;
	sf_close(file);
	return n;
}

int wav_header(unsigned char bytes[WAV_HEADER_MAX], enum samples_format format,
	       uint32_t n_channels, uint32_t rate_hz)
{
	static const int formats[] = {
		[SAMPLES_F32] = SF_FORMAT_FLOAT,
		[SAMPLES_S16] = SF_FORMAT_PCM_16,
		[SAMPLES_S24] = SF_FORMAT_PCM_24,
	};
	struct memory memory = { .bytes = bytes };
	SF_INFO info = { .samplerate = (int)rate_hz,
			 .channels = (int)n_channels,
			 .format = SF_FORMAT_WAV | formats[format] };
	int n = make(&memory, &info);

	if (n < 44 || memcmp(bytes, "RIFF", 4) != 0 ||
	    memcmp(bytes + n - 8, "data", 4) != 0)
		return -EINVAL;
	memset(bytes + 4, 0xff, 4);
	memset(bytes + n - 4, 0xff, 4);
	return n;
}
