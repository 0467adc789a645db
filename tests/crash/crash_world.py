"""A server that is hurt while clients use it, and what judges the ledger afterwards: clients that try again under the
same key until they are answered, an oracle that counts seats from the leaves alone, and a checker of linearizability.
"""
import hashlib
import http.client
import json
import os
import random
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "api"))
from api_world import (PATIENCE_S, TALLY, Client, World, leftovers, proof_holds,  # noqa: E402, F401
                       run)  # tests take them from here

NIGHTLY = os.environ.get("TALLY_NIGHTLY") == "1"
SEED = int(os.environ.get("TEST_SEED", time.time_ns() % 1_000_000_000))
# What is tried again: the connection broke, nobody listens, or the server said that nothing happened.
NO_ANSWER = (ConnectionError, http.client.HTTPException, TimeoutError, OSError)
TRY_AGAIN = (429, 503)


def wait_for(condition, seconds=PATIENCE_S, what="it"):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"{what} did not happen in time"
        time.sleep(0.01)


class CrashWorld(World):
    """A world whose server is replaced at any moment; its clients follow `port`."""

    def make(self, people, limit):
        self.product()
        organisation = self.organisation()
        self.license(limit=limit)
        self.people = [self.user(f"user-{i}", organisation) for i in range(people)]

    def is_ready(self):
        try:
            return Client(self.port).get("/readyz").status == 200
        except NO_ANSWER:
            return False

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.log.close()
        self.process = None

    def start_timed(self, **environment):
        """Starts it and gives the seconds until it is ready, which it must become by itself."""
        begun = time.monotonic()
        self.start(**environment)
        wait_for(self.is_ready, what="a server that is ready again")
        return time.monotonic() - begun

    def page(self, client, path):
        """Reading the ledger is recorded, so it waits for a server that can't record at the moment."""
        end = time.monotonic() + PATIENCE_S
        while True:
            answer = client.get(path)
            if answer.status == 200:
                return answer.json
            assert answer.status in TRY_AGAIN and time.monotonic() < end, answer
            time.sleep(0.02)

    def leaves(self, after=-1):
        """The exact texts of all entries behind an index."""
        found = []
        client = self.client(self.admin_token)
        while True:
            page = self.page(client, f"/v1/audit?after={after}&limit=1000")
            for row in page["entries"]:
                assert row["index"] == after + 1, row["index"]
                after = row["index"]
                found.append(row["entry"])
            if not page["entries"]:
                client.close()
                return found

    def verify(self):
        """What `tally verify` says of the directory; the server must be down."""
        state = os.path.join(self.dir, "state")
        done = subprocess.run([TALLY, "verify", self.data], capture_output=True, check=False, timeout=300,
                              env={**os.environ, "XDG_STATE_HOME": state})
        assert done.returncode == 0 and b"ok" in done.stdout, (done.returncode, done.stdout, done.stderr)


class Person:
    """Somebody who takes seats and gives them back, and keeps what was acknowledged and when."""

    def __init__(self, world, client, seed):
        self.world = world
        self.token = client.token
        self.random = random.Random(seed)
        self.connection = None
        self.port = None
        self.told = []  # (index, entry text or None, word that the entry must hold)
        self.history = []  # (begun, ended, change of seats that was made, or asked for and denied)
        self.tries = 0
        self.failure = None
        self.stopping = False

    def ask_once(self, method, path, body, headers):
        if self.port != self.world.port:
            self.port = self.world.port
            self.connection = Client(self.port, self.token)
        self.tries += 1
        arguments = [] if body is None else [body]
        return self.connection.ask(method, path, *arguments, **headers)

    def ask(self, method, path, body=None, **headers):
        """Until it is answered: the same request, under the same key."""
        end = time.monotonic() + PATIENCE_S
        while True:
            try:
                answer = self.ask_once(method, path, body, headers)
                if answer.status not in TRY_AGAIN:
                    return answer
            except NO_ANSWER:
                self.connection = None
                self.port = None
            assert time.monotonic() < end, f"{method} {path} was not answered"
            time.sleep(self.random.uniform(0.001, 0.03))

    def take(self, quantity=1):
        """The lease, or None when every seat was taken."""
        headers = {"Idempotency_Key": uuid.UUID(int=self.random.getrandbits(128)).hex}
        if self.random.random() < 0.5:
            headers["Prefer"] = "receipt"
        begun = time.monotonic()
        answer = self.ask("POST", "/v1/leases", {"feature": "cad/render", "quantity": quantity}, **headers)
        ended = time.monotonic()
        if answer.status == 409:
            assert answer.json["code"] == "NO_SEATS", answer
            self.told.append((answer.json["index"], None, '"type":"lease.den'))
            self.history.append((begun, ended, quantity, False))
            return None
        assert answer.status == 201, answer
        lease = answer.json
        if "receipt" in lease:
            assert proof_holds(lease["receipt"], lease["index"], lease["entry"]), lease
        self.told.append((lease["index"], lease.get("entry"), f'"lease":"{lease["id"]}"'))
        self.history.append((begun, ended, quantity, True))
        return lease

    def give_back(self, lease):
        begun = time.monotonic()
        answer = self.ask("DELETE", f"/v1/leases/{lease['id']}")
        ended = time.monotonic()
        assert answer.status == 200 and answer.json["state"] == "released", answer
        self.told.append((answer.json["index"], None, f'"lease":"{lease["id"]}"'))
        self.history.append((begun, ended, -lease["quantity"], True))

    def live(self):
        try:
            while not self.stopping:
                lease = self.take(self.random.choice((1, 1, 2)))
                time.sleep(self.random.uniform(0, 0.02) if lease else self.random.uniform(0.05, 0.2))
                if lease:
                    self.give_back(lease)
        except Exception as failure:  # told by the thread that waits
            self.failure = failure

    def start(self):
        self.thread = threading.Thread(target=self.live, daemon=True)  # a test that failed does not wait for them
        self.thread.start()

    def stop(self):
        self.stopping = True
        self.thread.join()
        if self.failure:
            raise self.failure


# ---- Judging ----

def check_told(people, leaves):
    """Everything acknowledged is in the ledger at its index, with the same bytes. Gives how much that was."""
    told = [one for person in people for one in person.told]
    for index, entry, word in told:
        assert index < len(leaves), f"entry {index} was acknowledged and is lost"
        assert entry is None or entry == leaves[index], f"entry {index} is not the one that was acknowledged"
        assert word in leaves[index], f"entry {index} is another: {leaves[index]}"
    return len(told)


def check_seats(leaves):
    """P4, the figures in the leaves, the chains, the times, and one action for one key; from the leaves alone."""
    pools, leases, keys, chains, last_time = {}, {}, set(), {}, ""
    grants = 0
    for index, leaf in enumerate(leaves):
        entry = json.loads(leaf)
        on, data = entry.get("on", {}), entry.get("data", {})
        pool = pools.setdefault(on["pool"], {"used": 0, "limit": 0}) if "pool" in on else None
        assert entry["time"] >= last_time, f"entry {index} is older than the one before"
        last_time = entry["time"]
        if entry["type"] == "pool.limit_changed":
            pool["limit"] = data["limit"]
        elif entry["type"] == "lease.granted":
            assert on["lease"] not in leases, f"entry {index} grants a lease again"
            leases[on["lease"]] = data["quantity"]
            pool["used"] += data["quantity"]
            grants += 1
            assert pool["used"] <= pool["limit"], f"entry {index} is a seat too many"
            assert data["used"] == pool["used"], f"entry {index} counts {data['used']}, not {pool['used']}"
        elif entry["type"] in ("lease.released", "lease.lapsed", "lease.expired", "lease.revoked"):
            pool["used"] -= leases.pop(on["lease"])
            assert data["used"] == pool["used"], f"entry {index} counts {data['used']}, not {pool['used']}"
        if "idem" in entry:
            assert entry["idem"][0] not in keys, f"entry {index} is a second action under one key"
            keys.add(entry["idem"][0])
        for chain, (number, previous) in entry.get("seq", {}).items():
            last_number, last_hash = chains.get(chain, (0, "0" * 32))
            assert (number, previous) == (last_number + 1, last_hash), f"entry {index} breaks the chain of {chain}"
            chains[chain] = (number, hashlib.sha256(b"\0" + leaf.encode()).hexdigest()[:32])
    return grants


def is_linearizable(histories, limit):
    """
    Whether one order of all the actions explains every answer, each at a moment between its question and its answer
    (Herlihy and Wing, 1990; searched as Wing and Gong do, over how far each client's history has been explained).
    The object is a counter with a limit: a grant needs room, a denial needs there to be none, a return always goes.
    """
    # By each client: (begun, ended, change, happened). Seats taken follow from the positions, so they need no place in
    # the state; the search goes by depth, and forgets dead ends once.
    seen = set()
    stack = [((0,) * len(histories), 0)]
    done = tuple(len(history) for history in histories)
    while stack:
        at, used = stack.pop()
        if at == done:
            return True
        if at in seen:
            continue
        seen.add(at)
        heads = [(history[position], client) for client, (history, position) in enumerate(zip(histories, at))
                 if position < len(history)]
        first_end = min(head[1] for head, _ in heads)
        # Later ends are pushed first, so that the earliest end is tried first.
        for (begun, _, change, happened), client in sorted(heads, key=lambda head: -head[0][1]):
            if begun > first_end:
                continue
            after = used + change if happened else used
            fits = after <= limit if happened else used + change > limit
            if fits:
                stack.append((at[:client] + (at[client] + 1,) + at[client + 1:], after))
    return False
