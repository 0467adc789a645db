"""`tally observe flexnet` and `tally replay` on real logs: their figures are those of the oracle, which was written from
the format alone."""
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from cli_world import ROOT, SHARED, CliWorld, finish, leftovers, run, wait_for

# The small log ends within a line, as one that is being written; here it is whole.
PLACE = tempfile.mkdtemp(prefix="tally-api-")
leftovers.directory(PLACE)
SMALL = Path(PLACE, "small.log")
SMALL.write_bytes((ROOT / "tests/data/flexnet-small.log").read_bytes() + b"\n")

LOGS = {"ansys": (SHARED / "data/flexnet/ansys-2017-01.log", ()),
        "autodesk": (SHARED / "data/flexnet/autodesk-2022.log", ("--zone", "Europe/Madrid")),
        "small": (str(SMALL), ("--zone", "Europe/Madrid"))}
FIGURES = "peak seat_seconds grants returns denied open restart_closed unmatched".split()


def oracle(path, zone):
    """feature -> figures."""
    result = subprocess.run([sys.executable, ROOT / "tests/oracle/flexnet_usage.py", path, *zone, "--json"], check=True,
                            capture_output=True)
    return {row["feature"]: {name: row[name] for name in FIGURES} for row in json.loads(result.stdout)}


def figures(told):
    return {row["feature"]: {name: row[name] for name in FIGURES} for row in told["features"]}


def observe(world, path, *words, **environment):
    return world.done("observe", "flexnet", "--log", path, "--json", *words, **environment).json


def the_ledgers_own_figures_are_the_oracles():
    with CliWorld() as world:
        for name, (path, zone) in LOGS.items():
            told = observe(world, path, *zone)
            assert figures(told) == oracle(path, zone), (name, told)
            assert sum(told["kinds"].values()) == told["lines"], (name, told)
            with open(path, "rb") as file:
                assert told["lines"] == len(file.read().splitlines()), name
        assert world.done("verify", world.data, "--json").json["observed"] == 598 + 8402 + 8


def a_log_is_observed_once_however_often_it_is_read():
    with CliWorld() as world:
        path, zone = LOGS["small"]
        first = observe(world, path, *zone)
        size = world.admin.size()
        again = observe(world, path, *zone)
        assert again["sent"] == 0 and again["resumed_at"] == os.path.getsize(path), again
        assert figures(again) == figures(first)
        assert all(entry["type"] == "data.read" for index, entry in world.admin.entries() if index >= size)


def a_log_that_grew_is_read_on_from_where_it_ended():
    with CliWorld() as world:
        path, zone = LOGS["small"]
        whole = open(path, "rb").read()
        lines = whole.splitlines(keepends=True)
        log = world.path("growing.log")
        for count in (3, 14, 20, 27, 33, len(lines)):
            with open(log, "wb") as file:
                file.write(b"".join(lines[:count]))
            told = observe(world, log, *zone)
        assert figures(told) == oracle(path, zone), told
        types = [entry["type"] for _, entry in world.admin.entries()]
        assert types.count("observe.out") == 8 and types.count("observe.denied") == 1, types


def a_line_that_was_not_whole_yet_is_read_by_the_next_run():
    with CliWorld() as world:
        for name in ("small", "ansys"):
            path, zone = LOGS[name]
            whole = open(path, "rb").read()
            log = world.path(f"{name}-torn.log")
            out = whole.index(b' OUT: "', len(whole) // 3) + 9
            back = whole.index(b' IN: "', len(whole) // 2) + 9
            for end in (out, back, len(whole)):
                with open(log, "wb") as file:
                    file.write(whole[:end])
                told = observe(world, log, *zone)
                assert told["offset"] + told["unfinished_bytes"] == end, told
            assert figures(told) == oracle(path, zone), told


def an_observer_that_was_killed_counts_nothing_twice():
    with CliWorld() as world:
        path, zone = LOGS["autodesk"]
        for wanted in (500, 4000, 9000):
            process = world.begin("observe", "flexnet", "--log", path, *zone)
            size = world.admin.size
            wait_for(lambda: process.poll() is not None or size() > wanted, 60)
            process.kill()
            process.communicate()
        told = observe(world, path, *zone)
        assert figures(told) == oracle(path, zone), told


def a_server_that_was_killed_meanwhile_counts_nothing_twice():
    with CliWorld() as world:
        path, zone = LOGS["ansys"]
        process = world.begin("observe", "flexnet", "--log", path, *zone)
        wait_for(lambda: world.admin.size() > 300)
        world.stop(signal.SIGKILL)
        process.communicate()
        world.start()
        told = observe(world, path, *zone)
        assert figures(told) == oracle(path, zone), told


def a_followed_log_is_observed_as_it_grows():
    with CliWorld() as world:
        path, zone = LOGS["small"]
        lines = open(path, "rb").read().splitlines(keepends=True)
        log = world.path("followed.log")
        with open(log, "wb") as file:
            file.write(b"".join(lines[:16]))
        process = world.begin("observe", "flexnet", "--log", log, *zone, "--follow", "--json")
        count = lambda: len(world.entries_of("observe.out"))
        wait_for(lambda: count() == 3)
        with open(log, "ab") as file:
            file.write(b"".join(lines[16:20])[:-10])  # the last line is not whole yet
            file.flush()
            wait_for(lambda: count() == 3 and len(world.entries_of("observe.in")) == 1)
            file.write(b"".join(lines[16:20])[-10:] + b"".join(lines[20:]))
        wait_for(lambda: count() == 8)
        process.send_signal(signal.SIGINT)
        told = finish(process)
        assert told.code == 0 and figures(told.json)["mecad/solid"]["grants"] == 5, told


def limits_that_a_person_knows_make_leases_over():
    with CliWorld() as world:
        path, zone = LOGS["small"]
        observe(world, path, *zone, "--pool", "solid=2", "--pool", "mecad/mesh=10")
        pools = {pool["feature"]: pool.get("limit") for pool in world.admin.get("/v1/pools").json["pools"]}
        assert pools == {"mecad/solid": 2, "mecad/mesh": 10, "mecad/render": None}, pools
        overs = [entry["data"].get("over") for entry in world.entries_of("observe.out")
                 if entry["on"]["feature"] == "mecad/solid"]
        assert 1 in overs, overs


def observed_entries_are_claims_with_the_logs_time():
    with CliWorld() as world:
        path, zone = LOGS["small"]
        observe(world, path, *zone)
        out = world.entries_of("observe.out")[0]
        assert out["actor"]["level"] == "A0" and out["source"] == "import" and out["actor"]["via"] == "observation", out
        assert out["occurred_at"] == "2022-12-30T21:16:00.000Z" and out["time"] > "2026", out
        leaves = json.dumps([entry for _, entry in world.admin.entries()])
        for name in ('"ana"', "ana@", "luis", "bob@corp"):  # no random id spells one of these: ids have no l, u, " or @
            assert name not in leaves, name


def a_log_whose_zone_is_not_known_needs_one():
    with CliWorld() as world:
        path, _ = LOGS["autodesk"]
        result = world.tally("observe", "flexnet", "--log", path)
        assert result.code == 64 and "--zone" in result.err, result
        result = world.tally("observe", "flexnet", "--log", path, "--zone", "Nowhere/Land")
        assert result.code == 64 and "--zone" in result.err, result
        assert not world.entries_of("observe.out")


def a_file_that_is_no_log_is_refused_and_an_empty_one_may_become_one():
    with CliWorld() as world:
        for words in (("observe", "flexnet", "--log", world.path("token")), ("replay", world.path("token"))):
            result = world.tally(*words)
            assert result.code == 64 and "no line of " + world.path("token") in result.err, result
        empty = world.path("empty.log")
        open(empty, "w", encoding="ascii").close()
        assert observe(world, empty)["lines"] == 0


def a_replay_grants_returns_and_denies_what_the_log_does():
    with CliWorld() as world:
        for name in ("ansys", "autodesk"):
            path, zone = LOGS[name]
            told = world.done("replay", path, *zone, "--create-licenses", "--json").json
            wanted = oracle(path, zone)
            for mine, theirs in (("grants", "grants"), ("returns", "returns"), ("denials", "denied"),
                                 ("released_at_end", "open"), ("unmatched", "unmatched")):
                assert told[mine] == sum(row[theirs] for row in wanted.values()), (name, mine, told)
        types = [entry["type"] for _, entry in world.admin.entries()]
        assert types.count("lease.granted") == types.count("lease.released") == 598 + 8402
        assert "lease.denied" not in types
        assert all(pool["used"] == 0 for pool in world.admin.get("/v1/pools").json["pools"])
        assert world.done("verify", world.data, "--json").json["grants"] == 598 + 8402


def a_replay_with_too_few_seats_is_denied_and_stops_when_told():
    with CliWorld() as world:
        path, zone = LOGS["ansys"]
        world.product("ansyslmd", sorted(feature.split("/")[1] for feature in oracle(path, zone)))
        world.organisation("acme")
        for feature in oracle(path, zone):
            world.license("acme", limit=1, product="ansyslmd", feature=feature.split("/")[1])
        told = world.done("replay", path, *zone, "--limit", "100", "--json").json
        assert told["attempts"] == 100 and told["denials"] > 0 and told["grants"] + told["denials"] == 100, told
        assert all(pool["used"] == 0 for pool in world.admin.get("/v1/pools").json["pools"])


def a_replay_keeps_time():
    with CliWorld() as world:
        log = world.path("two.log")
        with open(log, "w", encoding="ascii") as file:
            file.write("10:00:00 (lmgrd) TIMESTAMP 1/2/2023\n10:00:00 (v) OUT: \"f\" u@h\n10:00:20 (v) IN: \"f\" u@h\n")
        told = world.done("replay", log, "--zone", "UTC", "--create-licenses", "--speed", "10", "--json").json
        assert told["grants"] == told["returns"] == 1 and told["seconds"] >= 2, told
        world.admin.entries()
        granted, released = world.entries_of("lease.granted")[0], world.entries_of("lease.released")[0]
        assert granted["time"] < released["time"]


if __name__ == "__main__":
    run(globals())
