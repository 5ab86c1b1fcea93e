/* SPDX-License-Identifier: MIT */
/*
 * All of include/leat/inline/atomics.h, compiled so that orders.py can see of what
 * each function is made: in a way that leaves nobody free to inline them.
 */
#include <leat/inline/atomics.h>

__attribute__((used)) static const void *const functions[] = {
	leat_word_load,
	leat_word_store,
	leat_word_peek,
	leat_word_set,
	leat_word_add,
	leat_word_publish,
	leat_word_load_after_publish,
	leat_loads_before_loads,
	leat_stores_before_stores,
	leat_pointer_load,
	leat_pointer_store,
	leat_pointer_load_ordered,
	leat_pointer_store_ordered,
};
