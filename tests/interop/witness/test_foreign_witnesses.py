"""Our ledger with witnesses that are not ours, and our witness with a log that is not ours.

    test_foreign_witnesses.py BUILD_DIR

Go's transparency-dev/witness, which the public witness network runs, is built below BUILD_DIR; it needs Go 1.25.
sigsum-witness is Debian's package sigsum-go. What a machine lacks is named and passed over.
"""
import base64
import hashlib
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD = Path(sys.argv.pop(1))
sys.path.insert(0, str(HERE.parent.parent / "witness"))
from c2sp import NOTE, Key, Log, head_of, signers  # noqa: E402
from witness_world import Directory, Witness, World, run, tally  # noqa: E402

GO_NEEDED = (1, 25)


def _go_program():
    """The Go side, built once; None where Go is missing or too old."""
    found = re.search(r"go(\d+)\.(\d+)", subprocess.run(["go", "version"], capture_output=True, text=True,
                                                        check=False).stdout) if shutil.which("go") else None
    if not found or tuple(map(int, found.groups())) < GO_NEEDED:
        print("passed over: Go 1.25 or later is not installed, so transparency-dev/witness can't be built")
        return None
    program = BUILD / "gowitness"
    built = subprocess.run(["go", "build", "-o", str(program), "."], cwd=HERE / "gowitness", capture_output=True,
                           text=True, timeout=600, check=False,
                           env={**os.environ, "GOFLAGS": "-mod=readonly -buildvcs=false"})
    assert built.returncode == 0, "the Go witness could not be built (its modules are fetched once):\n" + built.stderr
    return str(program)


GO = _go_program()


class Process:
    """A foreign witness that runs, and what a policy says about it."""

    def __init__(self, name, key, command, port=None, **environment):
        self.name, self.key = name, key
        self.process = subprocess.Popen(command, stdout=None if port else subprocess.PIPE,
                                        env={**os.environ, **environment})
        self.port = port or int(self.process.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()


def go_witness(name, log_key):
    """Its key is a plain Ed25519 key, from which it derives the one for cosignatures."""
    seed = os.urandom(32)
    plain = Key.made(name, NOTE, seed)
    return Process(name.split(".")[0], Key.made(name, 4, seed), [GO, "serve", plain.private, log_key.vkey])


def policy_of(witnesses):
    names = " ".join(witness.name for witness in witnesses)
    return "".join(f"witness {w.name} {w.key.vkey} http://127.0.0.1:{w.port}\n" for w in witnesses) + \
        f"group everybody all {names}\nquorum everybody\n"


def wait_for(condition, what, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"{what} did not happen in time"
        time.sleep(0.1)


def witnessed_by_all(world, witnesses, rounds=range(3)):
    """The ledger grows, and each time a checkpoint comes to have all their signatures; gives the last one."""
    keys = [world.key] + [witness.key for witness in witnesses]
    note = ""
    for number in rounds:
        index = world.admin.made("/v1/organisations", {"name": f"organisation {number}"})["index"]

        def covers():
            answer = world.admin.get("/v1/ledger/witnessed")
            return answer.status == 200 and head_of(answer.text)[1] > index

        wait_for(covers, "a checkpoint that everybody cosigned")
        note = world.admin.get("/v1/ledger/witnessed").text
        assert sorted(signers(note, keys)) == sorted(key.name for key in keys), note
    return note


def a_foreign_witness_and_ours_cosign_the_same_checkpoints():
    if not GO:
        return
    with Directory() as place, World() as world:
        world.key = Key.parse(world.admin.get("/v1/ledger").json["vkey"])
        with go_witness("foreign.example", world.key) as foreign, Witness(place, "ours", [world.key.vkey]) as ours:
            world.options = ("--witness-policy", place.file("policy", policy_of([foreign, ours])))
            world.restart()
            note = witnessed_by_all(world, [foreign, ours])
            checked = subprocess.run([GO, "check", world.key.vkey, foreign.key.vkey, ours.key.vkey], input=note,
                                     capture_output=True, text=True, timeout=60, check=False)
            assert checked.returncode == 0 and int(checked.stdout) == head_of(note)[1], checked
            other = Key.made("ours.example", 4, os.urandom(32))
            checked = subprocess.run([GO, "check", other.vkey], input=note, capture_output=True, text=True, timeout=60,
                                     check=False)
            assert checked.returncode == 1, "the foreign checker takes anything"


def a_foreign_log_is_cosigned_by_our_witness():
    if not GO:
        return
    log = Log("foreign.example/log", seed=os.urandom(32))
    with Directory() as place, Witness(place, "ours", [log.key.vkey]) as ours:
        fed = subprocess.run([GO, "feed", f"http://127.0.0.1:{ours.port}/", log.key.private, ours.key.vkey,
                              *map(str, (0, 1, 2, 3, 7, 8, 64, 255, 256, 257, 1000))], capture_output=True, text=True,
                             timeout=120, check=False)
        assert fed.returncode == 0, fed
        assert head_of(ours.page(log).text)[1] == 1000


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def openssh_public(public):
    def field(data):
        return len(data).to_bytes(4, "big") + data

    return "ssh-ed25519 " + base64.b64encode(field(b"ssh-ed25519") + field(public)).decode() + " log\n"


class SigsumWorld(World):
    """A ledger whose origin is the one that Sigsum's tools expect of a log with its key."""

    def _init(self, token_file):
        super()._init(token_file)
        path = os.path.join(self.data, "ledger.key")
        with open(path, encoding="ascii") as file:
            old = file.read().strip()
        seed = base64.b64decode(old.split("+", 4)[4])[1:]
        plain = Key.made("x", NOTE, seed)
        self.key = Key.made("sigsum.org/v1/tree/" + hashlib.sha256(plain.public).hexdigest(), NOTE, seed)
        with open(path, "w", encoding="ascii") as file:
            file.write(self.key.private + "\n")


def sigsum_s_witness_cosigns_our_checkpoints():
    if not shutil.which("sigsum-witness"):
        print("passed over: sigsum-witness (Debian's package sigsum-go) is not installed")
        return
    with Directory() as place, SigsumWorld() as world:
        made = subprocess.run(["sigsum-key", "generate", "-o", place.file("witness")], capture_output=True, text=True,
                              timeout=60, check=False)
        assert made.returncode == 0, made
        vkey = subprocess.run(["sigsum-key", "to-vkey", "-k", place.file("witness.pub"), "-n", "any", "-t",
                               "cosignature/v1"], capture_output=True, text=True, timeout=60, check=False)
        assert vkey.returncode == 0, vkey
        public = Key.parse(vkey.stdout.strip()).public
        key = Key("sigsum.org/v1/witness/" + hashlib.sha256(public).hexdigest(), 4, public)  # the name it signs with
        port = _free_port()
        command = ["sigsum-witness", "-k", place.file("witness"), "--log-key",
                   place.file("log.pub", openssh_public(world.key.public)), "--state-file", place.file("state"),
                   f"127.0.0.1:{port}"]
        with Process("sigsum", key, command, port, GODEBUG="httpmuxgo121=0") as sigsum:
            world.options = ("--witness-policy", place.file("policy", policy_of([sigsum])))
            world.restart()
            witnessed_by_all(world, [sigsum])
            world.restart()  # it is found where it was
            witnessed_by_all(world, [sigsum], range(3, 5))


run(globals())
