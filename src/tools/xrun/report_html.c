/* SPDX-License-Identifier: MIT */
#include "report_html.h"

#include "html.h"
#include "report_parts.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Nothing may be fetched and nothing may run: should a name from outside ever
 * get past the escaping, it could still do nothing.
 */
static const char policy[] = "default-src 'none'; style-src 'unsafe-inline'; "
			     "base-uri 'none'; form-action 'none'";

static void put_head(FILE *file, const struct xrun_result *result)
{
	xrun_html(file,
		  "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
		  "<meta charset=\"utf-8\"/>\n"
		  "<meta http-equiv=\"Content-Security-Policy\" "
		  "content=\"%s\"/>\n"
		  "<meta name=\"viewport\" "
		  "content=\"width=device-width, initial-scale=1\"/>\n"
		  "<meta name=\"color-scheme\" content=\"light dark\"/>\n"
		  "<meta name=\"generator\" content=\"leat %s\"/>\n<title>",
		  policy, result->machine.leat_version);
	xrun_html_sentence(file, result);
	xrun_html(file, " (leat xrun, %s)</title>\n", result->machine.time);
	xrun_html_style(file);
	fputs("</head>\n", file);
}

static void put_title(FILE *file, const struct xrun_result *result)
{
	xrun_html(file,
		  "<header><h1>leat xrun: from JACK to PipeWire and back</h1>\n"
		  "<p><bdi>%s</bdi>%s<time>%s</time></p></header>\n",
		  result->machine.host, result->machine.host[0] ? ", " : "",
		  result->machine.time);
}

void xrun_report_html(FILE *file, const struct xrun_result *result)
{
	put_head(file, result);
	fputs("<body>\n<main>\n", file);
	put_title(file, result);
	xrun_html_verdict(file, result);
	xrun_html_tiles(file, result);
	xrun_html_compare(file, result);
	xrun_html_matrix(file, result);
	xrun_html_time(file, result);
	xrun_html_causes(file, result);
	xrun_html_load(file, result);
	xrun_html_histograms(file, result);
	xrun_html_steps(file, result);
	xrun_html_events(file, result);
	xrun_html_machine(file, result);
	xrun_html_settings(file, result);
	xrun_html(file,
		  "<footer><p>Made by leat xrun %s. This page is one file: it "
		  "can be kept and sent.</p></footer>\n",
		  result->machine.leat_version);
	fputs("</main>\n</body>\n</html>\n", file);
}

static int write_to(const char *path, const struct xrun_result *result)
{
	FILE *file = fopen(path, "we");
	int res = 0;

	if (!file)
		return -errno;
	errno = 0;
	xrun_report_html(file, result);
	if (fflush(file) != 0 || ferror(file))
		res = errno ? -errno : -EIO;
	if (fclose(file) != 0 && res == 0)
		res = -errno;
	return res;
}

/* A device or a pipe is written to as it is. */
static bool is_replaced(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 || S_ISREG(st.st_mode) ||
	       S_ISDIR(st.st_mode);
}

int xrun_report_html_write(const char *path, const struct xrun_result *result)
{
	char partial[PATH_MAX];
	int n = snprintf(partial, sizeof(partial), "%s.partial", path);
	int res;

	if (n < 0 || (size_t)n >= sizeof(partial))
		return -ENAMETOOLONG;
	if (!is_replaced(path))
		return write_to(path, result);
	res = write_to(partial, result);
	if (res == 0 && rename(partial, path) < 0)
		res = -errno;
	if (res < 0)
		unlink(partial);
	return res;
}
