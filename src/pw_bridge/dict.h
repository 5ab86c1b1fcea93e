/* SPDX-License-Identifier: MIT */
/* A few keys and values that are kept, as PipeWire's functions take them. */
#ifndef LEAT_PW_DICT_H
#define LEAT_PW_DICT_H

#include <leat/attributes.h>

#include <spa/utils/dict.h>

#define LEAT_PW_DICT_MAX 64

/* Zero it. */
struct leat_pw_dict {
	struct spa_dict_item items[LEAT_PW_DICT_MAX];
	uint32_t n_items;
};

/* Set a key to a copy of a value. -ENOSPC, -ENOMEM. */
LEAT_MUST_CHECK int leat_pw_dict_set(struct leat_pw_dict *dict, const char *key,
				     const char *value);
void leat_pw_dict_finish(struct leat_pw_dict *dict);

/* NULL if there is no such key. */
const char *leat_pw_dict_get(const struct leat_pw_dict *dict, const char *key);

#endif
