/* SPDX-License-Identifier: MIT */
/* What leat-tap wait finds, and where; and the outlet of leat-tap pipe. */
#include "runner.h"

#include "tools/tap/detector.h"
#include "tools/tap/outlet.h"

#include <CUnit/CUnit.h>

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define N 100u

static struct detector detector;
static float left[N], right[N];
static const float *const planes[] = { left, right };

static void begin(enum finding wanted)
{
	memset(&detector, 0, sizeof(detector));
	detector.wanted[wanted] = true;
	detector.threshold = 0.001f;
	detector.n_silence_frames = 250;
	memset(left, 0, sizeof(left));
	memset(right, 0, sizeof(right));
}

static enum finding look(void)
{
	return detector_frames(&detector, planes, 2, N);
}

static void test_signal(void)
{
	begin(FOUND_SIGNAL);
	left[3] = 0.001f;
	CU_ASSERT_EQUAL(look(), FOUND_NOTHING);
	right[7] = -0.002f;
	CU_ASSERT_EQUAL(look(), FOUND_SIGNAL);
	CU_ASSERT_EQUAL(detector.position, 107);
	CU_ASSERT_EQUAL(detector.channel, 1);
	CU_ASSERT_DOUBLE_EQUAL((double)detector.level, 0.002, 1e-6);
	/* The first one counts. */
	left[0] = 1;
	CU_ASSERT_EQUAL(look(), FOUND_SIGNAL);
	CU_ASSERT_EQUAL(detector.position, 107);
}

static void test_silence(void)
{
	begin(FOUND_SILENCE);
	left[50] = 0.5f;
	CU_ASSERT_EQUAL(look(), FOUND_NOTHING);
	left[50] = 0.001f;
	CU_ASSERT_EQUAL(look(), FOUND_NOTHING);
	CU_ASSERT_EQUAL(look(), FOUND_NOTHING);
	CU_ASSERT_EQUAL(look(), FOUND_SILENCE);
	/* It began after frame 50, and is found 250 later. */
	CU_ASSERT_EQUAL(detector.position, 51);
}

static void test_silence_of_holes(void)
{
	begin(FOUND_SILENCE);
	left[99] = 0.5f;
	CU_ASSERT_EQUAL(look(), FOUND_NOTHING);
	CU_ASSERT_EQUAL(detector_silence(&detector, 249), FOUND_NOTHING);
	CU_ASSERT_EQUAL(detector_silence(&detector, 1000), FOUND_SILENCE);
	CU_ASSERT_EQUAL(detector.position, 100);
	/* What was lost may have been loud. */
	begin(FOUND_SILENCE);
	detector_silence(&detector, 200);
	detector_unknown(&detector);
	CU_ASSERT_EQUAL(detector_silence(&detector, 200), FOUND_NOTHING);
	CU_ASSERT_EQUAL(detector_silence(&detector, 50), FOUND_SILENCE);
}

static void test_clip(void)
{
	begin(FOUND_CLIP);
	left[1] = 0.99999f;
	CU_ASSERT_EQUAL(look(), FOUND_NOTHING);
	right[2] = -1.0f;
	CU_ASSERT_EQUAL(look(), FOUND_CLIP);
	CU_ASSERT_EQUAL(detector.position, 102);
	begin(FOUND_CLIP);
	left[9] = NAN;
	CU_ASSERT_EQUAL(look(), FOUND_CLIP);
	CU_ASSERT_EQUAL(detector.position, 9);
}

static void test_xrun(void)
{
	begin(FOUND_SIGNAL);
	CU_ASSERT_EQUAL(detector_xrun(&detector), FOUND_NOTHING);
	detector.wanted[FOUND_XRUN] = true;
	look();
	CU_ASSERT_EQUAL(detector_xrun(&detector), FOUND_XRUN);
	CU_ASSERT_EQUAL(detector.position, 100);
	CU_ASSERT_STRING_EQUAL(finding_name(detector.found), "xrun");
}

/* ---- the outlet ---- */

/* A reader that takes nothing does not hold the writer up. */
static void test_reader_is_slow(void)
{
	static float loud[1024];
	const float *const sound[] = { loud };
	unsigned char bytes[65536];
	struct outlet outlet;
	uint64_t n_read = 0, n_put = 0;
	int fds[2], res = 0;

	for (int i = 0; i < 1024; i++)
		loud[i] = 2;
	CU_ASSERT_EQUAL_FATAL(pipe2(fds, O_CLOEXEC), 0);
	CU_ASSERT_EQUAL_FATAL(
		outlet_open(&outlet, fds[1], SAMPLES_S16, 1, 1024), 0);
	while (res == 0) {
		outlet_put_frames(&outlet, sound, 1024);
		n_put += 1024;
		res = outlet_run(&outlet);
	}
	CU_ASSERT_EQUAL(res, -EAGAIN);
	CU_ASSERT_FALSE(outlet_is_empty(&outlet));
	CU_ASSERT_EQUAL(outlet.n_clipped, n_put);
	n_read = (uint64_t)read(fds[0], bytes, sizeof(bytes));
	CU_ASSERT_EQUAL(bytes[1], 0x7f);
	CU_ASSERT_EQUAL(outlet_run(&outlet), 0);
	outlet_put_silence(&outlet, 10000);
	CU_ASSERT_EQUAL(outlet_run(&outlet), 0);
	CU_ASSERT(outlet_is_empty(&outlet));
	close(fds[1]);
	for (ssize_t n; (n = read(fds[0], bytes, sizeof(bytes))) > 0;)
		n_read += (uint64_t)n;
	CU_ASSERT_EQUAL(n_read, (n_put + 10000) * 2);
	close(fds[0]);
	outlet_close(&outlet);
}

static void test_reader_is_gone(void)
{
	static const float zeros[16];
	const float *const sound[] = { zeros };
	struct outlet outlet;
	int fds[2];

	signal(SIGPIPE, SIG_IGN);
	CU_ASSERT_EQUAL_FATAL(pipe2(fds, O_CLOEXEC), 0);
	CU_ASSERT_EQUAL_FATAL(outlet_open(&outlet, fds[1], SAMPLES_F32, 1, 16),
			      0);
	close(fds[0]);
	outlet_put_frames(&outlet, sound, 16);
	CU_ASSERT_EQUAL(outlet_run(&outlet), -EPIPE);
	close(fds[1]);
	outlet_close(&outlet);
}

static const struct unit_test tests[] = {
	{ "found", "signal", test_signal },
	{ "found", "silence", test_silence },
	{ "found", "silence where nothing is", test_silence_of_holes },
	{ "found", "a clip", test_clip },
	{ "found", "an xrun", test_xrun },
	{ "outlet", "a slow reader", test_reader_is_slow },
	{ "outlet", "no reader", test_reader_is_gone },
};

UNIT_MAIN(tests)
