"""Bytes that mean harm, and a server that was stopped and goes on: everybody else keeps working (P9, P7)."""
import json
import os
import random
import signal
import socket
import threading
import time

from crash_world import NIGHTLY, SEED, CrashWorld, Person, check_seats, check_told, run

ATTEMPTS = 20000 if NIGHTLY else 2500
ATTACKERS = 4
GROWTH_MAX_KIB = 512 * 1024  # of a sanitizer's build, which keeps what was freed for a while
ANSWER_S = 0.05  # who means harm does not wait for the roll-up that counts it
STOPPED_S = 2


def requests_of(world):
    token = f"Authorization: Bearer {world.people[0].token}\r\n"

    def request(method, path, body="", extra=""):
        length = f"Content-Length: {len(body)}\r\n" if body else ""
        return f"{method} {path} HTTP/1.1\r\nHost: x\r\n{token}{extra}{length}\r\n{body}".encode()

    lease = json.dumps({"feature": "cad/render", "quantity": 1})
    lines = "".join(json.dumps({"op": "lease.create", "feature": "cad/render"}) + "\n" for _ in range(3))
    return [
        request("POST", "/v1/leases", lease, "Content-Type: application/json\r\nIdempotency-Key: 0123456789abcdef\r\n"),
        request("POST", "/v1/batch", lines, "Content-Type: application/x-ndjson\r\n"),
        request("GET", "/v1/pools"),
        request("GET", "/v1/audit?after=-1&limit=5"),
        request("GET", "/tile/0/000"),
        request("POST", "/v1/heartbeats", json.dumps({"leases": ["lse_01jd00000000000000000000aa"]}),
                "Content-Type: application/json\r\n"),
        request("GET", "/v1/ledger") * 3,
        b"POST /v1/leases HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    ]


def changed(chance, text):
    """A few places of it are lost, doubled, replaced, or moved."""
    text = bytearray(text)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(text) or 1)
        end = at + chance.randint(1, 12)
        how = chance.randrange(6)
        if how == 0:
            del text[at:end]
        elif how == 1:
            text[at:at] = text[at:end]
        elif how == 2:
            text[at:end] = chance.randbytes(end - at)
        elif how == 3:
            text[at:at] = chance.choice((b"\r\n", b"\0", b"Content-Length: 99999999999999999999\r\n", b" ", b"\xff\xfe",
                                         b"%00", b"{" * 40, b"[" * 3000, b"a" * 20000, b'"', b"-1"))
        elif how == 4:
            del text[at:]
        elif text:
            text[at % len(text)] ^= 1 << chance.randrange(8)
    return bytes(text)


def attack(port, chance, requests, count):
    for _ in range(count):
        text = chance.randbytes(chance.randint(1, 4000)) if chance.random() < 0.2 else changed(chance,
                                                                                               chance.choice(requests))
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
                connection.settimeout(ANSWER_S)
                connection.sendall(text)
                if chance.random() < 0.5:
                    connection.shutdown(socket.SHUT_WR)
                while chance.random() < 0.9 and connection.recv(65536):
                    pass
        except OSError:
            pass  # it may well hang up on us


def resident_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))


def hostile_bytes_harm_nobody_else():
    with CrashWorld() as world:
        world.make(2, 1000)
        good = Person(world, world.people[1], SEED)
        requests = requests_of(world)
        before = resident_kib(world.process.pid)
        good.start()
        attackers = [threading.Thread(target=attack, args=(world.port, random.Random(SEED + i), requests,
                                                           ATTEMPTS // ATTACKERS)) for i in range(ATTACKERS)]
        for attacker in attackers:
            attacker.start()
        for attacker in attackers:
            attacker.join()
        good.stop()
        assert world.process.poll() is None, world.log_text()
        assert good.tries == len(good.told), f"{good.tries} tries for {len(good.told)} answers"
        assert len(good.told) > 20, "the good client was hardly served"
        leaves = world.leaves()
        check_told([good], leaves)
        check_seats(leaves)
        after = resident_kib(world.process.pid)
        assert after - before < GROWTH_MAX_KIB, f"{before} KiB became {after}"
        world.stop()  # with status 0: a sanitizer's complaint would end it otherwise
        world.verify()
        print(f"seed {SEED}: {ATTEMPTS} attempts; {len(good.told)} answers for the good client; "
              f"{before // 1024} MiB before, {after // 1024} MiB after")


def _stop_whole(pid):
    """Until all its threads have stopped, which takes a moment."""
    os.kill(pid, signal.SIGSTOP)
    os.waitpid(pid, os.WUNTRACED)


def a_server_that_was_stopped_goes_on():
    with CrashWorld() as world:
        world.make(1, 2)
        joe = world.people[0]
        lease = joe.made("/v1/leases", {"feature": "cad/render", "ttl_s": 30})
        joe.close()
        _stop_whole(world.process.pid)
        answers = []
        waiting = threading.Thread(target=lambda: answers.append(joe.post("/v1/leases", {"feature": "cad/render"})))
        waiting.start()
        time.sleep(STOPPED_S)
        assert not answers
        os.kill(world.process.pid, signal.SIGCONT)
        waiting.join()
        assert answers[0].status == 201, answers[0]
        beat = joe.post(f"/v1/leases/{lease['id']}/heartbeat")
        assert beat.status == 200, beat
        types = {entry["type"] for _, entry in world.admin.entries()}
        assert not types & {"clock.jumped", "lease.lapsed"}, types


def a_holder_whose_server_was_stopped_for_longer_than_its_ttl_is_told_the_truth():
    with CrashWorld() as world:
        world.make(2, 1)
        joe, ann = world.people
        lease = joe.made("/v1/leases", {"feature": "cad/render", "ttl_s": 10})
        _stop_whole(world.process.pid)
        time.sleep(10.5)
        os.kill(world.process.pid, signal.SIGCONT)
        joe.close()
        beat = joe.post(f"/v1/leases/{lease['id']}/heartbeat")
        taken = ann.post("/v1/leases", {"feature": "cad/render"})
        # Whichever came first, they can't both have it.
        assert (beat.status, taken.status) in ((200, 409), (409, 201)), (beat, taken)
        assert beat.status == 200 or beat.json["code"] == "LEASE_ENDED", beat
        check_seats(world.leaves())


if __name__ == "__main__":
    run(globals())
