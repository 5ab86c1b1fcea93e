/* SPDX-License-Identifier: MIT */
#include "show.h"

#include "tools/common/json.h"

#include <string.h>

/* Texts are escaped as JSON has it, which this format reads. */
static void show_list(FILE *to, const char *text, char between)
{
	fputs("[ ", to);
	while (*text) {
		size_t n = strcspn(text, (char[]){ between, 0 });
		char item[512];

		snprintf(item, sizeof(item), "%.*s", (int)n, text);
		leat_json_string(to, item);
		fputc(' ', to);
		text += n;
		text += *text == between;
	}
	fputc(']', to);
}

static void show_value(FILE *to, enum leat_setting setting, const char *text)
{
	switch (leat_setting_about(setting)->kind) {
	case LEAT_VALUE_POSITIONS:
		show_list(to, text, ',');
		break;
	case LEAT_VALUE_CONNECTS:
		show_list(to, text, '\n');
		break;
	case LEAT_VALUE_TEXT:
		leat_json_string(to, text);
		break;
	default:
		fputs(text, to);
		break;
	}
}

/* Half of the channels' settings say nothing where the whole is said. */
static const char *usual_of(const struct leat_settings *settings,
			    enum leat_setting setting)
{
	if (setting == LEAT_SET_CHANNELS &&
	    (settings->value[LEAT_SET_MAP] ||
	     settings->value[LEAT_SET_TO_PIPEWIRE] ||
	     settings->value[LEAT_SET_TO_JACK]))
		return NULL;
	return leat_setting_about(setting)->usual;
}

static void show_settings(FILE *to, const struct leat_settings *settings,
			  bool of_link, const char *indent)
{
	for (unsigned i = 0; i < LEAT_N_SETTINGS; i++) {
		enum leat_setting setting = (enum leat_setting)i;
		const char *text = settings->value[i];
		const char *usual = usual_of(settings, setting);

		if (leat_setting_is_links(setting) != of_link)
			continue;
		if (!text && !usual)
			continue;
		fprintf(to, "%s%s%s = ", indent, text ? "" : "# ",
			leat_setting_about(setting)->name);
		show_value(to, setting, text ? text : usual);
		fputc('\n', to);
	}
}

static int show_link(FILE *to, const struct leat_config *config,
		     const struct leat_config_link *link)
{
	struct leat_settings settings = { { NULL } };
	int res = leat_config_resolve(config, link, &settings);

	if (res == 0) {
		fprintf(to, "    %s = {\n", link->name);
		show_settings(to, &settings, true, "        ");
		fputs("    }\n", to);
	}
	leat_settings_clear(&settings);
	return res;
}

int leat_config_show(FILE *to, const struct leat_config *config)
{
	int res = 0;

	show_settings(to, &config->settings, false, "");
	fputs("links = {\n", to);
	for (unsigned i = 0; i < config->n_links && res == 0; i++)
		res = show_link(to, config, &config->link[i]);
	fputs("}\n", to);
	return res;
}
