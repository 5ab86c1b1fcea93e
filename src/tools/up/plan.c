/* SPDX-License-Identifier: MIT */
#include "plan.h"

#include "cli/log.h"
#include "cli/options.h"
#include "tools/config/file.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What it is made from. */
struct source {
	const struct leat_up_options *options;
	struct leat_console *console;
	struct leat_plan_why *why;
	struct leat_config_file file;
	struct leat_config config;
};

__attribute__((format(printf, 2, 3))) static void
tell(const struct source *source, const char *format, ...)
{
	char text[sizeof(source->why->text)];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	leat_console_log(source->console, "%s", text);
	if (!source->why->text[0])
		memcpy(source->why->text, text, sizeof(text));
}

/* ---- the file ---- */

static void tell_mistake(void *user, const struct leat_config_mistake *mistake)
{
	struct source *source = user;

	tell(source, "%.200s:%u:%u: %s", source->file.path, mistake->line,
	     mistake->column, mistake->what.text);
}

/* 0, or -EINVAL or -ENOMEM with messages. */
static int read_file(struct source *source)
{
	struct leat_config_listener listener = { tell_mistake, source };
	struct leat_error error;
	int res;

	if (source->options->no_config)
		return 0;
	res = leat_config_file_read(&source->file, source->options->config,
				    &error);
	if (res < 0) {
		tell(source, "%s", error.text);
		return res;
	}
	if (!source->file.path[0])
		return 0;
	res = leat_config_read(&source->config, source->file.text,
			       source->file.n_bytes, &listener);
	if (res == -ENOMEM)
		tell(source, "%s", leat_errno_text(res));
	return res;
}

/* ---- the links ---- */

static int add_link(struct leat_plan *plan, const struct source *source,
		    const char *name)
{
	struct leat_plan_link *link = &plan->link[plan->n_links++];
	const struct leat_config_link *configured =
		leat_config_find(&source->config, name);
	struct leat_error error;
	int res;

	snprintf(link->name, sizeof(link->name), "%s", name);
	res = leat_config_resolve(&source->config, configured, &link->settings);
	if (res == 0)
		res = leat_settings_lay_links(&link->settings,
					      &source->options->settings);
	if (res == 0)
		res = leat_settings_check(&link->settings, "--", &error);
	else
		leat_error_set(&error, res, "%s", leat_errno_text(res));
	if (res < 0)
		tell(source, "%s", error.text);
	return res;
}

static int add_links(struct leat_plan *plan, const struct source *source)
{
	const struct leat_up_options *options = source->options;
	const struct leat_config *config = &source->config;
	int res = 0;

	for (unsigned i = 0; i < options->n_links && res == 0; i++)
		res = add_link(plan, source, options->link[i]);
	if (options->n_links > 0)
		return res;
	for (unsigned i = 0; i < config->n_links && res == 0; i++)
		res = add_link(plan, source, config->link[i].name);
	if (config->n_links == 0)
		res = add_link(plan, source, LEAT_DEFAULT_LINK);
	return res;
}

static int fill(struct leat_plan *plan, const struct source *source)
{
	int res = leat_settings_lay(&plan->settings, &source->config.settings);

	if (res == 0)
		res = leat_settings_lay(&plan->settings,
					&source->options->settings);
	snprintf(plan->path, sizeof(plan->path), "%s", source->file.path);
	return res == 0 ? add_links(plan, source) : res;
}

struct leat_plan *leat_plan_make(const struct leat_up_options *options,
				 struct leat_console *console, int *status,
				 struct leat_plan_why *why)
{
	struct source *source = calloc(1, sizeof(*source));
	struct leat_plan *plan = calloc(1, sizeof(*plan));
	int res = -ENOMEM;

	why->text[0] = 0;
	if (source && plan) {
		source->options = options;
		source->console = console;
		source->why = why;
		res = read_file(source);
		if (res == 0)
			res = fill(plan, source);
		leat_config_file_finish(&source->file);
		leat_config_finish(&source->config);
	} else {
		leat_console_log(console, "cannot read leat.conf: %s",
				 leat_errno_text(ENOMEM));
	}
	free(source);
	*status = res == -EINVAL ? LEAT_EXIT_USAGE : LEAT_EXIT_FAILED;
	if (res == 0)
		return plan;
	leat_plan_destroy(plan);
	return NULL;
}

const struct leat_plan_link *leat_plan_find(const struct leat_plan *plan,
					    const char *name)
{
	for (unsigned i = 0; i < plan->n_links; i++)
		if (strcmp(plan->link[i].name, name) == 0)
			return &plan->link[i];
	return NULL;
}

uint32_t leat_plan_channels(const struct leat_plan *plan)
{
	uint32_t n = 0;

	for (unsigned i = 0; i < plan->n_links; i++)
		n += leat_settings_channels(&plan->link[i].settings);
	return n;
}

void leat_plan_destroy(struct leat_plan *plan)
{
	if (!plan)
		return;
	leat_settings_clear(&plan->settings);
	for (unsigned i = 0; i < plan->n_links; i++)
		leat_settings_clear(&plan->link[i].settings);
	free(plan);
}
