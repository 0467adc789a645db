"""One flipped bit anywhere in a copy of the data is found and named by `tally verify`, or it changed nothing: then every
row of every table reads as before, and SQLite finds the file in order.

Positions are drawn from a seed: over all bytes of each file, and near what each table holds, because most of a small
ledger's file is unused space. TALLY_NIGHTLY=1 tries thousands. A failure tells file, byte and bit.
"""
import os
import random
import re
import shutil
import sqlite3
import subprocess

from cli_world import TALLY, CliWorld, run

SEED = int(os.environ.get("TALLY_SEED", "20261124"))
NIGHTLY = os.environ.get("TALLY_NIGHTLY") == "1"
TRIES = 4000 if NIGHTLY else 240
NETWORK = 6  # the kind of a name that stands in no private text
# What a finding names: an entry, a tile, a file, the head, or a fact.
NAMED = re.compile(r"entry \d+|entries \d+ to \d+|tile \d+/\d+|signer\.head|facts-\d+\.image|ledger\.db|the head|fact"
                   r"|vkey|name of")


def filled(world, entries):
    """A ledger with all that lies in a data directory: private texts, names, tickets, tiles, a snapshot."""
    world.shop(seats=50)
    for name in ("alice", "bob"):
        world.done("user", "create", name)
    held = []
    while world.admin.size() <= entries:
        made = world.admin.batch([{"op": "lease.create", "feature": "cad/render",
                                   "asserted": {"user": f"user{n}", "host": f"host{n % 7}"}} for n in range(40)])
        held += [line["id"] for line in made if line["status"] == 201]
        world.admin.batch([{"op": "lease.release", "lease": held.pop(0)} for _ in range(min(len(held), 40))])
    world.published(world.admin.size())
    world.stop()


def rows_of(path):
    """Everything that SQLite reads of a database, in the order of its keys; None when it refuses."""
    try:
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        connection.text_factory = bytes
        try:
            if connection.execute("PRAGMA integrity_check").fetchall() != [(b"ok",)]:
                return None
            tables = [name.decode() for name, in connection.execute(
                "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
            dump = {"schema": connection.execute("SELECT * FROM sqlite_schema ORDER BY name").fetchall()}
            for table in tables:
                dump[table] = connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()
            return dump
        finally:
            connection.close()
    except (sqlite3.Error, UnicodeDecodeError):
        return None


def values_of(dump):
    """Bytes of each table that can be looked for in the file."""
    found = {}
    for table, rows in dump.items():
        values = [value if isinstance(value, bytes) else str(value).encode() for row in rows for value in row]
        found[table] = [value[:64] for value in values if len(value) >= 6]
    return found


def near_values(data, dump, rng, count):
    """Positions in and around values of each table: their bytes, their lengths, the records before them."""
    positions = []
    for values in values_of(dump).values():
        for value in rng.sample(values, min(len(values), count)):
            at = data.find(value)
            if at >= 0:
                positions.append(min(max(at + rng.randint(-12, len(value)), 0), len(data) - 1))
    return positions


def positions_of(path, dump, rng, tries):
    with open(path, "rb") as file:
        data = file.read()
    if not path.endswith(".db"):
        return [rng.randrange(len(data)) for _ in range(tries // 6)]
    near = near_values(data, dump, rng, max(1, tries // 24))
    header = [rng.randrange(100) for _ in range(tries // 16)]
    return near + header + [rng.randrange(len(data)) for _ in range(tries // 3)]


def flip(path, at, bit):
    with open(path, "r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 1 << bit]))


def verify(world, directory):
    done = subprocess.run([TALLY, "verify", directory], capture_output=True, text=True, errors="replace", timeout=120, check=False,
                          env=world.environment(XDG_STATE_HOME=world.path("nobody")))
    return done.returncode, done.stdout + done.stderr


def vouched(dump):
    """Names of which private texts tell what they are: all but networks'."""
    return [row for row in dump["aliases"] if row[1] != NETWORK]


def one_flip(world, path, at, bit, before):
    """What came of it: "found", or "nothing" where the byte carries nothing."""
    flip(path, at, bit)
    try:
        code, text = verify(world, os.path.dirname(path))
        where = f"{os.path.basename(path)}, byte {at}, bit {bit} (seed {SEED}): exit {code}\n{text}"
        if code:
            assert code in (1, 64) and NAMED.search(text) and "Sanitizer" not in text, f"not named: {where}"
            return "found"
        assert path.endswith(".db"), f"not found: {where}"
        after = rows_of(path)
        assert after, f"SQLite finds it, and verify does not: {where}"
        if after["aliases"] != before["aliases"] and vouched(after) == vouched(before):
            after["aliases"] = before["aliases"]
        assert after == before, f"a row changed, and it was not found: {where}"
        return "nothing"
    finally:
        flip(path, at, bit)


def a_flipped_bit_anywhere_is_found_or_changed_nothing():
    rng = random.Random(SEED)
    with CliWorld() as world:
        filled(world, 700)
        copy = world.path("copy")
        shutil.copytree(world.data, copy)
        database = os.path.join(copy, "ledger.db")
        before = rows_of(database)
        assert before and len(before["tiles"]) >= 2 and before["private_texts"] and before["aliases"], before and before.keys()
        code, text = verify(world, copy)
        assert code == 0, text
        files = [os.path.join(copy, name) for name in sorted(os.listdir(copy))
                 if name in ("ledger.db", "signer.head") or name.endswith(".image")]
        assert len(files) >= 3, os.listdir(copy)
        tried = {}
        for path in files:
            for at in positions_of(path, before, rng, TRIES):
                outcome = one_flip(world, path, at, rng.randrange(8), before)
                count = tried.setdefault(os.path.basename(path), {"found": 0, "nothing": 0})
                count[outcome] += 1
        print(f"      seed {SEED}: {tried}")
        assert sum(count["found"] for count in tried.values()) >= TRIES // 2, tried
        assert verify(world, copy)[0] == 0, "every flip was taken back"


def leaves_of(path):
    """Each entry's bytes, in order."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    leaves = []
    for bundle, in connection.execute("SELECT bundle FROM entries ORDER BY first_index"):
        while bundle:
            length = int.from_bytes(bundle[:2], "big")
            leaves.append(bundle[2:2 + length])
            bundle = bundle[2 + length:]
    connection.close()
    return leaves


def named_entries(text):
    """The entries that a message blames: one, a pair, or a range."""
    text = text.replace("tally: ", "")
    if found := re.search(r"fault lies in entries (\d+) to (\d+)", text):
        return range(int(found[1]), int(found[2]) + 1)
    return [int(number) for number in re.findall(r"entry (\d+)", text)]


def a_flipped_bit_of_an_entry_names_that_entry():
    rng = random.Random(SEED)
    with CliWorld() as world:
        filled(world, 700)
        copy = world.path("copy")
        shutil.copytree(world.data, copy)
        database = os.path.join(copy, "ledger.db")
        leaves = leaves_of(database)
        with open(database, "rb") as file:
            data = file.read()
        whole = [index for index, leaf in enumerate(leaves) if leaf in data]  # on one page of the file
        covered = len(leaves) // 256 * 256  # by full tiles, which have each entry's hash
        tail = [index for index in whole if index >= covered]
        exact = 0
        for index in rng.sample(whole, 400 if NIGHTLY else 30) + rng.sample(tail, len(tail) if NIGHTLY else 20):
            at = data.index(leaves[index]) + rng.randrange(len(leaves[index]))
            flip(database, at, rng.randrange(7))
            code, text = verify(world, copy)
            shutil.copy(os.path.join(world.data, "ledger.db"), database)
            blamed = named_entries(text)
            assert code == 1 and index in blamed, (index, text)
            assert index >= covered or blamed[0] == index, (index, text)
            exact += blamed[0] == index
        print(f"      seed {SEED}: {exact} by their own number, the others in a pair or range of the unfinished tile")


if __name__ == "__main__":
    run(globals())
