/* SPDX-License-Identifier: MIT */
/*
 * A library to preload into a bridge, which is late in its realtime callback
 * then, at the first call after each multiple of a time, or at each call if that
 * is 0:
 *
 *	LEAT_LATE=PROGRAM:US:MS
 *
 * It acts in that program alone, within the first function that its callback
 * calls of the server's library: jack_port_get_buffer() of leat-jack,
 * pw_stream_dequeue_buffer() of leat-pipewire and of the module.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void *jack_port_get_buffer(void *port, uint32_t n_frames);
void *pw_stream_dequeue_buffer(void *stream);

/* The callbacks of one program all run on one thread. */
static uint64_t late_ns, every_ns, last_ns;
static void *(*get_buffer)(void *port, uint32_t n_frames);
static void *(*dequeue_buffer)(void *stream);

__attribute__((constructor)) static void start(void)
{
	const char *text = getenv("LEAT_LATE");
	unsigned late_us, every_ms;
	char program[32];

	*(void **)&get_buffer = dlsym(RTLD_NEXT, "jack_port_get_buffer");
	*(void **)&dequeue_buffer =
		dlsym(RTLD_NEXT, "pw_stream_dequeue_buffer");
	if (!text ||
	    sscanf(text, "%31[^:]:%u:%u", program, &late_us, &every_ms) != 3 ||
	    strcmp(program, program_invocation_short_name) != 0)
		return;
	late_ns = UINT64_C(1000) * late_us;
	every_ns = UINT64_C(1000000) * every_ms;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

static void be_late(void)
{
	uint64_t start_ns;

	if (late_ns == 0)
		return;
	start_ns = now_ns();
	if (every_ns == 0 ||
	    (last_ns > 0 && last_ns / every_ns != start_ns / every_ns))
		while (now_ns() < start_ns + late_ns)
			;
	last_ns = start_ns;
}

void *jack_port_get_buffer(void *port, uint32_t n_frames)
{
	be_late();
	return get_buffer(port, n_frames);
}

void *pw_stream_dequeue_buffer(void *stream)
{
	be_late();
	return dequeue_buffer(stream);
}
