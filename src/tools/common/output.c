/* SPDX-License-Identifier: MIT */
#include "output.h"

#include "cli/log.h"

#include <leat/link.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool leat_output_open(void)
{
	bool closed = fcntl(STDOUT_FILENO, F_GETFD) < 0;
	int fd;

	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
	if (closed)
		leat_log("standard output is closed: give it a place to "
			 "write to");
	return !closed;
}

bool leat_output_close(void)
{
	bool failed = ferror(stdout) != 0;

	errno = 0;
	if (fclose(stdout) == 0 && !failed)
		return true;
	leat_log("cannot write to standard output: %s",
		 errno ? leat_errno_text(errno) : "write error");
	return false;
}
