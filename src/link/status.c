/* SPDX-License-Identifier: MIT */
#include <leat/status.h>

#include "load_part.h"
#include "mapped_link.h"
#include "side.h"
#include "socket.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

/* How long a tool waits for a link's answer. */
#define ANSWER_TIMEOUT_MS 1000

static const char *const reason_texts[LEAT_N_REASONS] = {
	[LEAT_REASON_NONE] = "",
	[LEAT_REASON_RATES_AGREE] = "PipeWire runs on JACK's clock at "
				    "JACK's rate",
	[LEAT_REASON_NOT_LINKED] = "nothing is linked to the bridge in "
				   "PipeWire",
	[LEAT_REASON_OTHER_DRIVER] = "PipeWire runs on another driver's clock",
	[LEAT_REASON_RATES_DIFFER] = "PipeWire may not run at JACK's rate",
	[LEAT_REASON_NO_PIPEWIRE] = "the PipeWire daemon is away",
	[LEAT_REASON_NO_JACK] = "the JACK server is away",
	[LEAT_REASON_NO_PEER] = "leat-pipewire is away",
	[LEAT_REASON_CHOSEN] = "chosen with --mode",
};

const char *leat_reason_text(uint64_t reason)
{
	return reason < LEAT_N_REASONS ? reason_texts[reason] : "";
}

const char *leat_link_status_state(const struct leat_link_status *status)
{
	if (status->jack.alive != 1)
		return "no-jack";
	if (!status->pipewire.present)
		return "no-peer";
	if (status->pipewire.running != 1 &&
	    status->pipewire.reason == LEAT_REASON_RATES_DIFFER)
		return "refused";
	if (status->pipewire.alive != 1)
		return "no-pipewire";
	if (status->pipewire.running == 1)
		return "running";
	return status->pipewire.reason == LEAT_REASON_OTHER_DRIVER ? "suspended"
								   : "idle";
}

uint64_t leat_link_status_reason(const struct leat_link_status *status)
{
	if (status->jack.alive != 1)
		return LEAT_REASON_NO_JACK;
	if (!status->pipewire.present)
		return LEAT_REASON_NO_PEER;
	return status->pipewire.reason;
}

static int map_status(struct leat_mapped_link *link, const int *fds,
		      uint32_t n_fds)
{
	int res = leat_side_attach(&link->status[LEAT_LOAD_JACK], fds[0]);

	if (n_fds > 1) {
		int res2 = leat_side_attach(&link->status[LEAT_LOAD_PIPEWIRE],
					    fds[1]);

		res = res < 0 ? res : res2;
	}
	return res;
}

/* Each bit is a part, in the order of the bits. */
static int map_loads(struct leat_mapped_link *link, uint32_t loads,
		     const int *fds, bool wanted)
{
	int res = 0;

	for (uint32_t side = 0; side < LEAT_N_LOAD_SIDES; side++) {
		if (!(loads & 1u << side))
			continue;
		if (wanted && res == 0)
			res = leat_load_part_attach(&link->load[side], *fds);
		else
			close(*fds);
		fds++;
	}
	return res;
}

static int map_parts(struct leat_mapped_link *link,
		     const struct leat_message *message, const int *fds,
		     bool with_load)
{
	uint32_t loads = message->body.status.loads;
	uint32_t n_status =
		message->n_fds - (uint32_t)__builtin_popcount(loads);
	int res = map_status(link, fds, n_status);
	int res2 = map_loads(link, loads, fds + n_status, with_load);

	res = res < 0 ? res : res2;
	/* As mmap(2) has it, of memory that is locked. */
	return res == -EAGAIN ? -ENOMEM : res;
}

int leat_status_ask(const char *link_name)
{
	struct leat_message message;
	int res, fd = leat_connect(link_name, NULL);

	if (fd < 0)
		return fd;
	leat_message_init(&message, LEAT_MESSAGE_HELLO);
	message.body.hello.role = LEAT_ROLE_TOOL;
	message.body.hello.features = LEAT_FEATURE_LOAD;
	res = leat_message_send(fd, &message, NULL, 0);
	if (res == 0)
		return fd;
	close(fd);
	return res == -EPIPE ? -ENOENT : res;
}

int leat_mapped_link_answer(struct leat_mapped_link *link, int fd,
			    bool with_load)
{
	const struct leat_mapped_link none = LEAT_MAPPED_LINK_NONE;
	struct leat_message message;
	int fds[LEAT_PROTO_FDS_MAX];
	int res = leat_message_recv(fd, &message, fds);

	*link = none;
	if (res == -EAGAIN)
		return res;
	close(fd);
	if (res < 0)
		return res == -EPIPE ? -ENOENT : res;
	if (message.type != LEAT_MESSAGE_STATUS) {
		for (uint32_t i = 0; i < message.n_fds; i++)
			close(fds[i]);
		return -EPROTO;
	}
	res = map_parts(link, &message, fds, with_load);
	if (res < 0)
		leat_mapped_link_finish(link);
	return res;
}

void leat_mapped_link_finish(struct leat_mapped_link *link)
{
	for (int side = 0; side < LEAT_N_LOAD_SIDES; side++) {
		leat_shm_finish(&link->status[side]);
		leat_shm_finish(&link->load[side]);
	}
}

void leat_mapped_link_status(const struct leat_mapped_link *link,
			     struct leat_link_status *status)
{
	const struct leat_shm *pipewire = &link->status[LEAT_LOAD_PIPEWIRE];

	leat_status_read(status, leat_side(&link->status[LEAT_LOAD_JACK]),
			 pipewire->addr ? leat_side(pipewire) : NULL);
}

int leat_status_answer(int fd, struct leat_link_status *status)
{
	struct leat_mapped_link link;
	int res = leat_mapped_link_answer(&link, fd, false);

	if (res < 0)
		return res;
	leat_mapped_link_status(&link, status);
	leat_mapped_link_finish(&link);
	return 0;
}

/* Until the answer is there, or no longer than a second. */
static int await_answer(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	int n = poll(&pfd, 1, ANSWER_TIMEOUT_MS);

	if (n > 0)
		return 0;
	n = n < 0 ? -errno : -ETIMEDOUT;
	close(fd);
	return n;
}

int leat_status_ask_and_wait(const char *link_name)
{
	int fd = leat_status_ask(link_name);
	int res = fd < 0 ? fd : await_answer(fd);

	return res < 0 ? res : fd;
}

int leat_status_query(const char *link_name, struct leat_link_status *status)
{
	int fd = leat_status_ask_and_wait(link_name);

	return fd < 0 ? fd : leat_status_answer(fd, status);
}
