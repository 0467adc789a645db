"""`tally verify` and what clients remember: a ledger that was changed anywhere is found, and the place is named."""
import json
import os
import re
import shutil
import sqlite3
import threading

from cli_world import Between, CliWorld, run


def filled(world, entries):
    """A ledger with more than that many entries, most of them about one pool's leases."""
    world.shop(seats=100000)
    while world.admin.size() <= entries:
        made = world.admin.batch([{"op": "lease.create", "feature": "cad/render"} for _ in range(150)])
        world.admin.batch([{"op": "lease.release", "lease": line["id"]} for line in made[:75]])
    world.published(world.admin.size())


def copied(world):
    """The data directory of a server that has stopped, for changes."""
    world.stop()
    copy = world.path("copy")
    shutil.copytree(world.data, copy)
    return copy


def changed(path, number, old, new):
    """Changes bytes of one entry where it lies in the database file; gives how often the new text is found after it."""
    database = os.path.join(path, "ledger.db")
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with open(database, "rb") as file:
        data = file.read()
    places = [match.start() for match in re.finditer(re.escape(old), data)]
    assert places, f"{old!r} is not there"
    at = places[number]
    with open(database, "r+b") as file:
        file.seek(at)
        file.write(new)


def verify(world, *words, **environment):
    return world.tally("verify", *words, **environment)


def leaf_of(world, index):
    return world.admin.get(f"/v1/audit/{index}").json["entry"]


def a_sound_ledger_is_ok_from_each_side():
    with CliWorld() as world:
        filled(world, 600)
        told = verify(world, f"http://127.0.0.1:{world.port}", "--json").json
        assert told["ok"] and told["entries"] > 600 and told["tiles"] >= 2 and told["grants"] > 300, told
        assert {"checkpoint signature", "leaf hashes", "tiles", "root", "time order", "entry ids", "seq chains",
                "seats"} <= set(told["checks"]), told
        backup = world.admin.made("/v1/backups", {"to": "one.db"})
        assert backup["size"] > 600
        for place in (world.data, os.path.join(world.data, "backups", "one.db")):
            result = verify(world, place, "--json")
            assert result.code == 0 and result.json["entries"] >= 600, result
            assert result.err == "", "no progress bar in a pipe"
        world.stop()
        result = verify(world, world.data)
        assert result.code == 0 and result.out.startswith("ok\n") and "ends without a word 0" in result.out, result


def a_changed_entry_is_named():
    with CliWorld() as world:
        filled(world, 600)
        leaves = {index: leaf_of(world, index).encode() for index in (100, 300, 520)}
        copy = copied(world)
        for index, leaf in leaves.items():
            shutil.rmtree(copy)
            shutil.copytree(world.data, copy)
            at = leaf.index(b'"quantity":') if b'"quantity":' in leaf else leaf.index(b'"via":"')
            broken = bytearray(leaf)
            broken[at + 3] ^= 1
            changed(copy, 0, leaf, bytes(broken))
            result = verify(world, copy)
            assert result.code == 1 and f"entry {index}:" in result.err, (index, result)


def a_changed_digit_that_still_reads_well_is_found():
    with CliWorld() as world:
        filled(world, 300)
        entries = [(index, entry) for index, entry in world.admin.entries() if entry["type"] == "lease.granted"]
        early = next(pair for pair in entries if pair[0] < 256)
        late = next(pair for pair in entries if pair[0] > 256)
        copy = copied(world)
        for index, entry in (early, late):
            shutil.rmtree(copy)
            shutil.copytree(world.data, copy)
            nonce = entry["data"]["nonce"].encode()
            changed(copy, 0, nonce, (b"0" if nonce[:1] != b"0" else b"1") + nonce[1:])
            result = verify(world, copy)
            assert result.code == 1 and f"entry {index}:" in result.err, (index, result)
            assert verify(world, copy, "--quick").code == 1


def a_changed_or_missing_tile_is_named():
    with CliWorld() as world:
        filled(world, 600)
        copy = copied(world)
        database = os.path.join(copy, "ledger.db")
        with sqlite3.connect(database) as connection:
            table = next(name for name, in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
                         if "tile" in name)
            hashes = next(row[1] for row in connection.execute(f"PRAGMA table_info({table})") if row[2] == "BLOB")
            number = next(row[1] for row in connection.execute(f"PRAGMA table_info({table})") if row[1].startswith("n"))
            kept, = connection.execute(f"SELECT {hashes} FROM {table} WHERE {number} = 1").fetchone()
            broken = bytearray(kept)
            broken[32 * 7] ^= 1
            connection.execute(f"UPDATE {table} SET {hashes} = ? WHERE {number} = 1", (bytes(broken),))
        result = verify(world, copy)
        assert result.code == 1 and "entry 263:" in result.err and "tile 0/1" in result.err, result
        with sqlite3.connect(database) as connection:
            connection.execute(f"DELETE FROM {table} WHERE {number} = 1")
        result = verify(world, copy)
        assert result.code == 1 and "tile 0/1" in result.err, result


def entries_that_were_lost_are_missed_by_the_signer_and_by_clients():
    with CliWorld() as world:
        filled(world, 100)
        world.stop()
        before = world.path("before")
        shutil.copytree(world.data, before)
        world.start()
        filled_more = world.admin.size()
        world.admin.batch([{"op": "lease.create", "feature": "cad/render"} for _ in range(50)])
        world.stop()
        world.start()
        world.done("pool", "list")
        assert world.admin.size() > filled_more
        world.stop()
        shutil.copy(os.path.join(world.data, "signer.head"), os.path.join(before, "signer.head"))
        result = verify(world, before, XDG_STATE_HOME=world.path("elsewhere"))
        assert result.code == 1 and "entries are lost" in result.err, result
        os.remove(os.path.join(before, "signer.head"))
        result = verify(world, before)
        assert result.code == 1 and "your clients saw" in result.err, result


def snapshots_are_what_the_entries_give():
    with CliWorld() as world:
        filled(world, 300)
        for _ in range(2):  # each clean stop tells the hash of the facts
            world.restart()
            world.admin.batch([{"op": "lease.create", "feature": "cad/render"} for _ in range(20)])
        world.stop()
        told = world.done("verify", world.data, "--replay", "--json").json
        assert told["facts_compared"] == 3 and {"replay", "snapshots"} <= set(told["checks"]), told
        assert not [line for line in told["not_checked"] if "--replay" in line], told
        assert [line for line in world.done("verify", world.data, "--json").json["not_checked"] if "--replay" in line]
        assert verify(world, world.data, "--quick", "--replay").code == 64


def a_running_server_has_the_facts_that_its_ledger_gives():
    with CliWorld() as world:
        filled(world, 300)
        url = f"http://127.0.0.1:{world.port}"
        told = world.done("verify", url, "--replay", "--json").json
        assert {"replay", "facts of the running server"} <= set(told["checks"]), told
        auditor = world.user("auditor", role="auditor")
        told = world.done("verify", url, "--replay", "--json", TALLY_TOKEN=auditor.token).json
        assert "facts of the running server" not in told["checks"], told
        assert any("permission server" in line for line in told["not_checked"]), told

        def lie(method, path, status, body):
            return (status, body.replace(b'"sha256":"', b'"sha256":"AAAA', 1).replace(b'="', b'"', 1)) \
                if path == "/v1/ledger/facts" else (status, body)

        def another(method, path, status, body):
            if path != "/v1/ledger/facts":
                return status, body
            told = json.loads(body)
            told["sha256"] = ("A" if told["sha256"][0] != "A" else "B") + told["sha256"][1:]
            return status, json.dumps(told).encode()

        for change, named in ((another, "other facts"), (lie, "hash of its facts")):
            with Between(world.port, change) as between:
                result = verify(world, between.url, "--replay", TALLY_URL=None)
                assert result.code == 1 and named in result.err, (named, result)


def a_changed_snapshot_is_named():
    with CliWorld() as world:
        world.shop()
        copy = copied(world)
        name, = [name for name in os.listdir(copy) if name.endswith(".image")]
        with open(os.path.join(copy, name), "r+b") as file:
            file.seek(100)
            byte = file.read(1)
            file.seek(100)
            file.write(bytes([byte[0] ^ 1]))
        for words in ((), ("--replay",)):
            result = verify(world, copy, *words)
            assert result.code == 1 and name in result.err and "entry" in result.err, result


def a_changed_name_or_private_text_is_named():
    """Names and texts are sealed: whoever can write the database can change their bytes, not what they say."""
    with CliWorld() as world:
        world.shop()
        world.user("zoe", role="member")
        world.admin.made("/v1/leases", {"feature": "cad/render", "asserted": {"user": "xaver", "host": "bench7"}})
        copy = copied(world)
        with sqlite3.connect(os.path.join(copy, "ledger.db")) as connection:
            tables = {"aliases": ("id", "value", r"the stored name of (usr|ali|org|svc|prd)_"),
                      "private_texts": ("first_index", "items", r"entry \d+: its private text")}
            for table, (key, column, says) in tables.items():
                rows = connection.execute(f"SELECT {key}, {column} FROM {table}").fetchall()
                assert len(rows) >= 3, table
                for row, value in rows:
                    damaged = value[:-1] + bytes([value[-1] ^ 1])
                    for bytes_, code in ((damaged, 1), (value, 0)):
                        connection.execute(f"UPDATE {table} SET {column} = ? WHERE {key} = ?", (bytes_, row))
                        connection.commit()
                        result = verify(world, copy)
                        assert result.code == code, (table, row, result)
                        assert not code or re.search(says, result.err), (table, row, result)
        os.remove(os.path.join(copy, "vault.keys"))
        report = verify(world, copy, "--json").json
        assert any("their keys are not in this place" in line for line in report["not_checked"]), report


def a_signed_head_that_the_key_did_not_sign_is_named():
    with CliWorld() as world:
        filled(world, 20)
        copy = copied(world)
        report = verify(world, copy, "--json").json
        assert report["signed_entries"] == report["entries"] and "checkpoint signature" in report["checks"], report
        os.remove(os.path.join(copy, "signer.head"))
        report = verify(world, copy, "--json").json
        assert "checkpoint signature" not in report["checks"], report
        assert any("no signer.head" in line for line in report["not_checked"]), report
        backup = world.path("backup.db")
        shutil.copy(os.path.join(copy, "ledger.db"), backup)
        report = verify(world, backup, "--json").json
        assert any("a backup holds none" in line for line in report["not_checked"]), report


def what_a_server_changes_on_the_way_is_found():
    with CliWorld() as world:
        filled(world, 600)

        def lie(wanted):
            def change(method, path, status, body):
                if path.startswith(wanted):
                    body = body[:200] + bytes([body[200] ^ 1]) + body[201:]
                return status, body
            return change

        for path, named in (("/tile/entries/001", "entry 256:"), ("/tile/0/001", "entry 262:"),
                            ("/tile/1/000", "tile 1/0"), ("/checkpoint", "")):
            if path == "/tile/1/000":  # the one of level 1 has two hashes
                change = lambda method, p, status, body: (status, b"\0" + body[1:]) if p.startswith("/tile/1/000") \
                    else (status, body)
            elif path == "/checkpoint":
                change = lambda method, p, status, body: (status, body.replace(b"\n", b"1\n", 2)) \
                    if p == "/checkpoint" else (status, body)
            else:
                change = lie(path)
            with Between(world.port, change) as between:
                result = verify(world, between.url, XDG_STATE_HOME=world.path("state" + path.replace("/", "-")),
                                TALLY_URL=None)
                assert result.code == 1 and named in result.err, (path, result)


def verify_ends_while_the_ledger_grows():
    with CliWorld() as world:
        filled(world, 600)
        stop = threading.Event()
        client = world.client(world.admin_token)

        def grow():
            while not stop.is_set():
                client.batch([{"op": "lease.create", "feature": "cad/render"} for _ in range(100)])

        thread = threading.Thread(target=grow)
        thread.start()
        try:
            for place in (f"http://127.0.0.1:{world.port}", world.data, f"http://127.0.0.1:{world.port}", world.data):
                result = verify(world, place)
                assert result.code == 0, (place, result)
        finally:
            stop.set()
            thread.join()


def entries_need_a_token_with_audit_read():
    with CliWorld() as world:
        world.shop()
        result = verify(world, f"http://127.0.0.1:{world.port}", TALLY_TOKEN=None)
        assert result.code == 77 and "audit.read" in result.err, result
        auditor = world.user("auditor", role="auditor")
        assert verify(world, f"http://127.0.0.1:{world.port}", TALLY_TOKEN=auditor.token).code == 0


def a_token_is_not_sent_to_a_server_that_it_was_not_given_for():
    with CliWorld() as world:
        world.shop()
        result = verify(world, f"http://localhost:{world.port}", TALLY_URL="http://127.0.0.1:1")
        assert result.code == 77, result


def a_proof_is_checked_without_a_server():
    with CliWorld() as world:
        world.shop()
        world.published(world.admin.size())
        index = world.admin.size() - 5
        proof, entry = world.path("it.tlog-proof"), world.path("entry.json")
        world.done("audit", "proof", index, "--out", proof)
        with open(entry, "w", encoding="utf-8") as file:
            file.write(leaf_of(world, index))
        key = world.admin.get("/v1/ledger").json["vkey"]
        result = world.done("verify", proof, "--vkey", key, "--entry", entry, "--json")
        assert result.json == {"ok": True, "index": index}, result
        with open(entry, "a", encoding="utf-8") as file:
            file.write(" ")
        assert verify(world, proof, "--vkey", key, "--entry", entry).code == 1
        assert verify(world, proof, "--entry", entry).code == 64
        assert verify(world, proof, "--vkey", "nonsense", "--entry", entry).code == 64


def evidence_of(world):
    state = os.path.join(world.dir, "state", "tally")
    return sorted(name for name in os.listdir(state) if name.startswith("evidence-"))


def another_history_is_refused_and_kept_as_evidence():
    with CliWorld() as world:
        filled(world, 100)
        world.stop()
        fork = world.path("fork")
        shutil.copytree(world.data, fork)
        world.start()
        world.admin.batch([{"op": "lease.create", "feature": "cad/render"} for _ in range(20)])
        world.restart()
        world.done("pool", "list")  # the client has seen the real one
        world.stop()
        shutil.rmtree(world.data)
        shutil.copytree(fork, world.data)  # the same key, another past from here on
        world.start()
        world.admin.batch([{"op": "lease.create", "feature": "cad/render"} for _ in range(60)])
        world.stop()
        world.start()
        world.admin.get("/v1/pools")
        for words in (("pool", "list"), ("run", "--feature", "cad/render", "--", "echo", "ran")):
            result = world.tally(*words)
            assert result.code == 1 and "HISTORY CHANGED" in result.err and "evidence" in result.err, result
            assert "ran" not in result.out
        kept = evidence_of(world)
        assert len(kept) >= 2, kept
        notes = [open(os.path.join(world.dir, "state", "tally", name), encoding="utf-8").read() for name in kept[:2]]
        assert all(note.count("\n— ") == 1 for note in notes) and notes[0] != notes[1], notes
        assert world.tally("pool", "list", XDG_STATE_HOME=world.path("new")).code == 0, "who saw nothing can't know"


def another_key_is_refused():
    with CliWorld() as first, CliWorld() as second:
        first.done("pool", "list")
        state = os.path.join(first.dir, "state")
        result = second.tally("pool", "list", XDG_STATE_HOME=state)  # both have this machine's origin
        assert result.code == 1 and "verifier key" in result.err or "signature" in result.err, result
        key = first.admin.get("/v1/ledger").json["vkey"]
        result = second.tally("verify", second.data, XDG_STATE_HOME=state)
        assert result.code == 1 and "two ledgers have this name" in result.err and state in result.err, result
        assert second.tally("pool", "list", XDG_STATE_HOME=second.path("new"), TALLY_VKEY=key).code == 1
        assert first.tally("pool", "list", XDG_STATE_HOME=first.path("new"), TALLY_VKEY=key).code == 0


def audit_tail_follows():
    with CliWorld() as world:
        world.shop()
        world.admin.entries()  # reading the ledger is an entry, once an hour
        process = world.begin("audit", "tail", "--follow", "-n", "3", "--json")
        lines = [json.loads(process.stdout.readline()) for _ in range(3)]
        assert all(line["v"] == 1 for line in lines)
        lease = world.admin.made("/v1/leases", {"feature": "cad/render"})["id"]
        for _ in range(5):
            entry = json.loads(process.stdout.readline())
            if entry["type"] == "lease.granted":
                break
        assert entry["on"]["lease"] == lease
        process.terminate()
        process.communicate()
        said = world.done("audit", "tail", "-n", "2").out
        assert len(said.strip().split("\n")) == 2 and "usr_" in said, said
        index = next(index for index, entry in world.admin.entries() if entry["type"] == "lease.granted")
        assert lease in world.done("audit", "show", index).out


if __name__ == "__main__":
    run(globals())
