"""Two verifiers that are not ours check a running server over HTTP: golang.org/x/mod's sumdb/note and sumdb/tlog, and
one of plain Python. 70,000 entries and more: three levels of tiles. Checkpoint, every entry and tile, 500 random
inclusion and 500 random consistency proofs each, while the server goes on recording.

TALLY is the program, TALLY_BUILD the directory where the Go verifier is built.
"""
import os
import subprocess
import sys
import threading
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "api"))
from api_world import World, run  # noqa: E402

ENTRIES = 70_000
LINES = 1000  # of one /v1/batch
PROOFS = 500
BUILD = Path(os.environ.get("TALLY_BUILD", ".")).resolve()
GO_ENVIRONMENT = {**os.environ, "GOFLAGS": "-mod=readonly -buildvcs=false"}


def _go_verifier():
    program = BUILD / "gotlog-live"
    built = subprocess.run(["go", "build", "-o", program, "."], cwd=HERE / "gotlog", env=GO_ENVIRONMENT, timeout=300,
                           capture_output=True, text=True, check=False)
    assert built.returncode == 0, f"the Go verifier could not be built (its module is fetched once): {built.stderr}"
    return [str(program)]


def filled(world, entries):
    """Seats are taken and given back until the ledger has that many entries."""
    world.product()
    world.organisation()
    world.license(limit=10 * LINES)
    done = 0
    while done < entries:
        made = world.admin.batch([{"op": "lease.create", "feature": "cad/render"} for _ in range(LINES)])
        held = [line["id"] for line in made if line["status"] == 201]
        assert held, made[0]
        given = world.admin.batch([{"op": "lease.release", "lease": lease} for lease in held])
        done += len(held) + sum(line["status"] == 200 for line in given)
    return done


def growing(world, stop):
    client = world.client(world.admin_token)
    while not stop.wait(0.05):
        held = client.batch([{"op": "lease.create", "feature": "cad/render"} for _ in range(20)])
        client.batch([{"op": "lease.release", "lease": line["id"]} for line in held if line["status"] == 201])


def verified(world, command, seed):
    auditor = world.user(f"auditor{seed}", role="auditor")
    key = world.admin.get("/v1/ledger").json["vkey"]
    return subprocess.run([*command, f"http://127.0.0.1:{world.port}", key, str(PROOFS), str(seed)], timeout=280,
                          capture_output=True, text=True, check=False, env={**os.environ, "TALLY_TOKEN": auditor.token})


def a_running_servers_log_is_sound_to_verifiers_that_are_not_ours():
    verifiers = {"go": _go_verifier(), "python": [sys.executable, "-B", str(HERE / "verify_log.py")]}
    with World() as world:
        world.published(filled(world, ENTRIES))
        stop = threading.Event()
        thread = threading.Thread(target=growing, args=(world, stop))
        thread.start()
        try:
            for seed, (name, command) in enumerate(verifiers.items()):
                done = verified(world, command, seed)
                said = done.stdout + done.stderr
                assert done.returncode == 0, f"{name}, seed {seed}: {said}"
                assert f"{PROOFS} inclusion and {PROOFS} consistency proofs" in said, said
                assert int(said.split()[1]) >= ENTRIES, said
                print(f"      {name}: {said.strip()}")
        finally:
            stop.set()
            thread.join()


if __name__ == "__main__":
    run(globals())
