"""Each gate fails when it should, says where, and passes what is right. The gates run as they do for everybody, on a
small repository that each test writes."""
import shutil
import subprocess
import sys
import tempfile
import textwrap
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SCRIPTS = ROOT / "scripts"


class GateTest(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.root = Path(place.name).resolve()

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")

    def run_gate(self, gate, *options):
        return subprocess.run([sys.executable, SCRIPTS / f"check-{gate}", "--root", self.root, *options],
                              capture_output=True, text=True, timeout=60, check=False)

    def assert_passes(self, gate, *options):
        run = self.run_gate(gate, *options)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        return run.stdout

    def assert_fails(self, gate, *words):
        run = self.run_gate(gate)
        self.assertEqual(run.returncode, 1, run.stdout + run.stderr)
        for word in words:
            self.assertIn(word, run.stdout)
        return run.stdout


class Layers(GateTest):
    def test_an_arrow_that_points_down_passes(self):
        self.write("src/base/str.h", "")
        self.write("src/store/sqlite.c", '#include <sqlite3.h>\n\n#include "base/str.h"\n')
        self.assert_passes("layers")

    def test_an_arrow_that_points_up_is_named_with_its_line(self):
        self.write("src/tlog/tree.h", "")
        self.write("src/codec/hex.c", '/* why */\n#include "tlog/tree.h"\n')
        self.assert_fails("layers", "src/codec/hex.c:2:", "codec -> tlog")

    def test_rooms_side_by_side_may_not_include_each_other(self):
        self.write("src/crypto/hash.h", "")
        self.write("src/codec/hex.c", '#include "crypto/hash.h"\n')
        self.assert_fails("layers", "codec -> crypto")

    def test_http_knows_no_licensing(self):
        self.write("src/core/pool.h", "")
        self.write("src/http/loop.c", '#include "core/pool.h"\n')
        self.assert_fails("layers", "http -> core")

    def test_an_include_must_name_its_room_and_a_file_that_is_there(self):
        self.write("src/base/str.c", '#include "str.h"\n#include "base/gone.h"\n')
        self.assert_fails("layers", "src/base/str.c:1:", "src/base/str.c:2: there is no src/base/gone.h")

    def test_a_room_without_arrows_is_refused(self):
        self.write("src/attic/old.c", "")
        self.assert_fails("layers", "src/attic/old.c")

    def test_foreign_headers_have_owners(self):
        for name, header in (("src/tlog/a.c", "openssl/evp.h"), ("src/http/loop.c", "openssl/ssl.h"),
                             ("src/codec/hex.c", "jansson.h"), ("src/engine/a.c", "sqlite3.h"),
                             ("src/store/a.c", "libpq-fe.h")):
            self.write(name, f"#include <{header}>\n")
            self.assert_fails("layers", f"{name}:1: <{header}>")
            (self.root / name).unlink()

    def test_the_owners_of_foreign_headers_may_include_them(self):
        for name, header in (("src/crypto/a.c", "openssl/evp.h"), ("src/http/tls.c", "openssl/ssl.h"),
                             ("src/codec/json_read.c", "jansson.h"), ("src/store/sqlite.c", "sqlite3.h")):
            self.write(name, f"#include <{header}>\n")
        self.assert_passes("layers")

    def test_calls_have_owners(self):
        for call in ("malloc(8)", "free(at)", "clock_gettime(0, at)", "time(0)", "getrandom(at, 8, 0)"):
            self.write("src/core/pool.c", f"void pool_try(void *at)\n{{\n    (void){call};\n}}\n")
            self.assert_fails("layers", "src/core/pool.c:3: " + call.split("(", maxsplit=1)[0])

    def test_words_in_comments_text_and_members_are_no_calls(self):
        self.write("src/core/pool.c", """
            /* free(at) and #include "api/routes.h" are words here */
            void pool_try(struct pool *pool)
            {
                pool->free(pool, "malloc(1)");
                memory_free(pool->entry.time(0));
            }
            """)
        self.assert_passes("layers")


def function_of(lines, head="void pool_long(void)"):
    """A function that is so many lines long, braces and head included."""
    return f"{head}\n{{\n" + "    step();\n" * (lines - 3) + "}\n"


class Lengths(GateTest):
    def test_a_function_of_70_lines_passes_and_one_of_71_does_not(self):
        self.write("src/core/pool.c", function_of(70))
        self.assert_passes("lengths")
        self.write("src/core/pool.c", "static int x;\n\n" + function_of(71))
        self.assert_fails("lengths", "src/core/pool.c:3: pool_long has 71 lines")

    def test_a_head_over_several_lines_counts(self):
        self.write("src/core/pool.c", function_of(70, "MUST_CHECK status pool_long(int a,\n                  int b)"))
        self.assert_fails("lengths", "pool_long has 71 lines")

    def test_a_sixth_parameter_fails(self):
        self.write("src/core/pool.c", function_of(5, "void pool_five(int a, int b, int c, int d, int (*e)(int, int))"))
        self.assert_passes("lengths")
        self.write("src/core/pool.c", function_of(5, "void pool_six(int a, int b, int c, int d, int e, int f)"))
        self.assert_fails("lengths", "pool_six has 6 parameters")

    def test_complexity_counts_branches_and_not_their_names_in_text(self):
        branches = "".join(f'    if (a == {n})\n        step("if (x && y)"); /* if */\n' for n in range(14))
        self.write("src/core/pool.c", f"void pool_fork(int a)\n{{\n{branches}}}\n")
        self.assert_passes("lengths")
        self.write("src/core/pool.c", f"void pool_fork(int a)\n{{\n{branches}    step(a ? 1 : 2);\n}}\n")
        self.assert_fails("lengths", "pool_fork has 16 as its complexity")

    def test_case_labels_side_by_side_are_one_branch(self):
        labels = "".join(f"    case {n}:\n" for n in range(20))
        self.write("src/core/pool.c",
                   f"int pool_kind(int a)\n{{\n    switch (a) {{\n{labels}        return 1;\n    }}\n    return 0;\n}}\n")
        self.assert_passes("lengths")

    def test_types_values_and_macros_are_no_functions(self):
        filler = "".join(f"    {{ {n}, TO(X) }},\n" for n in range(90))
        self.write("src/core/pool.c", "struct pool {\n    int (*run)(void);\n};\n"
                   f"static const struct row rows[] = {{\n{filler}}};\n"
                   "#define EACH(x)    \\\n    do {           \\\n        step(x);   \\\n    } while (0)\n" + function_of(9))
        self.assertIn("1 functions", self.assert_passes("lengths"))

    def test_attributes_after_the_parameters_hide_no_function(self):
        self.write("src/core/pool.c", function_of(71, "static void pool_long(void) __attribute__((format(printf, 1, 2)))"))
        self.assert_fails("lengths", "pool_long has 71 lines")

    def test_a_file_beyond_the_aim_is_named_and_one_beyond_the_maximum_fails(self):
        self.write("src/core/pool.c", "static int x;\n" * 401)
        self.assertIn("note: src/core/pool.c: 401 lines", self.assert_passes("lengths"))
        self.write("src/core/pool.c", "static int x;\n" * 601)
        self.assert_fails("lengths", "src/core/pool.c: 601 lines")

    def test_many_middling_functions_break_the_percentiles(self):
        for n in range(30):
            self.write(f"src/core/pool{n}.c", function_of(19 if n < 26 else 46))
        output = self.assert_fails("lengths", "p50 of function lengths is 19")
        self.assertIn("p90 of function lengths is 46", output)

    def test_a_function_cut_in_two_by_an_if_is_refused_by_name(self):
        self.write("src/core/pool.c", "#ifdef A\nvoid pool_a(void) {\n#else\nvoid pool_b(void) {\n#endif\n}\n")
        self.assert_fails("lengths", "src/core/pool.c:2:", "#if")

    def test_tests_are_held_to_the_maxima_too(self):
        self.write("tests/unit/test_pool.c", function_of(71))
        self.assert_fails("lengths", "tests/unit/test_pool.c:1")


class Banned(GateTest):
    def test_a_banned_call_is_named_with_its_line_and_a_better_one(self):
        for call in ("strcpy(a, b)", "sprintf(a, b)", "atoi(a)", "alloca(4)", "strtok(a, b)", "sscanf(a, b)", "localtime(a)"):
            self.write("tests/unit/test_pool.c", f"int x;\nint y = {call};\n")
            self.assert_fails("banned", f"tests/unit/test_pool.c:2: {call.split('(', maxsplit=1)[0]}()")

    def test_names_that_only_contain_one_pass(self):
        self.write("src/core/pool.c", "int x = pool_strcpy(a); /* not strcpy(a, b) */ int y = pool->atoi(1);\n")
        self.assert_passes("banned")

    def test_a_shell_is_banned_from_the_program_alone(self):
        self.write("tests/crash/loop.c", "int x = system(a);\n")
        self.assert_passes("banned")
        self.write("src/cli/run.c", "int x = system(a);\n")
        self.assert_fails("banned", "src/cli/run.c:1: system()")

    def test_unfinished_work_is_found_in_code_and_documents(self):
        for word in ("TO" + "DO", "FIX" + "ME", "XX" + "X"):
            self.write("docs/how.md", f"# How\n\n{word}: later\n")
            self.assert_fails("banned", f"docs/how.md:3: {word}")

    def test_a_template_for_mkstemp_marks_nothing(self):
        self.write("src/core/pool.c", 'const char *at = "/tmp/pool.XXXXXX";\n')
        self.assert_passes("banned")


class Architecture(GateTest):
    def setUp(self):
        super().setUp()
        self.write("src/base/str.c", "")
        self.write("src/base/str.h", "/*\n * base/str: a slice of text. It owns nothing.\n */\n")

    def test_a_pair_has_one_line(self):
        self.write("ARCHITECTURE.md", "- `src/base/str.[ch]`: slices.\n")
        self.assert_passes("architecture")

    def test_a_file_without_a_line_fails(self):
        self.write("ARCHITECTURE.md", "- `src/base/str.h`: slices.\n")
        self.assert_fails("architecture", "src/base/str.c: has no line")

    def test_a_line_without_a_file_fails(self):
        self.write("ARCHITECTURE.md", "- `src/base/str.[ch]`: slices.\n- `src/base/gone.h`: gone.\n")
        self.assert_fails("architecture", "ARCHITECTURE.md:2: there is no src/base/gone.h")

    def test_without_the_document_every_file_is_missing(self):
        self.assert_fails("architecture", "src/base/str.c", "src/base/str.h")

    def test_missing_prints_the_line_to_complete(self):
        self.assertEqual(self.assert_passes("architecture", "--missing"), "- `src/base/str.[ch]`: a slice of text.\n")


class Links(GateTest):
    def test_links_to_files_and_headings_that_are_there_pass(self):
        self.write("docs/a.md", "# First part: `a`\n\n[b](b.md) [here](#first-part-a) [up](../README.md#two-words)\n")
        self.write("docs/b.md", "[far](https://example.org/x) `[code](gone.md)`\n\n```\n[fenced](gone.md)\n```\n")
        self.write("README.md", "## Two words\n\n![picture](docs/a.md)\n")
        self.assert_passes("links")

    def test_a_link_to_a_file_that_is_gone_is_named_with_its_line(self):
        self.write("docs/a.md", "# A\n\n[b](b.md)\n")
        self.assert_fails("links", "docs/a.md:3: leads to b.md")

    def test_a_link_to_a_heading_that_is_gone_fails(self):
        self.write("docs/a.md", "# A\n\n[b](#b)\n")
        self.assert_fails("links", "docs/a.md:3: leads to #b")


class Generated(GateTest):
    def git(self, *arguments):
        subprocess.run(["git", "-C", self.root, *arguments], check=True, capture_output=True)

    def test_a_committed_generated_file_fails_and_one_beside_the_history_does_not(self):
        self.git("init", "--quiet")
        self.write("src/api/openapi.auto.h", "")
        self.write("README.md", "")
        self.git("add", "README.md")
        self.assert_passes("generated")
        self.git("add", "src/api/openapi.auto.h")
        self.assert_fails("generated", "src/api/openapi.auto.h: is generated")

    def test_an_archive_without_history_passes(self):
        self.write("src/api/openapi.auto.h", "")
        self.assert_passes("generated")


def clang_tools_are_of_our_version():
    run = subprocess.run(["clang-tidy", "--version"], capture_output=True, text=True, check=False)
    return "version 14." in run.stdout


@unittest.skipUnless(clang_tools_are_of_our_version(), "the gates judge by clang-format and clang-tidy 14 alone")
class ClangTools(GateTest):
    def setUp(self):
        super().setUp()
        for name in (".clang-format", ".clang-tidy"):
            shutil.copy(ROOT / name, self.root / name)

    def test_a_badly_formatted_file_fails_until_it_is_fixed(self):
        self.write("src/core/pool.c", "int   x ;\n")
        run = self.run_gate("format")
        self.assertEqual(run.returncode, 1)
        self.assertIn("src/core/pool.c:1", run.stderr)
        self.assert_passes("format", "--fix")
        self.assert_passes("format")

    def prepare_tidy(self, text):
        source = self.root / "src/core/pool.c"
        self.write("src/core/pool.c", text)
        self.write("src/core/pool.h", "int pool_try(const int *at);\n")
        self.write("build/clang/compile_commands.json",
                   f'[{{"directory": "{self.root}", "file": "{source}", "command": "clang -I{self.root}/src -c {source}"}}]')

    def test_a_null_dereference_is_found_and_found_again(self):
        self.prepare_tidy('#include "core/pool.h"\nint pool_try(const int *at)\n{\n    return at == 0 ? *at : 0;\n}\n')
        self.assert_fails("tidy", "src/core/pool.c:4", "NullDereference")
        self.assert_fails("tidy", "NullDereference")

    def test_what_passed_is_asked_again_only_when_something_it_includes_changed(self):
        self.prepare_tidy('#include "core/pool.h"\nint pool_try(const int *at)\n{\n    return *at;\n}\n')
        self.assertIn("1 files, 1 of them", self.assert_passes("tidy"))
        self.assertIn("1 files, 0 of them", self.assert_passes("tidy"))
        self.write("src/core/pool.h", "int pool_try(const int *at); /* changed */\n")
        self.assertIn("1 files, 1 of them", self.assert_passes("tidy"))


if __name__ == "__main__":
    unittest.main()
