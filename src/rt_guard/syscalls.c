/* SPDX-License-Identifier: MIT */
#include "syscalls.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define OTHER_CALLS
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OTHER_CALLS
#endif

/* A sanitizer's own calls would be counted as well. */
#if defined(__x86_64__) && defined(__linux__) && !defined(OTHER_CALLS)

#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#define PR_SYS_DISPATCH_OFF 0
#define PR_SYS_DISPATCH_ON 1
#define SYSCALL_DISPATCH_FILTER_ALLOW 0
#define SYSCALL_DISPATCH_FILTER_BLOCK 1
#endif

/* The handler's own calls are made here, where the kernel lets them pass. */
long leat_syscalls_make(long number, long a, long b, long c, long d, long e,
			long f);
void leat_syscalls_return(void);
extern const char leat_syscalls_area[], leat_syscalls_area_end[];

__asm__(".pushsection .text\n"
	"leat_syscalls_area:\n"
	"leat_syscalls_return:\n"
	"	mov $15, %eax\n" /* rt_sigreturn */
	"	syscall\n"
	"leat_syscalls_make:\n"
	"	mov %rdi, %rax\n"
	"	mov %rsi, %rdi\n"
	"	mov %rdx, %rsi\n"
	"	mov %rcx, %rdx\n"
	"	mov %r8, %r10\n"
	"	mov %r9, %r8\n"
	"	mov 8(%rsp), %r9\n"
	"	syscall\n"
	"	ret\n"
	"leat_syscalls_area_end:\n"
	".popsection\n");

/* As the kernel has it; the C library would return in a place of its own. */
struct kernel_action {
	void (*handler)(int number, siginfo_t *info, void *context);
	unsigned long flags;
	void (*restorer)(void);
	unsigned long mask;
};

#define SA_RESTORER_FLAG 0x04000000ul

/* A signal handler has nowhere else to look. */
static struct {
	volatile char selector;
	volatile unsigned n;
	volatile int last;
} watch;

/* Make the call that was caught. */
static void on_call(int number, siginfo_t *info, void *context)
{
	greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;

	(void)number;
	watch.n++;
	watch.last = info->si_syscall;
	r[REG_RAX] = leat_syscalls_make(info->si_syscall, r[REG_RDI],
					r[REG_RSI], r[REG_RDX], r[REG_R10],
					r[REG_R8], r[REG_R9]);
}

bool leat_syscalls_watch(void)
{
	struct kernel_action action = {
		.handler = on_call,
		.flags = SA_SIGINFO | SA_RESTORER_FLAG,
		.restorer = leat_syscalls_return,
	};

	return syscall(SYS_rt_sigaction, SIGSYS, &action, NULL,
		       sizeof(action.mask)) == 0 &&
	       prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON,
		     leat_syscalls_area,
		     leat_syscalls_area_end - leat_syscalls_area,
		     &watch.selector) == 0;
}

void leat_syscalls_unwatch(void)
{
	(void)prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_OFF, 0, 0, 0);
}

void leat_syscalls_begin(void)
{
	watch.n = 0;
	watch.selector = SYSCALL_DISPATCH_FILTER_BLOCK;
}

unsigned leat_syscalls_end(void)
{
	watch.selector = SYSCALL_DISPATCH_FILTER_ALLOW;
	return watch.n;
}

int leat_syscalls_last(void)
{
	return watch.last;
}

#else

bool leat_syscalls_watch(void)
{
	return false;
}

void leat_syscalls_unwatch(void)
{
}

void leat_syscalls_begin(void)
{
}

unsigned leat_syscalls_end(void)
{
	return 0;
}

int leat_syscalls_last(void)
{
	return 0;
}

#endif
