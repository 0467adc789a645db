"""Disks that fail under a whole server: failing commits, full file systems, EIO from the system itself: the truth or
nothing is told, seats come back, and writing goes on without a restart (P1; DESIGN section 2)."""
import os
import shutil
import signal
import subprocess
import tempfile
import time

from crash_world import (NIGHTLY, NO_ANSWER, PATIENCE_S, SEED, TALLY, CrashWorld, Person, check_seats, check_told,
                         is_linearizable, leftovers, random, run, wait_for)

PEOPLE = 4
SEATS = 3
SMALL_DISK = "256m"


def load(world, seconds, hurt, sign):
    """People at work while `hurt` is called again and again, for so long and until the log has the sign that it did
    hurt; then everything they were told is looked for."""
    people = [Person(world, client, SEED + i) for i, client in enumerate(world.people)]
    for person in people:
        person.start()
    begun = time.monotonic()
    while time.monotonic() < begun + seconds or sign not in world.log_text():
        assert time.monotonic() < begun + seconds + PATIENCE_S, f"nothing failed: the log has no \"{sign}\""
        hurt()
    for person in people:
        person.stop()
    leaves = world.leaves()
    told = check_told(people, leaves)
    grants = check_seats(leaves)
    assert is_linearizable([person.history for person in people], SEATS), "no order explains what was answered"
    return told, grants, len(leaves)


def commits_that_fail_under_load_break_no_word():
    points = ("store_commit:0", "store_after_commit:0", "store_write:1", "store_full:0", "store_commit:0:3",
              "signer_link:0:2", "memory:2")
    chance = random.Random(SEED)
    with CrashWorld() as world:
        world.make(PEOPLE, SEATS)
        world.stop()
        world.start(TALLY_FAULT_FILE=world.fault_file)

        def hurt():
            world.plan_faults(chance.choice(points))
            time.sleep(chance.uniform(0.05, 0.3))

        told, grants, size = load(world, 60 if NIGHTLY else 5, hurt, "a commit failed")  # needs a test build
        world.plan_faults("")
        world.stop()
        world.verify()
        print(f"seed {SEED}: {told} acknowledgements kept, {grants} grants, {size} entries")


def _traced(world):
    """The server again, under strace, which makes some of its syncs fail."""
    world.stop()
    world.begin_server(
        ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync,fdatasync", "-e",
         "inject=fsync,fdatasync:error=EIO:when=12+23", TALLY, "serve", "--data", world.data, "--listen", "127.0.0.1:0"],
        ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0")


def syncs_that_fail_with_eio_break_no_word():
    if not shutil.which("strace"):
        print("there is no strace here: the syncs that fail are those of the store's own tests")
        return
    with CrashWorld() as world:
        world.make(PEOPLE, SEATS)
        _traced(world)
        told, grants, size = load(world, 20 if NIGHTLY else 4, lambda: time.sleep(0.1), "failed")
        server = subprocess.run(["pgrep", "-P", str(world.process.pid)], capture_output=True, check=True).stdout
        os.kill(int(server.split()[0]), signal.SIGTERM)
        world.process.wait(60)
        world.process.stdout.close()
        world.log.close()
        world.process = None
        world.verify()
        print(f"{told} acknowledgements kept, {grants} grants, {size} entries")


def _mounted(path):
    return os.geteuid() == 0 and subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK},mode=0700", "tmpfs",
                                                 path], capture_output=True, check=False).returncode == 0


def _fill(path, leave):
    room = os.statvfs(os.path.dirname(path))
    size = room.f_bavail * room.f_frsize - leave
    with open(path, "ab") as file:
        if size > 0:
            os.posix_fallocate(file.fileno(), file.tell(), size)


def _status(ask):
    try:
        return ask().status
    except NO_ANSWER:
        return 0


def a_full_disk_stops_grants_first_and_takes_seats_back():
    disk = tempfile.mkdtemp(prefix="tally-disk-")
    leftovers.directory(disk)
    if not _mounted(disk):
        os.rmdir(disk)
        print("no small file system can be mounted here: the fault points stand for a full disk")
        return
    before, tempfile.tempdir = tempfile.tempdir, disk
    try:
        with CrashWorld() as world:
            tempfile.tempdir = before
            _full_disk(world, os.path.join(disk, "filler"))
    finally:
        tempfile.tempdir = before
        subprocess.run(["umount", "--lazy", disk], check=True)
        os.rmdir(disk)


def _full_disk(world, filler):
    world.make(2, 100)
    joe, ann = world.people
    leases = [joe.made("/v1/leases", {"feature": "cad/render"})["id"] for _ in range(8)]
    _fill(filler, 24 * 1024 * 1024)
    wait_for(lambda: _status(lambda: ann.post("/v1/leases", {"feature": "cad/render"})) == 503, what="grants stopping")
    ready = world.client().get("/readyz")
    assert ready.status == 503 and ready.text.startswith("grants stopped"), ready
    assert "tally_grants_stopped 1" in world.admin.get("/metrics").text
    assert joe.delete(f"/v1/leases/{leases.pop()}").status == 200
    world.product("still", ["written"])
    _fill(filler, 0)
    names = iter(range(1_000_000))

    def product():
        return world.admin.post("/v1/products", {"name": f"p{next(names)}", "features": [{"name": "f"}]})

    wait_for(lambda: _status(product) == 503, what="a full disk")
    wait_for(lambda: _status(lambda: joe.delete(f"/v1/leases/{leases[-1]}")) == 200, what="giving back")
    assert not os.path.exists(os.path.join(world.data, "ballast")), "the ballast was not needed"
    assert joe.delete(f"/v1/leases/{leases[-2]}").status == 200
    assert _status(lambda: ann.post("/v1/leases", {"feature": "cad/render"})) == 503
    os.unlink(filler)
    wait_for(lambda: _status(lambda: ann.post("/v1/leases", {"feature": "cad/render"})) == 201, what="granting again")
    assert world.client().get("/readyz").text == "ready\n"
    assert os.path.exists(os.path.join(world.data, "ballast"))
    check_seats(world.leaves())
    world.stop()
    world.verify()


if __name__ == "__main__":
    run(globals())
