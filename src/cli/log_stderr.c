/* SPDX-License-Identifier: MIT */
#include "log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Who speaks: the program, or a part of one. */
#ifndef LEAT_LOG_NAME
#define LEAT_LOG_NAME program_invocation_short_name
#endif

/* systemd.exec(5): the device and the inode of the journal's socket. */
bool leat_log_to_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	uintmax_t device, inode;
	struct stat st;

	return stream && sscanf(stream, "%ju:%ju", &device, &inode) == 2 &&
	       fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device &&
	       st.st_ino == inode;
}

/* One write, so that lines of several processes do not mix. */
void leat_log_write(enum leat_log_level level, const char *line,
		    const char *more)
{
	char text[LEAT_LOG_LINE_BYTES + 512], priority[8] = "";
	int n;

	if (leat_log_to_journal())
		snprintf(priority, sizeof(priority), "<%d>", level);
	n = snprintf(text, sizeof(text), "%s%s: %s%s\n", priority,
		     LEAT_LOG_NAME, line, more);
	if (n < 0)
		return;
	/* Nobody is called as long as that, but on purpose. */
	if ((size_t)n >= sizeof(text))
		n = sizeof(text) - 1;
	if (write(STDERR_FILENO, text, (size_t)n) < 0) {
		/* There is nobody left to be told. */
	}
}
