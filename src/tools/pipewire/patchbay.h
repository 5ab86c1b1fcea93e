/* SPDX-License-Identifier: MIT */
/**
 * The ports of a PipeWire graph by name, and links between them.
 *
 * Made for short-lived clients without a session manager. One thread, which
 * runs the loop by hand: the functions that wait iterate it, up to a deadline.
 */
#ifndef LEAT_PIPEWIRE_PATCHBAY_H
#define LEAT_PIPEWIRE_PATCHBAY_H

#include <pipewire/pipewire.h>

struct patchbay;

/** Follow the registry of a core. NULL when out of memory. */
struct patchbay *patchbay_new(struct pw_loop *loop, struct pw_core *core);

/** Forget it; before the core is disconnected. NULL is fine. */
void patchbay_destroy(struct patchbay *bay);

/** Whether the daemon went away. */
bool patchbay_is_gone(const struct patchbay *bay);

/** Run the loop until the condition is true, the daemon gone or time over. */
bool patchbay_wait(struct patchbay *bay, bool (*condition)(void *arg),
		   void *arg, int timeout_ms);

/** Run the loop for some time, as long as the daemon is there. */
void patchbay_run(struct patchbay *bay, int time_ms);

/** Run the loop until the daemon has handled all that was sent. */
bool patchbay_sync(struct patchbay *bay, int timeout_ms);

/** Id of the port "NODE:PORT", or SPA_ID_INVALID. */
uint32_t patchbay_find_port(const struct patchbay *bay, const char *name,
			    enum pw_direction direction);

/** Whether there is a node of that name. */
bool patchbay_has_node(const struct patchbay *bay, const char *name);

/** The first node that has a port of a direction and is wanted, or NULL. */
const char *patchbay_find_node(const struct patchbay *bay,
			       enum pw_direction direction,
			       bool (*is_wanted)(const char *node_name));

/** Ports of a node in one direction, in no order; at most n_max names. */
uint32_t patchbay_list_ports(const struct patchbay *bay, const char *node_name,
			     enum pw_direction direction, const char **names,
			     uint32_t n_max);

/**
 * Link "NODE:PORT" to "NODE:PORT", once both are there. The link stays when
 * this client ends.
 *
 * @retval 0           Linked, or it was already.
 * @retval -ENOENT     A port did not appear in time.
 * @retval -ETIMEDOUT  The daemon did not answer in time.
 * @retval -EPIPE      The daemon is gone.
 * @retval <0          What the daemon answered.
 */
int patchbay_link(struct patchbay *bay, const char *output, const char *input,
		  int timeout_ms);

/** Remove a link. 0, -ENOENT, -ETIMEDOUT. */
int patchbay_unlink(struct patchbay *bay, const char *output, const char *input,
		    int timeout_ms);

/** Whether anything is linked to a port. */
bool patchbay_has_links(const struct patchbay *bay, const char *port,
			enum pw_direction direction);

/** Whether two ports are linked. */
bool patchbay_is_linked(const struct patchbay *bay, const char *output,
			const char *input);

#endif
