/* SPDX-License-Identifier: MIT */
/* A WAV that grows beyond 4 GB is RF64 in the end, and has all its frames. */
#include "runner.h"

#include "tools/tap/recording.h"

#include <CUnit/CUnit.h>

#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define CHANNELS 64u
#define N 1000u
#define SILENCE 17000000u

static char folder[] = "/var/tmp/leat-big-XXXXXX";
static float written[N * CHANNELS], read_back[N * CHANNELS];

static void record(const char *path)
{
	static struct recording recording;
	const struct recording_config config = {
		.path = path,
		.format = file_format_find("wav"),
		.n_channels = CHANNELS,
		.rate_hz = 48000,
		.n_lanes = 1,
		.lane_name = { "to_jack" },
		.head = { .link = "main",
			  .direction = "to_jack",
			  .channels = "64" },
	};
	struct leat_error error;

	CU_ASSERT_EQUAL_FATAL(recording_open(&recording, &config, &error), 0);
	CU_ASSERT_EQUAL(recording_frames(&recording, written, N), 0);
	CU_ASSERT_EQUAL(recording_silence(&recording, SILENCE), 0);
	CU_ASSERT_EQUAL(recording_frames(&recording, written, N), 0);
	CU_ASSERT_EQUAL(recording_close(&recording, "done"), 0);
	CU_ASSERT(recording.sums.n_bytes > UINT64_C(1) << 32);
}

static void check(const char *path)
{
	SF_INFO info = { .format = 0 };
	SNDFILE *file = sf_open(path, SFM_READ, &info);

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	CU_ASSERT_EQUAL(info.format & SF_FORMAT_TYPEMASK, SF_FORMAT_RF64);
	CU_ASSERT_EQUAL(info.frames, SILENCE + 2 * N);
	CU_ASSERT_EQUAL(sf_readf_float(file, read_back, N), N);
	CU_ASSERT_EQUAL(memcmp(written, read_back, sizeof(written)), 0);
	CU_ASSERT_EQUAL(sf_seek(file, SILENCE + N, SEEK_SET), SILENCE + N);
	CU_ASSERT_EQUAL(sf_readf_float(file, read_back, N), N);
	CU_ASSERT_EQUAL(memcmp(written, read_back, sizeof(written)), 0);
	sf_close(file);
}

static void test_beyond_4_gb(void)
{
	char path[64], marks[80];

	for (uint32_t i = 0; i < N * CHANNELS; i++)
		written[i] = (float)i / 65536.0f;
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/big.wav", folder);
	snprintf(marks, sizeof(marks), "%s.marks", path);
	record(path);
	check(path);
	unlink(path);
	unlink(marks);
	CU_ASSERT_EQUAL(rmdir(folder), 0);
}

static const struct unit_test tests[] = {
	{ "big", "beyond 4 GB", test_beyond_4_gb },
};

int main(int argc, char **argv)
{
	struct statvfs place;

	if (statvfs("/var/tmp", &place) < 0 ||
	    place.f_bavail * place.f_frsize < UINT64_C(6000000000)) {
		printf("skipped: there are no 6 GB in /var/tmp\n");
		return 77;
	}
	return unit_run(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
