"""`tally man`: a page for each command, from the tables that --help prints, which the readers of man pages take without
a complaint."""
import os
import re
import shutil
import subprocess

from cli_world import CliWorld, run

READERS = (("mandoc", "-Tlint", "-Wwarning"), ("groff", "-ww", "-man", "-Tutf8", "-z"))


def pages_of(world, name="man", **environment):
    directory = world.path(name)
    said = world.done("man", directory, **environment).out
    pages = {}
    for file in os.listdir(directory):
        with open(os.path.join(directory, file), encoding="ascii") as page:
            pages[file] = page.read()
    assert f"wrote {len(pages)} pages" in said, said
    return pages


def every_command_has_a_page_with_all_of_its_options():
    with CliWorld() as world:
        pages = pages_of(world)
        commands = world.commands()
        assert set(pages) == {"tally.1"} | {f"tally-{words.replace(' ', '-')}.1" for words in commands}
        for words in commands:
            page = pages[f"tally-{words.replace(' ', '-')}.1"].replace("\\-", "-").replace("\\e", "\\")
            for option in re.findall(r"^  (?:-., )?(--[a-z-]+)", world.done(*words.split(), "--help").out, re.MULTILINE):
                assert option in page, (words, option)
            assert f"tally {words}" in page and f"\\fB{words}\\fR" in pages["tally.1"].replace("\\-", "-"), words


def readers_of_man_pages_have_no_complaint():
    with CliWorld() as world:
        files = [os.path.join(world.path("man"), name) for name in sorted(pages_of(world))]
        for reader in READERS:
            if not shutil.which(reader[0]):
                print(f"there is no {reader[0]} here")
                continue
            for file in files:
                done = subprocess.run([*reader, file], capture_output=True, check=False, timeout=60)
                assert done.returncode == 0 and not done.stdout and not done.stderr, (reader, file, done)


def the_same_program_and_date_give_the_same_pages():
    with CliWorld() as world:
        first = pages_of(world, "first", SOURCE_DATE_EPOCH="1700000000")
        assert first == pages_of(world, "second", SOURCE_DATE_EPOCH="1700000000")
        assert " 1 2023-11-14 " in first["tally.1"]
        result = world.tally("man", world.path("third"), SOURCE_DATE_EPOCH="soon")
        assert result.code == 64 and "SOURCE_DATE_EPOCH" in result.err and '"soon"' in result.err, result


def a_place_that_can_not_be_written_is_named():
    with CliWorld() as world:
        for place in (world.path("token"), world.path("no/such")):
            result = world.tally("man", place)
            assert result.code == 1 and place in result.err, result


if __name__ == "__main__":
    run(globals())
