/* SPDX-License-Identifier: MIT */
#include "sentences.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define FILE_ERRORS ENOMEM, EACCES
#define MAKE_FILE_ERRORS EACCES, ENOSPC, EROFS, EDQUOT, ENOMEM
#define DESCRIPTOR_ERRORS EMFILE, ENFILE, ENOMEM

static const struct {
	const char *call;
	int errors[ERRORS_MAX];
} table[] = {
	{ "accept4", { EMFILE, ENFILE, ENOBUFS, ENOMEM, ECONNABORTED, EINTR } },
	{ "access", { FILE_ERRORS } },
	{ "aligned_alloc", { ENOMEM } },
	{ "bind", { EACCES, ENOSPC, EROFS, EADDRINUSE, ENOMEM } },
	{ "calloc", { ENOMEM } },
	{ "close", { EINTR, EIO } },
	{ "connect", { EACCES, EAGAIN, ECONNREFUSED, ENOENT, EINTR } },
	{ "dprintf", { ENOSPC, EIO, EDQUOT } },
	{ "dup", { EMFILE } },
	{ "dup2", { EBUSY } },
	{ "epoll_create1", { DESCRIPTOR_ERRORS } },
	{ "epoll_ctl", { ENOMEM, ENOSPC } },
	{ "epoll_wait", { EINTR } },
	{ "eventfd", { DESCRIPTOR_ERRORS, ENODEV } },
	{ "eventfd_read", { EAGAIN } },
	{ "eventfd_write", { EAGAIN } },
	{ "execv", { EACCES, ENOMEM, ENOENT, EMFILE } },
	{ "faccessat", { FILE_ERRORS } },
	{ "fclose", { ENOSPC, EIO } },
	{ "fcntl64 (F_ADD_SEALS)", { EBUSY, EPERM } },
	{ "fcntl64 (F_DUPFD)", { EMFILE } },
	/* Of what is asked for only: it fails where there is no such thing. */
	{ "fcntl64", { 0 } },
	{ "fdopendir", { ENOMEM } },
	{ "flock", { ENOLCK, EINTR, EWOULDBLOCK } },
	{ "fopen64", { DESCRIPTOR_ERRORS, EACCES, ENOSPC } },
	{ "fork", { EAGAIN, ENOMEM } },
	{ "fstat64", { ENOMEM } },
	{ "fstatat64", { FILE_ERRORS } },
	{ "fstatfs64", { EINTR, EIO, ENOMEM } },
	{ "ftruncate64", { EINTR, EIO, ENOSPC, EFBIG } },
	{ "getsockopt", { ENOBUFS } },
	{ "listen", { EADDRINUSE } },
	{ "lstat64", { FILE_ERRORS } },
	{ "madvise", { ENOMEM, EAGAIN, EINVAL } },
	{ "malloc", { ENOMEM } },
	{ "memfd_create", { DESCRIPTOR_ERRORS } },
	{ "mkdir", { MAKE_FILE_ERRORS } },
	{ "mkdtemp", { MAKE_FILE_ERRORS } },
	{ "mlock", { ENOMEM, EPERM, EAGAIN } },
	{ "mmap64", { ENOMEM, EAGAIN, EPERM } },
	{ "open64", { EMFILE, ENFILE, EACCES, ENOSPC, EROFS, EINTR, ENOMEM } },
	{ "openat64", { EMFILE, ENFILE, EACCES, ENOMEM } },
	{ "opendir", { DESCRIPTOR_ERRORS, EACCES } },
	{ "pidfd_open", { DESCRIPTOR_ERRORS, ENODEV } },
	{ "pipe2", { EMFILE, ENFILE } },
	{ "poll", { EINTR, ENOMEM } },
	{ "ppoll", { EINTR, ENOMEM } },
	{ "prctl", { EINVAL } },
	{ "read", { EINTR } },
	{ "readlink", { EACCES, ENOMEM } },
	{ "recv", { EAGAIN, EINTR, ENOMEM } },
	{ "recvmsg", { EINTR, ENOMEM, ECONNRESET } },
	{ "rmdir", { EBUSY } },
	{ "scandir64", { EMFILE, ENOMEM, EACCES } },
	/* Not EAGAIN: who reads a full one is awake. */
	{ "send", { EINTR, ENOBUFS, ENOMEM } },
	{ "sendmsg", { ENOBUFS, ENOMEM, EAGAIN, EINTR, ETOOMANYREFS } },
	{ "setenv", { ENOMEM } },
	{ "setpgid", { EPERM } },
	{ "setsockopt", { ENOMEM, ENOBUFS } },
	{ "shutdown", { ENOTCONN } },
	{ "signalfd", { DESCRIPTOR_ERRORS, ENODEV } },
	{ "socket", { EMFILE, ENFILE, ENOBUFS, EACCES } },
	{ "socketpair", { DESCRIPTOR_ERRORS } },
	{ "stat64", { FILE_ERRORS } },
	{ "syscall", { EMFILE, ENFILE, ENODEV, ENOSYS, ESRCH } },
	{ "timerfd_create", { DESCRIPTOR_ERRORS, ENODEV } },
	{ "timerfd_settime", { ECANCELED } },
	{ "unlink", { EACCES, EROFS, EBUSY } },
	{ "unlinkat", { EACCES, EROFS, EBUSY } },
	{ "usleep", { EINTR } },
	{ "waitid", { EINTR } },
	{ "write", { EAGAIN, EINTR, EIO } },
	{ "pw_main_loop_new", { EMFILE, ENOMEM } },
	{ "pw_context_new", { EMFILE, ENOMEM, ENOENT } },
	{ "pw_context_connect", { EHOSTDOWN, EMFILE, ENOMEM, EACCES } },
	{ "pw_loop_add_io", { EMFILE, ENOMEM } },
	{ "pw_loop_add_event", { EMFILE, ENOMEM } },
	{ "pw_loop_add_timer", { EMFILE, ENOMEM } },
	{ "pw_loop_add_signal", { EMFILE, ENOMEM } },
	{ "pw_properties_new", { ENOMEM } },
	{ "pw_proxy_new", { ENOMEM } },
	{ "pw_stream_new", { ENOMEM } },
	{ "pw_stream_connect", { ENOMEM, EIO } },
	{ "pw_stream_update_params", { ENOMEM, EIO } },
};

const int *errors_of(const char *call)
{
	static const int of_jack[] = { EIO, 0 };

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(table[i].call, call) == 0)
			return table[i].errors;
	/* libjack's functions say nothing of why. */
	return strncmp(call, "jack_", 5) == 0 ? of_jack : NULL;
}

bool may_leave_lock(const char *call)
{
	return strcmp(call, "flock") == 0 || strcmp(call, "fstat64") == 0 ||
	       strcmp(call, "stat64") == 0;
}

bool is_passing(const char *call, int error)
{
	/* The realtime thread tries again the next time, and cannot speak. */
	return strcmp(call, "send") == 0 || error == EINTR || error == EAGAIN ||
	       error == ECONNABORTED || error == ECONNRESET || error == EBUSY;
}

/* What to do about it, or else what it is. */
static const char *cure_of(const char *call, int error)
{
	if (strcmp(call, "pw_context_connect") == 0 && error == EHOSTDOWN)
		return "start one";
	if (strcmp(call, "connect") == 0 &&
	    (error == ENOENT || error == ECONNREFUSED))
		return "waiting for leat-jack|there is no link";
	/* Of files that are looked for in one folder after the other. */
	if (strcmp(call, "access") == 0 || strcmp(call, "faccessat") == 0 ||
	    strcmp(call, "stat64") == 0 || strcmp(call, "readlink") == 0)
		return "memory|Permission denied|not installed|no verb|is "
		       "missing";
	if (error == EAGAIN &&
	    (strcmp(call, "mmap64") == 0 || strcmp(call, "madvise") == 0))
		return "memory";
	/* What is asked of a peer's descriptor. */
	if (strcmp(call, "getsockopt") == 0)
		return "memory|broke the link's protocol";
	if (strcmp(call, "flock") == 0 && error == EWOULDBLOCK)
		return "stop that one";
	if (strcmp(call, "mlock") == 0)
		return "ulimit -l";
	switch (error) {
	case EMFILE:
		return "ulimit -n";
	case ENFILE:
		return "fs.file-max";
	case ENOMEM:
	case ENOBUFS:
		return "memory";
	case ENOSPC:
		return "space";
	case EDQUOT:
		return "quota";
	case EROFS:
		return "read-only";
	case EAGAIN:
		return "Resource temporarily unavailable|does not answer";
	default:
		return strerror(error);
	}
}

/* What a call is about, as a user would know it; NULL: it has no name. */
static const char *subject_of(const char *call)
{
	static const char *const subjects[][2] = {
		{ "bind", "listen" },
		{ "dprintf", "write" },
		{ "epoll_create1", "epoll|event" },
		{ "epoll_ctl", "watch|join|event|timer|start|run" },
		{ "eventfd", "event|join|nodes" },
		{ "fcntl64 (F_ADD_SEALS)", "memory" },
		{ "flock", "lock|bridged|folder" },
		{ "fork", "start|run" },
		{ "ftruncate64", "memory|write" },
		{ "jack_", "JACK" },
		{ "listen", "listen" },
		{ "memfd_create", "memory" },
		{ "mkdir", "create" },
		{ "mkdtemp", "create" },
		{ "mlock", "memory" },
		{ "mmap64", "memory|ask" },
		{ "pw_", "PipeWire" },
		{ "signalfd", "event" },
		{ "socketpair", "signal" },
		{ "socket", "socket|listen|ask" },
		{ "timerfd_create", "timer|start" },
	};

	for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++)
		if (strncmp(call, subjects[i][0], strlen(subjects[i][0])) == 0)
			return subjects[i][1];
	return NULL;
}

/* Whether a sentence has one of the words that '|' is between. */
static bool has_one(const char *sentence, const char *words)
{
	char copy[64], *rest = copy, *word;

	snprintf(copy, sizeof(copy), "%s", words);
	while ((word = strsep(&rest, "|")))
		if (strcasestr(sentence, word))
			return true;
	return false;
}

const char *missing_in(const char *sentence, const char *call, int error)
{
	static char text[128];
	const char *subject = subject_of(call);
	const char *cure = cure_of(call, error);
	bool is_jack = strncmp(call, "jack_", 5) == 0;

	if (strncmp(sentence, "leat", 4) != 0 || !strstr(sentence, ": "))
		return "does not begin with the program's name";
	if (!is_jack && !has_one(sentence, cure))
		snprintf(text, sizeof(text), "does not have '%s'", cure);
	else if (subject && !has_one(sentence, subject))
		snprintf(text, sizeof(text), "does not name '%s'", subject);
	else if (!strpbrk(strstr(sentence, ": ") + 2, ":;"))
		return "says nothing of what to do";
	else
		return NULL;
	return text;
}
