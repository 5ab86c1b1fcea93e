/* SPDX-License-Identifier: MIT */
/*
 * Messages of the programs: one line on stderr per event that a user can act
 * on, beginning with the program's name. Never from a realtime thread.
 */
#ifndef LEAT_CLI_LOG_H
#define LEAT_CLI_LOG_H

__attribute__((format(printf, 1, 2))) void leat_log(const char *format, ...);

#endif
