"""A disk that fails at one call of an append, each call in turn, and a machine that loses its power there: every
acknowledged answer is kept, no seat is given twice, and `tally verify` has nothing against the ledger (P1, P4)."""
import mmap
import os
import struct
import sys
import threading
import time

from crash_world import NIGHTLY, SEED, CrashWorld, Person, check_seats, check_told, random, run, uuid

SHIM = os.environ["DISK_SHIM"]
SEATS = 2
ERRORS = {"eio": 1, "enospc": 2, "short": 3, "eio_lost": 7}
ENDS = {"die_before": 4, "die_half": 5, "cut": 6}
ERRORS_S = 9
ENDS_S = 12


class Control:
    """The page that tests/crash/disk_shim.c reads: what it must do, and what it has seen."""

    def __init__(self, path):
        self.path = path
        with open(path, "wb") as file:
            file.write(b"\0" * mmap.PAGESIZE)
        with open(path, "r+b") as file:
            self.page = mmap.mmap(file.fileno(), mmap.PAGESIZE)

    def put(self, place, *values):
        struct.pack_into(f"={len(values)}Q", self.page, 8 * place, *values)

    def arm(self, call, mode, seed):
        self.put(1, 0)  # nothing happens between these
        self.put(2, mode, seed, 0, 0)
        self.page[48:304] = b"\0" * 256
        self.put(1, call)

    def follow_the_next(self):
        self.put(0, 0)

    @property
    def calls(self):
        return struct.unpack_from("=Q", self.page, 32)[0]

    @property
    def what(self):
        return self.page[48:304].rstrip(b"\0").decode()


class ShimmedWorld(CrashWorld):
    def start(self, **environment):
        if not hasattr(self, "control"):
            self.control = Control(os.path.join(self.dir, "control"))
        self.control.follow_the_next()
        super().start(LD_PRELOAD=SHIM, DISK_SHIM_CONTROL=self.control.path, DISK_SHIM_DIR=self.data,
                      ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0", **environment)


class Scene:
    """Appends of every kind of write: with and without a key, private texts, a new person's key."""

    def __init__(self, world):
        self.world = world
        self.chance = random.Random(SEED)
        self.member = Person(world, world.people[0], SEED)
        self.owner = Person(world, world.client(world.admin_token), SEED + 1)
        self.names = iter(range(1_000_000))
        self.steps = (self.grant, self.user, self.release, self.product)
        self.lease = None

    def prepare(self, step):
        """Before the call that fails is armed: a seat to give back, or one to take."""
        if step == self.release and not self.lease:
            self.grant()
        elif step == self.grant and self.lease:
            self.release()

    def grant(self):
        self.lease = self.member.take()
        assert self.lease, "no seat was free"

    def release(self):
        lease, self.lease = self.lease, None
        self.member.give_back(lease)

    def made(self, path, body):
        answer = self.owner.ask("POST", path, body, Idempotency_Key=uuid.UUID(int=self.chance.getrandbits(128)).hex)
        assert answer.status in (200, 201), answer
        self.owner.told.append((answer.json["index"], None, f'"{answer.json["id"]}"'))

    def user(self):
        self.made("/v1/users", {"name": f"new-{next(self.names)}", "role": "member", "organisation": self.world.acme})

    def product(self):
        self.made("/v1/products", {"name": f"p{next(self.names)}", "features": [{"name": "f"}]})

    def judge(self):
        leaves = self.world.leaves()
        told = check_told([self.member, self.owner], leaves)
        check_seats(leaves)
        return told, len(leaves)


def _make(world):
    world.product()
    world.acme = world.organisation()
    world.license(limit=SEATS)
    world.people = [world.user("joe", world.acme)]
    return Scene(world)


def _dry(scene):
    """How many calls each step makes; a few more for what goes on beside it."""
    found = {}
    for step in scene.steps:
        scene.prepare(step)
        scene.world.control.arm(0, 0, 0)
        step()
        time.sleep(0.05)
        found[step] = scene.world.control.calls + 2
    return found


def _cases(calls, modes, chance):
    cases = [(step, mode, number) for step, most in calls.items() for mode in modes for number in range(1, most + 1)]
    chance.shuffle(cases)
    return cases


def a_disk_that_fails_at_any_call_of_an_append_breaks_no_word():
    with ShimmedWorld() as world:
        scene = _make(world)
        calls = _dry(scene)
        end, hit, done = time.monotonic() + ERRORS_S, {}, 0
        cases = _cases(calls, ERRORS, random.Random(SEED))
        for step, mode, number in cases:
            if not NIGHTLY and time.monotonic() > end:
                break
            scene.prepare(step)
            world.control.arm(number, ERRORS[mode], SEED + done)
            begun = time.monotonic()
            try:
                step()
            except AssertionError as wrong:
                raise AssertionError(f"{step.__name__}, {mode} at call {number} ({world.control.what})") from wrong
            key = mode, world.control.what
            hit[key] = max(hit.get(key, 0), time.monotonic() - begun)
            done += 1
        world.control.arm(0, 0, 0)
        told, size = scene.judge()
        world.stop()
        world.verify()
        print(f"seed {SEED}: {done} of {len(cases)} failures, {told} acknowledgements kept, {size} entries")
        for (mode, what), longest in sorted(hit.items()):
            print(f"    {mode:9} {what or 'not reached'}: {longest:.2f} s at most")


def a_machine_that_loses_power_at_any_call_of_an_append_keeps_what_it_said():
    with ShimmedWorld() as world:
        scene = _make(world)
        calls = _dry(scene)
        end, done, places = time.monotonic() + ENDS_S, 0, {}
        cases = _cases(calls, ENDS, random.Random(SEED))
        for step, mode, number in cases * (5 if NIGHTLY else 1):
            if not NIGHTLY and time.monotonic() > end:
                break
            _lose_power(scene, step, ENDS[mode], number, SEED + done)
            places[mode, world.control.what] = places.get((mode, world.control.what), 0) + 1
            done += 1
            scene.judge()
            if NIGHTLY and done % 10 == 0:
                world.stop()
                world.verify()
                world.start()
        told, size = scene.judge()
        world.stop()
        world.verify()
        print(f"seed {SEED}: {done} of {len(cases)} ends, {told} acknowledgements kept, {size} entries")
        for (mode, what), times in sorted(places.items()):
            print(f"    {mode:10} {what or 'not reached'}: {times}")


def _lose_power(scene, step, mode, number, seed):
    """The step, while its server ends at that call, or after it where there is no such call, and is started again."""
    world = scene.world
    failure = []

    def work():
        try:
            step()
        except BaseException as wrong:
            failure.append(wrong)

    scene.prepare(step)
    world.control.arm(number, mode, seed)
    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    while worker.is_alive() and world.process.poll() is None:
        worker.join(0.005)
    world.kill()
    world.control.put(1, 0)
    place = world.control.what
    world.start_timed()
    worker.join(60)
    world.control.page[48:304] = place.encode().ljust(256, b"\0")
    assert not failure and not worker.is_alive(), (step.__name__, mode, number, place, seed, failure)


if __name__ == "__main__":
    sys.setswitchinterval(0.001)
    run(globals())
