/* SPDX-License-Identifier: MIT */
#include "record_text.h"

#include "duration.h"

#include <inttypes.h>
#include <math.h>

static const char *size_text(char *text, size_t text_bytes, uint64_t n_bytes)
{
	static const char *const units[] = { "kB", "MB", "GB", "TB" };
	double n = (double)n_bytes / 1000;
	int unit = 0;

	for (; n >= 999.95 && unit < 3; unit++)
		n /= 1000;
	snprintf(text, text_bytes, "%.1f %s", n, units[unit]);
	return text;
}

static const char *peak_text(char *text, size_t text_bytes, float peak)
{
	if (peak > 0)
		snprintf(text, text_bytes, "%.1f dB", 20 * log10((double)peak));
	else
		snprintf(text, text_bytes, "-");
	return text;
}

/* Frames that somebody sent, and that are not in the file. */
static uint64_t lost(const struct recording_sums *sums)
{
	return sums->n_missing[MARK_LOST];
}

static uint64_t silent(const struct recording_sums *sums)
{
	return sums->n_missing[MARK_HOLE] + sums->n_missing[MARK_AWAY] +
	       sums->n_missing[MARK_XRUN];
}

const char *record_text_progress(char *text, size_t text_bytes,
				 const struct recording_sums *sums,
				 uint32_t rate_hz, uint32_t percent)
{
	char time[32], size[32], peak[32], behind[32] = "";

	if (percent > 10)
		snprintf(behind, sizeof(behind), "  %u%% behind", percent);
	snprintf(text, text_bytes, "%s  %s  peak %s  lost %" PRIu64 "%s",
		 duration_print(time, sizeof(time), sums->n_frames / rate_hz),
		 size_text(size, sizeof(size), sums->n_bytes),
		 peak_text(peak, sizeof(peak), sums->peak), lost(sums), behind);
	return text;
}

const char *record_text_end(char *text, size_t text_bytes, const char *path,
			    const struct recording_sums *sums,
			    const struct weave_format *format)
{
	char time[32], size[32], peak[32], missing[96];

	if (lost(sums) == 0 && silent(sums) == 0)
		snprintf(missing, sizeof(missing), "nothing is missing");
	else
		snprintf(missing, sizeof(missing),
			 "%" PRIu64 " frames lost and %" PRIu64
			 " never sent are silence",
			 lost(sums), silent(sums));
	snprintf(text, text_bytes,
		 "%s: %" PRIu64 " frames x %u channels (%s), %s, peak %s, %s",
		 path, sums->n_frames, format->n_channels,
		 duration_print(time, sizeof(time),
				sums->n_frames / format->rate_hz),
		 size_text(size, sizeof(size), sums->n_bytes),
		 peak_text(peak, sizeof(peak), sums->peak), missing);
	return text;
}
