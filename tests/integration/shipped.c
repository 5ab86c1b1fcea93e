/* SPDX-License-Identifier: MIT */
#include "shipped.h"

#include "proc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void shipped_make_dirs(const struct sandbox *sandbox)
{
	static const char *const dirs[] = {
		".config", ".config/pipewire",
		".config/pipewire/pipewire.conf.d"
	};
	char path[128];

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		mkdir(sandbox_path(sandbox, dirs[i], path, sizeof(path)), 0700);
}

static FILE *open_shipped(const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", getenv("LEAT_DATA_DIR"), name);
	return fopen(path, "re");
}

/* A remark's sign before a setting is for users to take it away; text has one
 * blank behind it. */
static bool is_setting(const char *at)
{
	return at[0] == '#' && (at[1] != ' ' || at[2] == ' ');
}

bool shipped_copy(const struct sandbox *sandbox, const char *name,
		  const char *to, bool all)
{
	char line[512], text[16384] = "";
	FILE *file = open_shipped(name);

	while (file && fgets(line, sizeof(line), file)) {
		char *at = line + strspn(line, " ");

		if (all && at > line && is_setting(at))
			*at = ' ';
		strncat(text, line, sizeof(text) - strlen(text) - 1);
	}
	if (!file)
		return false;
	fclose(file);
	return sandbox_write(sandbox, to, text) == 0;
}

bool shipped_daemon_config(const struct sandbox *sandbox)
{
	char from[128], text[16384] = "";
	FILE *file = fopen(
		sandbox_path(sandbox, "pipewire-test.conf", from, sizeof(from)),
		"re");

	if (!file)
		return false;
	text[fread(text, 1, sizeof(text) - 1, file)] = 0;
	fclose(file);
	return sandbox_write(sandbox, ".config/pipewire/pipewire.conf", text) ==
	       0;
}

bool shipped_start(const struct sandbox *sandbox, struct proc *proc,
		   const char *config, const char *log)
{
	const char *const argv[] = { "pipewire", config ? "-c" : NULL, config,
				     NULL };
	char path[128];
	struct proc_options options = {
		.log = sandbox_path(sandbox, log, path, sizeof(path)),
		.merged = true,
	};

	return proc_start(proc, argv, &options) == 0;
}

bool shipped_modules(const char *name, char *text, size_t size_bytes)
{
	static const char begin[] = "context.modules = [\n";
	FILE *file = open_shipped(name);
	size_t n = file ? fread(text, 1, size_bytes - 1, file) : 0;
	char *from, *end;

	if (file)
		fclose(file);
	text[n] = 0;
	from = strstr(text, begin);
	end = strrchr(text, ']');
	if (!from || !end || n == size_bytes - 1)
		return false;
	*end = 0;
	from += strlen(begin);
	memmove(text, from, strlen(from) + 1);
	return true;
}

void shipped_replace(char *text, size_t size_bytes, const char *from,
		     const char *to)
{
	for (char *at = strstr(text, from); at;
	     at = strstr(at + strlen(to), from)) {
		if (strlen(text) + strlen(to) >= size_bytes + strlen(from))
			return;
		memmove(at + strlen(to), at + strlen(from),
			strlen(at + strlen(from)) + 1);
		memcpy(at, to, strlen(to));
	}
}
