"""`tally rebuild`: what is derived from the entries comes back from them, bit for bit, and nothing else is touched."""
import os
import shutil
import sqlite3

from cli_world import CliWorld, run
from test_cli_verify import changed, copied, filled


def sql(path, text, *values):
    with sqlite3.connect(os.path.join(path, "ledger.db")) as connection:
        count = connection.execute(text, values).rowcount
    connection.close()
    return count


def tiles_of(path):
    with sqlite3.connect(os.path.join(path, "ledger.db")) as connection:
        return connection.execute("SELECT level, number, hashes FROM tiles ORDER BY level, number").fetchall()


def snapshot_of(path):
    name, = [name for name in os.listdir(path) if name.endswith(".image")]
    with open(os.path.join(path, name), "rb") as file:
        return name, file.read()


def rebuilt(world, path):
    told = world.done("rebuild", path, "--json").json
    assert world.tally("verify", path, "--replay").code == 0
    return told


def what_is_sound_is_left_alone():
    with CliWorld() as world:
        filled(world, 600)
        copy = copied(world)
        before = tiles_of(copy), snapshot_of(copy)
        told = rebuilt(world, copy)
        assert told["tiles"] == {"looked_at": len(before[0]), "mended": 0}, told
        assert told["snapshots"] == {"looked_at": 1, "mended": 0}, told
        assert (tiles_of(copy), snapshot_of(copy)) == before


def tiles_and_snapshots_come_back():
    with CliWorld() as world:
        filled(world, 600)
        copy = copied(world)
        tiles, (name, image) = tiles_of(copy), snapshot_of(copy)
        damages = [
            (2, lambda: sql(copy, "DELETE FROM tiles")),
            (1, lambda: sql(copy, "UPDATE tiles SET hashes = zeroblob(8192) WHERE number = 1")),
            (1, lambda: sql(copy, "INSERT INTO tiles VALUES (3, 9, zeroblob(8192))")),
            (0, lambda: os.remove(os.path.join(copy, name))),
            (0, lambda: open(os.path.join(copy, name), "ab").close() or os.truncate(os.path.join(copy, name), 1000)),
        ]
        for count, damage in damages:
            damage()
            result = world.tally("verify", copy)
            assert result.code == 1 or name not in os.listdir(copy), result
            told = rebuilt(world, copy)
            assert told["tiles"]["mended"] == count and told["snapshots"]["mended"] == (count == 0), told
            assert tiles_of(copy) == tiles and snapshot_of(copy) == (name, image)


def entries_that_do_not_give_the_root_are_not_built_upon():
    with CliWorld() as world:
        filled(world, 300)
        leaf = world.admin.get("/v1/audit/100").json["entry"].encode()
        copy = copied(world)
        sql(copy, "UPDATE tiles SET hashes = zeroblob(8192) WHERE number = 0")
        tiles = tiles_of(copy)
        changed(copy, 0, leaf, leaf.replace(b'"via":"api_token"', b'"via":"api_tokem"'))
        result = world.tally("rebuild", copy)
        assert result.code == 1 and "tally verify" in result.err, result
        assert tiles_of(copy) == tiles, "a tile was made of entries that nobody vouches for"


def a_running_server_is_not_rebuilt_under():
    with CliWorld() as world:
        result = world.tally("rebuild", world.data)
        assert result.code not in (0, 64) and "process" in result.err, result
        assert world.tally("rebuild", world.path("nowhere")).code != 0


def a_server_starts_on_what_was_rebuilt():
    with CliWorld() as world:
        filled(world, 300)
        world.stop()
        sql(world.data, "DELETE FROM tiles")
        shutil.copy(os.path.join(world.data, snapshot_of(world.data)[0]), world.path("image"))
        os.remove(os.path.join(world.data, snapshot_of(world.data)[0]))
        world.done("rebuild", world.data)
        world.start()
        assert world.admin.batch([{"op": "lease.create", "feature": "cad/render"}])[0]["status"] == 201
        world.stop()
        assert world.tally("verify", world.data, "--replay").code == 0


if __name__ == "__main__":
    run(globals())
