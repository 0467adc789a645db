"""Ledgers that end and go on: sealed for another, restored from a backup, declared lost; and what `tally doctor` says."""
import base64
import json
import os
import shutil
import signal
import sqlite3
import subprocess

from cli_world import TALLY, CliWorld, run

NEW = "new.example/ledger"


def _continued(world, reason="key_change", to="next"):
    world.stop()
    return world.done("ledger", "continue", "--data", world.data, "--to", world.path(to), "--origin", NEW, "--reason",
                      reason, "--json").json


def _serve(world, directory):
    world.data = world.path(directory)
    world.start()


def _findings(world, directory, code):
    result = world.tally("doctor", "--data", world.path(directory), "--json")
    assert result.code == code, result
    assert result.json["ok"] == (code == 0), result
    return {found["what"]: found for found in result.json["findings"]}


def _fresh(world):
    """Clients that believe the new key: their operators told them."""
    shutil.rmtree(world.path("state"), ignore_errors=True)


# ---- Another ledger goes on ----


def what_is_true_goes_over_and_chains_go_on():
    with CliWorld() as world:
        joe = world.seats(limit=3)
        leases = [joe.made("/v1/leases", {"feature": "cad/render"}) for _ in range(2)]
        pools = world.done("pool", "list", "--json").json["pools"]
        pool = pools[0]["id"]
        number = max(entry["seq"][pool][0] for _, entry in world.admin.entries() if pool in entry.get("seq", {}))
        report = _continued(world)
        assert report["origin"] == NEW and report["continues"]["size"] > 10, report
        _serve(world, "next")
        _fresh(world)
        after = world.done("pool", "list", "--json").json["pools"]
        assert after == pools, (pools, after)
        joe = world.client(joe.token)
        for lease in leases:
            assert joe.post(f"/v1/leases/{lease['id']}/heartbeat").status == 200
        assert joe.delete(f"/v1/leases/{leases[0]['id']}").status == 200
        entries = [entry for _, entry in world.admin.entries()]
        assert [entry["type"] for entry in entries[:2]] == ["ledger.created", "ledger.continues"]
        assert entries[1]["data"]["origin"] == report["continues"]["origin"]
        released = next(entry for entry in entries if entry["type"] == "lease.released")
        assert released["seq"][pool][0] == number + 1, "the pool's own history goes on"
        assert joe.post("/v1/leases", {"feature": "cad/render", "quantity": 3}).status == 409, "nor is a seat too many"
        world.restart()
        world.restart(signal.SIGKILL)
        assert world.done("pool", "list", "--json").json["pools"][0]["used"] == 1


def _verify(world, directory, *options):
    return world.tally("verify", world.path(directory), *options, "--json", XDG_STATE_HOME=world.path("reader"))


def both_together_verify_and_each_alone():
    with CliWorld() as world:
        joe = world.seats(limit=3)
        lease = joe.made("/v1/leases", {"feature": "cad/render"})
        _continued(world)
        old = world.data
        _serve(world, "next")
        _fresh(world)
        joe = world.client(joe.token)
        assert joe.delete(f"/v1/leases/{lease['id']}").status == 200
        joe.made("/v1/leases", {"feature": "cad/render", "quantity": 3})
        online = world.done("verify", f"http://127.0.0.1:{world.port}", "--json").json
        assert "chain" in json.dumps(online), "what a server does not show is said"
        world.stop()
        assert _verify(world, "data").code == 0 and _verify(world, "next").code == 0
        result = _verify(world, "next", "--continues", old, "--replay")
        assert result.code == 0 and "continuation" in result.json["checks"], result
        wrong = _verify(world, "data", "--continues", world.path("next"))
        assert wrong.code == 1 and "continues no other" in wrong.err, wrong


def what_was_carried_over_otherwise_than_it_was_is_found():
    with CliWorld() as world:
        world.shop()
        world.stop()
        shutil.copytree(world.data, world.path("richer"))
        world.start()
        _continued(world)
        old = world.data
        _serve(world, "richer")  # the same ledger, in which the vendor gives himself more
        world.done("license", "create", "--product", "cad", "--holder", "acme", "--feature", "render=100")
        world.stop()
        world.done("ledger", "continue", "--data", world.path("richer"), "--to", world.path("better"), "--origin", NEW,
                   "--reason", "retention")
        result = _verify(world, "better", "--continues", old)
        assert result.code == 1, result
        assert _verify(world, "better", "--continues", world.path("richer")).code == 0
        database = world.path("next/ledger.db")
        with sqlite3.connect(database) as connection:
            name, value = connection.execute("SELECT name, value FROM facts WHERE name = 'carried.0'").fetchone()
            middle = len(value) // 2
            changed = value[:middle] + ("A" if value[middle] != "A" else "B") + value[middle + 1:]
            connection.execute("UPDATE facts SET value = ? WHERE name = ?", (changed, name))
        result = _verify(world, "next")
        assert result.code == 1 and ("carried over" in result.err or "image" in result.err), result
        served = world.tally("serve", "--data", world.path("next"), "--listen", "127.0.0.1:0")
        assert served.code == 1, served
        with sqlite3.connect(database) as connection:
            connection.execute("DELETE FROM facts WHERE name LIKE 'carried%'")
        assert "is missing" in _verify(world, "next").err


def the_old_ledger_ends_with_a_seal_that_names_the_new_and_takes_nothing_more():
    with CliWorld() as world:
        world.shop()
        data = world.data
        report = _continued(world)
        served = world.tally("serve", "--data", data, "--listen", "127.0.0.1:0")
        assert served.code == 1 and "is sealed" in served.err, served
        found = _findings(world, "data", 0)
        assert report["vkey"] in found["sealed"]["found"], found
        with open(os.path.join(data, "sealed.checkpoint"), encoding="utf-8") as file:
            lines = file.read().split("\n")
        assert lines[1] == str(report["continues"]["size"]) and lines[2] == report["continues"]["root"], lines
        again = world.tally("ledger", "continue", "--data", data, "--to", world.path("third"), "--origin", "c.example",
                            "--reason", "retention")
        assert again.code == 1 and "was sealed for another one: " + NEW in again.err, again
        seal = world.tally("ledger", "seal", "--data", data, "--successor", report["vkey"], "--reason", "retention")
        assert seal.code == 0 and str(report["continues"]["size"]) in seal.out, "the same successor: the same seal"


def a_continuation_that_was_cut_off_anywhere_is_completed_by_the_next_run():
    with CliWorld() as world:
        world.shop()
        _continued(world, to="whole")
        wanted = _findings(world, "whole", 0)["ledger"]["found"]
        for name in ("ledger.db", "ledger.db.new"):  # before the new store was made
            if os.path.exists(world.path(f"whole/{name}")):
                os.remove(world.path(f"whole/{name}"))
        again = world.done("ledger", "continue", "--data", world.data, "--to", world.path("whole"), "--origin", NEW,
                           "--reason", "key_change", "--json").json
        assert again["origin"] == NEW
        assert _findings(world, "whole", 0)["ledger"]["found"] == wanted
        third = world.tally("ledger", "continue", "--data", world.data, "--to", world.path("whole"), "--origin", NEW,
                            "--reason", "key_change")
        assert third.code == 1 and "there is a ledger in" in third.err, third


def a_ledger_can_be_continued_again_and_again():
    with CliWorld() as world:
        joe = world.seats(limit=3)
        lease = joe.made("/v1/leases", {"feature": "cad/render"})
        for generation in range(3):
            world.stop()
            world.done("ledger", "continue", "--data", world.data, "--to", world.path(f"next{generation}"), "--origin",
                       f"g{generation}.example", "--reason", "retention")
            _serve(world, f"next{generation}")
            joe = world.client(joe.token)
            assert joe.post(f"/v1/leases/{lease['id']}/heartbeat").status == 200
        world.stop()


def a_backup_of_a_continued_ledger_has_what_it_took_over():
    with CliWorld() as world:
        joe = world.seats(limit=3)
        joe.made("/v1/leases", {"feature": "cad/render"})
        _continued(world)
        _serve(world, "next")
        _fresh(world)
        world.done("backup", "copy.db")
        world.stop()
        result = world.tally("restore", os.path.join(world.data, "backups/copy.db"), "--data", world.path("restored"),
                             "--signer", world.data)
        assert result.code == 1 and "its end is lost" in result.err, result  # the backup's own entry is signed
        world.done("ledger", "continue", "--data", world.path("restored"), "--to", world.path("third"), "--origin",
                   "third.example", "--reason", "lost")
        _serve(world, "third")
        _fresh(world)
        assert world.done("pool", "list", "--json").json["pools"][0]["used"] == 1


# ---- Backups and losses ----


def a_backup_holds_no_key():
    with CliWorld() as world:
        world.shop()
        world.done("backup", "copy.db")
        with open(os.path.join(world.data, "ledger.key"), "rb") as file:
            secret = file.read().strip().split(b"+", 4)[-1]
        with open(os.path.join(world.data, "backups/copy.db"), "rb") as file:
            copy = file.read()
        seed = base64.b64decode(secret)[1:]
        assert len(seed) == 32 and seed not in copy and seed.hex().encode() not in copy and secret[6:40] not in copy


def a_backup_that_has_everything_is_restored_and_says_so():
    with CliWorld() as world:
        world.shop()
        world.stop()
        backup = world.path("copy.db")
        with sqlite3.connect(os.path.join(world.data, "ledger.db")) as source, sqlite3.connect(backup) as copy:
            source.backup(copy)
        os.chmod(backup, 0o600)
        size = world.done("restore", backup, "--data", world.path("restored"), "--signer", world.data, "--json").json["size"]
        assert _findings(world, "restored", 0)["signer"]["state"] == "ok"
        _serve(world, "restored")
        entry = next(entry for _, entry in world.admin.entries() if entry["type"] == "store.restored")
        assert entry["data"] == {"size": size}, entry
        assert world.done("pool", "list").code == 0, "the same ledger, for clients that saw it before"


def the_restore_drill_a_disk_is_lost_with_entries_after_the_backup():
    """Monday's backup, Tuesday's seats, then the disk is gone; the key lay elsewhere, and signer.head with it."""
    with CliWorld() as world:
        joe = world.seats(limit=3)
        kept = joe.made("/v1/leases", {"feature": "cad/render"})
        world.done("backup", "monday.db")
        shutil.copy(os.path.join(world.data, "backups/monday.db"), world.path("monday.db"))
        lost = joe.made("/v1/leases", {"feature": "cad/render"})
        world.stop()
        with open(os.path.join(world.data, "signer.head"), "rb") as file:
            assert file.read()
        os.mkdir(world.path("vault"), 0o700)
        for name in ("ledger.key", "signer.head"):
            shutil.copy(os.path.join(world.data, name), world.path("vault"))
        shutil.rmtree(world.data)

        result = world.tally("restore", world.path("monday.db"), "--data", world.path("restored"), "--signer",
                             world.path("vault"))
        assert result.code == 1 and "its end is lost" in result.err and "--reason lost" in result.err, result
        served = world.tally("serve", "--data", world.path("restored"), "--listen", "127.0.0.1:0")
        assert served.code == 1 and "its end is lost" in served.err, served
        found = _findings(world, "restored", 1)
        assert "--reason lost" in found["signer"]["do"], found

        sealed = world.tally("ledger", "continue", "--data", world.path("restored"), "--to", world.path("next"),
                             "--origin", NEW, "--reason", "key_change")
        assert sealed.code == 1 and "its end is lost" in sealed.err, sealed
        report = world.done("ledger", "continue", "--data", world.path("restored"), "--to", world.path("next"),
                            "--origin", NEW, "--reason", "lost", "--json").json
        assert report["lost"] >= 3, report
        _serve(world, "next")
        entries = [entry for _, entry in world.admin.entries()]
        declared = next(entry for entry in entries if entry["type"] == "store.restored")["data"]
        assert declared["from"] == declared["size"] == report["continues"]["size"], declared
        assert declared["to"] == declared["from"] + report["lost"] - 1, declared
        joe = world.client(joe.token)
        assert joe.post(f"/v1/leases/{kept['id']}/heartbeat").status == 200, "Monday's seat is still held"
        assert joe.post(f"/v1/leases/{lost['id']}/heartbeat").status == 404, "Tuesday's is lost, as declared"
        world.stop()


def without_the_signers_memory_a_loss_of_unknown_size_is_declared():
    with CliWorld() as world:
        world.shop()
        world.done("backup", "monday.db")
        shutil.copy(os.path.join(world.data, "backups/monday.db"), world.path("monday.db"))
        world.stop()
        result = world.tally("restore", world.path("monday.db"), "--data", world.path("restored"))
        assert result.code == 1 and "nobody knows what the ledger's key has signed" in result.err, result
        done = world.done("ledger", "continue", "--data", world.path("restored"), "--to", world.path("next"), "--origin",
                          NEW, "--reason", "lost")
        assert "nobody here knows how much" in done.out, done
        _serve(world, "next")
        declared = next(entry for _, entry in world.admin.entries() if entry["type"] == "store.restored")["data"]
        assert "to" not in declared and declared["from"] == declared["size"], declared


def a_restore_writes_over_nothing():
    with CliWorld() as world:
        world.done("backup", "copy.db")
        result = world.tally("restore", os.path.join(world.data, "backups/copy.db"), "--data", world.data)
        assert result.code == 1 and "exists already" in result.err, result
        for options in ([world.path("none.db")], [os.path.join(world.data, "backups/copy.db"), "--signer", world.dir]):
            failed = world.tally("restore", *options, "--data", world.path("restored"))
            assert failed.code == 1 and not os.path.exists(world.path("restored")), failed


# ---- The doctor ----


def the_doctor_names_each_trouble_and_what_helps():
    with CliWorld() as world:
        joe = world.seats(limit=3)
        served = _findings(world, "data", 0)["served"]
        assert f"process {world.process.pid} is using" in served["found"], served
        joe.made("/v1/leases", {"feature": "cad/render"})
        world.stop()
        assert all(found["state"] == "ok" for found in _findings(world, "data", 0).values())
        key, head = (os.path.join(world.data, name) for name in ("ledger.key", "signer.head"))

        assert "`tally init`" in _findings(world, "nowhere", 1)["directory"]["do"]
        os.mkdir(world.path("empty"), 0o700)
        empty = _findings(world, "empty", 1)
        assert set(empty) == {"directory", "ledger"} and "`tally init`" in empty["ledger"]["do"], empty
        os.chmod(world.data, 0o755)
        assert "chmod 700" in _findings(world, "data", 1)["directory"]["do"]
        os.chmod(world.data, 0o700)
        os.chmod(key, 0o640)
        assert "chmod 600" in _findings(world, "data", 1)["key"]["do"]
        os.chmod(key, 0o600)
        os.rename(key, key + ".away")
        assert "put it back" in _findings(world, "data", 1)["key"]["do"]
        keyless = world.tally("serve", "--data", world.data, "--listen", "127.0.0.1:0")
        assert keyless.code == 1 and "ledger.key" in keyless.err and "tally init" not in keyless.err, keyless
        os.rename(key + ".away", key)
        vault = os.path.join(world.data, "vault.keys")
        os.rename(vault, vault + ".away")
        assert "tally keys renew" in _findings(world, "data", 0)["texts"]["do"]
        os.rename(vault + ".away", vault)
        os.chmod(vault, 0o604)
        assert "chmod 600" in _findings(world, "data", 1)["texts"]["do"]
        os.chmod(vault, 0o600)
        os.rename(head, head + ".away")
        assert "nobody knows what was signed" in _findings(world, "data", 1)["signer"]["do"]
        with open(head, "wb") as file:
            file.write(b"nothing")
        os.chmod(head, 0o600)
        assert "does not tell what was signed" in _findings(world, "data", 1)["signer"]["found"]
        os.rename(head + ".away", head)

        late = world.tally("doctor", "--data", world.data, "--json", TALLY_FAULT="clock_offset_s:-7200:1")
        assert late.code == 1 and "tally clock confirm" in late.out and "before the newest entry" in late.out, late
        early = world.tally("doctor", "--data", world.data, "--json", TALLY_FAULT="clock_offset_s:8640000:1")
        assert early.code == 0 and "100 days after" in early.out, early

        image = next(name for name in os.listdir(world.data) if name.endswith(".image"))
        with open(os.path.join(world.data, image), "r+b") as file:
            file.seek(200)
            byte = file.read(1)
            file.seek(200)
            file.write(bytes([byte[0] ^ 1]))
        found = _findings(world, "data", 1)
        assert "tally verify" in found["snapshot"]["do"] and found["signer"]["state"] == "ok", found


def the_doctor_sees_a_full_disk():
    if os.geteuid() or not shutil.which("unshare"):
        print("no small file system can be made here")
        return
    with CliWorld() as world:
        world.shop()
        world.stop()
        small = world.path("small")
        os.mkdir(small)
        script = ("mount -t tmpfs -o size=20m none $1 && mkdir -m 700 $1/d && "
                  "cp $2/ledger.db $2/ledger.key $2/signer.head $2/vault.keys $1/d && exec $3 doctor --json --data $1/d")
        done = subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", small, world.data, TALLY], capture_output=True,
                              check=False, timeout=60)
        if b"findings" not in done.stdout:
            print("no small file system can be made here:", done.stderr.decode())
            return
        found = {item["what"]: item for item in json.loads(done.stdout)["findings"]}
        assert done.returncode == 1 and "make room" in found["disk"]["do"] and "ballast" in found, found
        assert found["signer"]["state"] == "ok", found


if __name__ == "__main__":
    run(globals())
