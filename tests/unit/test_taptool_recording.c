/* SPDX-License-Identifier: MIT */
/*
 * leat-tap's recordings: formats, parts, marks, a full disk, a killed process,
 * and the thread that writes.
 */
#include "runner.h"

#include "tools/tap/recorder.h"
#include "tools/tap/spool.h"

#include <CUnit/CUnit.h>

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define RATE 48000u
#define CHANNELS 2u

static char folder[64];

static const char *path_of(const char *name)
{
	static char path[4][512];
	static int at;

	at = (at + 1) % 4;
	snprintf(path[at], sizeof(path[at]), "%s/%s", folder, name);
	return path[at];
}

static void make_folder(void)
{
	strcpy(folder, "/tmp/leat-recording-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
}

static void empty_folder(void)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			unlink(path_of(entry->d_name));
	if (dir)
		closedir(dir);
	CU_ASSERT_EQUAL(rmdir(folder), 0);
}

/* Every sample another value, also tiny ones and ones beyond full scale. */
static float value(uint64_t frame, uint32_t channel)
{
	uint64_t n = frame * CHANNELS + channel + 1;

	if (n % 1001 == 0)
		return -1e-40f;
	if (n % 1003 == 0)
		return 2.5f;
	return (float)(n % (1u << 24)) / (1u << 24) - 0.25f;
}

static void fill(float *samples, uint64_t from, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t c = 0; c < CHANNELS; c++)
			samples[i * CHANNELS + c] = value(from + i, c);
}

static struct recording_config config_of(const char *name, const char *format)
{
	return (struct recording_config){
		.path = path_of(name),
		.format = file_format_find(format),
		.n_channels = CHANNELS,
		.rate_hz = RATE,
		.n_lanes = 1,
		.lane_name = { "to_pipewire" },
		.head = { .link = "main",
			  .direction = "to_pipewire",
			  .channels = "FL FR" },
	};
}

static int record(struct recording *recording, uint64_t from, uint64_t n)
{
	float samples[512 * CHANNELS];
	int res = 0;

	while (n > 0 && res == 0) {
		uint32_t piece = n < 512 ? (uint32_t)n : 512;

		fill(samples, from, piece);
		res = recording_frames(recording, samples, piece);
		from += piece;
		n -= piece;
	}
	return res;
}

/* ---- looking at files ---- */

struct file {
	SF_INFO info;
	float *samples;
	uint64_t n_frames;
};

static bool load(struct file *file, const char *name)
{
	static float rest[8192];
	SNDFILE *sound;
	sf_count_t n;

	memset(file, 0, sizeof(*file));
	sound = sf_open(path_of(name), SFM_READ, &file->info);
	if (!sound)
		return false;
	file->samples = malloc((1u << 22) * sizeof(float));
	n = sf_readf_float(sound, file->samples,
			   (1 << 22) / file->info.channels);
	file->n_frames = (uint64_t)n;
	/* Of what is longer the frames are counted. */
	while ((n = sf_readf_float(sound, rest, 8192 / file->info.channels)) >
	       0)
		file->n_frames += (uint64_t)n;
	sf_close(sound);
	return true;
}

/* Frames from `from` on are those of the signal from `first` on. */
static bool is_signal(const struct file *file, uint64_t from, uint64_t n,
		      uint64_t first)
{
	if (from + n > file->n_frames)
		return false;
	for (uint64_t i = 0; i < n; i++)
		for (uint32_t c = 0; c < CHANNELS; c++) {
			float v = value(first + i, c);

			if (memcmp(&file->samples[(from + i) * CHANNELS + c],
				   &v, sizeof(v)) != 0)
				return false;
		}
	return true;
}

static bool is_zero(const struct file *file, uint64_t from, uint64_t n)
{
	for (uint64_t i = from * CHANNELS; i < (from + n) * CHANNELS; i++)
		if (file->samples[i] < 0 || file->samples[i] > 0)
			return false;
	return from + n <= file->n_frames;
}

static const char *text_of(const char *name)
{
	static char text[4096];
	FILE *file = fopen(path_of(name), "r");
	size_t n = 0;

	if (file) {
		n = fread(text, 1, sizeof(text) - 1, file);
		fclose(file);
	}
	text[n] = 0;
	return text;
}

static bool is_there(const char *name)
{
	return access(path_of(name), F_OK) == 0;
}

/* ---- formats ---- */

static void test_bit_exact(void)
{
	static const struct {
		const char *format;
		int major;
	} formats[] = { { "wav", SF_FORMAT_WAVEX },
			{ "rf64", SF_FORMAT_RF64 },
			{ "w64", SF_FORMAT_W64 },
			{ "caf", SF_FORMAT_CAF } };

	make_folder();
	for (int i = 0; i < 4; i++) {
		struct recording recording;
		struct recording_config config =
			config_of("take", formats[i].format);
		struct leat_error error;
		struct file file;
		struct stat st;

		config.overwrite = true;
		CU_ASSERT_EQUAL_FATAL(
			recording_open(&recording, &config, &error), 0);
		CU_ASSERT_EQUAL(record(&recording, 0, 100001), 0);
		CU_ASSERT_EQUAL(recording_close(&recording, "done"), 0);
		CU_ASSERT_EQUAL(recording.sums.n_frames, 100001);
		CU_ASSERT_FATAL(load(&file, "take"));
		CU_ASSERT_EQUAL(file.info.format & SF_FORMAT_TYPEMASK,
				formats[i].major);
		CU_ASSERT_EQUAL(file.n_frames, 100001);
		CU_ASSERT(is_signal(&file, 0, 100001, 0));
		CU_ASSERT_EQUAL(stat(path_of("take"), &st), 0);
		CU_ASSERT_EQUAL(recording.sums.n_bytes, (uint64_t)st.st_size);
		free(file.samples);
	}
	empty_folder();
}

static void test_flac_keeps_24_bits(void)
{
	struct recording recording;
	struct recording_config config;
	struct leat_error error;
	struct file file;
	double worst = 0;

	make_folder();
	config = config_of("take.flac", "flac");
	CU_ASSERT_EQUAL_FATAL(recording_open(&recording, &config, &error), 0);
	CU_ASSERT_EQUAL(record(&recording, 0, 30000), 0);
	CU_ASSERT_EQUAL(recording_silence(&recording, 1000), 0);
	CU_ASSERT_EQUAL(recording_close(&recording, "done"), 0);
	CU_ASSERT_FATAL(load(&file, "take.flac"));
	CU_ASSERT_EQUAL(file.n_frames, 31000);
	for (uint64_t i = 0; i < 30000; i++)
		for (uint32_t c = 0; c < CHANNELS; c++) {
			float v = fminf(value(i, c), 1 - 0x1p-23f);

			worst = fmax(
				worst,
				fabs((double)v -
				     (double)file.samples[i * CHANNELS + c]));
		}
	CU_ASSERT(worst <= 0x1p-24);
	CU_ASSERT(is_zero(&file, 30000, 1000));
	free(file.samples);
	empty_folder();
}

static void test_ogg_is_sound(void)
{
	struct recording recording;
	struct recording_config config;
	struct leat_error error;
	struct file file;
	float sine[512 * CHANNELS];
	double sum = 0;

	make_folder();
	config = config_of("take.ogg", "ogg");
	CU_ASSERT_EQUAL_FATAL(recording_open(&recording, &config, &error), 0);
	for (int k = 0; k < 100; k++) {
		for (int i = 0; i < 512; i++)
			sine[2 * i] = sine[2 * i + 1] =
				sinf((float)(k * 512 + i) * 0.05f) * 0.5f;
		CU_ASSERT_EQUAL(recording_frames(&recording, sine, 512), 0);
		recording_update(&recording);
	}
	CU_ASSERT_EQUAL(recording_close(&recording, "done"), 0);
	CU_ASSERT_FATAL(load(&file, "take.ogg"));
	CU_ASSERT_EQUAL(file.n_frames, 51200);
	for (uint64_t i = 0; i < file.n_frames; i++)
		sum += (double)file.samples[2 * i] *
		       (double)file.samples[2 * i];
	CU_ASSERT(fabs(sum / 51200 - 0.125) < 0.01);
	free(file.samples);
	empty_folder();
}

/* ---- marks and parts ---- */

static void test_silence_and_marks(void)
{
	struct recording recording;
	struct recording_config config;
	struct leat_error error;
	const struct mark slip = { .kind = MARK_SLIP,
				   .n_frames = 3,
				   .text = "hop" };
	struct file file;
	const char *marks;

	make_folder();
	config = config_of("take.wav", "wav");
	CU_ASSERT_EQUAL_FATAL(recording_open(&recording, &config, &error), 0);
	CU_ASSERT_EQUAL(record(&recording, 0, 1000), 0);
	/* In two pieces, which are one line. */
	recording_missing(&recording, 0, MARK_LOST, 30000);
	CU_ASSERT_EQUAL(recording_silence(&recording, 30000), 0);
	recording_missing(&recording, 0, MARK_LOST, 20000);
	CU_ASSERT_EQUAL(recording_silence(&recording, 20000), 0);
	/* Another cause is another line. */
	recording_missing(&recording, 0, MARK_XRUN, 256);
	CU_ASSERT_EQUAL(recording_silence(&recording, 256), 0);
	recording_mark(&recording, 0, &slip);
	CU_ASSERT_EQUAL(record(&recording, 1000, 500), 0);
	CU_ASSERT_EQUAL(recording_close(&recording, "done"), 0);
	CU_ASSERT_EQUAL(recording.sums.n_missing[MARK_LOST], 50000);
	CU_ASSERT_EQUAL(recording.sums.n_marks[MARK_LOST], 1);
	CU_ASSERT_FATAL(load(&file, "take.wav"));
	CU_ASSERT_EQUAL(file.n_frames, 51756);
	CU_ASSERT(is_signal(&file, 0, 1000, 0));
	CU_ASSERT(is_zero(&file, 1000, 50256));
	CU_ASSERT(is_signal(&file, 51256, 500, 1000));
	marks = text_of("take.wav.marks");
	CU_ASSERT_PTR_NOT_NULL(strstr(marks, "# file take.wav\n"));
	CU_ASSERT_PTR_NOT_NULL(
		strstr(marks, "\n1000\t0.020833\tlost\t50000\tto_pipewire: "));
	CU_ASSERT_PTR_NOT_NULL(strstr(marks, "\n51000\t1.062500\txrun\t256\t"));
	CU_ASSERT_PTR_NOT_NULL(strstr(
		marks, "\n51256\t1.067833\tslip\t3\tto_pipewire: hop\n"));
	CU_ASSERT_PTR_NOT_NULL(
		strstr(marks, "\n51756\t1.078250\tend\t0\tdone\n"));
	free(file.samples);
	empty_folder();
}

static void test_split(void)
{
	struct recording recording;
	struct recording_config config;
	struct leat_error error;
	uint64_t from = 0;
	char name[32];

	make_folder();
	config = config_of("take.wav", "wav");
	config.split_frames = 1000;
	config.first_part = 1;
	CU_ASSERT_EQUAL_FATAL(recording_open(&recording, &config, &error), 0);
	CU_ASSERT_EQUAL(record(&recording, 0, 1000), 0);
	CU_ASSERT_FALSE(is_there("take-002.wav"));
	CU_ASSERT_EQUAL(record(&recording, 1000, 2700), 0);
	CU_ASSERT_EQUAL(recording_close(&recording, "done"), 0);
	for (int part = 1; part <= 4; part++) {
		struct file file;
		uint64_t n = part < 4 ? 1000 : 700;

		snprintf(name, sizeof(name), "take-%03d.wav", part);
		CU_ASSERT_FATAL(load(&file, name));
		CU_ASSERT_EQUAL(file.n_frames, n);
		CU_ASSERT(is_signal(&file, 0, n, from));
		from += n;
		free(file.samples);
	}
	CU_ASSERT_FALSE(is_there("take.wav"));
	CU_ASSERT_PTR_NOT_NULL(
		strstr(text_of("take-003.wav.marks"), "# first-frame 2000\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("take-003.wav.marks"), "split"));
	empty_folder();
}

/* Silence over the ends of parts is told in each of them. */
static void test_split_in_silence(void)
{
	struct recording recording;
	struct recording_config config;
	struct leat_error error;

	make_folder();
	config = config_of("take.wav", "wav");
	config.split_frames = 1000;
	config.first_part = 1;
	CU_ASSERT_EQUAL_FATAL(recording_open(&recording, &config, &error), 0);
	CU_ASSERT_EQUAL(record(&recording, 0, 400), 0);
	recording_missing(&recording, 0, MARK_AWAY, 2000);
	CU_ASSERT_EQUAL(recording_silence(&recording, 2000), 0);
	CU_ASSERT_EQUAL(record(&recording, 400, 100), 0);
	CU_ASSERT_EQUAL(recording_close(&recording, "done"), 0);
	CU_ASSERT_PTR_NOT_NULL(
		strstr(text_of("take-001.wav.marks"), "\taway\t600\t"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("take-002.wav.marks"),
				      "\n0\t0.000000\taway\t1000\t"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("take-003.wav.marks"),
				      "\n0\t0.000000\taway\t400\t"));
	CU_ASSERT_EQUAL(recording.sums.n_missing[MARK_AWAY], 2000);
	empty_folder();
}

/* ---- what is in the way ---- */

static void write_text(const char *name, const char *text)
{
	FILE *file = fopen(path_of(name), "w");

	fputs(text, file);
	fclose(file);
}

static void test_nothing_is_overwritten(void)
{
	struct recording recording;
	struct recording_config config;
	struct leat_error error;

	make_folder();
	write_text("take.wav", "precious");
	config = config_of("take.wav", "wav");
	CU_ASSERT_EQUAL(recording_open(&recording, &config, &error), -EEXIST);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "--force"));
	CU_ASSERT_STRING_EQUAL(text_of("take.wav"), "precious");
	/* Nor the marks, and the sound does not stay behind. */
	write_text("other.wav.marks", "precious");
	config = config_of("other.wav", "wav");
	CU_ASSERT_EQUAL(recording_open(&recording, &config, &error), -EEXIST);
	CU_ASSERT_FALSE(is_there("other.wav"));
	/* Nor a later part. */
	write_text("long-007.wav", "precious");
	config = config_of("long.wav", "wav");
	config.first_part = 1;
	config.split_frames = 1000;
	CU_ASSERT_EQUAL(recording_open(&recording, &config, &error), -EEXIST);
	CU_ASSERT_FALSE(is_there("long-001.wav"));
	config.overwrite = true;
	CU_ASSERT_EQUAL(recording_open(&recording, &config, &error), 0);
	CU_ASSERT_EQUAL(recording_close(&recording, "done"), 0);
	empty_folder();
}

static void test_unwritable(void)
{
	struct recording recording;
	struct recording_config config;
	struct leat_error error;

	make_folder();
	config = config_of("none/take.wav", "wav");
	CU_ASSERT_EQUAL(recording_open(&recording, &config, &error), -ENOENT);
	config = config_of("x", "wav");
	config.path = "/dev/full";
	config.overwrite = true;
	CU_ASSERT_EQUAL(recording_open(&recording, &config, &error), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "not a file"));
	config.path = folder;
	CU_ASSERT_EQUAL(recording_open(&recording, &config, &error), -EISDIR);
	empty_folder();
}

/* Until it is full; the file is whole as far as it goes. */
static void fill_up(const char *format, uint64_t least)
{
	unsigned n_before = CU_get_number_of_failures();
	struct recording recording;
	struct recording_config config = config_of("take", format);
	struct leat_error error;
	struct file file;
	uint64_t n = 0;
	int res;

	CU_ASSERT_EQUAL_FATAL(recording_open(&recording, &config, &error), 0);
	while ((res = record(&recording, n, 512)) == 0)
		n += 512;
	CU_ASSERT(res == -ENOSPC || res == -EFBIG);
	CU_ASSERT_PTR_NOT_NULL(strstr(recording.error.text, "cannot write"));
	CU_ASSERT_EQUAL(recording.sums.n_frames, n);
	CU_ASSERT(n >= least);
	CU_ASSERT_EQUAL(recording_close(&recording, "full"), 0);
	CU_ASSERT_FATAL(load(&file, "take"));
	CU_ASSERT_EQUAL(file.n_frames, n);
	if (strcmp(format, "wav") == 0)
		CU_ASSERT(is_signal(&file, 0, n, 0));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("take.marks"), "\tend\t0\tfull"));
	free(file.samples);
	unlink(path_of("take"));
	unlink(path_of("take.marks"));
	if (CU_get_number_of_failures() > n_before)
		fprintf(stderr, "%s: %llu frames, %s\n", format,
			(unsigned long long)n, recording.error.text);
}

static void test_file_size_limit(void)
{
	struct rlimit before, limit;

	signal(SIGXFSZ, SIG_IGN);
	make_folder();
	CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = 2 << 20;
	CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_FSIZE, &limit), 0);
	fill_up("wav", 200000);
	fill_up("flac", 100000);
	CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &before), 0);
	empty_folder();
}

/* In a namespace of a child's own. */
static void fill_small_disk(void)
{
	if (unshare(CLONE_NEWNS) < 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("small", folder, "tmpfs", 0, "size=3m") < 0)
		_exit(77);
	fill_up("wav", 250000);
	fill_up("w64", 250000);
	fill_up("caf", 250000);
	fill_up("flac", 150000);
	fill_up("ogg", 150000);
	_exit(CU_get_number_of_failures() > 0);
}

static void test_full_disk(void)
{
	pid_t pid;
	int status;

	make_folder();
	pid = fork();
	if (pid == 0)
		fill_small_disk();
	CU_ASSERT_EQUAL_FATAL(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		printf("skipped: no file system may be mounted here\n");
	else
		CU_ASSERT_EQUAL(status, 0);
	empty_folder();
}

/* What is written once a second is there, if the process ends at any moment. */
static void be_killed(const char *format)
{
	struct recording recording;
	struct recording_config config = config_of("take", format);
	struct leat_error error;

	if (recording_open(&recording, &config, &error) < 0 ||
	    record(&recording, 0, 60000) < 0)
		_exit(1);
	recording_update(&recording);
	if (record(&recording, 60000, 100) < 0)
		_exit(1);
	raise(SIGKILL);
}

static void test_killed(void)
{
	static const char *const formats[] = { "wav", "rf64", "w64", "caf" };

	make_folder();
	for (int i = 0; i < 4; i++) {
		struct file file;
		int status;
		pid_t pid = fork();

		if (pid == 0)
			be_killed(formats[i]);
		CU_ASSERT_EQUAL_FATAL(waitpid(pid, &status, 0), pid);
		CU_ASSERT(WIFSIGNALED(status));
		CU_ASSERT_FATAL(load(&file, "take"));
		CU_ASSERT(file.n_frames >= 60000);
		CU_ASSERT(is_signal(&file, 0, 60000, 0));
		free(file.samples);
		unlink(path_of("take"));
		unlink(path_of("take.marks"));
	}
	empty_folder();
}

/* ---- the spool ---- */

static void test_spool_order(void)
{
	float left[700], right[700];
	const float *planes[] = { left, right };
	const struct mark mark = { .kind = MARK_SLIP, .text = "hop" };
	const struct spool_item *item;
	struct spool *spool;

	for (int i = 0; i < 700; i++) {
		left[i] = value((uint64_t)i, 0);
		right[i] = value((uint64_t)i, 1);
	}
	CU_ASSERT_EQUAL_FATAL(spool_create(&spool, CHANNELS, 100000), 0);
	CU_ASSERT_PTR_NULL(spool_take(spool, 0));
	CU_ASSERT(spool_ready(spool));
	spool_put_frames(spool, planes, 300);
	CU_ASSERT_PTR_NULL(spool_take(spool, 0));
	spool_put_frames(spool, planes, 700);
	spool_put_missing(spool, 1, MARK_LOST, 9);
	spool_put_silence(spool, UINT64_C(1) << 40);
	spool_put_mark(spool, 0, &mark);
	spool_finish(spool);
	item = spool_take(spool, 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(item);
	CU_ASSERT(item->kind == SPOOL_SOUND && item->n_frames == SPOOL_FRAMES);
	CU_ASSERT_EQUAL(memcmp(&item->samples[301 * 2 + 1], &right[1], 4), 0);
	spool_drop(spool);
	item = spool_take(spool, 0);
	CU_ASSERT(item->kind == SPOOL_SOUND && item->n_frames == 1000 - 512);
	CU_ASSERT_EQUAL(memcmp(&item->samples[0], &left[212], 4), 0);
	spool_drop(spool);
	item = spool_take(spool, 0);
	CU_ASSERT(item->kind == SPOOL_MISSING && item->lane == 1 &&
		  item->mark.kind == MARK_LOST && item->n_frames == 9);
	spool_drop(spool);
	item = spool_take(spool, 0);
	CU_ASSERT(item->kind == SPOOL_SILENCE &&
		  item->n_frames == UINT64_C(1) << 40);
	spool_drop(spool);
	CU_ASSERT_FALSE(spool_is_over(spool));
	item = spool_take(spool, 0);
	CU_ASSERT(item->kind == SPOOL_MARK &&
		  strcmp(item->mark.text, "hop") == 0);
	spool_drop(spool);
	CU_ASSERT(spool_is_over(spool));
	spool_destroy(spool);
}

static void test_spool_fills(void)
{
	static const float zeros[1000];
	const float *planes[] = { zeros, zeros };
	struct spool *spool;
	uint64_t n = 0;

	CU_ASSERT_EQUAL_FATAL(spool_create(&spool, CHANNELS, 100000), 0);
	for (; spool_ready(spool); n += 1000)
		spool_put_frames(spool, planes, 1000);
	CU_ASSERT(n >= 100000 - SPOOL_FRAMES * SPOOL_SPARE);
	CU_ASSERT(spool_percent(spool) > 50);
	/* The thread that empties it makes room, and says so. */
	while (spool_take(spool, 0))
		spool_drop(spool);
	CU_ASSERT(spool_ready(spool));
	spool_destroy(spool);
	spool_destroy(NULL);
}

/* ---- all of it, by way of the sink ---- */

static void put_frames(const struct weave_sink *sink, uint64_t from, uint32_t n)
{
	float left[1000], right[1000];
	const float *planes[] = { left, right };

	for (uint32_t i = 0; i < n; i++) {
		left[i] = value(from + i, 0);
		right[i] = value(from + i, 1);
	}
	while (!sink->ready(sink->user))
		usleep(1000);
	sink->frames(sink->user, planes, n);
}

static struct recorder_config recorder_config_of(const char *name)
{
	return (struct recorder_config){
		.path = path_of(name),
		.format = file_format_find("wav"),
		.link_name = "main",
	};
}

static const struct weave_format two_channels = {
	.rate_hz = RATE,
	.n_lanes = 1,
	.n_channels = CHANNELS,
	.lane[0] = { LEAT_TO_PIPEWIRE, 2, { 2, 3 } },
};

static void test_recorder(void)
{
	struct recorder_config config;
	struct recorder *recorder;
	struct weave_sink sink;
	struct weave_format format = two_channels;
	struct recording_sums sums;
	struct leat_error error;
	struct file file;

	make_folder();
	config = recorder_config_of("take.wav");
	CU_ASSERT_EQUAL_FATAL(recorder_create(&recorder, &config), 0);
	sink = recorder_sink(recorder);
	sink.format(sink.user, &format);
	CU_ASSERT_EQUAL(recorder_check(recorder, &error), 0);
	for (uint64_t n = 0; n < 100000; n += 1000)
		put_frames(&sink, n, 1000);
	sink.missing(sink.user, 0, MARK_LOST, 70000);
	sink.silence(sink.user, 70000);
	/* Another rate: the recording goes on in a further file. */
	format.rate_hz = 44100;
	sink.format(sink.user, &format);
	put_frames(&sink, 100000, 777);
	CU_ASSERT_EQUAL(recorder_finish(recorder, "done", &error), 0);
	recorder_sums(recorder, &sums);
	CU_ASSERT_EQUAL(sums.n_frames, 170777);
	CU_ASSERT_EQUAL(sums.n_missing[MARK_LOST], 70000);
	recorder_destroy(recorder);
	CU_ASSERT_FATAL(load(&file, "take.wav"));
	CU_ASSERT_EQUAL(file.n_frames, 170000);
	CU_ASSERT(is_signal(&file, 0, 100000, 0));
	CU_ASSERT(is_zero(&file, 100000, 70000));
	free(file.samples);
	CU_ASSERT_FATAL(load(&file, "take-002.wav"));
	CU_ASSERT_EQUAL(file.info.samplerate, 44100);
	CU_ASSERT_EQUAL(file.n_frames, 777);
	CU_ASSERT(is_signal(&file, 0, 777, 100000));
	free(file.samples);
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("take-002.wav.marks"),
				      "# first-frame 170000\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text_of("take.wav.marks"),
				      "\tend\t0\tthe format changed\n"));
	empty_folder();
}

static void test_recorder_says_no(void)
{
	struct recorder_config config;
	struct recorder *recorder;
	struct weave_sink sink;
	struct weave_format format = two_channels;
	struct leat_error error;

	make_folder();
	config = recorder_config_of("none/take.wav");
	CU_ASSERT_EQUAL_FATAL(recorder_create(&recorder, &config), 0);
	sink = recorder_sink(recorder);
	sink.format(sink.user, &format);
	CU_ASSERT_FALSE(sink.ready(sink.user));
	CU_ASSERT_EQUAL(recorder_check(recorder, &error), -ENOENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "No such file"));
	recorder_destroy(recorder);
	config = recorder_config_of("take.wav");
	CU_ASSERT_EQUAL_FATAL(recorder_create(&recorder, &config), 0);
	sink = recorder_sink(recorder);
	format.n_channels = 0;
	sink.format(sink.user, &format);
	CU_ASSERT_EQUAL(recorder_check(recorder, &error), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "no channels"));
	recorder_destroy(recorder);
	recorder_destroy(NULL);
	empty_folder();
}

static const struct unit_test tests[] = {
	{ "format", "every bit", test_bit_exact },
	{ "format", "FLAC: 24 bits", test_flac_keeps_24_bits },
	{ "format", "Ogg: the sound", test_ogg_is_sound },
	{ "marks", "silence is listed", test_silence_and_marks },
	{ "parts", "no frame between", test_split },
	{ "parts", "silence over an end", test_split_in_silence },
	{ "refused", "files that are there", test_nothing_is_overwritten },
	{ "refused", "what cannot be written", test_unwritable },
	{ "full", "a limit", test_file_size_limit },
	{ "full", "a disk", test_full_disk },
	{ "killed", "readable as it is", test_killed },
	{ "spool", "in order", test_spool_order },
	{ "spool", "fills, and empties", test_spool_fills },
	{ "recorder", "a thread writes", test_recorder },
	{ "recorder", "cannot begin", test_recorder_says_no },
};

UNIT_MAIN(tests)
