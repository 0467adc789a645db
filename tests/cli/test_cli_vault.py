"""People who are erased: what is refused and named, what is gone from every byte of the data, and what stays true."""
import os
import random
import shutil
import signal
import sqlite3
import threading
import time

from cli_world import CliWorld, run

WORDS = (b"Maria Musterfrau", b"marias-laptop", b"parental leave", b"dark-project")


def _maria(world):
    """A person with a name, a lease with what she asserts, and an admin's words about her."""
    world.shop()
    maria = world.user("Maria Musterfrau", world.admin.get("/v1/organisations").json["organisations"][0]["id"])
    lease = maria.made("/v1/leases", {"feature": "cad/render", "asserted": {"user": "maria", "host": "marias-laptop"},
                                      "project": "dark-project"})
    told = world.admin.made(f"/v1/users/{maria.id}/hold", {"reason": "parental leave"})
    world.admin.made(f"/v1/users/{maria.id}/release-hold", {"reason": "she is back from parental leave"})
    return maria, lease, told


def _files(directory):
    for base, _, names in os.walk(directory):
        for name in names:
            with open(os.path.join(base, name), "rb") as file:
                yield name, file.read()


def _says(world, words):
    return [(name, word) for name, bytes_ in _files(world.data) for word in words if word in bytes_]


def whoever_holds_a_seat_or_is_on_hold_is_not_erased_and_hears_why():
    with CliWorld() as world:
        maria, lease, _ = _maria(world)
        held = world.done("user", "hold", "Maria Musterfrau", "--reason", "case 17", "--json").json
        refused = world.tally("user", "erase", maria.id, "--reason", "asked for it", "--json")
        assert refused.code != 0 and f"entry {held['index']}" in refused.err, refused
        answer = world.admin.post(f"/v1/users/{maria.id}/erase", {"reason": "asked for it"})
        assert answer.status == 409 and answer.json["hold_index"] == held["index"], answer
        world.done("user", "release-hold", maria.id, "--reason", "case 17 is closed")
        answer = world.admin.post(f"/v1/users/{maria.id}/erase", {"reason": "asked for it"})
        assert (answer.status, answer.json["code"], answer.json["leases"]) == (409, "LEASES_OPEN", [lease["id"]]), answer
        assert lease["id"] in answer.json["detail"], answer
        assert world.admin.post(f"/v1/users/{maria.id}/erase").status == 400  # a reason is needed
        assert maria.post(f"/v1/users/{maria.id}/erase", {"reason": "me"}).status == 403
        maria.delete(f"/v1/leases/{lease['id']}")
        assert world.done("user", "erase", maria.id, "--reason", "asked for it", "--json").json["state"] == "erased"


def an_erased_person_is_in_no_byte_of_the_data_and_all_stays_true():
    with CliWorld() as world:
        maria, lease, role = _maria(world)
        text = world.done("audit", "private", str(role["index"]), "--json").json
        assert text["text"] == '{"reason":"parental leave"}', text
        assert any(entry["type"] == "data.read" and entry["data"]["scope"] == "private" and entry["data"]["from"] == role["index"]
                   for _, entry in world.admin.entries())
        world.published(lease["index"])
        world.done("audit", "proof", str(lease["index"]), "--out", world.path("lease.proof"))
        maria.delete(f"/v1/leases/{lease['id']}")
        world.done("backup", "old.db")
        facts = world.admin.size()
        copied = world.done("keys", "backup", "--json").json
        erased = world.done("user", "erase", "Maria Musterfrau", "--reason", "asked for it", "--json").json
        assert erased["complete_at"] == copied["lapses_at"] and facts < erased["index"], (erased, copied)
        assert not _says(world, WORDS)  # not even before: all of it is sealed, in the database, its log and the backup

        gone = world.admin.get(f"/v1/audit/{role['index']}/private")
        assert gone.status == 404 and "key was dropped" in gone.json["detail"], gone
        row = world.admin.get(f"/v1/users/{maria.id}").json
        assert "name" not in row and row["disabled"] and row["teams"] == [], row
        assert maria.get("/v1/me").status == 401
        assert world.admin.post("/v1/users", {"name": "Maria Musterfrau"}).status == 201  # the name is free
        world.restart(signal.SIGKILL)
        assert "name" not in world.admin.get(f"/v1/users/{maria.id}").json
        world.stop()
        report = world.done("verify", world.data, "--json").json
        assert any("keys were dropped" in line for line in report["not_checked"]), report
        world.done("verify", os.path.join(world.data, "backups/old.db"))


def an_old_backup_with_old_keys_reveals_until_those_lapse():
    with CliWorld() as world:
        maria, lease, role = _maria(world)
        maria.delete(f"/v1/leases/{lease['id']}")
        world.done("backup", "old.db")
        keys = world.done("keys", "backup", "--json").json["to"]
        world.done("user", "erase", maria.id, "--reason", "asked for it")
        world.stop()
        os.mkdir(world.path("keys"), 0o700)
        shutil.copy(os.path.join(world.data, "key-backups", keys), world.path("keys/vault.keys"))
        os.mkdir(world.path("old"), 0o700)
        shutil.copy(os.path.join(world.data, "backups/old.db"), world.path("old/ledger.db"))
        shutil.copy(world.path("keys/vault.keys"), world.path("old/vault.keys"))
        report = world.done("verify", world.path("old"), "--json", XDG_STATE_HOME=world.path("elsewhere")).json
        assert not any("keys" in line for line in report["not_checked"]), report  # all of it can be read: as was said
        # The same keys under the ledger as it is now: the start drops what was erased.
        shutil.copy(world.path("keys/vault.keys"), os.path.join(world.data, "vault.keys"))
        world.start()
        assert world.admin.get(f"/v1/audit/{role['index']}/private").status == 404
        world.stop()
        shutil.copy(world.path("keys/vault.keys"), os.path.join(world.data, "vault.keys"))
        late = world.tally("serve", "--data", world.data, "--listen", "127.0.0.1:0", TALLY_FAULT="clock_offset_s:2678400:1")
        assert late.code == 1 and "is a backup of keys that lapsed at" in late.err, late


def keys_can_lie_elsewhere_and_be_lost_and_replaced():
    with CliWorld() as world:
        maria, _, role = _maria(world)
        world.stop()
        os.rename(os.path.join(world.data, "vault.keys"), world.path("vault.keys"))
        refused = world.tally("serve", "--data", world.data, "--listen", "127.0.0.1:0")
        assert refused.code == 1 and "tally keys renew" in refused.err, refused
        found = world.tally("doctor", "--data", world.data, "--json")
        assert "keys renew" in found.out, found
        world.done("keys", "renew", "--data", world.data)
        again = world.tally("keys", "renew", "--data", world.data)
        assert again.code == 1 and "vault.keys" in again.err, again
        world.start()
        assert [entry["type"] for _, entry in world.admin.entries()].count("vault.keys_replaced") == 1
        assert "name" not in world.admin.get(f"/v1/users/{maria.id}").json
        assert world.admin.get(f"/v1/audit/{role['index']}/private").status == 404
        world.stop()
        world.done("verify", world.data)


def erasures_survive_kills_at_any_moment():
    """Each answered erasure holds whatever comes; one that was not answered happened whole or not at all."""
    with CliWorld() as world:
        world.shop()
        chance = random.Random(int(os.environ.get("TEST_SEED", "7")))
        answered = []
        for round_ in range(int(os.environ.get("TALLY_NIGHTLY", "0")) * 40 or 4):
            people = [world.user(f"person {round_} {i}") for i in range(8)]

            def erase(people=people):
                client = world.client(world.admin_token)
                for person in people:
                    try:
                        if client.post(f"/v1/users/{person.id}/erase", {"reason": "gone"}).status == 200:
                            answered.append(person)
                    except (OSError, ValueError, Exception):
                        return

            thread = threading.Thread(target=erase)
            thread.start()
            time.sleep(chance.random() * 0.12)
            world.restart(signal.SIGKILL)
            thread.join()
            rows = {row["id"]: row for row in world.admin.get("/v1/users?limit=1000").json["users"]}
            for person in answered:
                assert rows[person.id]["disabled"] and "name" not in rows[person.id], rows[person.id]
            for person in people:
                assert rows[person.id]["disabled"] == ("name" not in rows[person.id]), rows[person.id]
        assert answered
        world.stop()
        world.done("verify", world.data)
        with sqlite3.connect(os.path.join(world.data, "ledger.db")) as connection:
            assert connection.execute("SELECT count(*) FROM aliases").fetchone()[0] > len(answered)


if __name__ == "__main__":
    run(globals())
