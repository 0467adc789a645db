"""A ledger with two witnesses, all of them real processes: cosignatures on what is served, witnesses that die, come
back and lie, cosignatures that come in a file, and a second ledger with the same key.
"""
import http.server
import os
import shutil
import signal
import socketserver
import subprocess
import threading
import time

from c2sp import COSIGNATURE, DASH, Key, b64, head_of, parts_of, signers
from witness_world import Directory, Witness, World, run, tally

PATIENCE = 1  # seconds until a witness counts as absent


def wait_for(condition, what, seconds=30):
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < end, f"{what} did not happen in time"
        time.sleep(0.05)


class Ledger(World):
    """A served ledger that can be told its witnesses, since they need to know its key first."""

    def __init__(self, place):
        super().__init__()
        self.place = place
        self.key = Key.parse(self.admin.get("/v1/ledger").json["vkey"])

    def witnessed_by(self, policy, *options):
        self.policy_file = self.place.file("policy", policy)
        self.options = ("--witness-policy", self.policy_file, "--witness-patience", str(PATIENCE), *options)
        self.restart()

    def grow(self, name=None):
        """One more entry; gives its index."""
        self.number = getattr(self, "number", 0) + 1
        return self.admin.made("/v1/organisations", {"name": name or f"organisation {self.number}"})["index"]

    def types(self):
        return [entry["type"] for _, entry in self.admin.entries()]

    def found(self, kind):
        return [entry for _, entry in self.admin.entries() if entry["type"] == kind]

    def metric(self, name, witness=None):
        line = name + (f'{{witness="{witness}"}} ' if witness else " ")
        (value,) = [row[len(line):] for row in self.admin.get("/metrics").text.splitlines() if row.startswith(line)]
        return float(value)

    def witnessed(self):
        """Size and note of the newest checkpoint that met the policy; 0 before the first."""
        answer = self.admin.get("/v1/ledger/witnessed")
        return (head_of(answer.text)[1], answer.text) if answer.status == 200 else (0, "")


def policy_of(witnesses, quorum, urls=True):
    names = " ".join(w.name for w in witnesses)
    return "".join(f"witness {w.name} {w.key.vkey}" + (f" http://127.0.0.1:{w.port}\n" if urls else "\n")
                   for w in witnesses) + f"group all-of-them {quorum} {names}\nquorum all-of-them\n"


class Scene(Directory):
    """A ledger, and two witnesses that serve it."""

    def __init__(self, quorum="all", *options):
        super().__init__()
        self.quorum, self.options = quorum, options

    def __enter__(self):
        self.ledger = Ledger(self)
        self.witnesses = [Witness(self, name, [self.ledger.key.vkey]).start() for name in ("w1", "w2")]
        self.keys = [self.ledger.key] + [witness.key for witness in self.witnesses]
        self.names = [key.name for key in self.keys]
        self.ledger.witnessed_by(policy_of(self.witnesses, self.quorum), *self.options)
        return self

    def __exit__(self, *reason):
        try:
            self.ledger.__exit__(*reason)
        finally:
            for witness in self.witnesses:
                witness.__exit__(*reason)
            super().__exit__(*reason)

    def wait_witnessed(self, index):
        return wait_for(lambda: self.ledger.witnessed()[0] > index and self.ledger.witnessed()[1],
                        f"a checkpoint that meets the policy and has entry {index}")


def both_witnesses_cosign_what_is_published():
    with Scene() as scene:
        for _ in range(3):
            note = scene.wait_witnessed(scene.ledger.grow())
            assert sorted(signers(note, scene.keys)) == sorted(scene.names), note
        idle = scene.ledger.admin.get("/checkpoint").text
        assert sorted(signers(idle, scene.keys)) == sorted(scene.names), idle
        for witness in scene.witnesses:
            assert scene.ledger.metric("tally_witness_lag_entries", witness.name) == 0
            assert scene.ledger.metric("tally_witness_failures_total", witness.name) == 0
            assert scene.ledger.metric("tally_witness_cosigned_timestamp_seconds", witness.name) > time.time() - 60
        assert scene.ledger.metric("tally_witness_quorum") == 1
        assert scene.ledger.metric("tally_ledger_forked") == 0
        assert not [kind for kind in scene.ledger.types() if "witness" in kind or "fork" in kind]


def a_proof_has_the_cosignatures_of_its_checkpoint():
    with Scene() as scene:
        index = scene.ledger.grow()
        scene.wait_witnessed(index)
        proof = scene.ledger.admin.get(f"/v1/audit/{index}/proof").text
        note = proof.partition("\n\n")[2]
        assert sorted(signers(note, scene.keys)) == sorted(scene.names), proof
        from api_world import proof_holds
        entry = scene.ledger.admin.get(f"/v1/audit/{index}").json["entry"]
        assert proof_holds(proof, index, entry)


def a_receipt_waits_for_the_policy_and_no_longer_than_a_while():
    with Scene("all", "--receipts", "witnessed") as scene:
        for _ in range(5):
            scene.ledger.number = getattr(scene.ledger, "number", 0) + 1
            begun = time.monotonic()
            answer = scene.ledger.admin.post("/v1/organisations", {"name": f"receipt {scene.ledger.number}"},
                                             Prefer="receipt")
            note = answer.json["receipt"].partition("\n\n")[2]
            assert sorted(signers(note, scene.keys)) == sorted(scene.names), answer
            assert time.monotonic() - begun < 4, "a receipt came late"
        scene.witnesses[1].stop()
        begun = time.monotonic()
        answer = scene.ledger.admin.post("/v1/organisations", {"name": "receipt alone"}, Prefer="receipt")
        took = time.monotonic() - begun
        note = answer.json["receipt"].partition("\n\n")[2]
        assert scene.ledger.key.name in signers(note, scene.keys) and 4 < took < 12, (took, answer)
        assert "w2.example" not in signers(note, scene.keys), answer


def a_witness_that_is_down_is_recorded_and_so_is_its_return():
    with Scene("any") as scene:
        scene.wait_witnessed(scene.ledger.grow())
        scene.witnesses[1].stop(signal.SIGKILL)
        index = scene.ledger.grow()
        wait_for(lambda: scene.ledger.found("witness.absent"), "the absence")
        (absent,) = scene.ledger.found("witness.absent")
        assert absent["data"]["vkey"] == scene.witnesses[1].key.vkey, absent
        assert absent["data"]["reason"] == "unreachable", absent
        assert scene.ledger.metric("tally_witness_absent", "w2") == 1
        assert scene.ledger.metric("tally_witness_lag_entries", "w2") > 0
        assert scene.ledger.metric("tally_witness_lag_seconds", "w2") > PATIENCE
        assert scene.ledger.metric("tally_witness_quorum") == 1, "one of two is enough"
        scene.wait_witnessed(index)
        scene.witnesses[1].start()
        wait_for(lambda: scene.ledger.found("witness.returned"), "the return", 70)
        wait_for(lambda: "w2.example" in signers(scene.ledger.admin.get("/checkpoint").text, scene.keys),
                 "a late cosignature on what was published")
        assert scene.ledger.metric("tally_witness_absent", "w2") == 0
        assert len(scene.ledger.found("witness.absent")) == 1


def a_policy_that_is_not_met_is_recorded_and_nothing_else_stops():
    with Scene("all") as scene:
        scene.wait_witnessed(scene.ledger.grow())
        scene.witnesses[0].stop()
        index = scene.ledger.grow()
        wait_for(lambda: scene.ledger.found("ledger.unwitnessed"), "the record of a policy that is not met")
        assert scene.ledger.metric("tally_witness_quorum") == 0
        assert scene.ledger.witnessed()[0] <= index
        proof = scene.ledger.admin.get(f"/v1/audit/{index}/proof").text
        assert scene.ledger.key.name in signers(proof.partition("\n\n")[2], scene.keys)
        scene.witnesses[0].start()
        scene.wait_witnessed(index)
        wait_for(lambda: scene.ledger.found("ledger.witnessed"), "the record of a policy that is met again", 70)
        assert scene.ledger.metric("tally_witness_quorum") == 1


def a_witness_killed_between_writing_and_answering_goes_on_where_it_was():
    with Scene("all") as scene:
        scene.wait_witnessed(scene.ledger.grow())
        scene.witnesses[0].stop()
        scene.witnesses[0].start(TALLY_FAULT="witness_reply:0")
        index = scene.ledger.grow()
        scene.witnesses[0].process.wait(60)
        scene.witnesses[0].process.stdout.close()
        scene.witnesses[0].start()
        note = scene.wait_witnessed(index)
        assert sorted(signers(note, scene.keys)) == sorted(scene.names), note


def what_met_the_policy_is_remembered_over_a_restart():
    with Scene("all") as scene:
        index = scene.ledger.grow()
        scene.wait_witnessed(index)
        for witness in scene.witnesses:
            witness.stop()
        scene.ledger.restart()
        size, note = wait_for(lambda: scene.ledger.witnessed()[0] and scene.ledger.witnessed(), "what is remembered")
        assert size > index and sorted(signers(note, scene.keys)) == sorted(scene.names), note
        scene.ledger.stop()
        path = os.path.join(scene.ledger.data, "witnessed.checkpoint")
        with open(path, encoding="utf-8") as file:
            good = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(good.replace(f"\n{size}\n", f"\n{size + 1}\n"))
        scene.ledger.start()
        wait_for(lambda: "witnessed.checkpoint is not used" in scene.ledger.log_text(), "the refusal of a changed file")
        assert scene.ledger.witnessed()[0] == 0


class Liar:
    """A witness with a key of its own that answers what it is told to."""

    def __init__(self):
        self.key = Key.made("liar.example", COSIGNATURE, os.urandom(32))
        self.says = lambda note: (500, "text/plain", "")
        self.page = (404, "")
        self.asked = 0
        liar = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def reply(self, status, kind, text, **fields):
                body = text.encode()
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                for name, value in fields.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                liar.asked += 1
                answer = liar.says(body.partition("\n\n")[2])
                self.reply(*answer[:3], **(answer[3] if len(answer) > 3 else {}))

            def do_GET(self):
                self.reply(liar.page[0], "text/plain", liar.page[1])

            def log_message(self, *_):
                pass

        class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass  # a connection that was broken off is what some tests are about

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    name = "liar"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def lied_to(says, then):
    """A ledger whose only witness says that; `then` looks at what came of it."""
    with Directory() as place, Liar() as liar, Ledger(place) as ledger:
        liar.says = says(liar)
        ledger.witnessed_by(policy_of([liar], "all"))
        index = ledger.grow()
        wait_for(lambda: liar.asked, "a question to the witness")
        then(ledger, liar, index)
        assert ledger.admin.get("/readyz").status == 200
        proof = ledger.admin.get(f"/v1/audit/{index}/proof").text
        assert signers(proof.partition("\n\n")[2], [ledger.key, liar.key]) == [ledger.key.name], proof
        assert ledger.metric("tally_ledger_forked") == 0


def absent_for(reason):
    def then(ledger, liar, index):
        (absent,) = wait_for(lambda: ledger.found("witness.absent"), "the absence")
        assert absent["data"]["reason"] == reason, absent
        assert ledger.witnessed()[0] == 0, "a lie was taken for a cosignature"
        assert ledger.metric("tally_witness_failures_total", "liar") > 0

    return then


def a_witness_that_claims_to_be_ahead_is_an_alarm_and_no_more():
    def then(ledger, liar, index):
        (ahead,) = wait_for(lambda: ledger.found("witness.ahead"), "the alarm")
        assert ahead["data"]["size"] == 1000000 and ahead["data"]["vkey"] == liar.key.vkey, ahead
        time.sleep(1)
        assert len(ledger.found("witness.ahead")) == 1, "one claim is told once"
        assert ledger.metric("tally_ledger_published_entries") > index, "signing goes on"

    lied_to(lambda liar: lambda note: (409, "text/x.tlog.size", "1000000\n"), then)


def a_witness_that_changes_its_mind_does_not_fill_the_ledger():
    with Directory() as place, Liar() as liar, Ledger(place) as ledger:
        def says(note):
            if liar.asked % 2:
                return 409, "text/x.tlog.size", "1000000\n"
            return 200, "text/plain", liar.key.line(parts_of(note)[0], int(time.time()))

        liar.says = says
        ledger.witnessed_by(policy_of([liar], "all"))
        before = ledger.admin.size()
        wait_for(lambda: ledger.found("witness.ahead"), "the alarm")
        time.sleep(5)
        assert liar.asked >= 4 and len(ledger.found("witness.ahead")) == 1, liar.asked
        assert ledger.admin.size() < before + 10


def false_cosignatures_are_not_believed():
    other = Key.made("liar.example", COSIGNATURE, b"\x07" * 32)

    def damaged(liar):
        def says(note):
            line = liar.key.line(parts_of(note)[0], int(time.time()))
            return 200, "text/plain", line[:-9] + "AAAAAAA=\n"
        return says

    lied_to(damaged, absent_for("bad_answer"))
    lied_to(lambda liar: lambda note: (200, "text/plain", other.line(parts_of(note)[0], int(time.time()))),
            absent_for("bad_answer"))
    lied_to(lambda liar: lambda note: (200, "text/plain", liar.key.line("another text\n", int(time.time()))),
            absent_for("bad_answer"))
    lied_to(lambda liar: lambda note: (200, "text/plain", ""), absent_for("bad_answer"))
    for offset in (-86400, 86400):
        lied_to(lambda liar, offset=offset: lambda note: (
            200, "text/plain", liar.key.line(parts_of(note)[0], int(time.time()) + offset)), absent_for("bad_answer"))


def answers_without_end_or_sense_are_given_up():
    sizes = iter(range(10**9))
    lied_to(lambda liar: lambda note: (409, "text/x.tlog.size", f"{next(sizes) % 7 + 1}\n"), absent_for("bad_answer"))
    lied_to(lambda liar: lambda note: (409, "text/plain", "5\n"), absent_for("refused"))
    lied_to(lambda liar: lambda note: (409, "text/x.tlog.size", "05\n"), absent_for("refused"))
    lied_to(lambda liar: lambda note: (200, "text/plain", DASH * 100000), absent_for("unreachable"))
    lied_to(lambda liar: lambda note: (302, "text/plain", "", {"Location": f"http://127.0.0.1:{liar.port}/"}),
            absent_for("refused"))
    for status, reason in ((400, "refused"), (403, "refused"), (404, "refused"), (422, "refused"),
                           (429, "unreachable"), (500, "unreachable")):
        lied_to(lambda liar, status=status: lambda note: (status, "text/plain", "no\n"), absent_for(reason))


def a_slow_witness_holds_nobody_up_and_is_joined_late():
    with Directory() as place, Liar() as slow, Ledger(place) as ledger:
        def says(note):
            time.sleep(2)  # the ledger grows meanwhile
            return 200, "text/plain", slow.key.line(parts_of(note)[0], int(time.time()))

        slow.says = says
        quick = Witness(place, "w1", [ledger.key.vkey])
        with quick:
            ledger.witnessed_by(policy_of([quick, slow], "all"))
            first = ledger.grow()
            end = time.monotonic() + 8
            while time.monotonic() < end:
                begun = time.monotonic()
                ledger.grow()
                assert time.monotonic() - begun < 1.5, "a command waited for a witness"
                time.sleep(0.1)
            size, note = ledger.witnessed()
            assert size > first + 10, f"only {size} of the entries after {first} are under a cosigned checkpoint"
            keys = [ledger.key, quick.key, slow.key]
            assert sorted(signers(note, keys)) == sorted(key.name for key in keys), note


def a_witness_that_does_not_answer_is_asked_less_and_less():
    def then(ledger, liar, index):
        time.sleep(4)
        assert liar.asked <= 6, f"{liar.asked} questions in four seconds"

    lied_to(lambda liar: lambda note: (500, "text/plain", ""), then)


def what_a_witness_shows_that_is_not_signed_by_us_proves_nothing():
    with Directory() as place, Liar() as liar, Ledger(place) as ledger:
        text = f"{ledger.key.name}\n1000000\n{b64(os.urandom(32))}\n"
        stranger = Key.made(ledger.key.name, 1, os.urandom(32))
        liar.page = (200, text + "\n" + stranger.line(text) + liar.key.line(text, 1))
        liar.says = lambda note: (409, "text/x.tlog.size", "1000000\n")
        ledger.witnessed_by(policy_of([liar], "all"))
        wait_for(lambda: ledger.found("witness.ahead"), "the alarm")
        index = ledger.grow()
        wait_for(lambda: ledger.metric("tally_ledger_published_entries") > index, "signing")
        assert not ledger.found("ledger.forked")


class Clone(World):
    """A second server on a copy of the ledger's data directory, key and all."""

    def __init__(self, ledger, policy_file):
        self.dir = ledger.place.file("clone")
        os.mkdir(self.dir)
        self.data = os.path.join(self.dir, "data")
        self.admin_token = ledger.admin_token
        self.options = ("--witness-policy", policy_file, "--witness-patience", str(PATIENCE))
        self.process = None
        self.fault_file = os.path.join(self.dir, "faults")
        shutil.copytree(ledger.data, self.data)

    found, metric, types, witnessed = Ledger.found, Ledger.metric, Ledger.types, Ledger.witnessed

    def grow(self, name):
        return self.admin.made("/v1/organisations", {"name": name})["index"]


def forked_is_seen_by(server, scene, how):
    """The server has stopped signing, says so everywhere, goes on recording, and stays so over a restart."""
    (forked,) = wait_for(lambda: server.found("ledger.forked"), how)
    assert forked["data"]["vkey"] in [w.key.vkey for w in scene.witnesses], forked
    assert server.metric("tally_ledger_forked") == 1
    published = server.metric("tally_ledger_published_entries")
    index = server.grow("after the fork")
    time.sleep(1.5)
    assert server.metric("tally_ledger_published_entries") == published <= index, "something was signed"
    evidence = os.path.join(server.data, "ledger.forked")
    with open(evidence, encoding="utf-8") as file:
        note = file.read()
    assert scene.ledger.key.name in signers(note, scene.keys), note
    assert head_of(note)[1] == forked["data"]["size"]
    doctor = tally("doctor", "--data", server.data)
    assert doctor.returncode == 1 and "BAD   fork" in doctor.stdout and "docs/witness.md" in doctor.stdout, doctor
    receipt = server.admin.post("/v1/organisations", {"name": "with receipt"}, Prefer="receipt")
    assert receipt.status == 201 and "receipt" not in receipt.json, receipt
    server.restart()
    assert server.admin.get("/checkpoint").status == 404, "a start with evidence of a fork signed"
    assert "docs/witness.md" in server.log_text()


def a_cloned_ledger_that_is_behind_stops_signing():
    with Scene("all") as scene:
        scene.wait_witnessed(scene.ledger.grow())
        scene.ledger.stop()
        clone = Clone(scene.ledger, scene.ledger.policy_file)
        scene.ledger.start()
        for _ in range(30):
            index = scene.ledger.grow()
        scene.wait_witnessed(index)
        with clone:
            clone.start()
            forked_is_seen_by(clone, scene, "a clone that is behind")
        index = scene.ledger.grow()
        scene.wait_witnessed(index)
        assert not scene.ledger.found("ledger.forked"), "the one that was first goes on"


def a_cloned_ledger_that_is_ahead_stops_signing_too():
    with Scene("all") as scene:
        scene.wait_witnessed(scene.ledger.grow())
        scene.ledger.stop()
        clone = Clone(scene.ledger, scene.ledger.policy_file)
        clone.options = ()  # it grows where no witness sees it
        scene.ledger.start()
        scene.wait_witnessed(scene.ledger.grow())
        with clone:
            clone.start()
            for i in range(40):
                clone.grow(f"unseen {i}")
            clone.stop()
            clone.options = ("--witness-policy", scene.ledger.policy_file, "--witness-patience", str(PATIENCE))
            clone.start()
            forked_is_seen_by(clone, scene, "a clone that is ahead")


def cosignatures_come_and_go_in_files():
    with Directory() as place, Ledger(place) as ledger:
        witness = Witness(place, "far", [ledger.key.vkey])
        ledger.witnessed_by(policy_of([witness], "all", urls=False))
        index = ledger.grow()
        environment = {**os.environ, "TALLY_URL": f"http://127.0.0.1:{ledger.port}",
                       "TALLY_TOKEN": ledger.admin_token, "XDG_STATE_HOME": place.file("memory")}

        def client(*arguments):
            return tally(*arguments, env=environment)

        wait_for(lambda: head_of(ledger.admin.get("/checkpoint").text)[1] > index, "a checkpoint")
        older = 0
        for _ in range(2):
            asked = client("witness", "request", "--old", older)
            assert asked.returncode == 0, asked
            place.file("request", asked.stdout)
            signed = tally("witness", "cosign", place.file("request"), *witness.arguments)
            assert signed.returncode == 0, signed
            place.file("cosigned", signed.stdout)
            brought = client("witness", "import", place.file("cosigned"))
            assert brought.returncode == 0, brought
            size, note = wait_for(ledger.witnessed, "a checkpoint that meets the policy")
            assert size == head_of(signed.stdout)[1], note
            assert sorted(signers(note, [ledger.key, witness.key])) == sorted([ledger.key.name, "far.example"]), note
            older = size
            proof = ledger.admin.get(f"/v1/audit/{index}/proof").text
            assert "far.example" in signers(proof.partition("\n\n")[2], [witness.key]), proof
            grown = ledger.grow()
            wait_for(lambda at=grown: head_of(ledger.admin.get("/checkpoint").text)[1] > at, "a checkpoint")
        cosigned = ledger.found("checkpoint.cosigned")
        assert [entry["data"]["count"] for entry in cosigned] == [1, 1], cosigned
        assert cosigned[-1]["data"]["size"] == older
        late = tally("witness", "cosign", place.file("request"), *witness.arguments)
        assert late.returncode == 1 and f"--old {older}" in late.stderr, late
        ledger.restart()
        assert wait_for(lambda: ledger.witnessed()[0], "what was brought, after a restart") == older
        for bad in (signed.stdout.replace(f"\n{older}\n", f"\n{older + 1}\n"), "nonsense\n",
                    signed.stdout.rpartition(DASH)[0], signed.stdout[:-20] + "AAAAAAAAAAAAAAAAAA=\n"):
            place.file("cosigned", bad)
            refused = client("witness", "import", place.file("cosigned"))
            assert refused.returncode != 0 and ledger.witnessed()[0] == older, (bad, refused)


def another_history_that_comes_in_a_file_stops_signing():
    with Scene("any") as scene:
        scene.wait_witnessed(scene.ledger.grow())
        scene.ledger.stop()
        clone = Clone(scene.ledger, scene.ledger.policy_file)
        clone.options = ()
        scene.ledger.start()
        with clone:
            clone.start()
            index = [clone.grow(f"unseen {i}") for i in range(40)][-1]
            note = wait_for(lambda: head_of(clone.admin.get("/checkpoint").text)[1] > index and
                            clone.admin.get("/checkpoint").text, "the clone's checkpoint")
        answer = scene.ledger.admin.post("/v1/cosignatures", note.encode(), Content_Type="text/plain")
        assert answer.status == 400, answer
        forked_is_seen_by(scene.ledger, scene, "what came in a file")


def a_witness_that_names_a_newer_checkpoint_each_time_is_not_followed_for_ever():
    with Directory() as place, Liar() as liar, Ledger(place) as ledger:
        newest = [0]
        liar.says = lambda note: (409, "text/x.tlog.size", f"{newest[0]}\n")
        ledger.witnessed_by(policy_of([liar], "all"))
        end = time.monotonic() + 20
        while time.monotonic() < end and not ledger.found("witness.absent"):
            ledger.grow()
            newest[0] = int(ledger.metric("tally_ledger_published_entries"))
            time.sleep(0.02)
        (absent,) = wait_for(lambda: ledger.found("witness.absent"), "the absence")
        assert absent["data"]["reason"] in ("bad_answer", "unreachable"), absent
        time.sleep(3)
        asked = liar.asked
        time.sleep(3)
        assert liar.asked - asked <= 6, f"{liar.asked - asked} questions in three seconds"


def tls_is_asked_for_and_verified():
    with Directory() as place, Ledger(place) as ledger:
        made = subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=witness",
                               "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", place.file("tls.key"), "-out",
                               place.file("tls.pem")], capture_output=True, text=True, timeout=60, check=False)
        assert made.returncode == 0, made
        with Witness(place, "w1", [ledger.key.vkey]).start("--certificate", place.file("tls.pem"), "--certificate-key",
                                                           place.file("tls.key")) as witness:
            policy = policy_of([witness], "all").replace("http://", "https://")
            ledger.witnessed_by(policy)
            index = ledger.grow()
            (absent,) = wait_for(lambda: ledger.found("witness.absent"), "the refusal of a stranger's certificate")
            assert absent["data"]["reason"] == "unreachable" and ledger.witnessed()[0] == 0, absent
            assert "certificate" in ledger.log_text(), ledger.log_text()
            ledger.witnessed_by(policy, "--witness-ca", place.file("tls.pem"))
            wait_for(lambda: ledger.witnessed()[0] > index, "a cosignature over TLS")


def a_policy_for_another_ledger_or_with_a_mistake_stops_the_start():
    with Scene("any") as scene:
        scene.ledger.stop()
        stranger = Key.made("other.example/log", 1, b"\x05" * 32)
        good = policy_of(scene.witnesses, "any")
        for text, word in ((f"log {stranger.vkey}\n" + good, "names other logs"),
                           (good.replace("http://", "ftp://"), "is not the URL of a witness"),
                           (good + "quorum none\n", "a policy has one quorum"),
                           (good.replace("quorum all-of-them\n", ""), "needs a line: quorum")):
            scene.file("policy", text)
            done = subprocess.run([os.environ.get("TALLY", "build/tally"), "serve", "--data", scene.ledger.data,
                                   "--listen", "127.0.0.1:0", "--witness-policy", scene.ledger.policy_file],
                                  capture_output=True, text=True, timeout=60, check=False)
            assert done.returncode == 64 and word in done.stderr, (text, done)
        scene.file("policy", f"log {scene.ledger.key.vkey}\n" + good)
        scene.ledger.start()
        scene.wait_witnessed(scene.ledger.grow())


run(globals())
