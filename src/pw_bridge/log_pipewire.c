/* SPDX-License-Identifier: MIT */
#include "log_pipewire.h"

#include "cli/log.h"

#include <pipewire/pipewire.h>

#include <stdlib.h>

/* The macro's initializer is of GNU C. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
PW_LOG_TOPIC_STATIC(leat_topic, "mod.leat");
#pragma GCC diagnostic pop

void leat_pw_log_init(void)
{
	PW_LOG_TOPIC_INIT(leat_topic);
}

static enum spa_log_level level_of(enum leat_log_level level)
{
	switch (level) {
	case LEAT_LOG_ERROR:
		return SPA_LOG_LEVEL_ERROR;
	case LEAT_LOG_WARNING:
		return SPA_LOG_LEVEL_WARN;
	default:
		return SPA_LOG_LEVEL_INFO;
	}
}

void leat_log_write(enum leat_log_level level, const char *line,
		    const char *more)
{
	pw_logt(level_of(level), leat_topic, "%s%s", line, more);
}

int leat_pw_log_level(void)
{
	return (int)pw_log_level;
}

/* Newer versions have a level for each topic, in the same setting. */
static void restore_topics(struct pw_context *context)
{
#if PW_CHECK_VERSION(1, 1, 0)
	const struct pw_properties *props = pw_context_get_properties(context);
	const char *levels = pw_properties_get(props, "log.level");

	if (levels && !getenv("PIPEWIRE_DEBUG"))
		(void)pw_log_set_level_string(levels);
#else
	(void)context;
#endif
}

void leat_pw_log_restore(struct pw_context *context, int level)
{
	if (leat_pw_log_level() == level)
		return;
	restore_topics(context);
	pw_log_set_level((enum spa_log_level)level);
}
