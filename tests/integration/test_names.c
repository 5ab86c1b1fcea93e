/* SPDX-License-Identifier: MIT */
/*
 * What other programs read of a link's names: JACK's metadata, by a client of
 * our own, and PipeWire's properties, by pw-dump. They go with the link, and
 * where JACK has no database for them, nothing else is missing.
 */
#include "bridge.h"

#include "unit/runner.h"

#include <CUnit/CUnit.h>
#include <jack/jack.h>
#include <jack/metadata.h>
#include <jack/uuid.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RUN_MS 10000
#define STOP_MS 5000
#define CLIENT "leat-" LINK
#define INTEGER "http://www.w3.org/2001/XMLSchema#int"

static struct bridge bridge;

/* ---- JACK ---- */

struct port_case {
	const char *name, *pretty_name, *group, *order;
};

static const struct port_case ports[] = {
	{ "to_pipewire_FL", "To PipeWire Front Left", "To PipeWire Front",
	  "0" },
	{ "to_pipewire_FR", "To PipeWire Front Right", "To PipeWire Front",
	  "1" },
	{ "to_pipewire_RL", "To PipeWire Rear Left", "To PipeWire Rear", "2" },
	{ "to_pipewire_RR", "To PipeWire Rear Right", "To PipeWire Rear", "3" },
	{ "to_pipewire_FC", "To PipeWire Front Center", NULL, "4" },
	{ "to_pipewire_LFE", "To PipeWire Subwoofer", NULL, "5" },
	{ "from_pipewire_FL", "From PipeWire Front Left", "From PipeWire Front",
	  "6" },
	{ "from_pipewire_FR", "From PipeWire Front Right",
	  "From PipeWire Front", "7" },
	{ "from_pipewire_LFE", "From PipeWire Subwoofer", NULL, "11" },
};

#define N_PORTS (sizeof(ports) / sizeof(ports[0]))

static jack_client_t *onlooker;
static bool has_database; /* libjack can be built without one */
static jack_uuid_t port_uuid[N_PORTS], client_uuid;

/* Whether a property is that, or is not there if NULL is expected. */
static bool is(jack_uuid_t subject, const char *key, const char *expected,
	       const char *expected_type)
{
	char *value = NULL, *type = NULL;
	bool there = jack_get_property(subject, key, &value, &type) == 0;
	bool right = there == (expected != NULL);

	if (there && expected)
		right = strcmp(value, expected) == 0 && type &&
			strcmp(type, expected_type) == 0;
	if (!right)
		fprintf(stderr, "%s is %s (%s), not %s\n", key,
			value ? value : "absent", type ? type : "",
			expected ? expected : "absent");
	jack_free(value);
	jack_free(type);
	return right;
}

static int n_properties(jack_uuid_t subject)
{
	jack_description_t description = { .property_cnt = 0 };
	int n = jack_get_properties(subject, &description);

	jack_free_description(&description, 0);
	return n > 0 ? n : 0;
}

static jack_uuid_t find_client(void)
{
	char *text = jack_get_uuid_for_client_name(onlooker, CLIENT);
	jack_uuid_t uuid = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	CU_ASSERT_EQUAL_FATAL(jack_uuid_parse(text, &uuid), 0);
	jack_free(text);
	return uuid;
}

static jack_uuid_t find_port(const char *name)
{
	char full[128];
	jack_port_t *port;

	snprintf(full, sizeof(full), CLIENT ":%s", name);
	port = jack_port_by_name(onlooker, full);
	CU_ASSERT_PTR_NOT_NULL_FATAL(port);
	return jack_port_uuid(port);
}

static void open_onlooker(void)
{
	onlooker = jack_client_open("onlooker", JackNoStartServer, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(onlooker);
}

static void look_for_database(void)
{
	jack_uuid_t uuid = 0;
	char *text = jack_get_uuid_for_client_name(onlooker, "onlooker");

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	CU_ASSERT_EQUAL_FATAL(jack_uuid_parse(text, &uuid), 0);
	jack_free(text);
	has_database = jack_set_property(onlooker, uuid,
					 JACK_METADATA_PRETTY_NAME, "Onlooker",
					 "text/plain") == 0;
	if (!has_database)
		printf("this libjack has no database for metadata: what JACK's "
		       "clients see of names is skipped\n");
}

static void test_servers(void)
{
	bool up = bridge_start(&bridge);

	if (!up)
		bridge_show(&bridge);
	CU_ASSERT_FATAL(up);
	open_onlooker();
	look_for_database();
}

static void test_ports(void)
{
	for (size_t i = 0; i < N_PORTS; i++) {
		const struct port_case *port = &ports[i];
		jack_uuid_t subject = port_uuid[i] = find_port(port->name);

		if (!has_database)
			continue;
		CU_ASSERT(is(subject, JACK_METADATA_PRETTY_NAME,
			     port->pretty_name, "text/plain"));
		CU_ASSERT(is(subject, JACK_METADATA_PORT_GROUP, port->group,
			     "text/plain"));
		CU_ASSERT(
			is(subject, JACK_METADATA_ORDER, port->order, INTEGER));
		CU_ASSERT_EQUAL(n_properties(subject), port->group ? 3 : 2);
	}
}

static void test_client(void)
{
	if (!has_database)
		return;
	client_uuid = find_client();
	CU_ASSERT(is(client_uuid, JACK_METADATA_PRETTY_NAME,
		     "PipeWire (" LINK ")", "text/plain"));
	CU_ASSERT(
		is(client_uuid, JACK_METADATA_ICON_NAME, "leat", "text/plain"));
	CU_ASSERT_EQUAL(n_properties(client_uuid), 2);
}

/* All that was said goes with whom it was said of. */
static void test_gone(void)
{
	CU_ASSERT_EQUAL(proc_stop(&bridge.jack_side, STOP_MS), 0);
	for (size_t i = 0; i < N_PORTS; i++)
		CU_ASSERT_EQUAL(n_properties(port_uuid[i]), 0);
	CU_ASSERT_EQUAL(n_properties(client_uuid), 0);
}

/*
 * A server that is killed leaves its database behind, and numbers its ports as
 * before: a port that is of no group is of none, whoever had its number.
 */
static void test_what_others_left(void)
{
	for (size_t i = 0; has_database && i < N_PORTS; i++)
		CU_ASSERT_EQUAL(jack_set_property(onlooker, port_uuid[i],
						  JACK_METADATA_PORT_GROUP,
						  "of another", "text/plain"),
				0);
	CU_ASSERT_FATAL(bridge_start_jack_side(&bridge));
	CU_ASSERT_FATAL(bridge_wait_state("idle", RUN_MS));
	test_ports();
}

/* ---- PipeWire ---- */

/* Whether jq finds it in what pw-dump shows. */
static bool is_shown(void *arg)
{
	char text[2048], script[1024];
	const char *argv[] = { "sh", "-c", script, NULL };

	snprintf(script, sizeof(script), "pw-dump | jq -e '[.[] | %s] | any'",
		 (const char *)arg);
	return proc_run(argv, NULL, text, sizeof(text), RUN_MS) == 0;
}

/* Nodes and ports are heard of one by one. */
static void expect(const char *what)
{
	bool shown = wait_for(is_shown, (void *)(uintptr_t)what, RUN_MS);

	CU_ASSERT(shown);
	if (!shown)
		fprintf(stderr, "pw-dump does not show %s\n", what);
}

static void test_nodes(void)
{
	expect(".info.props | .\"node.name\" == \"leat.test.sink\""
	       " and .\"node.description\" == \"To JACK (test)\""
	       " and .\"node.nick\" == \"To JACK test\""
	       " and .\"media.name\" == \"leat link test\""
	       " and .\"media.class\" == \"Audio/Sink\""
	       " and .\"device.icon-name\" == \"leat\""
	       " and .\"application.icon-name\" == \"leat\""
	       " and .\"node.group\" == \"leat.test\"");
	expect(".info.props | .\"node.name\" == \"leat.test.source\""
	       " and .\"node.description\" == \"From JACK (test)\""
	       " and .\"node.nick\" == \"From JACK test\""
	       " and .\"media.class\" == \"Audio/Source\""
	       " and .\"device.icon-name\" == \"leat\"");
}

static void test_node_ports(void)
{
	expect(".info.props | .\"port.alias\" == \"To JACK "
	       "test:playback_LFE\"");
	expect(".info.props | .\"port.alias\" == \"From JACK "
	       "test:capture_FC\"");
}

static void test_owner(void)
{
	expect("select(.type == \"PipeWire:Interface:Client\") | .info.props"
	       " | .\"application.name\" == \"leat\""
	       " and .\"application.icon-name\" == \"leat\""
	       " and .\"application.version\" != null");
}

/* ---- where JACK has no metadata ---- */

static bool said(const char *words)
{
	char path[128], line[1024];
	bool found = false;
	FILE *file = fopen(sandbox_path(&bridge.sandbox, "leat-jack.log", path,
					sizeof(path)),
			   "r");

	while (file && !found && fgets(line, sizeof(line), file))
		found = strstr(line, words) != NULL;
	if (file)
		fclose(file);
	return found;
}

/* What is in its place is a file, in which no database can be opened. */
static void spoil_database(void)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/dev/shm/jack_db-%u", getuid());
	CU_ASSERT_NOT_EQUAL(access(path, F_OK), 0);
	file = fopen(path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fclose(file);
}

static void test_no_database(void)
{
	char *value = NULL, *type = NULL;

	jack_client_close(onlooker);
	CU_ASSERT_EQUAL(proc_stop(&bridge.jack_side, STOP_MS), 0);
	CU_ASSERT_EQUAL(jack_server_stop(&bridge.jack), 0);
	spoil_database();
	CU_ASSERT_EQUAL_FATAL(jack_server_start(&bridge.jack, &bridge.sandbox),
			      0);
	CU_ASSERT_FATAL(bridge_start_jack_side(&bridge));
	CU_ASSERT_FATAL(bridge_wait_state("idle", RUN_MS));
	open_onlooker();
	CU_ASSERT_NOT_EQUAL(jack_get_property(find_port("to_pipewire_FL"),
					      JACK_METADATA_PRETTY_NAME, &value,
					      &type),
			    0);
	CU_ASSERT_FALSE(said("etadata"));
	CU_ASSERT_FALSE(said("DB"));
}

static void test_ends_cleanly(void)
{
	jack_client_close(onlooker);
	CU_ASSERT_EQUAL(proc_stop(&bridge.jack_side, STOP_MS), 0);
	CU_ASSERT_EQUAL(bridge_stop_pipewire_side(&bridge), 0);
	CU_ASSERT_EQUAL(bridge_finish(&bridge), 0);
}

static const struct unit_test tests[] = {
	{ "names", "servers", test_servers },
	{ "names", "ports in JACK", test_ports },
	{ "names", "the client in JACK", test_client },
	{ "names", "nodes in PipeWire", test_nodes },
	{ "names", "their ports", test_node_ports },
	{ "names", "who owns them", test_owner },
	{ "names", "gone with the client", test_gone },
	{ "names", "what others left", test_what_others_left },
	{ "names", "no database", test_no_database },
	{ "names", "ends cleanly", test_ends_cleanly },
};

int main(int argc, char **argv)
{
	const char *why = bridge_init(&bridge, 256);

	if (!why && system("command -v pw-dump jq >/dev/null") != 0)
		why = "pw-dump or jq is not installed";
	if (why) {
		printf("skipped: %s\n", why);
		return SANDBOX_SKIP;
	}
	bridge.channels = "6";
	return unit_run(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
