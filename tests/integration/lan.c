/* SPDX-License-Identifier: MIT */
#include "lan.h"

#include "proc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define COMMAND_MS 5000
#define NOTHING_DUE_NS 20000000

/* ---- the namespaces ---- */

static const char *run(const char *command)
{
	const char *argv[] = { "sh", "-c", command, NULL };
	static char text[512];

	if (proc_run(argv, NULL, text, sizeof(text), COMMAND_MS) == 0)
		return NULL;
	text[strcspn(text, "\n")] = 0;
	return text[0] ? text : "ip does not run";
}

/* A new one, in which we are then; or -1. */
static int make_namespace(void)
{
	if (unshare(CLONE_NEWNET) < 0)
		return -1;
	return open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
}

int lan_enter(const struct lan *lan, int host)
{
	return setns(host < 0 ? lan->home : lan->host[host], CLONE_NEWNET);
}

const char *lan_alone(void)
{
	if (unshare(CLONE_NEWNET) < 0)
		return "no network namespace";
	return run("ip link add eth0 type veth peer name end0 && "
		   "ip addr add 10.76.0.1/24 dev eth0 && "
		   "ip link set eth0 up && ip link set end0 up && "
		   "ip link set lo up && ip route add 224.0.0.0/4 dev eth0");
}

/*
 * The kernel leaves the sums of packets between namespaces to be worked out by
 * hardware that is not there; the relay would pass on what has none.
 */
static bool write_sums(const char *name)
{
	struct ethtool_value value = { .cmd = ETHTOOL_STXCSUM, .data = 0 };
	struct ifreq request = { .ifr_data = (char *)&value };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int res;

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	res = ioctl(fd, SIOCETHTOOL, &request);
	close(fd);
	return res == 0;
}

/* From the relay's namespace, in which we are, to a host's. */
static const char *lay_cable(const struct lan *lan, int host)
{
	char command[256];
	const char *why;

	snprintf(command, sizeof(command),
		 "ip link add end%d type veth peer name eth0 netns "
		 "/proc/%d/fd/%d && ip link set end%d up",
		 host, (int)getpid(), lan->host[host], host);
	why = run(command);
	if (why)
		return why;
	snprintf(command, sizeof(command),
		 "ip link set lo up && ip addr add 10.76.0.%d/24 dev eth0 && "
		 "ip link set eth0 up && ip route add 224.0.0.0/4 dev eth0",
		 host + 1);
	if (lan_enter(lan, host) < 0)
		return "cannot enter a network namespace";
	why = run(command);
	return why || write_sums("eth0") ? why : "cannot have sums written";
}

static int open_end(int host)
{
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
	};
	char name[16];
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(name, sizeof(name), "end%d", host);
	address.sll_ifindex = (int)if_nametoindex(name);
	if (fd >= 0 &&
	    bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* ---- the relay ---- */

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Marsaglia, "Xorshift RNGs" (2003). */
static uint64_t draw(struct lan *lan)
{
	lan->random ^= lan->random << 13;
	lan->random ^= lan->random >> 7;
	lan->random ^= lan->random << 17;
	return lan->random;
}

static uint16_t u16_at(const struct lan_frame *frame, uint32_t at)
{
	return (uint16_t)(frame->bytes[at] << 8 | frame->bytes[at + 1]);
}

/* IPv4 (20 bytes behind Ethernet's 14), UDP, to our port, with RTP in it. */
static bool is_counted(const struct lan *lan, const struct lan_frame *frame)
{
	return frame->n_bytes >= 54 && u16_at(frame, 12) == ETHERTYPE_IP &&
	       frame->bytes[14] == 0x45 && frame->bytes[23] == IPPROTO_UDP &&
	       u16_at(frame, 36) == lan->port;
}

static void send_on(struct lan *lan, struct lan_frame *frame)
{
	bool counted = is_counted(lan, frame);

	frame->due_ns = 0;
	if (send(lan->end[frame->to], frame->bytes, frame->n_bytes, 0) < 0) {
		lan->n_lost += counted;
		return;
	}
	if (!counted)
		return;
	if ((int16_t)(u16_at(frame, 44) - lan->last_sequence) < 0 &&
	    lan->n_passed > 0)
		lan->n_overtaken++;
	lan->last_sequence = u16_at(frame, 44);
	lan->n_passed++;
}

static struct lan_frame *find_free(struct lan *lan)
{
	for (int i = 0; i < LAN_N_FRAMES; i++)
		if (lan->frames[i].due_ns == 0)
			return &lan->frames[i];
	return NULL;
}

/* One packet. @return  Whether there was one. */
static bool take(struct lan *lan, int from)
{
	struct lan_frame *frame = find_free(lan);
	struct sockaddr_ll address;
	socklen_t size_bytes = sizeof(address);
	ssize_t n;

	if (!frame)
		return false;
	n = recvfrom(lan->end[from], frame->bytes, sizeof(frame->bytes), 0,
		     (struct sockaddr *)&address, &size_bytes);
	if (n < 0)
		return false;
	/* What we send is seen by the socket as well. */
	if (address.sll_pkttype == PACKET_OUTGOING)
		return true;
	frame->n_bytes = (uint32_t)n;
	frame->to = 1 - from;
	if (draw(lan) % 1000000 < lan->loss_ppm) {
		lan->n_lost += is_counted(lan, frame);
		return true;
	}
	frame->due_ns =
		now_ns() + (int64_t)(draw(lan) % (lan->delay_us + 1u)) * 1000;
	return true;
}

/* Send what is due, the earliest first. @return  When the next one is. */
static int64_t send_due(struct lan *lan)
{
	for (;;) {
		struct lan_frame *first = NULL;

		for (int i = 0; i < LAN_N_FRAMES; i++) {
			struct lan_frame *frame = &lan->frames[i];

			if (frame->due_ns > 0 &&
			    (!first || frame->due_ns < first->due_ns))
				first = frame;
		}
		if (!first)
			return NOTHING_DUE_NS;
		if (first->due_ns > now_ns())
			return first->due_ns - now_ns();
		send_on(lan, first);
	}
}

static void *relay(void *arg)
{
	struct lan *lan = arg;

	while (!lan->ends) {
		struct pollfd fds[] = { { lan->end[0], POLLIN, 0 },
					{ lan->end[1], POLLIN, 0 } };
		int64_t wait_ns = send_due(lan);
		struct timespec wait = { 0, wait_ns > 0 ? wait_ns : 0 };

		ppoll(fds, 2, &wait, NULL);
		for (int i = 0; i < LAN_N_HOSTS; i++)
			while (take(lan, i))
				;
	}
	return NULL;
}

/* ---- all of it ---- */

static const char *make_hosts(struct lan *lan)
{
	int middle;

	lan->home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	for (int i = 0; i < LAN_N_HOSTS; i++) {
		lan->host[i] = make_namespace();
		if (lan->host[i] < 0)
			return "no network namespace";
	}
	middle = make_namespace();
	for (int i = 0; i < LAN_N_HOSTS; i++) {
		const char *why = lay_cable(lan, i);

		if (why)
			return why;
		setns(middle, CLONE_NEWNET);
	}
	for (int i = 0; i < LAN_N_HOSTS; i++)
		lan->end[i] = open_end(i);
	close(middle);
	return lan->end[0] < 0 || lan->end[1] < 0 ? "no packet socket" : NULL;
}

/* Above what else runs here, and below all that is heard. */
static void hurry(pthread_t thread)
{
	struct sched_param param = { .sched_priority = 5 };

	(void)pthread_setschedparam(thread, SCHED_FIFO, &param);
}

const char *lan_open(struct lan *lan, uint16_t port)
{
	const char *why;

	memset(lan, 0, sizeof(*lan));
	lan->port = port;
	lan->random = 20240601;
	why = make_hosts(lan);
	if (why)
		return why;
	if (pthread_create(&lan->thread, NULL, relay, lan) != 0)
		return "no thread";
	hurry(lan->thread);
	return NULL;
}

void lan_close(struct lan *lan)
{
	lan->ends = true;
	pthread_join(lan->thread, NULL);
	lan_enter(lan, -1);
	for (int i = 0; i < LAN_N_HOSTS; i++) {
		close(lan->end[i]);
		close(lan->host[i]);
	}
	close(lan->home);
}
