"""`tally run`: a lease is held while a program runs, and exit statuses say what happened."""
import json
import signal
import time

from cli_world import Between, CliWorld, finish, run, wait_for


BUSY_S = 20  # of delay that a busy machine may add


def used(world):
    return world.admin.get("/v1/pools").json["pools"][0]["used"]


def hold(world, script="echo ready; exec sleep 60", *options, **environment):
    """A run whose program has begun."""
    process = world.begin("run", "--feature", "cad/render", *options, "--", "sh", "-c", script, **environment)
    line = process.stdout.readline()
    assert line == b"ready\n", (line, finish(process))
    return process


def the_programs_output_and_exit_status_are_passed_on_and_the_seat_comes_back():
    with CliWorld() as world:
        world.shop()
        result = world.tally("run", "--feature", "cad/render", "--", "sh", "-c", "echo $TALLY_LEASE_ID; echo no >&2; exit 7")
        assert result.code == 7 and result.out.startswith("lse_") and result.err == "no\n", result
        granted, released = world.entries_of("lease.granted")[0], world.entries_of("lease.released")[0]
        assert granted["on"]["lease"] == released["on"]["lease"] == result.out.strip()
        assert "user_alias" in granted["on"] and "host_alias" in granted["on"]
        assert used(world) == 0


def a_killed_program_is_told_as_shells_tell_it():
    with CliWorld() as world:
        world.shop()
        assert world.tally("run", "--feature", "cad/render", "--", "sh", "-c", "kill -9 $$").code == 128 + 9


def a_program_that_does_not_exist_is_127_and_takes_no_seat():
    with CliWorld() as world:
        world.shop()
        result = world.tally("run", "--feature", "cad/render", "--", "/nonexistent/program")
        assert result.code == 127 and "/nonexistent/program" in result.err, result
        result = world.tally("run", "--feature", "cad/render", "--", world.path("token"))
        assert result.code == 126, result
        assert used(world) == 0


def signals_reach_the_program_once():
    with CliWorld() as world:
        world.shop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGQUIT):
            name = signal.Signals(number).name[3:]
            script = f"n=0; trap 'n=$((n+1)); echo got $n' {name}; echo ready; while [ $n -lt 1 ]; do sleep 0.05; done; sleep 0.2; exit 9"
            process = hold(world, script)
            process.send_signal(number)
            result = finish(process)
            assert result.code == 9 and result.out == "got 1\n", (name, result)
        assert used(world) == 0


def none_free_is_75_and_says_so():
    with CliWorld() as world:
        world.shop(seats=1)
        process = hold(world)
        result = world.tally("run", "--feature", "cad/render", "--", "true")
        assert result.code == 75 and "1 of 1" in result.err, result
        told = world.tally("run", "--feature", "cad/render", "--json", "--", "true")
        assert json.loads(told.err)["error"]["exit"] == 75, told
        result = world.tally("run", "--feature", "cad/render", "--wait", "1", "--", "true")
        assert result.code == 75, result
        process.terminate()
        assert finish(process).code == 128 + signal.SIGTERM


def who_waits_gets_the_seat_when_it_comes_free():
    with CliWorld() as world:
        world.shop(seats=1)
        first = hold(world)
        second = world.begin("run", "--feature", "cad/render", "--wait", "60", "--", "echo", "mine")
        wait_for(lambda: world.admin.get("/v1/pools").json["pools"][0]["queued"] == 1)
        first.terminate()
        finish(first)
        result = finish(second)
        assert result.code == 0 and result.out == "mine\n", result
        assert world.entries_of("lease.granted")[-1]["on"].get("ticket"), "the seat came from the queue"


def who_is_interrupted_while_waiting_leaves_the_queue():
    with CliWorld() as world:
        world.shop(seats=1)
        first = hold(world)
        second = world.begin("run", "--feature", "cad/render", "--wait", "60", "--", "true")
        wait_for(lambda: world.admin.get("/v1/pools").json["pools"][0]["queued"] == 1)
        second.send_signal(signal.SIGINT)
        assert finish(second).code == 128 + signal.SIGINT
        assert world.admin.get("/v1/pools").json["pools"][0]["queued"] == 0
        first.terminate()
        finish(first)


def what_is_not_allowed_is_77():
    with CliWorld() as world:
        world.shop()
        reader = world.user("reader", scopes=("catalog.read",))
        outsider = world.user("outsider")
        for token in (reader.token, outsider.token):
            result = world.tally("run", "--feature", "cad/render", "--", "true", TALLY_TOKEN=token)
            assert result.code == 77, result
        assert world.tally("run", "--feature", "cad/nothing", "--", "true").code == 77
        assert world.tally("run", "--feature", "cad/render", "--", "true", TALLY_TOKEN=None).code == 77


def no_server_is_69_and_the_program_does_not_run():
    with CliWorld() as world:
        world.shop()
        result = world.tally("run", "--feature", "cad/render", "--", "echo", "ran", TALLY_URL="http://127.0.0.1:1")
        assert result.code == 69 and result.out == "", result


def said(process, words):
    """Reads what it says until it says the words; gives that line."""
    for line in process.stderr:
        if words.encode() in line:
            return line.decode()
    raise AssertionError(f"it did not say {words!r}: {finish(process)}")


def until_told(world, name):
    """A program that runs until the test says so, and how the test says so."""
    sign = world.path(name)
    return f"echo ready; while [ ! -e {sign} ]; do sleep 0.05; done; echo went on", lambda: open(sign, "w").close()


def a_revoked_lease_ends_the_program_or_warns():
    with CliWorld() as world:
        world.shop(seats=2)
        script, tell = until_told(world, "on")
        strict = hold(world, "echo ready; exec sleep 60", "--ttl", "10")
        lenient = hold(world, script, "--ttl", "10", "--on-loss", "warn")
        for lease in world.admin.get("/v1/leases").json["leases"]:
            world.done("lease", "revoke", lease["id"])
        result = finish(strict)
        assert result.code == 128 + signal.SIGTERM and "is lost" in result.err, result
        assert "goes on without one" in said(lenient, "is lost")
        tell()
        result = finish(lenient)
        assert result.code == 0 and result.out == "went on\n", result


def without_a_server_a_lease_lasts_its_ttl_and_no_longer():
    with CliWorld() as world:
        world.shop(seats=3)
        script, tell = until_told(world, "on")
        begun = time.monotonic()
        strict = hold(world, "echo ready; exec sleep 60", "--ttl", "10")
        stubborn = hold(world, "trap '' TERM; echo ready; while :; do sleep 0.1; done", "--ttl", "10", "--kill-after", "1")
        lenient = hold(world, script, "--ttl", "10", "--on-loss", "warn")
        world.stop(signal.SIGKILL)
        stopped = time.monotonic()
        result = finish(strict)
        assert result.code == 128 + signal.SIGTERM and "is lost" in result.err, result
        assert begun + 9 <= time.monotonic() <= stopped + 10 + BUSY_S, "neither early nor late"
        assert finish(stubborn).code == 128 + signal.SIGKILL
        assert "goes on without one" in said(lenient, "is lost")
        tell()
        result = finish(lenient)
        assert result.code == 0 and result.out == "went on\n", result


def a_server_that_comes_back_in_time_costs_nobody_the_seat():
    with CliWorld() as world:
        world.shop()
        script, tell = until_told(world, "on")
        process = hold(world, script, "--ttl", "20")
        world.stop(signal.SIGKILL)
        world.start()
        lease = world.admin.get("/v1/leases").json["leases"][0]
        wait_for(lambda: world.admin.get("/v1/leases").json["leases"][0]["expires_at"] > lease["expires_at"])
        tell()
        result = finish(process)
        assert result.code == 0 and result.err == "", result
        assert world.entries_of("lease.released"), "the seat was given back in the end"


def a_lease_that_was_somebody_elses_is_refused():
    """A server in between answers the second check-out with the first one's receipt."""
    with CliWorld() as world:
        world.shop(seats=2)
        kept = []

        def replay(method, path, status, body):
            if method == "POST" and path == "/v1/leases":
                kept.append((status, body))
                return kept[0]
            return status, body

        with Between(world.port, replay) as between:
            first = world.tally("run", "--feature", "cad/render", "--", "echo", "ran", TALLY_URL=between.url)
            assert first.code == 0 and first.out == "ran\n", first
            second = world.tally("run", "--feature", "cad/render", "--", "echo", "ran", TALLY_URL=between.url)
            assert second.code == 1 and second.out == "" and "was not asked for here" in second.err, second


def a_lease_without_a_proof_is_refused_and_given_back():
    with CliWorld() as world:
        world.shop(seats=1)

        def forge(method, path, status, body):
            if method == "POST" and path == "/v1/leases" and status == 201:
                answer = json.loads(body)
                answer["entry"] = answer["entry"].replace('"quantity":1', '"quantity":2')
                body = json.dumps(answer).encode()
            return status, body

        with Between(world.port, forge) as between:
            result = world.tally("run", "--feature", "cad/render", "--", "echo", "ran", TALLY_URL=between.url)
            assert result.code == 1 and result.out == "", result
        assert used(world) == 0


if __name__ == "__main__":
    run(globals())
