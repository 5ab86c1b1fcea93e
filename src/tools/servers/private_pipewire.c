/* SPDX-License-Identifier: MIT */
#include "private_pipewire.h"

#include "tools/common/find.h"

#include <leat/link.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONFIG_NAME "pipewire-private.conf"

/* PipeWire's own limits of a quantum. */
#define QUANTUM_MIN 16u
#define QUANTUM_MAX 8192u

/* ---- the configuration ---- */

static bool readable(char path[PATH_MAX], const char *folder)
{
	int n = snprintf(path, PATH_MAX, "%s/" CONFIG_NAME, folder);

	return n > 0 && n < PATH_MAX && access(path, R_OK) == 0;
}

/* Where it was given, beside this program in a build tree, as installed. */
static bool find_template(char path[PATH_MAX])
{
	const char *given = getenv("LEAT_DATA_DIR");
	char own[PATH_MAX];

	if (given && given[0] && readable(path, given))
		return true;
	if (leat_find_own_folder(own, sizeof(own)) && readable(path, own))
		return true;
	return readable(path, LEAT_DATA_DIR);
}

int leat_private_pipewire_find(struct leat_private_pipewire *pipewire,
			       struct leat_console *console)
{
	bool found = leat_find_program("pipewire", pipewire->path,
				       sizeof(pipewire->path));

	if (found && find_template(pipewire->template_path))
		return 0;
	if (found)
		leat_console_log(console,
				 CONFIG_NAME " is missing: install leat again, "
					     "or set LEAT_DATA_DIR to the "
					     "folder it is in");
	else
		leat_console_log(console,
				 "no PipeWire daemon runs and pipewire is not "
				 "installed: install it (Debian package "
				 "pipewire)");
	return 1;
}

/* Copy a line, with @RATE@ and @QUANTUM@ replaced by their numbers. */
static void copy_line(FILE *to, const char *line, uint32_t rate_hz,
		      uint32_t quantum)
{
	const char *at;

	while ((at = strchr(line, '@'))) {
		fprintf(to, "%.*s", (int)(at - line), line);
		if (strncmp(at, "@RATE@", 6) == 0) {
			fprintf(to, "%u", rate_hz);
			line = at + 6;
		} else if (strncmp(at, "@QUANTUM@", 9) == 0) {
			fprintf(to, "%u", quantum);
			line = at + 9;
		} else {
			fputc('@', to);
			line = at + 1;
		}
	}
	fputs(line, to);
}

static int write_config(struct leat_private_pipewire *pipewire,
			struct leat_error *error, uint32_t rate_hz,
			uint32_t quantum)
{
	FILE *from = fopen(pipewire->template_path, "re");
	FILE *to = NULL;
	char line[512];
	int failed;

	if (!from) {
		snprintf(error->text, sizeof(error->text),
			 "cannot read %.300s: %s", pipewire->template_path,
			 leat_errno_text(errno));
		return -EIO;
	}
	snprintf(pipewire->config, sizeof(pipewire->config), "%s/leat.conf",
		 pipewire->dir.path);
	to = fopen(pipewire->config, "we");
	while (to && fgets(line, sizeof(line), from))
		copy_line(to, line, rate_hz, quantum);
	fclose(from);
	failed = !to || ferror(to);
	if (to && fclose(to) != 0)
		failed = 1;
	if (!failed)
		return 0;
	snprintf(error->text, sizeof(error->text), "cannot write %s: %s",
		 pipewire->config, leat_errno_text(errno));
	return -EIO;
}

/* ---- the daemon ---- */

/* The variables below would have the daemon be another than it is here. */
static const char *const not_for_daemon[] = {
	"PIPEWIRE_CONFIG_NAME", "PIPEWIRE_CONFIG_PREFIX", "PIPEWIRE_CORE",
	"PIPEWIRE_DAEMON",	"PIPEWIRE_REMOTE",
};

static void set_command(struct leat_private_pipewire *pipewire)
{
	struct leat_command *command = &pipewire->service.command;

	leat_command_init(command, pipewire->path, "pipewire");
	leat_command_add(command, "-c");
	leat_command_add(command, pipewire->config);
	leat_command_add_env(command, pipewire->runtime);
	leat_command_add_env(command, pipewire->xdg_runtime);
	for (size_t i = 0;
	     i < sizeof(not_for_daemon) / sizeof(not_for_daemon[0]); i++)
		leat_command_add_env(command, not_for_daemon[i]);
}

void leat_private_pipewire_env(struct leat_private_pipewire *pipewire,
			       struct leat_command *command)
{
	/* libpipewire looks there before it looks in XDG_RUNTIME_DIR. */
	leat_command_add_env(command, pipewire->runtime);
	leat_command_add_env(command, "PIPEWIRE_REMOTE");
}

static int prepare(struct leat_private_pipewire *pipewire,
		   struct leat_error *error, uint32_t rate_hz, uint32_t quantum)
{
	int res = leat_private_dir_create(&pipewire->dir, error);

	if (res < 0)
		return res;
	snprintf(pipewire->runtime, sizeof(pipewire->runtime),
		 "PIPEWIRE_RUNTIME_DIR=%s", pipewire->dir.path);
	snprintf(pipewire->xdg_runtime, sizeof(pipewire->xdg_runtime),
		 "XDG_RUNTIME_DIR=%s", pipewire->dir.path);
	if (quantum < QUANTUM_MIN)
		quantum = QUANTUM_MIN;
	if (quantum > QUANTUM_MAX)
		quantum = QUANTUM_MAX;
	return write_config(pipewire, error, rate_hz, quantum);
}

int leat_private_pipewire_start(struct leat_private_pipewire *pipewire,
				struct leat_loop *loop,
				struct leat_console *console, uint32_t rate_hz,
				uint32_t quantum)
{
	struct leat_error error;

	if (prepare(pipewire, &error, rate_hz, quantum) < 0) {
		leat_console_log(console, "%s", error.text);
		return 1;
	}
	if (leat_service_init(&pipewire->service, "the private PipeWire daemon",
			      loop, console) < 0)
		return 1;
	pipewire->service.keep_output = true;
	set_command(pipewire);
	return leat_service_start(&pipewire->service) < 0 ? 1 : 0;
}

void leat_private_pipewire_clean(struct leat_private_pipewire *pipewire)
{
	leat_private_dir_remove(&pipewire->dir);
}
