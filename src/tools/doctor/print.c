/* SPDX-License-Identifier: MIT */
#include "print.h"

#include <string.h>

/* Where the text begins, behind the verdict and the name. */
#define NAME_COLUMN 8
#define TEXT_COLUMN 27

/* Attributes of ECMA-48: bold, in a colour. */
static const char *colour_of(enum leat_verdict verdict)
{
	static const char *const colours[] = {
		[LEAT_VERDICT_UNKNOWN] = "\033[1;36m",
		[LEAT_VERDICT_OK] = "\033[1;32m",
		[LEAT_VERDICT_WARN] = "\033[1;33m",
		[LEAT_VERDICT_FAIL] = "\033[1;31m",
	};

	return colours[verdict];
}

/* A name from another process may hold anything; a terminal obeys some. */
static void print_safely(FILE *file, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];

		fputc(c < 0x20 || c == 0x7f ? '?' : c, file);
	}
}

/* Words that begin in one column, and go on in it in the next line. */
static void print_wrapped(FILE *file, const char *text, unsigned column,
			  unsigned n_columns)
{
	unsigned at = column;

	while (*text) {
		size_t n = strcspn(text, " ");

		if (at > column && at + 1 + n > n_columns) {
			fprintf(file, "\n%*s", (int)column, "");
			at = column;
		} else if (at > column) {
			fputc(' ', file);
			at++;
		}
		print_safely(file, text, n);
		at += (unsigned)n;
		text += n;
		text += strspn(text, " ");
	}
	fputc('\n', file);
}

static void print_cure(FILE *file, const char *cure)
{
	const char *label = "cure";

	while (*cure) {
		size_t n = strcspn(cure, "\n");

		fprintf(file, "%*s%-6s", NAME_COLUMN, "", label);
		print_safely(file, cure, n);
		fputc('\n', file);
		cure += n + (cure[n] == '\n');
		label = "";
	}
}

static void print_finding(FILE *file, const struct leat_finding *finding,
			  unsigned n_columns, bool colour)
{
	fprintf(file, "%s%-*s%s%-*s", colour ? colour_of(finding->verdict) : "",
		NAME_COLUMN, leat_verdict_name(finding->verdict),
		colour ? "\033[0m" : "", TEXT_COLUMN - NAME_COLUMN,
		finding->name);
	print_wrapped(file,
		      finding->what[0] ? finding->what
				       : "the system does not tell",
		      TEXT_COLUMN, n_columns);
	fprintf(file, "%*s%-6s", NAME_COLUMN, "", "why");
	print_wrapped(file, finding->why, NAME_COLUMN + 6, n_columns);
	print_cure(file, finding->cure);
}

void leat_report_print(FILE *file, const struct leat_report *report,
		       unsigned n_columns, bool colour)
{
	for (unsigned i = 0; i < report->n_findings; i++)
		print_finding(file, &report->finding[i], n_columns, colour);
	fprintf(file, "\n%u ok, %u warn, %u fail, %u unknown\n",
		leat_report_count(report, LEAT_VERDICT_OK),
		leat_report_count(report, LEAT_VERDICT_WARN),
		leat_report_count(report, LEAT_VERDICT_FAIL),
		leat_report_count(report, LEAT_VERDICT_UNKNOWN));
}
