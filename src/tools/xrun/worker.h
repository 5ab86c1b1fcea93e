/* SPDX-License-Identifier: MIT */
/*
 * What the processes do that load the machine, and the one that stops all
 * others for a moment: leat-xrun --worker, which it starts itself.
 */
#ifndef LEAT_XRUN_WORKER_H
#define LEAT_XRUN_WORKER_H

/*
 * Run until a signal ends it.
 *
 *     cpu N, memory N, io N, cache N   so many processes
 *     inversion PERCENT                of the time, on each processor
 *     stopper US EVERY_MS PID...       stop them, and let them go on
 *
 * @return  An exit status, if it cannot.
 */
int xrun_worker(int argc, char **argv);

#endif
