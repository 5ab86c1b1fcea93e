/* SPDX-License-Identifier: MIT */
#include "loops.h"

#include <stdio.h>
#include <string.h>

/* Where a search has come from; NOWHERE: it has not been there. */
#define NOWHERE -1

/* ---- the graph ---- */

/* The vertex of a name, made if there is none; -1 if there is no room. */
static int vertex_of(struct leat_routes *routes, const char *name, bool ours,
		     bool sink)
{
	struct leat_route_vertex *vertex;

	for (unsigned i = 0; i < routes->n_vertices; i++)
		if (strcmp(routes->vertex[i].name, name) == 0)
			return (int)i;
	if (routes->n_vertices == LEAT_ROUTES_VERTICES_MAX ||
	    strlen(name) >= sizeof(vertex->name)) {
		routes->too_many = true;
		return -1;
	}
	vertex = &routes->vertex[routes->n_vertices];
	strcpy(vertex->name, name);
	vertex->ours = ours;
	vertex->sink = sink;
	return (int)routes->n_vertices++;
}

static void connect(struct leat_routes *routes, int from, int to,
		    const char *cut)
{
	struct leat_route_edge *edge;

	if (from < 0 || to < 0)
		return;
	if (routes->n_edges == LEAT_ROUTES_EDGES_MAX) {
		routes->too_many = true;
		return;
	}
	edge = &routes->edge[routes->n_edges++];
	edge->from = (uint16_t)from;
	edge->to = (uint16_t)to;
	snprintf(edge->cut, sizeof(edge->cut), "%s", cut);
}

static bool connected(const struct leat_routes *routes, int from, int to)
{
	for (unsigned i = 0; i < routes->n_edges; i++)
		if (routes->edge[i].from == from && routes->edge[i].to == to)
			return true;
	return false;
}

/*
 * A link, with its four ends: what enters its sink in PipeWire leaves its
 * client in JACK, and what enters that leaves its source.
 */
static void add_link(struct leat_routes *routes, const char *link)
{
	char name[128];
	int sink, source, from_pipewire, to_pipewire;

	snprintf(name, sizeof(name), "leat.%s.sink", link);
	sink = vertex_of(routes, name, true, true);
	snprintf(name, sizeof(name), "leat.%s.source", link);
	source = vertex_of(routes, name, true, false);
	snprintf(name, sizeof(name), "leat-%s:from_pipewire", link);
	from_pipewire = vertex_of(routes, name, true, false);
	snprintf(name, sizeof(name), "leat-%s:to_pipewire", link);
	to_pipewire = vertex_of(routes, name, true, false);
	if (!connected(routes, sink, from_pipewire)) {
		connect(routes, sink, from_pipewire, "");
		connect(routes, to_pipewire, source, "");
	}
}

/* The client of a port; of ours, which half of it. */
static int jack_vertex(struct leat_routes *routes, const char *port)
{
	static const char *const halves[] = { "from_pipewire", "to_pipewire" };
	size_t length = strcspn(port, ":");
	char name[128];

	if (length + 16 >= sizeof(name)) {
		routes->too_many = true;
		return -1;
	}
	for (int i = 0; i < 2 && strncmp(port, "leat-", 5) == 0; i++) {
		if (strncmp(port + length + 1, halves[i], strlen(halves[i])))
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)length - 5, port + 5);
		add_link(routes, name);
		snprintf(name, sizeof(name), "%.*s:%s", (int)length, port,
			 halves[i]);
		return vertex_of(routes, name, true, false);
	}
	snprintf(name, sizeof(name), "%.*s (JACK)", (int)length, port);
	return vertex_of(routes, name, false, false);
}

static int pipewire_vertex(struct leat_routes *routes, const char *node)
{
	static const char *const ends[] = { ".sink", ".source" };
	size_t length = strlen(node);
	char name[128];

	for (int i = 0; i < 2 && strncmp(node, "leat.", 5) == 0; i++) {
		size_t end = strlen(ends[i]);

		if (length <= 5 + end ||
		    strcmp(node + length - end, ends[i]) != 0)
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)(length - 5 - end),
			 node + 5);
		add_link(routes, name);
	}
	return vertex_of(routes, node, false, false);
}

void leat_routes_jack(struct leat_routes *routes, const char *output,
		      const char *input)
{
	char cut[320];
	int n = snprintf(cut, sizeof(cut), "jack_disconnect '%s' '%s'", output,
			 input);

	if (n < 0 || (size_t)n >= sizeof(cut) || strchr(output, '\'') ||
	    strchr(input, '\''))
		strcpy(cut, "qjackctl  # and cut it there");
	connect(routes, jack_vertex(routes, output), jack_vertex(routes, input),
		cut);
}

void leat_routes_pipewire(struct leat_routes *routes, const char *output,
			  const char *input, uint32_t link_id)
{
	char cut[64];

	snprintf(cut, sizeof(cut), "pw-link --disconnect %u", link_id);
	connect(routes, pipewire_vertex(routes, output),
		pipewire_vertex(routes, input), cut);
}

/* ---- circles ---- */

/* Breadth first, so that what is found is as short as it can be. */
struct search {
	int came_from[LEAT_ROUTES_VERTICES_MAX];
	uint16_t queue[LEAT_ROUTES_VERTICES_MAX];
	unsigned n_queue;
};

/*
 * Follow the edges from a vertex until they come back to it. Where only ours
 * may be passed, the circle is certain.
 */
static bool find_circle(struct search *search, const struct leat_routes *routes,
			unsigned start, bool ours_only)
{
	for (unsigned i = 0; i < routes->n_vertices; i++)
		search->came_from[i] = NOWHERE;
	search->queue[0] = (uint16_t)start;
	search->n_queue = 1;
	for (unsigned q = 0; q < search->n_queue; q++) {
		unsigned at = search->queue[q];

		for (unsigned i = 0; i < routes->n_edges; i++) {
			unsigned to = routes->edge[i].to;

			if (routes->edge[i].from != at ||
			    search->came_from[to] != NOWHERE ||
			    (ours_only && !routes->vertex[to].ours))
				continue;
			search->came_from[to] = (int)at;
			if (to == start)
				return true;
			search->queue[search->n_queue++] = (uint16_t)to;
		}
	}
	return false;
}

/* "a > b > a"; the search left its traces backwards. */
static void describe(char *text, size_t text_bytes, const struct search *search,
		     const struct leat_routes *routes, unsigned start)
{
	unsigned way[LEAT_ROUTES_VERTICES_MAX], n = 0;
	size_t used;

	for (unsigned at = start; n == 0 || at != start; n++) {
		at = (unsigned)search->came_from[at];
		way[n] = at;
	}
	text[0] = 0;
	while (n-- > 0) {
		used = strlen(text);
		snprintf(text + used, text_bytes - used, "%s > ",
			 routes->vertex[way[n]].name);
	}
	used = strlen(text);
	snprintf(text + used, text_bytes - used, "%s",
		 routes->vertex[start].name);
}

/* All connections between the two vertices of one step that can be cut. */
static void cure(struct leat_finding *finding, const struct search *search,
		 const struct leat_routes *routes, unsigned start)
{
	unsigned to = start;
	bool cut = false;

	do {
		unsigned from = (unsigned)search->came_from[to];

		for (unsigned i = 0; i < routes->n_edges; i++) {
			const struct leat_route_edge *edge = &routes->edge[i];

			if (edge->from != from || edge->to != to ||
			    !edge->cut[0])
				continue;
			leat_finding_cure(finding, "%s", edge->cut);
			cut = true;
		}
		to = from;
	} while (to != start && !cut);
}

static bool judge_circle(struct leat_finding *finding,
			 const struct leat_routes *routes, bool ours_only)
{
	char text[LEAT_WHAT_BYTES - 64];
	struct search search;

	for (unsigned i = 0; i < routes->n_vertices; i++) {
		if (!routes->vertex[i].sink ||
		    !find_circle(&search, routes, i, ours_only))
			continue;
		describe(text, sizeof(text), &search, routes, i);
		leat_finding_set(
			finding,
			ours_only ? LEAT_VERDICT_FAIL : LEAT_VERDICT_WARN,
			ours_only ? "sound goes round: %s"
				  : "sound may go round, if all pass it "
				    "on: %s",
			text);
		cure(finding, &search, routes, i);
		return true;
	}
	return false;
}

void leat_judge_loops(struct leat_finding *finding,
		      const struct leat_routes *routes)
{
	if (judge_circle(finding, routes, true) ||
	    judge_circle(finding, routes, false))
		return;
	if (routes->too_many)
		leat_finding_set(finding, LEAT_VERDICT_UNKNOWN,
				 "there are too many connections to be "
				 "followed");
	else if (!routes->jack_known || !routes->pipewire_known)
		leat_finding_set(finding, LEAT_VERDICT_UNKNOWN,
				 "not both graphs can be looked at");
	else
		leat_finding_set(finding, LEAT_VERDICT_OK,
				 "no sound goes round through a link");
}
