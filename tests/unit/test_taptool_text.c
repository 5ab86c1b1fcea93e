/* SPDX-License-Identifier: MIT */
/* leat-tap's words: times, names of files, marks, links, counts. */
#include "runner.h"

#include "tools/tap/channels.h"
#include "tools/tap/duration.h"
#include "tools/tap/file_format.h"
#include "tools/tap/links.h"
#include "tools/tap/marks.h"
#include "tools/tap/part_name.h"
#include "tools/tap/record_text.h"
#include "tools/tap/watch.h"

#include <leat/positions.h>

#include <CUnit/CUnit.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define SECOND_NS INT64_C(1000000000)

/* ---- times ---- */

static void test_durations(void)
{
	static const struct {
		const char *text;
		int64_t time_ns;
	} good[] = {
		{ "0", 0 },
		{ "10", 10 * SECOND_NS },
		{ "10s", 10 * SECOND_NS },
		{ "1.5", 3 * SECOND_NS / 2 },
		{ "500ms", SECOND_NS / 2 },
		{ "0.25ms", 250000 },
		{ "5min", 300 * SECOND_NS },
		{ "5m", 300 * SECOND_NS },
		{ "1h", 3600 * SECOND_NS },
		{ "0.5h", 1800 * SECOND_NS },
		{ "0:30", 30 * SECOND_NS },
		{ "90:00", 5400 * SECOND_NS },
		{ "1:02:03.5", 3723 * SECOND_NS + SECOND_NS / 2 },
		{ "2d", 2 * 86400 * SECOND_NS },
		{ "0.0000000019", 1 },
		{ "365d", DURATION_MAX_NS },
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		int64_t time_ns = -1;

		CU_ASSERT(duration_parse(good[i].text, &time_ns));
		CU_ASSERT_EQUAL(time_ns, good[i].time_ns);
	}
}

static void test_nonsense_durations(void)
{
	static const char *const bad[] = {
		"",
		"s",
		"-1",
		"+1",
		"1x",
		"1 s",
		" 1",
		"1.",
		".5",
		"1:60",
		"1:2:3:4",
		"1:",
		":30",
		"1:-2",
		"1:30s",
		"1e3",
		"366d",
		"inf",
		"nan",
		"10 ",
		"1..2",
		"1:2:",
		"8761h",
		"0x10",
		"99999999999999999999999",
		"1:60:00",
		"999999999999999h",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int64_t time_ns;

		CU_ASSERT_FALSE(duration_parse(bad[i], &time_ns));
	}
}

static void test_frames_of_time(void)
{
	char text[32];

	CU_ASSERT_EQUAL(duration_frames(SECOND_NS, 44100), 44100);
	CU_ASSERT_EQUAL(duration_frames(10, 48000), 0);
	CU_ASSERT_EQUAL(duration_frames(10417, 48000), 1);
	CU_ASSERT_EQUAL(duration_frames(DURATION_MAX_NS, 768000),
			UINT64_C(31536000) * 768000);
	CU_ASSERT_STRING_EQUAL(duration_print(text, sizeof(text), 59), "0:59");
	CU_ASSERT_STRING_EQUAL(duration_print(text, sizeof(text), 3600),
			       "1:00:00");
	CU_ASSERT_STRING_EQUAL(duration_print(text, sizeof(text), 36061),
			       "10:01:01");
}

/* ---- files ---- */

static void test_part_names(void)
{
	static const struct {
		const char *path;
		unsigned part;
		const char *name;
	} names[] = {
		{ "take.wav", 0, "take.wav" },
		{ "take.wav", 1, "take-001.wav" },
		{ "a.b/take", 2, "a.b/take-002" },
		{ ".hidden", 3, ".hidden-003" },
		{ "a/.hidden", 3, "a/.hidden-003" },
		{ "x.tar.w64", 1000, "x.tar-1000.w64" },
	};
	char name[64];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		CU_ASSERT(part_name(name, sizeof(name), names[i].path,
				    names[i].part));
		CU_ASSERT_STRING_EQUAL(name, names[i].name);
	}
	CU_ASSERT(part_marks_name(name, sizeof(name), "take.wav"));
	CU_ASSERT_STRING_EQUAL(name, "take.wav.marks");
	CU_ASSERT(part_name(name, 13, "take.wav", 1));
	CU_ASSERT_FALSE(part_name(name, 12, "take.wav", 1));
	CU_ASSERT_FALSE(part_marks_name(name, 14, "take.wav"));
}

static void test_formats(void)
{
	struct leat_error error;

	CU_ASSERT_PTR_NULL(file_format_find("mp3"));
	CU_ASSERT_PTR_NULL(file_format_of_path("take"));
	CU_ASSERT_PTR_NULL(file_format_of_path("a.wav/take"));
	CU_ASSERT_PTR_EQUAL(file_format_of_path("a/TAKE.WAV"),
			    file_format_find("wav"));
	CU_ASSERT_PTR_EQUAL(file_format_of_path("take.oga"),
			    file_format_find("ogg"));
	CU_ASSERT_EQUAL(
		file_format_check(file_format_find("flac"), 8, 48000, &error),
		0);
	CU_ASSERT_EQUAL(
		file_format_check(file_format_find("flac"), 9, 48000, &error),
		-EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "9"));
	CU_ASSERT_EQUAL(
		file_format_check(file_format_find("wav"), 128, 768000, &error),
		0);
}

/* ---- marks ---- */

static const char *written(void (*write)(FILE *file))
{
	static char text[2048];
	FILE *file = fmemopen(text, sizeof(text), "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	memset(text, 0, sizeof(text));
	write(file);
	fclose(file);
	return text;
}

static void write_some_marks(FILE *file)
{
	const struct mark lost = { MARK_LOST, 48000, 4800, "to_jack: why" };
	const struct mark before = { MARK_AWAY, 900, 200, "x" };
	const struct mark beyond = { MARK_HOLE, 1900, 1000, "y" };
	const struct mark moment = { MARK_XRUN, 1500, 0, "z" };

	marks_write(file, &lost, 0, UINT64_MAX, 48000);
	marks_write(file, &before, 1000, 1000, 1000);
	marks_write(file, &beyond, 1000, 1000, 1000);
	marks_write(file, &moment, 1000, 1000, 1000);
	marks_write_end(file, 1000, 1000, "done");
}

static void test_marks(void)
{
	CU_ASSERT_STRING_EQUAL(written(write_some_marks),
			       "48000\t1.000000\tlost\t4800\tto_jack: why\n"
			       "0\t0.000000\taway\t100\tx\n"
			       "900\t0.900000\thole\t100\ty\n"
			       "500\t0.500000\txrun\t0\tz\n"
			       "1000\t1.000000\tend\t0\tdone\n");
}

static void write_head(FILE *file)
{
	const struct marks_head head = { "take.wav", "main", "to_jack", "FL FR",
					 48000,	     96000,  NULL };

	marks_write_head(file, &head);
}

static void test_marks_head(void)
{
	CU_ASSERT_STRING_EQUAL(written(write_head),
			       "# leat marks 1\n# file take.wav\n# link main\n"
			       "# direction to_jack\n# channels FL FR\n"
			       "# rate 48000\n# first-frame 96000\n"
			       "# position\tseconds\tkind\tframes\twhat\n");
}

/* ---- channels ---- */

static void test_channel_names(void)
{
	struct weave_format format = {
		.rate_hz = 48000,
		.n_lanes = 1,
		.n_channels = 2,
		.lane[0] = { LEAT_TO_JACK,
			     2,
			     { LEAT_POSITION_FL, LEAT_POSITION_FR } },
		.lane[1] = { LEAT_TO_PIPEWIRE, 1, { LEAT_POSITION_MONO } },
	};
	char list[64];

	CU_ASSERT_STRING_EQUAL(channels_list(&format, list, sizeof(list)),
			       "FL FR");
	CU_ASSERT_STRING_EQUAL(channels_list(&format, list, 5), "FL");
	format.n_lanes = 2;
	format.n_channels = 3;
	CU_ASSERT_STRING_EQUAL(channels_list(&format, list, sizeof(list)),
			       "to_jack:FL to_jack:FR to_pipewire:MONO");
}

/* ---- links ---- */

static void make_socket(const char *folder, const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", folder,
		 name);
	CU_ASSERT_EQUAL(bind(fd, (struct sockaddr *)&address, sizeof(address)),
			0);
	close(fd);
}

static void test_links(void)
{
	char folder[] = "/tmp/leat-links-XXXXXX", path[64];
	static const char *const names[] = { "studio", "main" };
	struct leat_error error;

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
	CU_ASSERT_EQUAL(links_check_in(folder, "x", &error), -ENOENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "nor any other"));
	for (int i = 0; i < 2; i++)
		make_socket(folder, names[i]);
	CU_ASSERT_EQUAL(links_check_in(folder, "main", &error), 0);
	CU_ASSERT_EQUAL(links_check_in(folder, "x", &error), -ENOENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "'main', 'studio'"));
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	CU_ASSERT_EQUAL(rmdir(folder), 0);
}

/* ---- what servers count ---- */

static void test_watch(void)
{
	struct leat_link_status status = { .jack.xruns = 5,
					   .pipewire.xruns = LEAT_UNKNOWN };
	struct watch watch;
	struct watch_news news;

	watch_init(&watch, "main");
	news = watch_compare(&watch, &status);
	CU_ASSERT(news.jack == 0 && news.pipewire == 0);
	status.jack.xruns = 7;
	status.pipewire.xruns = 90;
	news = watch_compare(&watch, &status);
	CU_ASSERT(news.jack == 2 && news.pipewire == 0);
	status.pipewire.xruns = 91;
	news = watch_compare(&watch, &status);
	CU_ASSERT(news.jack == 0 && news.pipewire == 1);
	/* The side was started anew. */
	status.jack.xruns = 1;
	news = watch_compare(&watch, &status);
	CU_ASSERT(news.jack == 0 && news.pipewire == 0);
}

/* ---- what it says ---- */

static void test_sentences(void)
{
	const struct weave_format format = { .rate_hz = 48000,
					     .n_channels = 2 };
	struct recording_sums sums = { .n_frames = 48000 * 61,
				       .n_bytes = 23424000,
				       .peak = 0.5f };
	char text[256];

	CU_ASSERT_STRING_EQUAL(
		record_text_progress(text, sizeof(text), &sums, 48000, 3),
		"1:01  23.4 MB  peak -6.0 dB  lost 0");
	CU_ASSERT_STRING_EQUAL(
		record_text_end(text, sizeof(text), "a.wav", &sums, &format),
		"a.wav: 2928000 frames x 2 channels (1:01), "
		"23.4 MB, peak -6.0 dB, nothing is missing");
	sums.n_missing[MARK_LOST] = 7;
	sums.n_missing[MARK_XRUN] = 64;
	sums.n_missing[MARK_AWAY] = 1;
	sums.peak = 0;
	CU_ASSERT_STRING_EQUAL(
		record_text_progress(text, sizeof(text), &sums, 48000, 40),
		"1:01  23.4 MB  peak -  lost 7  40% behind");
	record_text_end(text, sizeof(text), "a.wav", &sums, &format);
	CU_ASSERT_PTR_NOT_NULL(
		strstr(text, "7 frames lost and 65 never sent are silence"));
}

static const struct unit_test tests[] = {
	{ "time", "as people write it", test_durations },
	{ "time", "nonsense", test_nonsense_durations },
	{ "time", "in frames", test_frames_of_time },
	{ "file", "parts' names", test_part_names },
	{ "file", "formats", test_formats },
	{ "marks", "lines", test_marks },
	{ "marks", "head", test_marks_head },
	{ "names", "channels", test_channel_names },
	{ "names", "links", test_links },
	{ "watch", "only what is new", test_watch },
	{ "words", "progress and end", test_sentences },
};

UNIT_MAIN(tests)
