/* SPDX-License-Identifier: MIT */
#include "bridge.h"
#include "graph.h"

#include <errno.h>
#include <stdio.h>

/* How long the daemon may take to answer. */
#define ANSWER_NS (3 * SPA_NSEC_PER_SEC)

struct probe {
	struct pw_main_loop *main_loop;
	struct leat_pw_graph graph;
	int res;
};

static void on_ready(void *user)
{
	struct probe *self = user;

	printf("rate=%u version=%s remote=%s\n", self->graph.rates.rate_hz,
	       pw_get_library_version(),
	       leat_pw_graph_remote_name(&self->graph));
	self->res = 0;
	pw_main_loop_quit(self->main_loop);
}

static void on_lost(void *user)
{
	struct probe *self = user;

	self->res = -EPIPE;
	pw_main_loop_quit(self->main_loop);
}

static void on_timeout(void *user, uint64_t count)
{
	struct probe *self = user;

	(void)count;
	self->res = -ETIMEDOUT;
	pw_main_loop_quit(self->main_loop);
}

static const struct leat_pw_graph_events events = {
	.ready = on_ready,
	.lost = on_lost,
};

static int not_set_up(int res, struct leat_error *error)
{
	res = leat_pw_graph_cause(res);
	return leat_error_set(error, res,
			      "libpipewire cannot be set up (is the package "
			      "pipewire-bin installed?): %s",
			      leat_errno_text(res));
}

static int ask(struct probe *self, struct pw_loop *loop,
	       struct leat_error *error)
{
	struct timespec when = { ANSWER_NS / SPA_NSEC_PER_SEC, 0 };
	struct spa_source *timer = pw_loop_add_timer(loop, on_timeout, self);

	if (!timer)
		return not_set_up(-errno, error);
	pw_loop_update_timer(loop, timer, &when, NULL, false);
	pw_main_loop_run(self->main_loop);
	pw_loop_destroy_source(loop, timer);
	return self->res;
}

static int set_up(struct probe *self, const char *remote)
{
	self->main_loop = pw_main_loop_new(NULL);
	if (!self->main_loop)
		return -errno;
	return leat_pw_graph_init(&self->graph,
				  pw_main_loop_get_loop(self->main_loop),
				  remote, &events, self);
}

int leat_pw_bridge_probe(const char *remote, struct leat_error *error)
{
	struct probe self = { 0 };

	pw_init(NULL, NULL);
	self.res = set_up(&self, remote);
	if (self.res < 0)
		self.res = not_set_up(self.res, error);
	else
		self.res = leat_pw_graph_connect(&self.graph, error);
	if (self.res == 0)
		self.res = ask(&self, pw_main_loop_get_loop(self.main_loop),
			       error);
	if (self.res == -ETIMEDOUT || self.res == -EPIPE)
		leat_error_set(error, self.res,
			       "the PipeWire daemon '%s' does not answer",
			       leat_pw_graph_remote_name(&self.graph));
	leat_pw_graph_finish(&self.graph);
	if (self.main_loop)
		pw_main_loop_destroy(self.main_loop);
	pw_deinit();
	return self.res;
}
