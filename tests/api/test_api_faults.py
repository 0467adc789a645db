"""What fails on purpose (base/fault): whatever step fails, a retry under the same key takes exactly one seat, nothing that
was answered is forgotten, and the server goes on by itself (DESIGN section 2). Needs a build with fault points."""
import http.client
import signal
import socket
import time

from api_world import Client, World, run

STEPS = 64  # more than a check-out allocates, its holders and its receipt included


class _Faulty(World):
    def start(self, **environment):
        super().start(TALLY_FAULT_FILE=self.fault_file, **environment)

    def fail(self, plan):
        self.plan_faults(plan)


def _ask_until_answered(world, token, key, body, wanted=(201,), **headers):
    """Repeats under one key until there is an answer; gives it and what came before."""
    before = []
    for _ in range(200):
        try:
            answer = Client(world.port, token).post("/v1/leases", body, Idempotency_Key=key, **headers)
        except (OSError, http.client.HTTPException) as failure:
            before.append(type(failure).__name__)
            assert world.process.poll() is None, "the server is gone: " + world.log_text()
            continue
        if answer.status in wanted:
            return answer, before
        assert answer.status in (500, 503), answer
        before.append(answer.status)
        time.sleep(0.02)
    raise AssertionError(f"never answered: {before} {world.log_text()}")


def memory_that_fails_once_at_any_step_costs_no_seat():
    with _Faulty() as world:
        joe = world.seats(limit=1000)
        taken = 0
        for step in range(60):
            world.fail(f"memory:{step}:1")
            answer, _ = _ask_until_answered(world, joe.token, f"memory-{step:012d}",
                                            {"feature": "cad/render", "asserted": {"user": f"u{step}"}})
            taken += 1
            assert answer.json["used"] == taken, (step, answer)
        world.fail("")
        assert world.admin.get("/v1/pools").json["pools"][0]["used"] == taken
        world.restart()
        assert world.admin.get("/v1/pools").json["pools"][0]["used"] == taken


def _once(world, token, key, body, **headers):
    """One try's answer; None: the connection was closed without one."""
    try:
        return Client(world.port, token).post("/v1/leases", body, Idempotency_Key=key, **headers)
    except (OSError, http.client.HTTPException):
        assert world.process.poll() is None, "the server is gone: " + world.log_text()
        return None


def _check_whole(answer, truth):
    """An answer along which an allocation failed: the truth with every member, or that nothing can be told now."""
    if answer is None:
        return
    assert answer.headers["content-type"] in ("application/json", "application/problem+json"), answer
    if answer.status == 503:
        assert answer.json["code"] in ("NO_MEMORY", "READ_ONLY") and answer.json["detail"], answer
        return
    told = {name: value for name, value in answer.json.items() if name not in ("holders", "receipt")}
    assert (answer.status, told) == (truth.status, {name: value for name, value in truth.json.items() if name in told})
    missing = set(truth.json) - set(answer.json) - {"receipt"}  # which may come later, as docs/api.md says
    assert not missing, (missing, answer)


class _Held:
    """Polls that are held open, each with a request's memory that the server would else use again."""

    def __init__(self, world, joe):
        world.product("held", ["seat"])
        world.license(product="held", feature="seat", limit=1)
        joe.made("/v1/leases", {"feature": "held/seat"})
        ticket = joe.made("/v1/leases", {"feature": "held/seat", "wait_s": 600})["id"]
        self.port = world.port
        self.request = (f"GET /v1/tickets/{ticket}?wait_s=30 HTTP/1.1\r\nHost: x\r\n"
                        f"Authorization: Bearer {joe.token}\r\n\r\n").encode()
        self.sockets = []

    def more(self):
        self.sockets.append(socket.create_connection(("127.0.0.1", self.port), 10))
        self.sockets[-1].sendall(self.request)
        time.sleep(0.005)  # until it is held

    def close(self):
        for held in self.sockets:
            held.close()


def _every_allocation_fails_once(world, held, clients, seats, wanted, **headers):
    """Fails the n-th allocation from a check-out on, for each n until none along it is left; tells how often it showed."""
    shown = 0
    for step in range(STEPS):
        held.more()
        token, key = clients[step % len(clients)].token, f"whole-{wanted}-{len(headers)}-{step:012d}"
        body = {"feature": "cad/render", "quantity": seats, "asserted": {"user": f"u{wanted}{step}"}}
        world.fail(f"memory:{step}:1")
        answer = _once(world, token, key, body, **headers)
        world.fail("")
        truth, _ = _ask_until_answered(world, token, key, body, (wanted,), **headers)
        _check_whole(answer, truth)
        shown += answer is None or answer.status != wanted
    return shown


def an_answer_that_found_no_memory_is_whole_and_true_or_none_at_all():
    with _Faulty("--loops", "1") as world:
        joe = world.seats(limit=STEPS * 2)
        organisation = world.admin.get(f"/v1/users/{joe.id}").json["organisation"]
        people = [world.user(f"p{i}", organisation, role="admin" if i % 2 else "member") for i in range(STEPS // 8)]
        held = _Held(world, joe)
        for _ in range(8):
            held.more()
        shown = [_every_allocation_fails_once(world, held, people, 1, 201),
                 _every_allocation_fails_once(world, held, people, 1, 201, Prefer="receipt"),
                 _every_allocation_fails_once(world, held, people, 1000, 409)]
        held.close()
        assert min(shown) > 5, shown
        assert world.admin.get("/v1/pools").json["pools"][0]["used"] == STEPS * 2


def a_commit_that_fails_is_settled_and_a_retry_is_granted_once():
    with _Faulty() as world:
        joe = world.seats(limit=1000)
        taken, troubles = 0, []
        for point in ("store_write", "store_commit", "store_after_commit"):
            for step in range(4):
                world.fail(f"{point}:{step}:1")
                answer, before = _ask_until_answered(world, joe.token, f"{point}-{step:012d}", {"feature": "cad/render"})
                taken += 1
                troubles += before
                assert answer.json["used"] == taken, (point, step, answer, before)
        world.fail("")
        assert troubles, "no fault was ever seen by a client"
        assert world.admin.get("/v1/pools").json["pools"][0]["used"] == taken
        world.restart(signal.SIGKILL)
        assert world.admin.get("/v1/pools").json["pools"][0]["used"] == taken


def memory_that_fails_while_a_failed_commit_is_settled_is_got_over():
    """It had left the server read-only until it was started anew."""
    with _Faulty() as world:
        joe = world.seats(limit=1000)
        for step in range(30):
            world.fail(f"store_commit:0:1,memory:{step}:1")
            answer, _ = _ask_until_answered(world, joe.token, f"settling-{step:012d}", {"feature": "cad/render"})
            assert answer.json["used"] == step + 1, (step, answer)
        world.fail("")
        assert "is read-only: \n" not in world.log_text(), "a failure without a reason"


def a_full_disk_takes_back_but_gives_no_more_until_there_is_room():
    with _Faulty() as world:
        joe = world.seats(limit=1000)
        lease = joe.made("/v1/leases", {"feature": "cad/render"})
        world.fail("store_full:0:-1")
        denied = None
        for _ in range(100):
            try:
                denied = Client(world.port, joe.token).post("/v1/leases", {"feature": "cad/render"})
            except (OSError, http.client.HTTPException):
                continue
            if denied.status == 503:
                break
        assert (denied.status, denied.json["code"]) == (503, "READ_ONLY") and "retry-after" in denied.headers, denied
        assert world.client().get("/readyz").status == 503 and world.client().get("/healthz").status == 200
        world.fail("")
        answer, _ = _ask_until_answered(world, joe.token, "after-the-disk-0", {"feature": "cad/render"})
        assert answer.json["used"] == 2
        deadline = time.monotonic() + 60
        while world.client().get("/readyz").status != 200 and time.monotonic() < deadline:
            time.sleep(0.1)
        assert world.client().get("/readyz").status == 200
        assert Client(world.port, joe.token).delete(f"/v1/leases/{lease['id']}").status == 200


def a_receipt_that_can_not_be_signed_does_not_hold_the_answer_for_ever():
    with _Faulty() as world:
        joe = world.seats(limit=1000)
        world.fail("signer_link:0:-1")
        begun = time.monotonic()
        answer = joe.post("/v1/leases", {"feature": "cad/render"}, Prefer="receipt")
        assert answer.status == 201 and "receipt" not in answer.json and "entry" in answer.json, answer
        assert "preference-applied" not in answer.headers and time.monotonic() - begun < 30
        world.fail("")
        answer = joe.post("/v1/leases", {"feature": "cad/render"}, Prefer="receipt")
        assert answer.status == 201, answer


def a_clock_that_jumps_is_confirmed_by_an_admin():
    with _Faulty() as world:
        joe = world.seats()
        lease = joe.made("/v1/leases", {"feature": "cad/render"})
        world.fail("clock_offset_s:7200:1")
        deadline = time.monotonic() + 60
        while "tally_clock_frozen 1" not in world.admin.get("/metrics").text:
            assert time.monotonic() < deadline, "the jump was not noticed"
            time.sleep(0.05)
        assert joe.post(f"/v1/leases/{lease['id']}/heartbeat").status == 200, "nothing has expired by the jump"
        ready = world.client().get("/readyz")
        assert ready.status == 200 and ready.text.startswith("ready, but the clock jumped"), ready
        confirmed = world.admin.post("/v1/clock/confirm")
        assert confirmed.status == 200 and abs(confirmed.json["jump_ms"] - 7200000) < 60000, confirmed
        assert world.admin.post("/v1/clock/confirm").json["code"] == "WRONG_STATE"
        assert joe.post(f"/v1/leases/{lease['id']}/heartbeat").status == 200, "nor by believing it"


if __name__ == "__main__":
    run(globals())
