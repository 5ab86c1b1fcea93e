/* SPDX-License-Identifier: MIT */
#include "helper.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READY_MS 10000
#define ANSWER_MS 10000
#define STOP_MS 3000
#define MAX_ARGS 32

#ifndef LEAT_SIG_JACK
#define LEAT_SIG_JACK "leat-sig-jack"
#endif
#ifndef LEAT_SIG_TONE
#define LEAT_SIG_TONE "leat-sig-tone"
#endif
#ifndef LEAT_SIG_PW
#define LEAT_SIG_PW "leat-sig-pw"
#endif

const char *sig_jack_path(void)
{
	const char *path = getenv("LEAT_SIG_JACK");

	return path ? path : LEAT_SIG_JACK;
}

const char *sig_pw_path(void)
{
	const char *path = getenv("LEAT_SIG_PW");

	return path ? path : LEAT_SIG_PW;
}

int helper_start(struct helper *helper, const struct sandbox *sandbox,
		 const char *name, const char *const *argv,
		 const char *const *env)
{
	char log[256];
	char line[256];
	char file[80];
	struct proc_options options = { .env = env, .piped = true };
	int res;

	snprintf(helper->name, sizeof(helper->name), "%s", name);
	snprintf(file, sizeof(file), "%s.log", helper->name);
	options.log = sandbox_path(sandbox, file, log, sizeof(log));
	res = proc_start(&helper->proc, argv, &options);
	if (res < 0)
		return res;
	res = proc_read_line(&helper->proc, line, sizeof(line), READY_MS);
	if (res >= 0 && strncmp(line, "ready ", 6) == 0)
		return 0;
	proc_kill(&helper->proc);
	sandbox_show(sandbox, file);
	return res < 0 ? res : -EPROTO;
}

struct args {
	const char *argv[MAX_ARGS + 1];
	int n;
};

static void add_arg(struct args *args, const char *arg)
{
	if (args->n < MAX_ARGS)
		args->argv[args->n++] = arg;
}

static void add_args(struct args *args, va_list list)
{
	for (const char *arg = va_arg(list, const char *); arg;
	     arg = va_arg(list, const char *))
		add_arg(args, arg);
}

int sig_jack_start(struct helper *helper, const struct sandbox *sandbox,
		   const char *server_name, const char *name, ...)
{
	struct args args = { .n = 0 };
	va_list list;

	add_arg(&args, sig_jack_path());
	if (server_name) {
		add_arg(&args, "--server");
		add_arg(&args, server_name);
	}
	add_arg(&args, "--name");
	add_arg(&args, name);
	va_start(list, name);
	add_args(&args, list);
	va_end(list);
	return helper_start(helper, sandbox, name, args.argv, NULL);
}

int sig_tone_start(struct helper *helper, const struct sandbox *sandbox,
		   const char *server_name, const char *name)
{
	const char *const argv[] = {
		LEAT_SIG_TONE, "--name", name, server_name ? "--server" : NULL,
		server_name,   NULL
	};

	return helper_start(helper, sandbox, name, argv, NULL);
}

int sig_pw_start(struct helper *helper, const struct sandbox *sandbox,
		 const char *name, ...)
{
	struct args args = { .n = 0 };
	va_list list;

	add_arg(&args, sig_pw_path());
	add_arg(&args, "--name");
	add_arg(&args, name);
	va_start(list, name);
	add_args(&args, list);
	va_end(list);
	return helper_start(helper, sandbox, name, args.argv, NULL);
}

__attribute__((format(printf, 2, 0))) static int
send_line(struct helper *helper, const char *format, va_list args)
{
	char line[1024];
	int n = vsnprintf(line, sizeof(line) - 1, format, args);

	if (n < 0 || (size_t)n >= sizeof(line) - 1)
		return -EMSGSIZE;
	line[n++] = '\n';
	return write(helper->proc.in, line, (size_t)n) == n ? 0 : -EPIPE;
}

/* A report is one line with "="; a list has more before its "ok". */
static bool is_last(const char *line)
{
	return strcmp(line, "ok") == 0 || strncmp(line, "error", 5) == 0 ||
	       strchr(line, '=');
}

static int read_answer(struct helper *helper, char *reply)
{
	long long end_ms = now_ms() + ANSWER_MS;
	size_t used = 0;

	reply[0] = '\0';
	for (;;) {
		char *line = reply + used;
		int n = proc_read_line(&helper->proc, line, HELPER_REPLY - used,
				       (int)(end_ms - now_ms()));

		if (n < 0)
			return n;
		if (strcmp(line, "ok") == 0) {
			line[0] = '\0';
			return 0;
		}
		if (is_last(line))
			return strchr(line, '=') ? 0 : -EPROTO;
		used += (size_t)n;
		reply[used++] = '\n';
	}
}

__attribute__((format(printf, 3, 0))) static int
ask(struct helper *helper, char *reply, const char *format, va_list args)
{
	int res = send_line(helper, format, args);

	reply[0] = '\0';
	return res < 0 ? res : read_answer(helper, reply);
}

int helper_ask(struct helper *helper, char reply[HELPER_REPLY],
	       const char *format, ...)
{
	va_list args;
	int res;

	va_start(args, format);
	res = ask(helper, reply, format, args);
	va_end(args);
	return res;
}

int helper_tell(struct helper *helper, const char *format, ...)
{
	char reply[HELPER_REPLY];
	va_list args;
	int res;

	va_start(args, format);
	res = ask(helper, reply, format, args);
	va_end(args);
	if (res < 0)
		fprintf(stderr, "%s: %s: %s (%s)\n", helper->name, format,
			reply, strerror(-res));
	return res;
}

const char *helper_text(const char *reply, const char *key, char *text,
			size_t size_bytes)
{
	size_t length = strlen(key);
	const char *at = reply;

	text[0] = '\0';
	while (at && (strncmp(at, key, length) != 0 || at[length] != '=')) {
		at = strchr(at, ' ');
		at = at ? at + 1 : NULL;
	}
	if (at)
		snprintf(text, size_bytes, "%.*s",
			 (int)strcspn(at + length + 1, " \n"), at + length + 1);
	return text;
}

int64_t helper_value(const char *reply, const char *key)
{
	char text[64];

	helper_text(reply, key, text, sizeof(text));
	return text[0] ? strtoll(text, NULL, 10) : INT64_MIN;
}

int helper_stop(struct helper *helper)
{
	if (proc_is_running(&helper->proc)) {
		if (write(helper->proc.in, "quit\n", 5) == 5)
			proc_wait(&helper->proc, STOP_MS);
	}
	return proc_stop(&helper->proc, STOP_MS);
}
