/* SPDX-License-Identifier: MIT */
/*
 * Whether sound can go round in a circle through a link: the connections of
 * both graphs, and the links between them, as one graph.
 */
#ifndef LEAT_DOCTOR_LOOPS_H
#define LEAT_DOCTOR_LOOPS_H

#include "finding.h"

#include <stdint.h>

#define LEAT_ROUTES_VERTICES_MAX 512
#define LEAT_ROUTES_EDGES_MAX 4096

/* A node of PipeWire, a client of JACK, or one half of leat's. */
struct leat_route_vertex {
	char name[128];
	bool ours; /* passes everything on; of others that is not known */
	bool sink; /* of ours: where sound enters a link in PipeWire */
};

struct leat_route_edge {
	uint16_t from, to;
	char cut[320]; /* the command that ends it; "": a link of leat's */
};

struct leat_routes {
	unsigned n_vertices, n_edges;
	bool jack_known, pipewire_known; /* that graph was looked at */
	bool too_many;
	struct leat_route_vertex vertex[LEAT_ROUTES_VERTICES_MAX];
	struct leat_route_edge edge[LEAT_ROUTES_EDGES_MAX];
};

/*
 * A connection in JACK between two ports, CLIENT:PORT. Only those of one that
 * passes sound on may be given: a sound card does not.
 */
void leat_routes_jack(struct leat_routes *routes, const char *output,
		      const char *input);

/* A link in PipeWire between two nodes, and its id. */
void leat_routes_pipewire(struct leat_routes *routes, const char *output,
			  const char *input, uint32_t link_id);

void leat_judge_loops(struct leat_finding *finding,
		      const struct leat_routes *routes);

#endif
