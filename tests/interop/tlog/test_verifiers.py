"""Two verifiers that are not ours find our log sound and every fault in it: Go's x/mod and one of plain Python.

    test_verifiers.py WRITE_LOG BUILD_DIR

WRITE_LOG is the program that writes a log's files; BUILD_DIR is where the Go verifier is built. Without Go, or without
its module, the tests fail and say so.
"""
import contextlib
import functools
import http.server
import os
import shutil
import socketserver
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
SEED = "42"


class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True


@contextlib.contextmanager
def serve(directory):
    """The directory's files on loopback; gives the base URL."""
    server = Server(("127.0.0.1", 0), functools.partial(Handler, directory=directory))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def run(arguments, **options):
    return subprocess.run([str(a) for a in arguments], capture_output=True, text=True, timeout=300, check=False, **options)


def build_go_verifier():
    program = BUILD / "gotlog"
    if not shutil.which("go"):
        raise RuntimeError("Go is not installed; the package is golang-go")
    built = run(["go", "build", "-o", program, "."], cwd=HERE / "gotlog",
                env={**os.environ, "GOFLAGS": "-mod=readonly -buildvcs=false"})
    if built.returncode != 0:
        raise RuntimeError("the Go verifier could not be built (its module is fetched once):\n" + built.stderr)
    return program


class VerifierTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.place.cleanup)
        cls.verifiers = {"python": [sys.executable, "-B", HERE / "verify_log.py"], "go": [build_go_verifier()]}
        cls.logs, cls.vkeys = {}, set()
        for size in (0, 1, 255, 256, 257, 300, 70000):
            cls.logs[size] = Path(cls.place.name) / str(size)
            cls.logs[size].mkdir()
            written = run([WRITE_LOG, cls.logs[size], size])
            if written.returncode != 0:
                raise RuntimeError(written.stderr)
            cls.vkeys.add(written.stdout.strip())
        (cls.vkey,) = cls.vkeys

    def verify(self, directory, count, vkey=None, seed=SEED):
        """What each verifier says of the log in that directory: name, status, text."""
        with serve(directory) as base:
            for name, command in self.verifiers.items():
                done = run([*command, base, vkey or self.vkey, count, seed])
                yield name, done.returncode, done.stdout + done.stderr

    def assert_sound(self, size, count):
        for name, code, text in self.verify(self.logs[size], count):
            with self.subTest(verifier=name, size=size):
                self.assertEqual(code, 0, text)
                self.assertIn(f"ok: {size} entries", text)
                self.assertIn(f"{count if size else 0} inclusion", text)

    def assert_fault(self, size, change, *words):
        """Both verifiers refuse the log once `change` was made to a copy of it, and name one of the words."""
        with tempfile.TemporaryDirectory(dir=self.place.name) as copy:
            shutil.copytree(self.logs[size], copy, dirs_exist_ok=True)
            change(Path(copy))
            for name, code, text in self.verify(copy, 20):
                with self.subTest(verifier=name, size=size):
                    self.assertEqual(code, 1, text)
                    self.assertTrue(any(word in text for word in words), text)

    def test_a_small_log_is_sound(self):
        for size in (0, 1, 255, 256, 257):
            self.assert_sound(size, 20)
        self.assert_sound(300, 500)

    def test_a_log_of_three_levels_is_sound(self):
        self.assert_sound(70000, 500)

    def test_the_root_is_that_of_the_vectors(self):
        for name, _, text in self.verify(self.logs[70000], 1):
            with self.subTest(verifier=name):
                self.assertIn("root o5IPun8jmgcam9EHIfE0Gt3vuu3ttBx+JEN6nRa98Ao=", text)

    def test_a_flipped_byte_anywhere_is_found(self):
        cases = [
            (300, "tile/0/000", 17 * 32, "entry 17"),
            (300, "tile/0/001.p/44", 43 * 32 + 31, "entry 299"),
            (300, "tile/1/000.p/1", 0, "tile 0/0"),
            (300, "tile/entries/000", 2705, "entry 255"),
            (300, "tile/entries/001.p/44", 3, "entry 256"),
            (300, "checkpoint", 22, "checkpoint"),
            (300, "checkpoint", 40, "checkpoint"),
            (300, "checkpoint", 130, "checkpoint"),
            (70000, "tile/0/200", 8191, "entry 51455"),
            (70000, "tile/1/000", 200 * 32, "tile 0/200"),
            (70000, "tile/1/001.p/17", 0, "tile 0/256"),
            (70000, "tile/2/000.p/1", 5, "tile 1/0"),
            (70000, "tile/entries/272", 1000, "entry 69708"),
            (70000, "tile/entries/273.p/112", 112 * 13 - 1, "entry 69999"),
        ]
        for size, name, at, *words in cases:
            def flip(log, name=name, at=at):
                data = bytearray((log / name).read_bytes())
                data[at] ^= 1
                (log / name).write_bytes(data)

            with self.subTest(file=name, byte=at):
                self.assert_fault(size, flip, *words)

    def test_a_missing_cut_or_longer_file_is_found(self):
        def cut(name, length):
            return lambda log: (log / name).write_bytes((log / name).read_bytes()[:length])

        def lengthen(name):
            return lambda log: (log / name).write_bytes((log / name).read_bytes() + b"\x00")

        self.assert_fault(300, lambda log: (log / "tile/0/000").unlink(), "/tile/0/000")
        self.assert_fault(300, lambda log: (log / "tile/entries/001.p/44").unlink(), "/tile/entries/001")
        self.assert_fault(300, lambda log: (log / "checkpoint").unlink(), "/checkpoint")
        self.assert_fault(300, cut("tile/0/001.p/44", 1407), "/tile/0/001")
        self.assert_fault(300, cut("tile/entries/000", 2700), "entry 255")
        self.assert_fault(300, lengthen("tile/0/000"), "/tile/0/000")
        self.assert_fault(300, lengthen("tile/entries/000"), "1 bytes follow")

    def test_the_full_tile_serves_where_a_partial_one_is_gone(self):
        """A log may delete partial tiles once the full ones exist: a checkpoint of 300 over the files of 70,000."""
        with tempfile.TemporaryDirectory(dir=self.place.name) as copy:
            shutil.copytree(self.logs[70000], copy, dirs_exist_ok=True)
            shutil.copy(self.logs[300] / "checkpoint", Path(copy) / "checkpoint")
            for name, code, text in self.verify(copy, 100):
                with self.subTest(verifier=name):
                    self.assertEqual(code, 0, text)
                    self.assertIn("ok: 300 entries", text)

    def test_another_key_is_refused(self):
        other = "license.example/audit+d607f39c" + self.vkey[len("license.example/audit+d607f39b"):]
        for name, code, text in self.verify(self.logs[300], 1, vkey=other):
            with self.subTest(verifier=name):
                self.assertEqual(code, 1, text)
                self.assertIn("vkey", text)

    def test_openssl_serves_where_cryptography_is_missing(self):
        sys.path.insert(0, str(HERE))
        import verify_log
        public_key = verify_log.parse_vkey(self.vkey)[1]
        text, _, lines = (self.logs[300] / "checkpoint").read_bytes().rpartition(b"\n\n")
        signature = verify_log.decode_base64(lines.decode().split(" ")[2].strip(), "signature")[4:]
        self.assertTrue(verify_log.verify_by_openssl(public_key, text + b"\n", signature))
        self.assertFalse(verify_log.verify_by_openssl(public_key, text, signature))


if __name__ == "__main__":
    WRITE_LOG, BUILD = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
