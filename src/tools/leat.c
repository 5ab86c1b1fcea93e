/* SPDX-License-Identifier: MIT */
/* The front door: `leat VERB` runs `leat-VERB`. */
#include "verbs.h"

#include "cli/log.h"
#include "cli/options.h"
#include "tools/common/find.h"
#include "tools/common/output.h"

#include <leat/link.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int print_help(void)
{
	struct leat_verbs verbs;

	leat_verbs_find(&verbs);
	puts("Usage: leat VERB [OPTION...] [ARGUMENT...]\n"
	     "       leat help [VERB]\n"
	     "       leat --version\n\n"
	     "Bridges JACK and PipeWire.\n");
	puts(verbs.n_verbs > 0 ? "Verbs:" : "No verbs are found.");
	for (unsigned i = 0; i < verbs.n_verbs; i++)
		printf("  %-10s %s\n", verbs.name[i],
		       leat_verb_summary(verbs.name[i]));
	puts("\nTo begin with: leat up");
	return leat_output_close() ? 0 : LEAT_EXIT_FAILED;
}

static int print_version(void)
{
	printf("leat %s\n", LEAT_VERSION);
	return leat_output_close() ? 0 : LEAT_EXIT_FAILED;
}

static int unknown_verb(const char *verb)
{
	struct leat_verbs verbs;
	const char *nearest;

	leat_verbs_find(&verbs);
	nearest = leat_verbs_nearest(&verbs, verb);
	if (nearest)
		leat_log("there is no verb '%s': did you mean 'leat %s'?", verb,
			 nearest);
	else
		leat_log("there is no verb '%s': 'leat help' lists them", verb);
	return LEAT_EXIT_USAGE;
}

static int run(const char *verb, char **argv)
{
	char name[NAME_MAX], path[PATH_MAX];
	int n = snprintf(name, sizeof(name), "leat-%s", verb);

	if (n < 0 || (size_t)n >= sizeof(name) || strchr(verb, '/') ||
	    !leat_find_program(name, path, sizeof(path)))
		return unknown_verb(verb);
	argv[0] = name;
	execv(path, argv);
	leat_log("cannot run %s: %s", path, leat_errno_text(errno));
	return LEAT_EXIT_FAILED;
}

static void silence(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (fd >= 0) {
		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
	}
}

/* Ask man where the page is: it may be missing, and so may man. */
static bool has_page(const char *page)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		silence();
		execlp("man", "man", "-w", page, NULL);
		_exit(127);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid &&
	       WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static int help_on(const char *verb)
{
	char page[NAME_MAX], path[PATH_MAX], help[] = "--help";
	char *argv[] = { NULL, help, NULL };
	int n = snprintf(page, sizeof(page), "leat-%s", verb);

	if (n < 0 || (size_t)n >= sizeof(page) || strchr(verb, '/') ||
	    !leat_find_program(page, path, sizeof(path)))
		return unknown_verb(verb);
	if (has_page(page))
		execlp("man", "man", page, NULL);
	return run(verb, argv);
}

static int help(int argc, char **argv)
{
	if (argc > 3) {
		leat_log("too many arguments: 'leat help' takes one verb");
		return LEAT_EXIT_USAGE;
	}
	return argc == 3 ? help_on(argv[2]) : print_help();
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	if (!leat_output_open())
		return LEAT_EXIT_FAILED;
	if (strcmp(verb, "help") == 0)
		return help(argc, argv);
	if (strcmp(verb, "--help") == 0 || strcmp(verb, "-?") == 0 ||
	    strcmp(verb, "-h") == 0)
		return print_help();
	if (strcmp(verb, "--version") == 0 || strcmp(verb, "-V") == 0)
		return print_version();
	if (verb[0] && verb[0] != '-')
		return run(verb, argv + 1);
	if (verb[0])
		leat_log("there is no option '%s': 'leat help' lists what "
			 "there is",
			 verb);
	else
		leat_log("say what to do: 'leat up' bridges JACK and "
			 "PipeWire, 'leat help' lists the rest");
	return LEAT_EXIT_USAGE;
}
