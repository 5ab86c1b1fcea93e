/* SPDX-License-Identifier: MIT */
/* The JSON names are a promise: data/man/leat-doctor.1 has them. */
#include "print.h"

#include "tools/common/json.h"

#include <string.h>

static void print_member(FILE *file, const char *name, const char *text)
{
	fprintf(file, "\"%s\":", name);
	leat_json_string(file, text);
	fputc(',', file);
}

static void print_cure(FILE *file, const char *cure)
{
	char command[LEAT_CURE_BYTES];
	bool first = true;

	fputs("\"cure\":[", file);
	while (*cure) {
		size_t n = strcspn(cure, "\n");

		memcpy(command, cure, n);
		command[n] = 0;
		if (!first)
			fputc(',', file);
		leat_json_string(file, command);
		first = false;
		cure += n + (cure[n] == '\n');
	}
	fputc(']', file);
}

void leat_report_print_json(FILE *file, const struct leat_report *report)
{
	static const enum leat_verdict verdicts[] = {
		LEAT_VERDICT_OK,
		LEAT_VERDICT_WARN,
		LEAT_VERDICT_FAIL,
		LEAT_VERDICT_UNKNOWN,
	};

	fputc('{', file);
	for (int i = 0; i < 4; i++)
		fprintf(file, "\"%s\":%u,", leat_verdict_name(verdicts[i]),
			leat_report_count(report, verdicts[i]));
	fputs("\"checks\":[", file);
	for (unsigned i = 0; i < report->n_findings; i++) {
		const struct leat_finding *finding = &report->finding[i];

		fputs(i > 0 ? ",{" : "{", file);
		print_member(file, "name", finding->name);
		print_member(file, "verdict",
			     leat_verdict_name(finding->verdict));
		print_member(file, "what", finding->what);
		print_member(file, "why", finding->why);
		print_cure(file, finding->cure);
		fputc('}', file);
	}
	fputs("]}\n", file);
}
