"""What goes wrong on the first day: each error says what was wrong with which value, and what to do."""
import os
import socket
import subprocess

from cli_world import TALLY, CliWorld, run

NOBODY = "org_01h455vb4pex5vsknk084sn02q"


def refused(world, words, code, *texts, **environment):
    result = world.tally(*words, **environment)
    assert result.code == code and all(text in result.err for text in texts), (texts, result)
    assert result.err.startswith("tally: ") and result.err.count("\n") == 1, result


def what_was_typed_stands_in_the_error():
    with CliWorld() as world:
        world.shop(seats=1)
        license = world.done("license", "list", "--json").json["licenses"][0]["id"]
        grant = ("license", "create", "--holder", "acme")
        for words, code, *texts in (
                (("product", "create", "cad", "--feature", "x"), 1, "cad: that name is taken"),
                (("product", "create", "a/b", "--feature", "x"), 64, "a/b: name must"),
                ((*grant, "--product", "nope", "--feature", "x=1"), 1, "--product nope: there is no such"),
                ((*grant, "--product", "cad", "--feature", "nope=1"), 1, "--feature nope=1: there is no such"),
                ((*grant, "--product", "cad", "--feature", "render=1", "--kind", "odd"), 64, 'trial, not "odd"'),
                ((*grant, "--product", "cad", "--feature", "render=1", "--kind", "term"), 64, "terms and trials need one"),
                ((*grant, "--product", "cad", "--feature", "render=1", "--expires-at", "2020-01-01T00:00:00Z"), 64,
                 "--expires-at 2020-01-01T00:00:00Z: ", "lie ahead"),
                (("organisation", "show", NOBODY), 1, NOBODY + ": there is no such"),
                (("organisation", "show", "nobody"), 1, 'no organisation with the name "nobody"'),
                (("token", "create", "--owner", "nobody"), 1, 'no user or service with the name "nobody"'),
                (("token", "create", "--scope", "flying"), 64, "--scope flying: scopes must"),
                (("role", "change", "nobody", "admin"), 1, 'no user or service with the name "nobody"'),
                (("license", "reinstate", license), 1, license + ": only a suspended licence"),
                (("license", "change", license), 64, "say what is to change"),
                (("lease", "release", "nope"), 1, "nope: there is no such"),
                (("backup", "a/b"), 64, "a/b: to must be a plain file name"),
                (("clock", "confirm"), 1, "the clock did not jump"),
                (("run", "--feature", "nope", "--", "true"), 77, "--feature nope: there is no such feature"),
                (("run", "--feature", "cad/render", "--quantity", "5", "--", "true"), 75, "5 seats of cad/render", "of 1 in"),
                (("run", "--feature", "cad/render", "true"), 64, "a program comes after --", '"true"'),
                (("licence", "list"), 64, 'is it "license"?'),
                (("pools",), 64, 'is it "pool"?')):
            refused(world, words, code, *texts)


def a_name_that_two_have_is_not_guessed():
    with CliWorld() as world:
        world.shop()
        world.done("user", "create", "maria", "--organisation", "acme")
        world.done("role", "change", "maria", "auditor")
        world.done("user", "create", "maria")
        refused(world, ("user", "show", "maria"), 64, "there are 2", "usr_", "by its id")
        refused(world, ("token", "create", "--owner", "maria"), 64, "there are 2")


def a_token_that_does_not_do_is_told_by_its_place_and_never_by_its_text():
    with CliWorld() as world, CliWorld() as other:
        foreign, empty = world.path("foreign.token"), world.path("empty.token")
        for path, text in ((foreign, other.admin_token), (empty, "")):
            with open(path, "w", encoding="ascii", opener=lambda p, flags: os.open(p, flags, 0o600)) as file:
                file.write(text)
        url = f"http://127.0.0.1:{world.port}"
        for words in (("pool", "list"), ("run", "--feature", "x", "--", "true")):
            refused(world, words, 77, url + " asks for a token", "TALLY_TOKEN_FILE", TALLY_TOKEN=None)
            refused(world, words, 77, url + " refuses the token of TALLY_TOKEN_FILE, " + foreign, "does not know",
                    TALLY_TOKEN=None, TALLY_TOKEN_FILE=foreign)
            refused(world, words, 64, "TALLY_TOKEN_FILE: " + empty, "this is not a token", TALLY_TOKEN=None,
                    TALLY_TOKEN_FILE=empty)
            refused(world, words, 64, "TALLY_TOKEN_FILE: open /nothing: No such file", TALLY_TOKEN=None,
                    TALLY_TOKEN_FILE="/nothing")
        result = world.tally("pool", "list", TALLY_TOKEN=other.admin_token)
        assert "refuses the token of TALLY_TOKEN: it does not know it" in result.err and "tlyp_" not in result.err, result


def what_one_may_not_is_told_with_the_permission_that_it_needs():
    with CliWorld() as world:
        world.shop()
        member = world.user("joe").token
        reader = world.user("reader", role="admin", scopes=("catalog.read",)).token
        refused(world, ("product", "create", "x", "--feature", "y"), 77, "permission catalog.write", "your role",
                TALLY_TOKEN=member)
        refused(world, ("audit", "tail"), 77, "permission audit.read", "your role", TALLY_TOKEN=member)
        refused(world, ("user", "list"), 77, "permission people.read", "token's scopes", TALLY_TOKEN=reader)


def settings_that_can_not_be_right_are_named():
    with CliWorld() as world:
        refused(world, ("pool", "list"), 64, "TALLY_CA_FILE: open /nothing.pem", TALLY_CA_FILE="/nothing.pem")
        refused(world, ("pool", "list"), 64, "TALLY_VKEY: ", '"nonsense"', TALLY_VKEY="nonsense")
        refused(world, ("pool", "list"), 69, "served without TLS, as http://", TALLY_URL=f"https://127.0.0.1:{world.port}")


def a_ledger_that_can_not_be_made_or_served_says_why():
    with CliWorld() as world:
        there, new = world.path("token"), world.path("new")
        refused(world, ("init", "--data", new, "--admin-token-file", there), 64, there + " is there already", "new file")
        refused(world, ("init", "--data", there, "--admin-token-file", new), 64, "--data", there + " is a file")
        refused(world, ("init", "--data", world.data, "--admin-token-file", new), 1, "there is a ledger in " + world.data)
        refused(world, ("serve", "--data", new), 1, "there is no ledger in " + new, "tally init --data " + new)
        refused(world, ("serve", "--data", world.data), 1, "is using the ledger in " + world.data)
        assert not os.path.exists(new), "what failed left nothing"
        refused(world, ("token", "create", "--token-file", there), 64, there + " is there already")
        refused(world, ("audit", "proof", "1", "--out", there), 64, there + " is there already")
        other = world.path("other")
        world.done("init", "--data", other, "--admin-token-file", new)
        for words, text in ((("--listen", "127.0.0.1:1x"), "--listen must be HOST:PORT"),
                            (("--certificate", "/no.pem", "--key", "/no.key"), "open /no.pem: No such file"),
                            (("--certificate", there, "--key", there), "can't use the certificate " + there)):
            result = world.tally("serve", "--data", other, *words)
            assert result.code == 64 and text in result.err, result
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            result = world.tally("serve", "--data", other, "--listen", f"127.0.0.1:{port}")
        assert result.code == 1 and f"can't listen on 127.0.0.1, port {port}: Address already in use" in result.err, result


def somebody_else(world, *words):
    """The command as somebody who may not read the data directory; None where that can't be arranged."""
    other = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    os.chmod(world.data, 0o700 if other else 0)
    try:
        done = subprocess.run([TALLY, *words], capture_output=True, check=False, text=True, timeout=60, cwd="/",
                              env=world.environment(), **other)
    except PermissionError:  # nor the program
        return None
    finally:
        os.chmod(world.data, 0o700)
    return done


def a_ledger_that_one_may_not_read_is_not_said_to_be_none():
    with CliWorld() as world:
        world.stop()
        for words in (("serve", "--data", world.data), ("verify", world.data)):
            done = somebody_else(world, *words)
            if done is None:
                print("this program can't be run by somebody else here")
                return
            assert done.returncode == 1 and "Permission denied" in done.stderr, done
            assert "no ledger" not in done.stderr and world.data in done.stderr, done


def json_of_odd_paths_is_json():
    with CliWorld() as world:
        odd = world.path('odd "name"')
        told = world.done("init", "--data", odd, "--admin-token-file", odd + ".token", "--json").json
        assert told["data"] == odd and told["admin_token_file"] == odd + ".token", told
        assert world.done("token", "create", "--token-file", odd + "2", "--json").json["token_file"] == odd + "2"
        dry = world.done("token", "create", "--dry-run").out
        assert dry.startswith("nothing was changed; this would write 1 entry:\n  token.created "), dry


def help_is_for_people_and_usage_errors_are_short():
    done = subprocess.run([TALLY, "help"], capture_output=True, check=False, text=True, timeout=60)
    assert done.returncode == 0 and "TALLY_TOKEN_FILE" in done.stdout and not done.stderr
    done = subprocess.run([TALLY], capture_output=True, check=False, text=True, timeout=60)
    assert done.returncode == 64


if __name__ == "__main__":
    run(globals())
