/* SPDX-License-Identifier: MIT */
/**
 * What being woken costs on this machine, with nothing done for it: realtime
 * processes that pass an eventfd on, from one to the next, once a period. What
 * a bridge costs is to be seen beside it.
 */
#ifndef TEST_WAKES_H
#define TEST_WAKES_H

#include <stdint.h>

/**
 * Let n_processes be woken one by the other every period_ns for some seconds.
 *
 * @return  What all of them took of the processors, s a minute; negative where
 *          they cannot be had, or not be realtime.
 */
double wakes_cpu_s_min(unsigned n_processes, int64_t period_ns, double seconds);

#endif
