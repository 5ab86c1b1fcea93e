/* SPDX-License-Identifier: MIT */
/**
 * Marks on the declarations of leat, in one place.
 */
#ifndef LEAT_ATTRIBUTES_H
#define LEAT_ATTRIBUTES_H

#ifdef __cplusplus
#define LEAT_BEGIN_DECLS extern "C" {
#define LEAT_END_DECLS }
#else
#define LEAT_BEGIN_DECLS
#define LEAT_END_DECLS
#endif

/** Part of the library's interface. */
#if defined(_WIN32)
#define LEAT_API
#else
#define LEAT_API __attribute__((visibility("default")))
#endif

/** The result says whether it worked: looking at it is not optional. */
#define LEAT_MUST_CHECK __attribute__((warn_unused_result))

/**
 * Realtime-safe: no allocation, no lock, no blocking, bounded time.
 *
 * clang (from version 20 on) checks it: -Wfunction-effects when compiling,
 * -fsanitize=realtime when running. Elsewhere it is a note to the reader.
 */
#if defined(__clang__) && __clang_major__ >= 20
#define LEAT_RT __attribute__((nonblocking))
#else
#define LEAT_RT
#endif

#endif
