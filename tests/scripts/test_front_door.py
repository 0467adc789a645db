"""The front door says what it can do, and asks the package clients for what is missing and nothing else. The package
clients here are stand-ins that write down how they were called: the real ones would change the machine."""
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

CLIENTS = {
    "dpkg-query": 'for name in $INSTALLED; do echo "installed $name"; done; echo "config-files sqlite3"',
    "apt-get": 'echo "$DEBIAN_FRONTEND apt-get $*" >>"$CALLS"; [[ $* != install* ]] || exit "${APT_FAILS:-0}"',
    "apt-cache": '[[ " $KNOWN " != *" $2 "* ]] || echo "$2 | 1.0 | main"',
}


def packages_of(*purposes):
    """Every package of these purposes, the first name of each."""
    lines = (ROOT / "scripts/packages.txt").read_text(encoding="utf-8").splitlines()
    fields = [line.split() for line in lines if line and not line.startswith("#")]
    return {f[1].split("|")[0] for f in fields if f[0] in purposes}


@unittest.skipUnless(os.geteuid() == 0, "without root the script would go through sudo, which is no stand-in here")
class InstallPackages(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.calls = Path(place.name) / "calls"
        for name, body in CLIENTS.items():
            client = Path(place.name) / name
            client.write_text(f"#!/bin/bash\n{body}\n", encoding="utf-8")
            client.chmod(0o755)
        self.environment = os.environ | {"PATH": f"{place.name}:{os.environ['PATH']}", "CALLS": str(self.calls)}

    def install(self, *arguments, **environment):
        return subprocess.run([ROOT / "scripts/install-packages", *arguments], env=self.environment | environment,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)

    def asked(self):
        return self.calls.read_text(encoding="utf-8").splitlines() if self.calls.exists() else []

    def test_a_machine_that_has_everything_is_left_alone(self):
        run = self.install("build", INSTALLED=" ".join(packages_of("build")))
        self.assertEqual((run.returncode, run.stdout, self.asked()), (0, "", []))

    def test_what_is_missing_is_installed_in_one_go_without_a_question(self):
        present = packages_of("build") - {"cmake", "ninja-build"}
        run = self.install("build", INSTALLED=" ".join(present))
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(self.asked(), ["noninteractive apt-get update",
                                        "noninteractive apt-get install --yes --no-install-recommends cmake ninja-build"])

    def test_of_two_names_the_one_that_this_release_has_is_taken(self):
        present = packages_of("build") - {"libllhttp-dev"}
        self.install("build", INSTALLED=" ".join(present), KNOWN="node-llhttp")
        self.assertTrue(self.asked()[-1].endswith("--no-install-recommends node-llhttp"))

    def test_the_other_name_installed_counts_too(self):
        present = (packages_of("build") - {"libllhttp-dev"}) | {"node-llhttp"}
        self.install("build", INSTALLED=" ".join(present))
        self.assertEqual(self.asked(), [])

    def test_a_package_that_was_removed_but_for_its_settings_is_missing(self):
        run = self.install("--list", "test", INSTALLED=" ".join(packages_of("test") - {"sqlite3"}))
        self.assertEqual(run.stdout, "sqlite3\n")

    def test_a_name_that_no_source_has_is_named(self):
        run = self.install("build", INSTALLED=" ".join(packages_of("build") - {"libllhttp-dev"}))
        self.assertEqual(run.returncode, 1)
        self.assertIn("libllhttp-dev, node-llhttp", run.stderr)

    def test_an_install_that_fails_says_what_was_wanted(self):
        run = self.install("build", INSTALLED=" ".join(packages_of("build") - {"cmake"}), APT_FAILS="100")
        self.assertEqual(run.returncode, 1)
        self.assertIn("could not install cmake", run.stderr)

    def test_what_only_some_tests_want_is_no_reason_to_fail(self):
        run = self.install("test", INSTALLED=" ".join(packages_of("test")), KNOWN="sigsum-go", APT_FAILS="100")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertLessEqual(set(self.asked()),
                             {"noninteractive apt-get install --yes --no-install-recommends sigsum-go"})


class FrontDoor(unittest.TestCase):
    def run_dev(self, *arguments):
        return subprocess.run([ROOT / "dev", *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=60, check=False)

    def test_without_a_command_it_lists_them(self):
        run = self.run_dev()
        self.assertEqual(run.returncode, 0)
        for command in ("demo", "build", "test", "check", "bench", "fuzz", "nightly"):
            self.assertIn(f"\n  {command} ", run.stdout)

    def test_an_unknown_command_is_refused(self):
        run = self.run_dev("tset")
        self.assertEqual(run.returncode, 1)
        self.assertIn("there is no command 'tset'", run.stderr)


if __name__ == "__main__":
    unittest.main()
