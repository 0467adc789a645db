"""Commands that are one request: they do what they say, tell what they did, and say what is wrong."""
import json
import os
import stat
import subprocess
import time

from cli_world import TALLY, Between, CliWorld, run


def what_was_created_is_listed_and_shown_by_name_and_id():
    with CliWorld() as world:
        world.done("organisation", "create", "acme")
        world.done("product", "create", "cad", "--feature", "render", "--feature", "draw")
        for noun, name in (("organisation", "acme"), ("product", "cad")):
            rows = world.done(noun, "list", "--json").json[noun + "s"]
            assert [row["name"] for row in rows] == [name], rows
            assert name in world.done(noun, "show", name).out
            assert name in world.done(noun, "show", rows[0]["id"]).out
        shown = world.done("product", "show", "cad").out
        assert "cad/render" in shown and "cad/draw" in shown, shown


def a_licence_lives_from_creation_to_revocation():
    with CliWorld() as world:
        world.shop(seats=2)
        license = world.done("license", "list", "--json").json["licenses"][0]["id"]
        pool = lambda: world.done("pool", "list", "--json").json["pools"][0]
        assert pool()["limit"] == 2
        world.done("license", "change", license, "--feature", "render=5", "--reason", "more people")
        assert pool()["limit"] == 5
        world.done("license", "suspend", license)
        assert world.done("license", "list", "--where", "state=suspended", "--json").json["licenses"]
        world.done("license", "reinstate", license)
        world.done("license", "revoke", license)
        assert "revoked" in world.done("license", "show", license).out
        assert "more people" not in json.dumps([entry for _, entry in world.admin.entries()])


def a_dry_run_tells_what_it_would_write_and_writes_nothing():
    with CliWorld() as world:
        world.shop()
        before = world.admin.size()
        said = world.done("license", "create", "--product", "cad", "--holder", "acme", "--feature", "render=9",
                          "--dry-run").out
        assert "license.created" in said and "limit=11" in said, said
        types = [entry["type"] for index, entry in world.admin.entries() if index >= before]
        assert set(types) <= {"data.read"}, types


def people_teams_and_services_are_made_and_joined_by_name():
    with CliWorld() as world:
        world.done("organisation", "create", "acme")
        world.done("user", "create", "maria", "--organisation", "acme", "--role", "auditor")
        world.done("team", "create", "design", "--organisation", "acme")
        world.done("team", "add", "design", "maria")
        assert world.done("team", "show", "design", "--json").json["members"]
        world.done("team", "remove", "design", "maria")
        assert not world.done("team", "show", "design", "--json").json["members"]
        world.done("service", "create", "ci")
        maria = world.done("user", "list", "--json", "--where", "name=maria").json["users"][0]
        world.done("role", "change", maria["id"], "member")
        assert world.done("user", "show", "maria", "--json").json["role"] == "member"
        assert "role admin" in " ".join(world.done("me").out.split())


def a_token_is_shown_once_or_goes_into_a_file_of_its_owners():
    with CliWorld() as world:
        world.done("service", "create", "ci")
        shown = world.done("token", "create", "--owner", "ci", "--scope", "catalog.read").out.split("\n")[1]
        assert shown.startswith("tlys_")
        world.done("product", "list", TALLY_TOKEN=shown)
        file = world.path("ci.token")
        said = world.done("token", "create", "--owner", "ci", "--token-file", file).out
        assert stat.S_IMODE(os.stat(file).st_mode) == 0o600 and "tlys_" not in said
        world.done("product", "list", TALLY_TOKEN=None, TALLY_TOKEN_FILE=file)
        again = world.tally("token", "create", "--owner", "ci", "--token-file", file)
        assert again.code == 64 and "ci.token" in again.err, again
        tokens = world.done("token", "list", "--all", "--json").json["tokens"]
        assert len(tokens) == 3, tokens
        ours = [token for token in tokens if token["scopes"] == ["catalog.read"]][0]
        world.done("token", "revoke", ours["id"])
        assert world.tally("product", "list", TALLY_TOKEN=shown).code == 77


def a_token_file_that_others_can_read_is_refused():
    with CliWorld() as world:
        file = world.path("token")
        os.chmod(file, 0o640)
        result = world.tally("pool", "list", TALLY_TOKEN=None, TALLY_TOKEN_FILE=file)
        assert result.code == 77 and "chmod 600" in result.err, result


def a_mistyped_token_reaches_no_server():
    with CliWorld() as world:
        before = world.admin.size()
        typed = world.admin_token[:-1] + ("a" if world.admin_token[-1] != "a" else "b")
        result = world.tally("pool", "list", TALLY_TOKEN=typed)
        assert result.code in (1, 64) and "TALLY_TOKEN" in result.err and typed not in result.err, result
        assert all(entry["type"] == "data.read" for index, entry in world.admin.entries() if index >= before)


def every_list_can_be_filtered_by_all_that_its_rows_have_and_by_nothing_else():
    with CliWorld() as world:
        document = world.admin.get("/openapi.json").json

        def resolved(schema):
            while "$ref" in schema:
                schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
            return schema

        lists = [words for words in world.commands() if words.endswith(" list")]
        assert len(lists) >= 8, lists
        for words in lists:
            refused = world.tally(*words.split(), "--where", "featur=x", TALLY_URL="http://127.0.0.1:1")
            assert refused.code == 64 and '"featur"' in refused.err, refused
            known = set(refused.err.strip().split(" here, but ")[1].split(", "))
            answer = world.done(*words.split(), "--json").json
            path = "/v1/" + {"tokens": "api-tokens"}.get(*answer, *answer)
            schema = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
            rows = next(resolved(one)["properties"] for one in schema.get("anyOf", [schema])
                        if set(answer) <= set(resolved(one)["properties"]))
            assert known == set(resolved(resolved(rows[next(iter(answer))])["items"])["properties"]), words
            world.done(*words.split(), *(word for name in known for word in ("--where", f"{name}!=x")))


def on_a_terminal(world, *words):
    """What a command prints there."""
    ours, theirs = os.openpty()
    process = subprocess.Popen([TALLY, *words], stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs,
                               env=world.environment(), cwd=world.dir)
    os.close(theirs)
    said = b""
    try:
        while piece := os.read(ours, 4096):
            said += piece
    except OSError:
        pass  # how the end of a terminal is told
    os.close(ours)
    assert process.wait(60) == 0, said
    return said.decode().replace("\r\n", "\n")


def an_empty_list_is_told_to_people_and_is_no_line_for_programs():
    with CliWorld() as world:
        assert on_a_terminal(world, "pool", "list") == "No pools.\n"
        assert on_a_terminal(world, "lease", "list") == "No leases among your own; --all lists everybody's.\n"
        assert on_a_terminal(world, "lease", "list", "--all", "--where", "feature=x") == "No leases that fit.\n"
        assert world.done("pool", "list").out == ""
        assert world.done("pool", "list", "--json").json == {"pools": []}
        world.shop()
        assert "cad/render" in on_a_terminal(world, "pool", "list")


BAD_LINES = (
    (("license", "create", "--product", "cad", "--holder", "acme"), "--feature"),
    (("license", "create", "--product", "cad", "--holder", "acme", "--feature", "render"), "FEATURE=SEATS"),
    (("license", "create", "--product", "cad", "--holder", "acme", "--feature", "render=-1"), "FEATURE=SEATS"),
    (("product", "create", "x", "--featur", "y"), "--featur"),
    (("product", "create"), "NAME"),
    (("product", "create", "a", "b", "--feature", "c"), '"b"'),
    (("organisation", "create", "a", "--dry-run", "--dry-run"), "twice"),
    (("organisation", "create", "a", "--dry-run=yes"), "no value"),
    (("lease", "list", "--limit", "0"), "--limit"),
    (("lease", "list", "--limit"), "--limit"),
    (("organisation", "list", "--where", "name"), "--where"),
    (("run", "--feature", "x", "--ttl", "5", "--", "true"), "--ttl"),
    (("run", "--feature", "x", "--on-loss", "cry", "--", "true"), "--on-loss"),
    (("run", "--feature", "x"), "--"),
    (("run", "--", "true"), "--feature"),
    (("audit", "show", "x"), "INDEX"),
    (("audit", "tail", "-q"), "-q"),
    (("license",), "license create"),
    (("nonsense",), "nonsense"),
    (("observe", "flexnet", "--log", "/nonexistent", "--pool", "x"), "--pool"),
    (("replay", "/nonexistent", "--speed", "fast"), "--speed"),
)


def a_wrong_command_line_names_what_is_wrong_and_changes_nothing():
    with CliWorld() as world:
        world.shop()
        before = world.admin.size()
        for words, named in BAD_LINES:
            result = world.tally(*words)
            assert result.code == 64 and named in result.err, (words, result)
            if "--" not in words and len(words) > 1 and words[-1] != "--limit":
                assert json.loads(world.tally(*words, "--json").err)["error"]["exit"] == 64, words
        assert all(entry["type"] == "data.read" for index, entry in world.admin.entries() if index >= before)


def what_the_server_refuses_names_the_member():
    with CliWorld() as world:
        world.shop()
        for words, named in (
                (("license", "create", "--product", "cad", "--holder", "acme", "--feature", "render=1", "--kind", "odd"),
                 "kind"),
                (("license", "create", "--product", "cad", "--holder", "nobody", "--feature", "render=1"), "holder"),
                (("user", "create", "x", "--organisation", "nobody"), "organisation"),
                (("organisation", "create", "acme"), "taken"),
                (("lease", "show", "lse_01h455vb4pex5vsknk084sn02q"), "such")):
            result = world.tally(*words)
            assert result.code not in (0, 69, 75) and named in result.err, (words, result)


def every_command_has_help_with_an_example():
    with CliWorld() as world:
        for words in world.commands():
            said = world.done(*words.split(), "--help").out
            assert "usage: tally " + words in said and "example:\n  tally " + words in said, said


def a_server_that_is_not_there_is_69_and_the_next_one_is_asked():
    with CliWorld() as world:
        dead = "http://127.0.0.1:1"
        result = world.tally("pool", "list", TALLY_URL=dead)
        assert result.code == 69 and "127.0.0.1:1" in result.err, result
        world.done("pool", "list", TALLY_URL=f"{dead},http://127.0.0.1:{world.port}")
        for wrong in ("ftp://x", ",", "nonsense"):
            assert world.tally("pool", "list", TALLY_URL=wrong).code == 64


def nothing_signed_yet(until):
    """An answer of a server that has just begun, until a number of checkpoints were asked for."""
    asked = []

    def change(method, path, status, body):
        asked.append(path) if path == "/checkpoint" else None
        if path != "/checkpoint" or len(asked) > until:
            return status, body
        return 404, b'{"code":"NOT_FOUND","detail":"no checkpoint has been published yet"}'
    return change


def the_first_checkpoint_of_a_young_server_is_waited_for():
    with CliWorld() as world:
        world.shop()
        with Between(world.port, nothing_signed_yet(until=3)) as between:
            world.done("run", "--feature", "cad/render", "--", "true", TALLY_URL=between.url)
        with Between(world.port, nothing_signed_yet(until=3)) as between:
            world.done("verify", between.url, TALLY_URL=between.url)


def a_server_that_signs_nothing_is_69_after_five_seconds_and_another_server_at_once():
    with CliWorld() as world:
        begun = time.monotonic()
        with Between(world.port, nothing_signed_yet(until=10000)) as between:
            result = world.tally("pool", "list", TALLY_URL=between.url)
        assert result.code == 69 and "no checkpoint in 5 s" in result.err and between.url in result.err, result
        assert 4.5 < time.monotonic() - begun, "it did not wait"
        asked = []
        with Between(world.port, lambda method, path, *_: (404, asked.append(path) or b"<h1>Not found</h1>")) as between:
            result = world.tally("pool", "list", TALLY_URL=between.url)
        assert result.code == 1 and "serves no ledger" in result.err and len(asked) == 1, (asked, result)


def leases_are_listed_released_and_revoked():
    with CliWorld() as world:
        world.shop(seats=3)
        made = [world.admin.made("/v1/leases", {"feature": "cad/render"})["id"] for _ in range(3)]
        assert len(world.done("lease", "list", "--json").json["leases"]) == 3
        world.done("lease", "release", made[0])
        world.done("lease", "revoke", made[1], "--reason", "over lunch")
        left = world.done("lease", "list", "--json").json["leases"]
        assert [lease["id"] for lease in left] == [made[2]]
        assert "cad/render" in world.done("lease", "show", made[2]).out


def why_tells_what_a_check_out_would_come_to():
    with CliWorld() as world:
        world.shop(seats=1)
        assert "granted" in world.done("why", "--feature", "cad/render").out
        world.admin.made("/v1/leases", {"feature": "cad/render"})
        said = world.done("why", "--feature", "cad/render").out
        assert "denied" in said and "taken" in said, said


if __name__ == "__main__":
    run(globals())
