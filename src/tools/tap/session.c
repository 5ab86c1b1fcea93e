/* SPDX-License-Identifier: MIT */
#include "session.h"

#include "links.h"

#include "cli/log.h"
#include "cli/now.h"
#include "cli/options.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* How long it may take until something comes, before that is worth a line. */
#define WAITING_NS INT64_C(1000000000)

static void catch_signals(struct session *session)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	session->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	/* Writing says so too, and ulimit's is a full disk like others. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
}

static int open_sources(struct session *session,
			const struct session_config *config,
			struct leat_error *error)
{
	const struct tap_options *options = config->options;
	int res = 0;

	for (uint32_t i = 0; res == 0 && i < options->n_directions; i++) {
		res = source_open(&session->source[i], options->link_name,
				  options->direction[i], config->from_ns,
				  config->watermark, error);
		session->n_sources++;
	}
	return res;
}

static int make_weave(struct session *session, const struct weave_sink *sink)
{
	struct feed feeds[LANES_MAX];

	for (uint32_t i = 0; i < session->n_sources; i++)
		feeds[i] = source_feed(&session->source[i]);
	return weave_create(&session->weave, feeds, session->n_sources, sink);
}

int session_open(struct session *session, const struct session_config *config,
		 const struct weave_sink *sink)
{
	const struct tap_options *options = config->options;
	struct leat_error error = { "out of memory" };

	*session = (struct session){ .link_name = options->link_name,
				     .began_ns = (int64_t)leat_now_ns(),
				     .signal_fd = -1 };
	if (!options->wait && links_check(options->link_name, &error) < 0) {
		leat_log("%s", error.text);
		return LEAT_EXIT_USAGE;
	}
	catch_signals(session);
	if (open_sources(session, config, &error) < 0 ||
	    make_weave(session, sink) < 0) {
		leat_log("%s", error.text);
		return LEAT_EXIT_FAILED;
	}
	weave_set_duration(session->weave, config->duration_ns);
	return 0;
}

void session_close(struct session *session)
{
	weave_destroy(session->weave);
	for (uint32_t i = 0; i < session->n_sources; i++)
		source_close(&session->source[i]);
	if (session->signal_fd >= 0)
		close(session->signal_fd);
	session->signal_fd = -1;
}

static void take_signal(struct session *session)
{
	struct signalfd_siginfo info;

	if (read(session->signal_fd, &info, sizeof(info)) == sizeof(info))
		session->signal = (int)info.ssi_signo;
}

void session_wait(struct session *session, bool taps, int fd, short events,
		  int timeout_ms)
{
	struct pollfd fds[LANES_MAX + 2] = {
		{ .fd = session->signal_fd, .events = POLLIN },
		{ .fd = fd, .events = events },
	};
	nfds_t n = 2;

	for (uint32_t i = 0; taps && i < session->n_sources; i++) {
		struct leat_tap *tap = session->source[i].tap;

		if (leat_tap_prepare_wait(tap))
			timeout_ms = 0;
		fds[n++] = (struct pollfd){ .fd = leat_tap_fd(tap),
					    .events = POLLIN };
	}
	poll(fds, n, timeout_ms);
	if (fds[0].revents)
		take_signal(session);
}

bool session_run(struct session *session)
{
	return weave_run(session->weave, (int64_t)leat_now_ns());
}

/* One sentence on what is missing. */
static const char *missing_part(const struct session *session)
{
	const struct source *source = &session->source[0];

	if (source->error < 0 && source->text[0])
		return source->text;
	if (leat_tap_state(source->tap) == LEAT_TAP_CONNECTED)
		return "its leat-pipewire is not there";
	if (leat_tap_state(source->tap) == LEAT_TAP_ABSENT)
		return "nobody hosts it";
	return "nothing comes";
}

void session_tell_waiting(struct session *session)
{
	if (session->told_waiting || weave_format(session->weave) ||
	    (int64_t)leat_now_ns() - session->began_ns < WAITING_NS)
		return;
	session->told_waiting = true;
	leat_log("waiting for the link '%s': %s", session->link_name,
		 missing_part(session));
}
