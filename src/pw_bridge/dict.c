/* SPDX-License-Identifier: MIT */
#include "dict.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct spa_dict_item *find(struct leat_pw_dict *dict, const char *key)
{
	for (uint32_t i = 0; i < dict->n_items; i++)
		if (strcmp(dict->items[i].key, key) == 0)
			return &dict->items[i];
	return NULL;
}

static void replace(const char **text, char *copy)
{
	free((void *)(uintptr_t)*text);
	*text = copy;
}

static int add(struct leat_pw_dict *dict, const char *key, char *value)
{
	char *name;

	if (dict->n_items == LEAT_PW_DICT_MAX)
		return -ENOSPC;
	name = strdup(key);
	if (!name)
		return -ENOMEM;
	dict->items[dict->n_items++] = SPA_DICT_ITEM_INIT(name, value);
	return 0;
}

int leat_pw_dict_set(struct leat_pw_dict *dict, const char *key,
		     const char *value)
{
	struct spa_dict_item *item = find(dict, key);
	char *copy = strdup(value);
	int res = 0;

	if (!copy)
		return -ENOMEM;
	if (item)
		replace(&item->value, copy);
	else
		res = add(dict, key, copy);
	if (res < 0)
		free(copy);
	return res;
}

void leat_pw_dict_finish(struct leat_pw_dict *dict)
{
	for (uint32_t i = 0; i < dict->n_items; i++) {
		replace(&dict->items[i].key, NULL);
		replace(&dict->items[i].value, NULL);
	}
	dict->n_items = 0;
}

const char *leat_pw_dict_get(const struct leat_pw_dict *dict, const char *key)
{
	for (uint32_t i = 0; i < dict->n_items; i++)
		if (strcmp(dict->items[i].key, key) == 0)
			return dict->items[i].value;
	return NULL;
}
