/* SPDX-License-Identifier: MIT */
#include <leat/status.h>

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

static int read_parts(struct leat_link_status *status, const int *fds,
		      uint32_t n_fds)
{
	struct leat_shm jack = LEAT_SHM_NONE, pipewire = LEAT_SHM_NONE;
	int res = leat_side_attach(&jack, fds[0]);

	if (n_fds > 1) {
		int res2 = leat_side_attach(&pipewire, fds[1]);

		res = res < 0 ? res : res2;
	}
	/* As mmap(2) has it, of memory that is locked. */
	if (res == -EAGAIN)
		res = -ENOMEM;
	if (res == 0)
		leat_status_read(status, leat_side(&jack),
				 pipewire.addr ? leat_side(&pipewire) : NULL);
	leat_shm_finish(&jack);
	leat_shm_finish(&pipewire);
	return res;
}

int leat_status_ask(const char *link_name)
{
	struct leat_message message;
	int res, fd = leat_connect(link_name, NULL);

	if (fd < 0)
		return fd;
	leat_message_init(&message, LEAT_MESSAGE_HELLO);
	message.body.hello.role = LEAT_ROLE_TOOL;
	res = leat_message_send(fd, &message, NULL, 0);
	if (res == 0)
		return fd;
	close(fd);
	return res == -EPIPE ? -ENOENT : res;
}

int leat_status_answer(int fd, struct leat_link_status *status)
{
	struct leat_message message;
	int fds[LEAT_PROTO_FDS_MAX];
	int res = leat_message_recv(fd, &message, fds);

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
	return read_parts(status, fds, message.n_fds);
}

int leat_status_query(const char *link_name, struct leat_link_status *status)
{
	struct pollfd pfd = { .events = POLLIN };
	int n;

	pfd.fd = leat_status_ask(link_name);
	if (pfd.fd < 0)
		return pfd.fd;
	n = poll(&pfd, 1, ANSWER_TIMEOUT_MS);
	if (n > 0)
		return leat_status_answer(pfd.fd, status);
	n = n < 0 ? -errno : -ETIMEDOUT;
	close(pfd.fd);
	return n;
}
