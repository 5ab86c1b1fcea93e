/* SPDX-License-Identifier: MIT */
/*
 * What realtime code may call though its declaration does not promise to be
 * realtime-safe: all of it, each with the reason. Read before each source that
 * is checked (run.sh), with a TRUST_… for that source alone, so that write()
 * may be called where a signal is raised and nowhere else.
 *
 * memcpy() and memset() are not here: clang knows them.
 */
#ifndef LEAT_PROOF_TRUSTED_H
#define LEAT_PROOF_TRUSTED_H

/* clang takes a declaration by __typeof__ for one without a prototype. */
#pragma clang diagnostic ignored "-Wdeprecated-non-prototype"

/* Declare it once more, with the mark. */
#define TRUSTED(function)                                                      \
	extern __typeof__(function) function __attribute__((nonblocking))

#include <errno.h>

/* errno: the address of the thread's own variable. */
TRUSTED(__errno_location);

/* The sanitizer knows calls by name, not by declaration: it looks away. */
#if __has_feature(realtime_sanitizer)
#include <sanitizer/rtsan_interface.h>

#define TRUSTED_CALL(call)                                                     \
	({                                                                     \
		__rtsan_disable();                                             \
		__typeof__(call) result_ = (call);                             \
		__rtsan_enable();                                              \
		result_;                                                       \
	})
#endif

/* src/ringbuf/signal.c: one system call, at a crossing that is waited for. */
#ifdef TRUST_SIGNAL
#include <sys/socket.h>
#include <unistd.h>

/* MSG_DONTWAIT: a full or empty socket is an error at once. */
TRUSTED(send);
TRUSTED(recv);
/* The same, where the kernel cannot be told to let no descriptors in. */
TRUSTED(recvmsg);
/* Once, when the peer has hung up. */
TRUSTED(shutdown);
/* Of descriptors that leat_signal_init() made non-blocking. */
TRUSTED(write);
TRUSTED(read);
#ifdef TRUSTED_CALL
#define send(...) TRUSTED_CALL(send(__VA_ARGS__))
#define recv(...) TRUSTED_CALL(recv(__VA_ARGS__))
#define recvmsg(...) TRUSTED_CALL(recvmsg(__VA_ARGS__))
#define shutdown(...) TRUSTED_CALL(shutdown(__VA_ARGS__))
#define write(...) TRUSTED_CALL(write(__VA_ARGS__))
#define read(...) TRUSTED_CALL(read(__VA_ARGS__))
#endif
#endif

/* src/jack_bridge/process.c */
#ifdef TRUST_JACK
#include <jack/jack.h>
#include <time.h>

/* Made for the process callback: each looks at shared memory and returns. */
TRUSTED(jack_last_frame_time);
TRUSTED(jack_port_get_buffer);
/* Looks at shared memory; looks at JACK's clock, as all of its clients do. */
TRUSTED(jack_get_cycle_times);
TRUSTED(jack_get_time);
/* Of CLOCK_MONOTONIC: read from memory of the kernel's, not a system call. */
TRUSTED(clock_gettime);
#endif

/* src/jack_bridge/sync_wait.c: what it is for, and only if it was asked for. */
#ifdef TRUST_SYNC_WAIT
#include <poll.h>
#include <time.h>

/* Sleeps: until PipeWire has answered, or for a share of the period. */
TRUSTED(ppoll);
TRUSTED(clock_gettime);
#ifdef TRUSTED_CALL
#define ppoll(...) TRUSTED_CALL(ppoll(__VA_ARGS__))
#endif
#endif

/* src/rt_guard: what counts others' calls, if that was asked for. */
#ifdef TRUST_GUARD
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* Two per callback. */
TRUSTED(getrusage);
/* Once for a thread. */
TRUSTED(syscall);
TRUSTED(prctl);
#ifdef TRUSTED_CALL
#define syscall(...) TRUSTED_CALL(syscall(__VA_ARGS__))
#endif
#endif

/* src/jack_bridge/client.c */
#ifdef TRUST_NOTICE
#include <sys/eventfd.h>

/* Our own and non-blocking; once for a wire whose peer wrote nonsense. */
TRUSTED(eventfd_write);
#endif

/* src/pw_bridge/load.c */
#ifdef TRUST_CLOCK
#include <time.h>

/* As above. */
TRUSTED(clock_gettime);
#endif

/* src/pw_bridge/rest.c */
#ifdef TRUST_REST
#include <sys/resource.h>
#include <time.h>

/* As above. */
TRUSTED(clock_gettime);
/* Twenty times a second at the most: the kernel copies what it has counted. */
TRUSTED(getrusage);
#endif

/* src/pw_bridge/process.c and follow.c */
#ifdef TRUST_PIPEWIRE
#include <pipewire/pipewire.h>

/* Made for the process event: rings of buffers, without a lock. */
TRUSTED(pw_stream_dequeue_buffer);
TRUSTED(pw_stream_queue_buffer);
/* Look at a member. */
TRUSTED(pw_stream_is_driving);
TRUSTED(pw_data_loop_get_loop);
/* Runs the graph, which is what a data loop is for. */
TRUSTED(pw_stream_trigger_process);
/* An eventfd of our process, non-blocking; only when something has changed. */
TRUSTED(pw_loop_signal_event);
/*
 * Not realtime-safe: it takes a descriptor out of the loop and frees. Once for
 * a wire, when its peer has hung up, so that no cycle can come any more; the
 * loop would spin on the descriptor otherwise.
 */
TRUSTED(pw_loop_destroy_source);
/* One system call each, and only to let the thread sleep, or after that. */
TRUSTED(pw_loop_update_io);
TRUSTED(pw_loop_update_timer);
#endif

#endif
