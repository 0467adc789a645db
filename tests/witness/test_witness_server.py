"""What `tally witness` answers over HTTP to logs that are honest, mistaken and lying: every status of the
specification, what it remembers over its own death, and what it never signs.
"""
import http.client
import os
import signal
import threading
import time

from c2sp import DASH, Key, NOTE, Log, head_of, parts_of, request, signers
from witness_world import Client, Directory, Witness, run, tally


class Scene(Directory):
    """One witness that serves one log, which is there in any number of versions."""

    def __init__(self):
        super().__init__()
        self.log = Log("log.example/a")
        self.witness = Witness(self, "w1", [self.log.key.vkey])

    def __enter__(self):
        self.witness.start()
        return self

    def __exit__(self, *reason):
        self.witness.__exit__(*reason)
        super().__exit__(*reason)

    def cosigned(self, older, size, log=None):
        log = log or self.log
        answer = self.witness.add(log.request(older, size))
        assert answer.status == 200, answer
        text = log.text(size)
        when = self.witness.key.time_of(text, answer.text.rstrip("\n"))
        assert when is not None and abs(when - time.time()) < 60, answer
        return answer

    def refused(self, body, status):
        answer = self.witness.add(body)
        assert answer.status == status, answer
        return answer


def a_log_that_grows_is_cosigned_and_shown():
    with Scene() as scene:
        assert scene.witness.page(scene.log).status == 404
        last = 0
        for size in (1, 2, 3, 7, 8, 64, 65, 300):
            answer = scene.cosigned(last, size)
            page = scene.witness.page(scene.log)
            assert page.status == 200 and page.headers["content-type"].startswith("text/plain"), page
            assert signers(page.text, [scene.log.key, scene.witness.key]) == ["log.example/a", "w1.example"], page
            assert parts_of(page.text)[1][-1] + "\n" == answer.text
            last = size
        scene.cosigned(last, last)  # the same again is a fresh statement about the same tree


def a_log_without_entries_is_cosigned():
    with Scene() as scene:
        scene.cosigned(0, 0)
        scene.cosigned(0, 5)
        scene.refused(scene.log.request(0, 0), 409)


def the_wrong_old_size_is_told_the_right_one():
    with Scene() as scene:
        for older, size, last in ((3, 5, 0), (1, 1, 0)):
            answer = scene.refused(scene.log.request(older, size), 409)
            assert (answer.headers["content-type"], answer.body) == ("text/x.tlog.size", f"{last}\n".encode()), answer
        scene.cosigned(0, 10)
        for older in (0, 9, 11, 12):
            answer = scene.refused(scene.log.request(older, 12), 409)
            assert (answer.headers["content-type"], answer.body) == ("text/x.tlog.size", b"10\n"), answer
        scene.cosigned(10, 12)


def what_is_no_request_is_refused_as_one():
    with Scene() as scene:
        note = scene.log.note(5)
        for body in (b"", b"old 0\n", note.encode(), b"old 0\n" + note.encode(), b"old 00\n\n" + note.encode(),
                     b"old 0\r\n\r\n" + note.encode(), b"old 0\n\n" + note.replace(DASH, "- ").encode(),
                     b"old 0\n\n" + note.encode()[:-1], b"old 0\n\n" + scene.log.text(5).encode(),
                     request(6, [], note), request(1, [b"x" * 31], note), request(1, [b"x" * 32] * 64, note),
                     b"old 0\n\n\xff" + note.encode(), b"old 0\n\n" + note.replace("\n5\n", "\n05\n").encode()):
            scene.refused(body, 400)
        scene.cosigned(0, 5)


def a_log_that_is_not_served_is_unknown():
    with Scene() as scene:
        scene.refused(Log("log.example/b").request(0, 5), 404)


def a_signature_that_is_missing_or_false_is_forbidden():
    with Scene() as scene:
        text = scene.log.text(5)
        stranger = Key.made("log.example/a", NOTE, b"\x02" * 32)
        scene.refused(request(0, [], text + "\n" + stranger.line(text)), 403)
        scene.refused(request(0, [], text + "\n" + scene.log.key.line(scene.log.text(6))), 403)
        both = text + "\n" + scene.log.key.line(text) + scene.log.key.line(scene.log.text(6))
        scene.refused(request(0, [], both), 403)
        answer = scene.witness.add(request(0, [], text + "\n" + stranger.line(text) + scene.log.key.line(text)))
        assert answer.status == 200, answer
        assert "log.example/a" in scene.witness.page(scene.log).text
        assert stranger.line(text) not in scene.witness.page(scene.log).text, "a stranger's signature was kept"


def a_tree_that_does_not_extend_the_last_one_is_never_cosigned():
    with Scene() as scene:
        other = Log("log.example/a", flavour="other ").grow(20)
        scene.cosigned(0, 10)
        scene.refused(other.request(10, 10), 422)
        scene.refused(other.request(10, 20), 422)
        scene.refused(request(10, scene.log.proof(10, 20), other.note(20)), 422)
        scene.refused(request(10, [], scene.log.note(20)), 422)
        scene.refused(request(10, scene.log.proof(9, 20), scene.log.note(20)), 422)
        scene.refused(request(10, scene.log.proof(10, 20) + [b"x" * 32], scene.log.note(20)), 422)
        assert head_of(scene.witness.page(scene.log).text)[1] == 10
        assert "signed checkpoint was not cosigned" in scene.witness.log_text()
        scene.cosigned(10, 20)


def a_proof_where_none_belongs_is_refused():
    with Scene() as scene:
        scene.refused(request(0, [b"x" * 32], scene.log.note(5)), 422)
        scene.cosigned(0, 5)
        scene.refused(request(5, [b"x" * 32], scene.log.note(5)), 422)


def other_methods_and_paths_are_none():
    with Scene() as scene:
        client = Client(scene.witness.port)
        assert client.get("/add-checkpoint").status == 405
        assert client.get("/").status == 404
        assert client.get("/healthz").status == 200
        assert client.get("/" + "0" * 64 + "/checkpoint").status == 404
        assert client.post("/add-checkpoint", b"x" * 200000).status == 413


def a_body_without_a_type_is_read_as_well():
    with Scene() as scene:
        connection = http.client.HTTPConnection("127.0.0.1", scene.witness.port, timeout=30)
        connection.request("POST", "/add-checkpoint", body=scene.log.request(0, 5))
        assert connection.getresponse().status == 200


def what_was_cosigned_is_remembered_over_a_restart():
    with Scene() as scene:
        scene.cosigned(0, 10)
        for number in (signal.SIGTERM, signal.SIGKILL):
            scene.witness.stop(number)
            scene.witness.start()
            scene.refused(Log("log.example/a", flavour="other ").request(0, 12), 409)
            scene.refused(Log("log.example/a", flavour="other ").request(10, 12), 422)
        scene.cosigned(10, 12)


def a_witness_that_dies_before_it_answers_has_signed_for_nobody_and_forgot_nothing():
    with Scene() as scene:
        scene.cosigned(0, 10)
        scene.witness.stop()
        scene.witness.start(TALLY_FAULT="witness_reply:0")
        try:
            scene.witness.add(scene.log.request(10, 20))
            raise AssertionError("the witness answered")
        except (ConnectionError, http.client.HTTPException):
            scene.witness.process.wait(30)
        scene.witness.process.stdout.close()
        scene.witness.start()
        answer = scene.refused(scene.log.request(10, 20), 409)  # what it wrote before it died
        assert answer.body == b"20\n", answer
        scene.refused(Log("log.example/a", flavour="other ").request(20, 30), 422)
        scene.cosigned(20, 30)


def what_cannot_be_written_is_not_signed():
    with Scene() as scene:
        scene.cosigned(0, 10)
        scene.witness.stop()
        scene.witness.start(TALLY_FAULT="witness_write:0:2")
        for _ in range(2):
            answer = scene.refused(scene.log.request(10, 20), 503)
            assert DASH not in answer.text
        scene.cosigned(10, 20)
        assert sorted(os.listdir(scene.witness.state)) == sorted([scene.log.page.split("/")[1], "lock"])


def requests_that_come_together_are_judged_one_after_the_other():
    with Scene() as scene:
        answers = {}

        def ask(size):
            answers[size] = scene.witness.add(scene.log.request(0, size))

        scene.log.grow(40)
        threads = [threading.Thread(target=ask, args=(size,)) for size in range(10, 40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        good = [size for size in answers if answers[size].status == 200]
        assert len(good) == 1, good
        assert all(answers[size].status == 409 and answers[size].body == f"{good[0]}\n".encode()
                   for size in answers if size != good[0]), answers
        assert head_of(scene.witness.page(scene.log).text)[1] == good[0]


def a_damaged_or_swapped_memory_keeps_the_witness_from_starting():
    with Scene() as scene:
        scene.cosigned(0, 10)
        page = os.path.join(scene.witness.state, scene.log.page.split("/")[1])
        scene.witness.stop()
        with open(page, encoding="utf-8") as file:
            good = file.read()
        for bad in (good[:-3], "", good.replace("\n10\n", "\n11\n"), good.rpartition(DASH)[0],
                    good.replace("log.example/a", "log.example/b")):
            with open(page, "w", encoding="utf-8") as file:
                file.write(bad)
            done = tally("witness", *scene.witness.arguments, "--listen", "127.0.0.1:0")
            assert done.returncode == 1 and page in done.stderr, (bad, done)
        with open(page, "w", encoding="utf-8") as file:
            file.write(good)
        os.chmod(page, 0o644)
        done = tally("witness", *scene.witness.arguments, "--listen", "127.0.0.1:0")
        assert done.returncode == 64 and "0600" in done.stderr, done
        os.chmod(page, 0o600)
        scene.witness.start()


def one_state_serves_one_witness():
    with Scene() as scene:
        done = tally("witness", *scene.witness.arguments, "--listen", "127.0.0.1:0")
        assert done.returncode == 1 and scene.witness.state in done.stderr, done


def a_log_asks_no_more_than_it_may_in_a_day():
    with Scene() as scene:
        scene.witness.stop()
        scene.file("w1.logs", f"logs/v0\nvkey {scene.log.key.vkey}\nqpd 3\n")
        scene.witness.start()
        text = scene.log.text(9)
        stranger = Key.made("log.example/a", NOTE, b"\x02" * 32)
        for size in (1, 2, 3):
            scene.refused(request(0, [], text + "\n" + stranger.line(text)), 403)  # others don't use it up
            scene.cosigned(size - 1, size)
        scene.refused(scene.log.request(3, 4), 429)


def a_log_that_changes_its_key_is_followed_with_both():
    with Scene() as scene:
        fresh = Log("log.example/a", seed=b"\x03" * 32)
        scene.cosigned(0, 10)
        scene.refused(fresh.request(10, 12), 403)
        scene.witness.stop()
        scene.witness.serve_logs([scene.log.key.vkey, fresh.key.vkey])
        scene.witness.start()
        scene.cosigned(10, 12, fresh)
        scene.witness.stop()
        scene.witness.serve_logs([fresh.key.vkey])
        scene.witness.start()
        scene.refused(scene.log.request(12, 14), 403)
        scene.cosigned(12, 14, fresh)


def keys_are_made_once_and_read_by_their_owner_alone():
    with Directory() as place:
        key = place.file("key")
        made = tally("witness", "keygen", "--name", "w.example/1", "--key", key)
        assert made.returncode == 0 and os.stat(key).st_mode & 0o777 == 0o600, made
        with open(key, encoding="ascii") as file:
            text = file.read()
        assert text.startswith("PRIVATE+KEY+w.example/1+") and text.endswith("\n")
        again = tally("witness", "keygen", "--name", "w.example/1", "--key", key)
        assert again.returncode == 1 and "exists already" in again.stderr, again
        for name in ("", "a b", "a+b", "x" * 256):
            bad = tally("witness", "keygen", "--name", name, "--key", place.file("other"))
            assert bad.returncode in (1, 64) and not os.path.exists(place.file("other")), bad
        logs = place.file("logs", f"logs/v0\nvkey {Log('log.example/a').key.vkey}\n")
        os.chmod(key, 0o640)
        shown = tally("witness", "--key", key, "--logs", logs, "--state", place.file("state"))
        assert shown.returncode == 64 and "0600" in shown.stderr, shown
        plain = place.file("plain", Log("log.example/a").key.private + "\n")
        os.chmod(plain, 0o600)
        wrong = tally("witness", "--key", plain, "--logs", logs, "--state", place.file("state"))
        assert wrong.returncode == 64 and "type 0x01, expected 0x04" in wrong.stderr, wrong


def a_request_in_a_file_is_cosigned_by_the_same_book():
    with Scene() as scene:
        scene.cosigned(0, 10)
        scene.witness.stop()

        def cosign(body):
            scene.file("request", body.decode())
            return tally("witness", "cosign", scene.file("request"), *scene.witness.arguments)

        late = cosign(scene.log.request(0, 20))
        assert late.returncode == 1 and "ask again with --old 10" in late.stderr and not late.stdout, late
        good = cosign(scene.log.request(10, 20))
        assert good.returncode == 0, good
        assert signers(good.stdout, [scene.log.key, scene.witness.key]) == ["log.example/a", "w1.example"], good
        fork = cosign(Log("log.example/a", flavour="other ").request(20, 30))
        assert fork.returncode == 1 and "not cosigned" in fork.stderr and not fork.stdout, fork
        scene.witness.start()
        scene.cosigned(20, 30)


run(globals())
