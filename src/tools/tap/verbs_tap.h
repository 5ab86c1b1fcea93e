/* SPDX-License-Identifier: MIT */
/* The verbs of leat-tap. Each is a main() of its own and returns its status. */
#ifndef LEAT_TAP_VERBS_H
#define LEAT_TAP_VERBS_H

int record_main(int argc, char **argv);
int meter_main(int argc, char **argv);
int pipe_main(int argc, char **argv);
int play_main(int argc, char **argv);
int wait_main(int argc, char **argv);

#endif
