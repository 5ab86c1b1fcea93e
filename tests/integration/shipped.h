/* SPDX-License-Identifier: MIT */
/** The files of data/pipewire/, as a user would put them into place. */
#ifndef TEST_SHIPPED_H
#define TEST_SHIPPED_H

#include "sandbox.h"

#include <stdbool.h>
#include <stddef.h>

/** The folders that a daemon in the sandbox reads. */
void shipped_make_dirs(const struct sandbox *sandbox);

/** A file as it is, or with all settings that its remarks have. */
bool shipped_copy(const struct sandbox *sandbox, const char *name,
		  const char *to, bool all);

/** What the daemon of the sandbox was started with, where it is found alone. */
bool shipped_daemon_config(const struct sandbox *sandbox);

/** Start pipewire, with -c or without (NULL), with its output in a log. */
struct proc;
bool shipped_start(const struct sandbox *sandbox, struct proc *proc,
		   const char *config, const char *log);

/** What a file has between the brackets of context.modules; false: it is cut. */
bool shipped_modules(const char *name, char *text, size_t size_bytes);

/** Put another text in place of each of these. */
void shipped_replace(char *text, size_t size_bytes, const char *from,
		     const char *to);

#endif
