/* SPDX-License-Identifier: MIT */
#include "link/rundir.h"

#include "helpers.h"
#include "runner.h"

#include <CUnit/CUnit.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- names ---- */

static void expect_name(const char *name, int res)
{
	struct leat_error error = { "" };

	CU_ASSERT_EQUAL(leat_link_name_check(name, &error), res);
	CU_ASSERT_EQUAL(leat_link_name_check(name, NULL), res);
	/* Whoever is refused is told why, and how it would do. */
	CU_ASSERT_EQUAL(strlen(error.text) > 20, res < 0);
}

static void test_good_names(void)
{
	expect_name("a", 0);
	expect_name("Z", 0);
	expect_name("0", 0);
	expect_name("9.", 0);
	expect_name("main", 0);
	expect_name("a.b_c-d", 0);
	expect_name("x..", 0);
	expect_name("abcdefghijklmnopqrstuvwxyz", 0);
	expect_name("ABCDEFGHIJKLMNOPQRSTUVWXYZ", 0);
	expect_name("0123456789", 0);
	expect_name("12345678901234567890123456789012", 0);
}

static void test_length_of_names(void)
{
	char name[1000];

	expect_name("", -EINVAL);
	memset(name, 'x', sizeof(name));
	for (size_t n = 1; n < sizeof(name); n++) {
		name[n] = 0;
		expect_name(name, n <= 32 ? 0 : -EINVAL);
		name[n] = 'x';
	}
}

/* One that fills its array, as a caller's may: what follows is not read. */
static void test_name_without_an_end(void)
{
	struct {
		char name[LEAT_LINK_NAME_BYTES];
		char after[16];
	} spec;
	struct leat_error error;

	memset(spec.name, 'x', sizeof(spec.name));
	strcpy(spec.after, "#after");
	CU_ASSERT_EQUAL(leat_link_name_check(spec.name, &error), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "too long"));
	CU_ASSERT_PTR_NULL(strchr(error.text, '#'));
}

/* The sentences name the true numbers. */
static void test_words_about_names(void)
{
	char name[60];
	struct leat_error error;

	CU_ASSERT_EQUAL(leat_link_name_check("", &error), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "1 to 32 letters"));
	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = 0;
	CU_ASSERT_EQUAL(leat_link_name_check(name, &error), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "at most 32 characters"));
}

static void test_first_character(void)
{
	expect_name(".", -EINVAL);
	expect_name("..", -EINVAL);
	expect_name(".hidden", -EINVAL);
	expect_name("-option", -EINVAL);
	expect_name("_x", -EINVAL);
}

/* Every byte, where it is neither the first nor the last. */
static void test_every_character(void)
{
	const char *good = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			   "abcdefghijklmnopqrstuvwxyz0123456789._-";

	for (int c = 1; c < 256; c++) {
		char name[] = { 'a', (char)c, 'b', 0 };

		expect_name(name, strchr(good, c) ? 0 : -EINVAL);
	}
}

/* ---- the directory ---- */

/* Ask for the directory: the result, and the sentence that comes with it. */
static int runtime_dir(bool create, struct leat_error *error)
{
	char path[200] = "";
	int res;

	error->text[0] = 0;
	res = leat_runtime_dir(path, sizeof(path), create, error);
	if (res == 0) {
		char wanted[200];

		snprintf(wanted, sizeof(wanted), "%s/leat", unit_rundir());
		CU_ASSERT_STRING_EQUAL(path, wanted);
	}
	return res;
}

/* Refused, in a sentence that names a word, whether to be made or not. */
static void expect_refused(int res, const char *word)
{
	struct leat_error error;

	CU_ASSERT_EQUAL(runtime_dir(false, &error), res);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, word));
	CU_ASSERT_EQUAL(runtime_dir(true, &error), res);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, word));
}

static const char *leat_path(void)
{
	static char path[100];

	snprintf(path, sizeof(path), "%s/leat", unit_rundir());
	return path;
}

static void test_missing_and_made(void)
{
	struct leat_error error;
	struct stat st;
	mode_t mask;

	CU_ASSERT_FATAL(unit_rundir_make());
	CU_ASSERT_EQUAL(runtime_dir(false, &error), -ENOENT);
	/* That nobody has made it yet is nothing to complain of. */
	CU_ASSERT_STRING_EQUAL(error.text, "");
	CU_ASSERT_NOT_EQUAL(stat(leat_path(), &st), 0);
	mask = umask(0);
	CU_ASSERT_EQUAL(runtime_dir(true, &error), 0);
	umask(mask);
	CU_ASSERT_EQUAL(stat(leat_path(), &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 07777, 0700);
	CU_ASSERT_EQUAL(runtime_dir(true, &error), 0);
	CU_ASSERT_EQUAL(runtime_dir(false, &error), 0);
	unit_rundir_remove();
}

static void test_base_is_missing(void)
{
	CU_ASSERT_FATAL(unit_rundir_make());
	unit_rundir_remove();
	/* Not the same as a link that nobody hosts yet. */
	expect_refused(-ENOTDIR, unit_rundir());
}

/* Others may read the directory, which is not ours alone, but not write. */
static void test_mode_of_the_base(void)
{
	static const mode_t bad[] = { 0777, 01777, 0770, 0720, 0702, 0722 };
	struct leat_error error;
	char mode[20];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CU_ASSERT_FATAL(unit_rundir_make());
		CU_ASSERT_EQUAL(chmod(unit_rundir(), bad[i]), 0);
		expect_refused(-EPERM, "chmod 700");
		snprintf(mode, sizeof(mode), "(mode %03o)",
			 (unsigned)bad[i] & 0777);
		expect_refused(-EPERM, mode);
		CU_ASSERT_EQUAL(chmod(unit_rundir(), 0755), 0);
		CU_ASSERT_EQUAL(runtime_dir(true, &error), 0);
		unit_rundir_remove();
	}
}

static void test_mode_of_ours(void)
{
	static const mode_t bad[] = { 0777, 0755, 0750, 0710, 0701, 0740 };
	struct leat_error error;

	CU_ASSERT_FATAL(unit_rundir_make());
	CU_ASSERT_FATAL(mkdir(leat_path(), 0700) == 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CU_ASSERT_EQUAL(chmod(leat_path(), bad[i]), 0);
		expect_refused(-EPERM, "chmod 700");
	}
	CU_ASSERT_EQUAL(chmod(leat_path(), 0700), 0);
	CU_ASSERT_EQUAL(runtime_dir(false, &error), 0);
	unit_rundir_remove();
}

static void test_symlinks(void)
{
	char elsewhere[100], base[100];

	CU_ASSERT_FATAL(unit_rundir_make());
	snprintf(elsewhere, sizeof(elsewhere), "%s/elsewhere", unit_rundir());
	CU_ASSERT_FATAL(mkdir(elsewhere, 0700) == 0);
	CU_ASSERT_FATAL(symlink(elsewhere, leat_path()) == 0);
	expect_refused(-EPERM, "not a directory");
	unlink(leat_path());
	snprintf(base, sizeof(base), "%s/base", unit_rundir());
	CU_ASSERT_FATAL(symlink(elsewhere, base) == 0);
	setenv("XDG_RUNTIME_DIR", base, 1);
	expect_refused(-EPERM, "not a directory");
	/* One that leads nowhere. */
	CU_ASSERT_FATAL(rmdir(elsewhere) == 0);
	expect_refused(-EPERM, "not a directory");
	unit_rundir_remove();
}

static void test_files(void)
{
	CU_ASSERT_FATAL(unit_rundir_make());
	close(open(leat_path(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	expect_refused(-EPERM, "not a directory");
	setenv("XDG_RUNTIME_DIR", leat_path(), 1);
	expect_refused(-EPERM, "not a directory");
	unit_rundir_remove();
}

/* Only the superuser can give a directory away; others skip this. */
static void test_not_ours(void)
{
	if (geteuid() != 0)
		return;
	CU_ASSERT_FATAL(unit_rundir_make());
	CU_ASSERT_FATAL(mkdir(leat_path(), 0700) == 0);
	CU_ASSERT_FATAL(chown(leat_path(), 12345, 0) == 0);
	expect_refused(-EPERM, "user 12345");
	CU_ASSERT_FATAL(chown(leat_path(), 0, 0) == 0);
	CU_ASSERT_FATAL(chown(unit_rundir(), 12345, 0) == 0);
	expect_refused(-EPERM, "user 12345");
	unit_rundir_remove();
}

static void test_variable_is_not_set(void)
{
	char path[64], wanted[64], small[5];
	struct leat_error error;

	snprintf(wanted, sizeof(wanted), "/tmp/leat-%u", geteuid());
	unsetenv("XDG_RUNTIME_DIR");
	/* Whether it is there and how is not the test's business. */
	(void)!leat_runtime_dir(path, sizeof(path), false, &error);
	CU_ASSERT_STRING_EQUAL(path, wanted);
	setenv("XDG_RUNTIME_DIR", "", 1);
	path[0] = 0;
	(void)!leat_runtime_dir(path, sizeof(path), false, &error);
	CU_ASSERT_STRING_EQUAL(path, wanted);
	CU_ASSERT_EQUAL(leat_runtime_dir(small, sizeof(small), false, &error),
			-ENAMETOOLONG);
}

static void test_variable_is_too_long(void)
{
	char base[300], path[200];
	struct leat_error error = { "" };
	size_t n;

	memset(base, 'x', sizeof(base) - 1);
	base[0] = '/';
	base[sizeof(base) - 1] = 0;
	setenv("XDG_RUNTIME_DIR", base, 1);
	CU_ASSERT_EQUAL(leat_runtime_dir(path, sizeof(path), true, &error),
			-ENAMETOOLONG);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "XDG_RUNTIME_DIR"));
	/* It fits, but not with what comes behind it. */
	CU_ASSERT_FATAL(unit_rundir_make());
	n = strlen(unit_rundir());
	CU_ASSERT_EQUAL(leat_runtime_dir(path, n, true, NULL), -ENAMETOOLONG);
	CU_ASSERT_EQUAL(leat_runtime_dir(path, n + 1, true, NULL),
			-ENAMETOOLONG);
	CU_ASSERT_EQUAL(leat_runtime_dir(path, n + 5, true, NULL),
			-ENAMETOOLONG);
	CU_ASSERT_EQUAL(leat_runtime_dir(path, n + 6, true, NULL), 0);
	unit_rundir_remove();
}

/* ---- the address ---- */

static void test_address(void)
{
	struct sockaddr_un address;
	struct leat_error error;
	char wanted[120];

	CU_ASSERT_FATAL(unit_rundir_make());
	CU_ASSERT_EQUAL(leat_link_address(&address, "main", false, &error),
			-ENOENT);
	CU_ASSERT_EQUAL(leat_link_address(&address, "a/b", true, &error),
			-EINVAL);
	memset(&address, 0x55, sizeof(address));
	CU_ASSERT_EQUAL(leat_link_address(&address, "main", true, &error), 0);
	/* The kernel is given all of it, and nothing that was there before. */
	for (size_t i = strlen(address.sun_path); i < sizeof(address.sun_path);
	     i++)
		CU_ASSERT_EQUAL(address.sun_path[i], 0);
	snprintf(wanted, sizeof(wanted), "%s/leat/main", unit_rundir());
	CU_ASSERT_STRING_EQUAL(address.sun_path, wanted);
	CU_ASSERT_EQUAL(address.sun_family, AF_UNIX);
	unit_rundir_remove();
}

/* 107 characters are what a socket's address holds. */
static void test_address_is_too_long(void)
{
	const char *name = "12345678901234567890123456789012";
	struct sockaddr_un address;
	char base[110];

	CU_ASSERT_FATAL(unit_rundir_make());
	/* .../xxx + /leat/ + name: 107 in all, and then one more. */
	for (size_t n = 107 - 32 - 6; n <= 107 - 32 - 6 + 1; n++) {
		struct leat_error error = { "" };

		memset(base, 'x', n);
		base[n] = 0;
		memcpy(base, unit_rundir(), strlen(unit_rundir()));
		base[strlen(unit_rundir())] = '/';
		CU_ASSERT_FATAL(mkdir(base, 0700) == 0);
		setenv("XDG_RUNTIME_DIR", base, 1);
		if (n == 107 - 32 - 6) {
			CU_ASSERT_EQUAL(
				leat_link_address(&address, name, true, &error),
				0);
			CU_ASSERT_EQUAL(strlen(address.sun_path), 107);
			continue;
		}
		CU_ASSERT_EQUAL(leat_link_address(&address, name, true, &error),
				-ENAMETOOLONG);
		CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "too long"));
		CU_ASSERT_EQUAL(leat_link_address(&address, "x", true, NULL),
				0);
	}
	unit_rundir_remove();
}

static const struct unit_test tests[] = {
	{ "names", "good", test_good_names },
	{ "names", "length", test_length_of_names },
	{ "names", "without an end", test_name_without_an_end },
	{ "names", "in words", test_words_about_names },
	{ "names", "first character", test_first_character },
	{ "names", "every character", test_every_character },
	{ "directory", "missing and made", test_missing_and_made },
	{ "directory", "base is missing", test_base_is_missing },
	{ "directory", "mode of the base", test_mode_of_the_base },
	{ "directory", "mode of ours", test_mode_of_ours },
	{ "directory", "symlinks", test_symlinks },
	{ "directory", "files", test_files },
	{ "directory", "not ours", test_not_ours },
	{ "directory", "variable not set", test_variable_is_not_set },
	{ "directory", "variable too long", test_variable_is_too_long },
	{ "address", "where it is", test_address },
	{ "address", "too long", test_address_is_too_long },
};

UNIT_MAIN(tests)
