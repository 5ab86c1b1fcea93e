/* SPDX-License-Identifier: MIT */
/*
 * What the bridge says goes where PipeWire's own messages go, beginning with
 * their topic: PIPEWIRE_DEBUG=mod.leat:3 shows those too that are no warnings.
 */
#ifndef LEAT_PW_LOG_PIPEWIRE_H
#define LEAT_PW_LOG_PIPEWIRE_H

#include <pipewire/context.h>

/* Once, before anything is said. */
void leat_pw_log_init(void);

/*
 * How much PipeWire says is the same for all contexts of a process, and each
 * new one sets it to what its own configuration has. This is how the first one
 * has its own back.
 */
int leat_pw_log_level(void);
void leat_pw_log_restore(struct pw_context *context, int level);

#endif
