#!/usr/bin/env python3
"""Checks a log over HTTP, written from the specifications alone with nothing but Python's standard library.

    verify_log.py BASE_URL VKEY COUNT [SEED]

The checkpoint's signature, every leaf of every entry bundle against the level-0 tiles, every tile of every level against
the one below, the root, and COUNT random inclusion and COUNT random consistency proofs, computed from the tiles and
checked by the algorithms of RFC 9162. The first fault ends it with status 1. TALLY_TOKEN is sent as a bearer token where
it is set. Ed25519 is checked by the package `cryptography` or, without it, by `openssl pkeyutl`.
"""
import base64
import hashlib
import http.client
import os
import random
import subprocess
import sys
import tempfile
import time
import urllib.parse

WIDTH = 256
HASH_BYTES = 32
ED25519_SPKI = bytes.fromhex("302a300506032b6570032100")  # the DER before a raw public key (RFC 8410)


class Fault(Exception):
    """The log is not what it claims to be."""


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def leaf_hash(entry):
    return sha256(b"\x00", entry)


def node_hash(left, right):
    return sha256(b"\x01", left, right)


class Site:
    """The log's HTTP side, over one connection that is kept."""

    def __init__(self, base):
        parts = urllib.parse.urlsplit(base.rstrip("/"))
        kinds = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}
        if parts.scheme not in kinds:
            raise Fault(f"{base}: expected http:// or https://")
        self.prefix = parts.path
        self.connection = kinds[parts.scheme](parts.netloc, timeout=30)
        self.headers = {}
        if os.environ.get("TALLY_TOKEN"):
            self.headers["Authorization"] = "Bearer " + os.environ["TALLY_TOKEN"]

    def get(self, path):
        """The body, or None when there is no such file."""
        try:
            self.connection.request("GET", self.prefix + path, headers=self.headers)
            response = self.connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise Fault(f"{path}: {error!r}") from error
        if response.status == 404:
            return None
        if response.status != 200:
            raise Fault(f"{path}: status {response.status}")
        return body

    def get_width(self, path, width):
        """The partial file of that width or, when it is gone, the full one that took its place. With the path."""
        partial = f"{path}.p/{width}"
        body = self.get(partial) if width < WIDTH else None
        if body is not None:
            return body, partial
        body = self.get(path)
        if body is None:
            raise Fault(f"{partial if width < WIDTH else path} is not there")
        return body, path


def tile_number(n):
    text = f"{n % 1000:03}"
    while n >= 1000:
        n //= 1000
        text = f"x{n % 1000:03}/{text}"
    return text


def decode_base64(text, what):
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Fault(f"{what}: {error}") from error
    if base64.b64encode(data).decode() != text:
        raise Fault(f"{what}: not canonical base64")
    return data


def verify_ed25519(public_key, message, signature):
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        return verify_by_openssl(public_key, message, signature)
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def verify_by_openssl(public_key, message, signature):
    with tempfile.TemporaryDirectory() as place:
        names = {}
        for name, data in (("key", ED25519_SPKI + public_key), ("message", message), ("signature", signature)):
            names[name] = os.path.join(place, name)
            with open(names[name], "wb") as file:
                file.write(data)
        run = subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", names["key"],
                              "-rawin", "-in", names["message"], "-sigfile", names["signature"]],
                             capture_output=True, check=False)
    return run.returncode == 0


def parse_vkey(vkey):
    name, key_id, key = (vkey.split("+", 2) + ["", ""])[:3]
    material = decode_base64(key, "vkey")
    if len(material) != 33 or material[0] != 1:
        raise Fault("vkey: expected an Ed25519 key of type 0x01")
    if sha256(name.encode(), b"\n", material)[:4].hex() != key_id:
        raise Fault("vkey: the key id is not that of the key")
    return name, material[1:], bytes.fromhex(key_id)


def open_checkpoint(note, vkey):
    """Size and root that the log has signed."""
    name, public_key, key_id = parse_vkey(vkey)
    text, blank, lines = note.rpartition(b"\n\n")
    text += b"\n"
    if not blank or not lines.endswith(b"\n"):
        raise Fault("/checkpoint is not a signed note")
    verified = False
    for line in lines.decode().splitlines():
        words = line.split(" ")
        if len(words) != 3 or words[0] != "\u2014":
            raise Fault(f"/checkpoint: signature line {line!r}")
        blob = decode_base64(words[2], "/checkpoint: signature")
        if words[1] != name or blob[:4] != key_id:
            continue
        if len(blob) != 68 or not verify_ed25519(public_key, text, blob[4:]):
            raise Fault(f"/checkpoint: the signature of {name} does not verify")
        verified = True
    if not verified:
        raise Fault(f"/checkpoint is not signed by {name}")
    origin, size, root = (text.decode().split("\n") + ["", "", ""])[:3]
    if origin != name:
        raise Fault(f"/checkpoint is of {origin!r}, expected {name!r}")
    if not size.isascii() or not size.isdigit() or str(int(size)) != size:
        raise Fault(f"/checkpoint: size {size!r}")
    root = decode_base64(root, "/checkpoint: root")
    if len(root) != HASH_BYTES:
        raise Fault(f"/checkpoint: a root of {len(root)} bytes")
    return int(size), root


def split_bundle(bundle, count, path, first):
    """`count` entries, and what is left."""
    entries = []
    at = 0
    for i in range(count):
        end = at + 2 + int.from_bytes(bundle[at:at + 2], "big")
        if len(bundle) - at < 2 or end > len(bundle):
            raise Fault(f"{path} ends within entry {first + i}")
        entries.append(bundle[at + 2:end])
        at = end
    return entries, bundle[at:]


def read_bundle(site, n, count):
    path = f"/tile/entries/{tile_number(n)}"
    bundle, found = site.get_width(path, count)
    entries, rest = split_bundle(bundle, count, found, n * WIDTH)
    if rest and (found != path or count == WIDTH):
        raise Fault(f"{found}: {len(rest)} bytes follow the last entry")
    return entries


def read_tile(site, level, n, count):
    path = f"/tile/{level}/{tile_number(n)}"
    tile, found = site.get_width(path, count)
    expected = WIDTH if found == path else count
    if len(tile) != expected * HASH_BYTES:
        raise Fault(f"{found} has {len(tile)} bytes, expected {expected * HASH_BYTES}")
    return [tile[i * HASH_BYTES:(i + 1) * HASH_BYTES] for i in range(count)], found


def fold(hashes):
    while len(hashes) > 1:
        hashes = [node_hash(hashes[i], hashes[i + 1]) for i in range(0, len(hashes), 2)]
    return hashes[0]


def read_levels(site, size):
    """The hashes of all levels as served, each checked against what lies below it: entries, or full tiles."""
    levels = []
    below = None
    for level in range(8):
        count = size >> 8 * level
        hashes = []
        for n in range((count + WIDTH - 1) // WIDTH):
            width = min(WIDTH, count - n * WIDTH)
            served, path = read_tile(site, level, n, width)
            if level == 0:
                wanted = [leaf_hash(entry) for entry in read_bundle(site, n, width)]
            else:
                wanted = [fold(below[(n * WIDTH + i) * WIDTH:(n * WIDTH + i + 1) * WIDTH]) for i in range(width)]
            for i, (got, want) in enumerate(zip(served, wanted)):
                if got != want:
                    what = f"entry {n * WIDTH + i}" if level == 0 else f"tile {level - 1}/{n * WIDTH + i}"
                    raise Fault(f"{path}: hash {i} is not that of {what}")
            hashes += served
        if not hashes:
            break
        levels.append(hashes)
        below = hashes
    return levels


class Tree:
    """MTH of any range that RFC 6962 asks for, from the hashes in tiles."""

    def __init__(self, levels):
        self.levels = levels

    def root(self, start, end):
        leaves = end - start
        if leaves & (leaves - 1) == 0:
            level = min((leaves.bit_length() - 1) // 8, len(self.levels) - 1)
            return fold(self.levels[level][start >> 8 * level:end >> 8 * level])
        middle = start + split(leaves)
        return node_hash(self.root(start, middle), self.root(middle, end))

    def path(self, index, start, end):
        if end - start == 1:
            return []
        middle = start + split(end - start)
        if index < middle:
            return self.path(index, start, middle) + [self.root(middle, end)]
        return self.path(index, middle, end) + [self.root(start, middle)]

    def proof(self, older, start, end, whole):
        if older == end:
            return [] if whole else [self.root(start, end)]
        middle = start + split(end - start)
        if older <= middle:
            return self.proof(older, start, middle, whole) + [self.root(middle, end)]
        return self.proof(older, middle, end, False) + [self.root(start, middle)]


def split(leaves):
    """The largest power of two below the number of leaves."""
    return 1 << ((leaves - 1).bit_length() - 1)


def inclusion_holds(index, size, leaf, path, root):
    """RFC 9162 section 2.1.3.2."""
    fn, sn, r = index, size - 1, leaf
    if index >= size:
        return False
    for p in path:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node_hash(r, p)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and r == root


def consistency_holds(first, second, first_root, second_root, path):
    """RFC 9162 section 2.1.4.2, for 0 < first <= second."""
    if first == second:
        return not path and first_root == second_root
    if first & (first - 1) == 0:
        path = [first_root] + path
    if not path:
        return False
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node_hash(c, fr), node_hash(c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, c)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and fr == first_root and sr == second_root


def check_proofs(levels, size, root, count, rng):
    tree = Tree(levels)
    for _ in range(count):
        index, older = rng.randrange(size), rng.randint(1, size)
        if not inclusion_holds(index, size, levels[0][index], tree.path(index, 0, size), root):
            raise Fault(f"the inclusion path of entry {index} in {size} does not verify")
        proof = tree.proof(older, 0, size, True)
        if not consistency_holds(older, size, tree.root(0, older), root, proof):
            raise Fault(f"the consistency proof from {older} to {size} does not verify")


def check(base, vkey, count, rng):
    site = Site(base)
    note = site.get("/checkpoint")
    if note is None:
        raise Fault("/checkpoint is not there")
    size, root = open_checkpoint(note, vkey)
    levels = read_levels(site, size)
    if (Tree(levels).root(0, size) if size else sha256()) != root:
        raise Fault(f"/checkpoint: the root at size {size} is not that of the tiles")
    if size:
        check_proofs(levels, size, root, count, rng)
    return size, root


def main():
    try:
        base, vkey, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
        seed = int(sys.argv[4]) if len(sys.argv) > 4 else time.time_ns()
    except (IndexError, ValueError):
        print("usage: verify_log.py BASE_URL VKEY COUNT [SEED]", file=sys.stderr)
        return 2
    try:
        size, root = check(base, vkey, count, random.Random(seed))
    except Fault as fault:
        print(f"fault (seed {seed}): {fault}", file=sys.stderr)
        return 1
    proofs = count if size else 0
    print(f"ok: {size} entries, root {base64.b64encode(root).decode()}, {proofs} inclusion and {proofs} consistency "
          "proofs")
    return 0


if __name__ == "__main__":
    sys.exit(main())
