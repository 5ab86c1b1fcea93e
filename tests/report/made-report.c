/* SPDX-License-Identifier: MIT */
/* made-report FOLDER: a page of each experiment that never was. */
#include "made_up.h"

#include "tools/xrun/report_html.h"

#include <stdio.h>
#include <string.h>

static int make(const char *folder, const char *kind)
{
	struct xrun_result result;
	char path[4096];
	int res = made_up(&result, kind);

	if (res == 0) {
		snprintf(path, sizeof(path), "%s/%s.html", folder, kind);
		res = xrun_report_html_write(path, &result);
		xrun_result_finish(&result);
	}
	if (res < 0)
		fprintf(stderr, "%s: %s\n", kind, strerror(-res));
	return res;
}

int main(int argc, char **argv)
{
	const char *kind;
	int failed = 0;

	if (argc != 2) {
		fprintf(stderr, "made-report FOLDER\n");
		return 2;
	}
	for (unsigned i = 0; (kind = made_up_kind(i)); i++)
		failed |= make(argv[1], kind) < 0;
	return failed;
}
