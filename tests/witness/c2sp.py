"""Signed notes, checkpoints, cosignatures and what logs send to witnesses, written from the C2SP specifications and RFC
8032 alone, with nothing but Python's standard library: the other side of our own code.
"""
import base64
import hashlib
import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "api"))
from api_world import leaf_hash, node_hash, tree_root  # noqa: E402

# ---- Ed25519 (RFC 8032 section 5.1): slow, and meant to be read ----

P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)


def _recover_x(y, sign):
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * SQRT_M1 % P
    if (x * x - x2) % P or (x == 0 and sign):
        return None
    return P - x if x & 1 != sign else x


def _add(a, b):
    x1, y1, z1, t1 = a
    x2, y2, z2, t2 = b
    m, n = (y1 - x1) * (y2 - x2) % P, (y1 + x1) * (y2 + x2) % P
    c, d = 2 * t1 * t2 * D % P, 2 * z1 * z2 % P
    e, f, g, h = n - m, d - c, d + c, n + m
    return e * f % P, g * h % P, f * g % P, e * h % P


def _multiply(number, point):
    result = (0, 1, 1, 0)
    while number:
        if number & 1:
            result = _add(result, point)
        point = _add(point, point)
        number >>= 1
    return result


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE_X = _recover_x(BASE_Y, 0)
BASE = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


def _compress(point):
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _decompress(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    x = _recover_x(y, sign) if y < P else None
    return None if x is None else (x, y, 1, x * y % P)


def _expand(seed):
    digest = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(digest[:32], "little")
    return scalar & (1 << 254) - 8 | 1 << 254, digest[32:]


def _challenge(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little") % Q


def public_key(seed):
    return _compress(_multiply(_expand(seed)[0], BASE))


def sign(seed, message):
    scalar, prefix = _expand(seed)
    public = _compress(_multiply(scalar, BASE))
    nonce = _challenge(prefix, message)
    point = _compress(_multiply(nonce, BASE))
    return point + ((nonce + _challenge(point, public, message) * scalar) % Q).to_bytes(32, "little")


def verifies(public, message, signature):
    key, point = _decompress(public), _decompress(signature[:32])
    number = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or key is None or point is None or number >= Q:
        return False
    left = _multiply(number, BASE)
    right = _add(point, _multiply(_challenge(signature[:32], public, message), key))
    return _compress(left) == _compress(right)


# ---- Keys and notes ----

NOTE, COSIGNATURE = 1, 4
DASH = "\u2014 "


def b64(data):
    return base64.b64encode(data).decode()


class Key:
    """A verifier key; with a seed it signs, too."""

    def __init__(self, name, kind, public, seed=None):
        self.name, self.kind, self.public, self.seed = name, kind, public, seed
        self.material = bytes([kind]) + public
        self.id = hashlib.sha256(name.encode() + b"\n" + self.material).digest()[:4]
        self.vkey = f"{name}+{self.id.hex()}+{b64(self.material)}"

    @classmethod
    def parse(cls, vkey):
        name, key_id, material = vkey.split("+", 2)
        data = base64.b64decode(material, validate=True)
        key = cls(name, data[0], data[1:])
        assert key.id.hex() == key_id, vkey
        return key

    @classmethod
    def made(cls, name, kind, seed):
        return cls(name, kind, public_key(seed), seed)

    @property
    def private(self):
        return f"PRIVATE+KEY+{self.name}+{self.id.hex()}+{b64(bytes([self.kind]) + self.seed)}"

    def message(self, text, at):
        return text.encode() if self.kind == NOTE else f"cosignature/v1\ntime {at}\n{text}".encode()

    def line(self, text, at=0):
        stamp = b"" if self.kind == NOTE else struct.pack(">Q", at)
        return f"{DASH}{self.name} {b64(self.id + stamp + sign(self.seed, self.message(text, at)))}\n"

    def time_of(self, text, line):
        """When the line was signed (0 for a plain signature); None when it is not this key's, or does not verify."""
        words = line.split(" ")
        blob = base64.b64decode(words[2], validate=True)
        if words[1] != self.name or blob[:4] != self.id:
            return None
        stamp, signature = (0, blob[4:]) if self.kind == NOTE else (struct.unpack(">Q", blob[4:12])[0], blob[12:])
        return stamp if verifies(self.public, self.message(text, stamp), signature) else None


def parts_of(note):
    """The text of a signed note, and its signature lines."""
    text, _, lines = note.rpartition("\n\n")
    return text + "\n", lines.splitlines()


def signers(note, keys):
    """The names of those keys whose signatures stand on the note and verify."""
    text, lines = parts_of(note)
    return [key.name for key in keys if any(key.time_of(text, line) is not None for line in lines)]


def head_of(note):
    lines = note.split("\n")
    return lines[0], int(lines[1]), base64.b64decode(lines[2])


# ---- A log of its own ----

def consistency(leaves, older, whole=True):
    """RFC 6962 section 2.1.2: SUBPROOF(older, leaves, whole)."""
    if older == len(leaves):
        return [] if whole else [tree_root(leaves)]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    if older <= split:
        return consistency(leaves[:split], older, whole) + [tree_root(leaves[split:])]
    return consistency(leaves[split:], older - split, False) + [tree_root(leaves[:split])]


class Log:
    """A log that anything can be made of: also two of one key."""

    def __init__(self, name, seed=b"\x01" * 32, flavour=""):
        self.key = Key.made(name, NOTE, seed)
        self.leaves = []
        self.flavour = flavour

    def grow(self, size):
        while len(self.leaves) < size:
            self.leaves.append(leaf_hash(f"{self.flavour}entry {len(self.leaves)}".encode()))
        return self

    def text(self, size):
        return f"{self.key.name}\n{size}\n{b64(tree_root(self.grow(size).leaves[:size]))}\n"

    def note(self, size):
        text = self.text(size)
        return text + "\n" + self.key.line(text)

    def proof(self, older, size):
        return consistency(self.grow(size).leaves[:size], older) if 0 < older < size else []

    def request(self, older, size):
        return request(older, self.proof(older, size), self.note(size))

    @property
    def page(self):
        return "/" + hashlib.sha256(self.key.name.encode()).hexdigest() + "/checkpoint"


def request(older, proof, note):
    return (f"old {older}\n" + "".join(b64(h) + "\n" for h in proof) + "\n" + note).encode()
