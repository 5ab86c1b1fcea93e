/* SPDX-License-Identifier: MIT */
/* What is done to the two endpoints, and what must come of it. */
#ifndef LEAT_FAULT_SCENARIOS_H
#define LEAT_FAULT_SCENARIOS_H

#include "peers.h"

/* So many deaths: of the guest, of the host, of either, of both at once. */
void scenario_kills(struct peers *peers, unsigned n_kills);

/* So many stops of either or both, by signal and by the cgroup freezer. */
void scenario_freezes(struct peers *peers, unsigned n_freezes);

#endif
