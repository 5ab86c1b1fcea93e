/* SPDX-License-Identifier: MIT */
#include "part.h"

#include "part_name.h"
#include "samples.h"
#include "wav_header.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * What libFLAC, libvorbis and the headers may still have to write: FLAC holds
 * back up to 4096 frames, Vorbis up to two blocks of 8192 and a page of 64 kB.
 */
#define MARGIN_BYTES (256u << 10)
#define MARGIN_FRAMES 8192u

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* ---- opening ---- */

static int refuse(struct leat_error *error, const char *path, int res)
{
	if (res == -EEXIST)
		return leat_error_set(error, res,
				      "'%s' is there already: take another "
				      "name, or --force to overwrite it",
				      path);
	return leat_error_set(error, res, "cannot write '%s': %s", path,
			      strerror(-res));
}

/* A regular file of that name that is new, or may be overwritten. */
static int open_regular(const char *path, bool overwrite,
			struct leat_error *error)
{
	int flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK;
	int fd = open(path, flags | (overwrite ? 0 : O_EXCL), 0666);
	struct stat st;

	if (fd < 0)
		return refuse(error, path, -errno);
	if (fstat(fd, &st) == 0 && !S_ISREG(st.st_mode)) {
		close(fd);
		return leat_error_set(error, -EINVAL,
				      "'%s' is not a file: write to standard "
				      "output with '-' and pass it on",
				      path);
	}
	if (ftruncate(fd, 0) < 0) {
		int res = -errno;

		close(fd);
		return refuse(error, path, res);
	}
	return fd;
}

static int open_marks(struct part *part, const char *path,
		      struct leat_error *error)
{
	char name[PATH_MAX];
	int fd;

	if (!part_marks_name(name, sizeof(name), path))
		return refuse(error, path, -ENAMETOOLONG);
	fd = open_regular(name, part->config.overwrite, error);
	if (fd < 0)
		return fd;
	part->marks = fdopen(fd, "w");
	if (!part->marks) {
		close(fd);
		unlink(name);
		return refuse(error, name, -ENOMEM);
	}
	marks_write_head(part->marks, &part->config.head);
	fflush(part->marks);
	return 0;
}

static void set_up(struct part *part)
{
	/* Below 4 GB it is plain WAV in the end, which everybody reads. */
	if (strcmp(part->config.format->name, "wav") == 0)
		sf_command(part->file, SFC_RF64_AUTO_DOWNGRADE, NULL, SF_TRUE);
	/* What is beyond full scale stays so in floats, and is cut in others. */
	sf_command(part->file, SFC_SET_CLIPPING, NULL, SF_TRUE);
	sf_command(part->file, SFC_SET_ADD_PEAK_CHUNK, NULL, SF_FALSE);
}

int part_write_bytes(int fd, const void *bytes, size_t n_bytes)
{
	const char *at = bytes;

	while (n_bytes > 0) {
		ssize_t n = write(fd, at, n_bytes);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			at += n;
			n_bytes -= (size_t)n;
		}
	}
	return 0;
}

static int open_wav_stream(struct part *part, struct leat_error *error)
{
	unsigned char bytes[WAV_HEADER_MAX];
	int n = wav_header(bytes, SAMPLES_F32, part->config.n_channels,
			   part->config.rate_hz);
	int res = n < 0 ? n : part_write_bytes(part->fd, bytes, (size_t)n);

	part->n_bytes = n < 0 ? 0 : (uint64_t)n;
	if (res < 0)
		return refuse(error, "standard output", res);
	return 0;
}

static int open_sound(struct part *part, const char *path,
		      struct leat_error *error)
{
	const struct part_config *config = &part->config;
	SF_INFO info = { .samplerate = (int)config->rate_hz,
			 .channels = (int)config->n_channels,
			 .format = config->format->sndfile };

	part->file = sf_open_fd(part->fd, SFM_WRITE, &info, SF_FALSE);
	if (!part->file)
		return leat_error_set(error, -EINVAL,
				      "cannot write '%s' as %s: %s", path,
				      config->format->name, sf_strerror(NULL));
	set_up(part);
	return 0;
}

static int open_stream(struct part *part, struct leat_error *error)
{
	const struct file_format *format = part->config.format;
	int res;

	if (!format->streams)
		return leat_error_set(error, -EINVAL,
				      "%s cannot be written to a pipe: wav, "
				      "flac and ogg can",
				      format->name);
	part->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	if (part->fd < 0)
		return refuse(error, "standard output", -errno);
	if (strcmp(format->name, "wav") == 0)
		res = open_wav_stream(part, error);
	else
		res = open_sound(part, "standard output", error);
	if (res < 0)
		close(part->fd);
	return res;
}

int part_open(struct part *part, const char *path,
	      const struct part_config *config, struct leat_error *error)
{
	int res;

	*part = (struct part){ .config = *config };
	if (config->stream)
		return open_stream(part, error);
	part->config.head.file = base_name(path);
	part->fd = open_regular(path, config->overwrite, error);
	if (part->fd < 0)
		return part->fd;
	res = open_sound(part, path, error);
	if (res == 0) {
		res = open_marks(part, path, error);
		if (res < 0)
			sf_close(part->file);
	}
	if (res < 0) {
		unlink(path);
		close(part->fd);
		return res;
	}
	reserve_init(&part->reserve, part->fd,
		     MARGIN_BYTES + (uint64_t)MARGIN_FRAMES *
					    config->n_channels * sizeof(float));
	part_update(part);
	return 0;
}

/* ---- writing ---- */

static int system_error(void)
{
	return errno != 0 ? -errno : -EIO;
}

static int write_stream(struct part *part, const float *samples,
			uint32_t n_frames, size_t n_bytes)
{
	int res = part_write_bytes(part->fd, samples, n_bytes);

	if (res == 0) {
		part->n_frames += n_frames;
		part->n_bytes += n_bytes;
	}
	return res;
}

int part_write(struct part *part, const float *samples, uint32_t n_frames)
{
	size_t n_bytes =
		(size_t)n_frames * part->config.n_channels * sizeof(float);
	int res = 0;
	sf_count_t n;

	if (!part->file)
		return write_stream(part, samples, n_frames, n_bytes);
	if (!part->config.stream)
		res = reserve_ahead(&part->reserve, n_bytes);
	if (res < 0)
		return res;
	errno = 0;
	n = sf_writef_float(part->file, samples, n_frames);
	if (n > 0)
		part->n_frames += (uint64_t)n;
	return n == n_frames ? 0 : system_error();
}

void part_mark(struct part *part, const struct mark *mark)
{
	if (!part->marks)
		return;
	marks_write(part->marks, mark, part->config.head.first_frame,
		    UINT64_MAX, part->config.rate_hz);
	fflush(part->marks);
}

void part_update(struct part *part)
{
	/* libsndfile 1.2 spoils a Vorbis stream that is asked for this. */
	if (part->config.format->whole_header && !part->config.stream)
		sf_command(part->file, SFC_UPDATE_HEADER_NOW, NULL, 0);
}

uint64_t part_bytes(const struct part *part)
{
	struct stat st;

	if (!part->file)
		return part->n_bytes;
	return fstat(part->fd, &st) == 0 ? (uint64_t)st.st_size : 0;
}

/* ---- closing ---- */

static int close_marks(struct part *part, const char *why)
{
	bool failed;

	if (!part->marks)
		return 0;
	marks_write_end(part->marks, part->n_frames, part->config.rate_hz, why);
	failed = ferror(part->marks) != 0;
	errno = 0;
	if (fclose(part->marks) != 0 || failed)
		return system_error();
	return 0;
}

int part_close(struct part *part, const char *why)
{
	int res = 0, res_marks;

	errno = 0;
	if (part->file && sf_close(part->file) != 0)
		res = system_error();
	if (!part->config.stream)
		reserve_finish(&part->reserve);
	if (close(part->fd) < 0 && res == 0)
		res = -errno;
	res_marks = close_marks(part, why);
	return res < 0 ? res : res_marks;
}
