/* SPDX-License-Identifier: MIT */
#include "finding.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct leat_finding *leat_finding_add(struct leat_report *report,
				      const char *name, const char *why)
{
	struct leat_finding *finding = &report->finding[report->n_findings];

	assert(report->n_findings < LEAT_FINDINGS_MAX);
	report->n_findings++;
	memset(finding, 0, sizeof(*finding));
	finding->name = name;
	finding->why = why;
	return finding;
}

void leat_finding_set(struct leat_finding *finding, enum leat_verdict verdict,
		      const char *format, ...)
{
	va_list args;

	finding->verdict = verdict;
	va_start(args, format);
	vsnprintf(finding->what, sizeof(finding->what), format, args);
	va_end(args);
}

/* A command that is cut would be another command: rather none. */
void leat_finding_cure(struct leat_finding *finding, const char *format, ...)
{
	size_t used = strlen(finding->cure);
	size_t room = sizeof(finding->cure) - used;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(finding->cure + used, room, format, args);
	va_end(args);
	if (n < 0 || (size_t)n + 2 > room)
		finding->cure[used] = 0;
	else
		strcpy(finding->cure + used + n, "\n");
}

const char *leat_verdict_name(enum leat_verdict verdict)
{
	static const char *const names[] = {
		[LEAT_VERDICT_UNKNOWN] = "unknown",
		[LEAT_VERDICT_OK] = "ok",
		[LEAT_VERDICT_WARN] = "warn",
		[LEAT_VERDICT_FAIL] = "fail",
	};

	return names[verdict];
}

unsigned leat_report_count(const struct leat_report *report,
			   enum leat_verdict verdict)
{
	unsigned n = 0;

	for (unsigned i = 0; i < report->n_findings; i++)
		n += report->finding[i].verdict == verdict;
	return n;
}
