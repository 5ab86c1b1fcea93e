/* SPDX-License-Identifier: MIT */
#include "resampler_kernel.h"

/*
 * Compilers may not reorder sums of floats, so the sums are vectors: the
 * compilers' own vector types, of a width that the processor has. (gcc 12
 * keeps an array of plain sums in memory, which takes four times as long.)
 */
typedef float quad __attribute__((vector_size(16), aligned(4), may_alias));

#if defined(__i386__) && defined(__GNUC__) && !defined(__clang__)
/* Without SSE it says that vectors are returned in another way than with it:
 * the functions that return them are static. */
#pragma GCC diagnostic ignored "-Wpsabi"
#endif

#define KERNEL(name) quad_##name
#define VECTOR quad
#define TARGET
#include "resampler_lanes.h"

void leat_kernel_plain(const struct leat_kernel_frame *frame,
		       float *const *planes, size_t at)
{
	quad_frame(frame, planes, at);
}

#if defined(__x86_64__) && defined(__GNUC__)
/* For processors since 2013: eight lanes and fused products. */
typedef float octet __attribute__((vector_size(32), aligned(4), may_alias));

#define KERNEL(name) octet_##name
#define VECTOR octet
#define TARGET __attribute__((target("avx2,fma")))
#include "resampler_lanes.h"

leat_kernel_fn leat_kernel_choose(void)
{
	__builtin_cpu_init();
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
		return octet_frame;
	return leat_kernel_plain;
}
#else
leat_kernel_fn leat_kernel_choose(void)
{
	return leat_kernel_plain;
}
#endif
