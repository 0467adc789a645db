"""The process that holds the key: what it may, what becomes of the server without it, and what it never signs."""
import base64
import os
import shutil
import signal
import time

from crash_world import NIGHTLY, CrashWorld, Person, check_seats, check_told, run, wait_for

ROUNDS = 30 if NIGHTLY else 6
PEOPLE = 4
SEATS = 3


def _signer(world):
    """The server's one child that is a signer, or None while there is none."""
    for thread in os.listdir(f"/proc/{world.process.pid}/task"):
        with open(f"/proc/{world.process.pid}/task/{thread}/children", encoding="ascii") as file:
            for pid in map(int, file.read().split()):
                if _status(pid).get("Name") == "tally-signer":
                    return pid
    return None


def _status(pid):
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    except (FileNotFoundError, ProcessLookupError):
        return {}


def _metric(world, name):
    for line in world.admin.get("/metrics").text.split("\n"):
        if line.startswith(name + " "):
            return int(line.split()[1])
    raise AssertionError(f"there is no metric {name}")


def _receipt(world, client):
    answer = client.post("/v1/leases", {"feature": "cad/render"}, Prefer="receipt")
    assert answer.status == 201, answer
    assert client.delete(f"/v1/leases/{answer.json['id']}").status == 200
    return "receipt" in answer.json


def the_signer_is_a_process_that_may_do_nearly_nothing():
    with CrashWorld() as world:
        world.make(1, 1)
        pid = _signer(world)
        status = _status(pid)
        assert status["NoNewPrivs"].strip() == "1" and status["Seccomp"].strip() == "2", status
        assert status["Threads"].strip() == "1", status
        with open(f"/proc/{pid}/limits", encoding="ascii") as file:
            limits = file.read()
        assert "Max core file size        0                    0" in limits, limits
        if os.geteuid() == 0:
            opened = sorted(os.readlink(f"/proc/{pid}/fd/{number}") for number in os.listdir(f"/proc/{pid}/fd"))
            assert len(opened) == 3 and any(name.endswith("signer.head") for name in opened), opened
            assert sum(name.startswith("socket:") for name in opened) == 1, opened


def the_key_is_in_no_file_and_no_memory_but_the_signers():
    with CrashWorld() as world:
        world.make(1, 1)
        world.admin.made("/v1/backups", {"to": "copy.db"})
        with open(os.path.join(world.data, "ledger.key"), "rb") as file:
            key = file.read().strip().split(b"+", 4)[-1]
        seed = base64.b64decode(key)[1:]
        assert len(seed) == 32
        for folder, _, names in os.walk(world.data):
            for name in names:
                with open(os.path.join(folder, name), "rb") as file:
                    assert (key in file.read()) == (name == "ledger.key"), name
        memory = _memory(world.process.pid)
        assert key not in memory and seed not in memory, "the server's memory has the key"


def _memory(pid):
    """What a debugger could read, as far as it may."""
    found = []
    try:
        with open(f"/proc/{pid}/maps", encoding="ascii") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
            for line in maps:
                fields = line.split()
                first, last = (int(number, 16) for number in fields[0].split("-"))
                if not fields[1].startswith("rw") or last - first > 1 << 28:
                    continue
                try:
                    memory.seek(first)
                    found.append(memory.read(last - first))
                except (OSError, ValueError):
                    continue
    except PermissionError:
        print("the server's memory can't be read here")
    return b"".join(found)


def a_signer_that_is_killed_under_load_stops_receipts_and_nothing_else():
    with CrashWorld() as world:
        world.make(PEOPLE + 1, SEATS)
        joe = world.people[PEOPLE]
        people = [Person(world, client, seed) for seed, client in enumerate(world.people[:PEOPLE])]
        for person in people:
            person.start()
        for number in range(ROUNDS):
            before, told = world.admin.size(), sum(len(person.told) for person in people)
            os.kill(_signer(world), signal.SIGKILL if number % 2 else signal.SIGSTOP)
            wait_for(lambda: sum(len(person.told) for person in people) > told + 20, what="recording without a signer")
            assert world.admin.size() > before
            wait_for(lambda: _metric(world, "tally_signer_restarts_total") > number, what="another signer")
            wait_for(lambda: _metric(world, "tally_signer_up") == 1, what="the other signer's hello")
            published = world.admin.size()
            wait_for(lambda: _metric(world, "tally_ledger_published_entries") >= published, what="a new checkpoint")
        for person in people:
            person.stop()
            assert not person.failure, person.failure
        wait_for(lambda: _receipt(world, joe), what="a receipt")
        leaves = world.leaves()
        told = check_told(people, leaves)
        grants = check_seats(leaves)
        world.stop()
        world.verify()
        print(f"{ROUNDS} signers ended, {len(leaves)} entries, {grants} grants, {told} acknowledgements kept")


def a_server_that_is_killed_leaves_no_signer():
    with CrashWorld() as world:
        world.make(1, 1)
        pid = _signer(world)
        world.kill()
        wait_for(lambda: not _status(pid) or _status(pid)["State"].startswith("Z"), what="the signer's end")
        world.start()
        assert _signer(world) != pid and _metric(world, "tally_signer_up") == 1


def a_signer_whose_memory_is_ahead_refuses_is_recorded_and_recording_goes_on():
    """Somebody puts a newer signer.head under a running server, then kills the signer: the next one knows of more."""
    with CrashWorld() as world:
        world.make(1, 1)
        joe = world.people[0]
        before = os.path.join(world.dir, "before")
        world.stop()
        shutil.copytree(world.data, before)
        world.start()
        joe = world.client(joe.token)
        for _ in range(20):
            _receipt(world, joe)
        world.stop()
        shutil.copy(os.path.join(world.data, "signer.head"), os.path.join(world.dir, "newer.head"))
        shutil.rmtree(world.data)
        shutil.copytree(before, world.data)
        world.start()
        joe = world.client(joe.token)
        assert _receipt(world, joe)
        with open(os.path.join(world.dir, "newer.head"), "rb") as newer, \
                open(os.path.join(world.data, "signer.head"), "r+b") as head:
            head.write(newer.read())
        os.kill(_signer(world), signal.SIGKILL)
        lease = joe.made("/v1/leases", {"feature": "cad/render"})
        wait_for(lambda: _metric(world, "tally_signing_refused") == 1, what="the signer's refusal")
        wait_for(lambda: any(entry["type"] == "signing.refused" for _, entry in world.admin.entries()), what="its entry")
        assert joe.delete(f"/v1/leases/{lease['id']}").status == 200, "recording goes on"
        assert not _receipt(world, joe), "nothing is signed"
        assert sum(entry["type"] == "signing.refused" for _, entry in world.admin.entries()) == 1
        assert world.client().get("/readyz").status == 200
        world.stop()


if __name__ == "__main__":
    run(globals())
