/* SPDX-License-Identifier: MIT */
/* Delays on purpose, while a step is measured: --plant. */
#ifndef LEAT_XRUN_PLANT_H
#define LEAT_XRUN_PLANT_H

#include "experiment.h"

/* As the options of an experiment ask: 0, or 1 with a message. */
int xrun_plant_start(struct xrun_experiment *e);

/* Nobody is late any more, nor stopped. */
void xrun_plant_stop(struct xrun_experiment *e);

#endif
