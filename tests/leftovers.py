"""What a test leaves behind when it ends before its time, killed, out of time or by Ctrl-C: a process of its own hears of
every directory that the test makes. When the test is gone, however it went, that process ends whoever still works in
those directories, and removes them."""
import atexit
import os
import shutil
import signal
import subprocess
import sys


class Leftovers:
    """The test's side. It tells the other process; nothing is asked back."""

    def __init__(self):
        self.process = None

    def directory(self, path):
        if not self.process:
            self.process = subprocess.Popen([sys.executable, "-B", os.path.abspath(__file__)], stdin=subprocess.PIPE,
                                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                            start_new_session=True)
            atexit.register(self.end)
        self.process.stdin.write(os.fsencode(path) + b"\n")
        self.process.stdin.flush()

    def end(self):
        if self.process:
            self.process.stdin.close()
            self.process.wait()
            self.process = None


def read_link(path):
    try:
        return os.fsencode(os.readlink(path))
    except OSError:
        return b""


def read_words(path):
    try:
        with open(path, "rb") as file:
            return file.read().split(b"\0")
    except OSError:
        return []


def workers(directories):
    """The processes whose working directory, or an argument, lies in one of the directories."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        places = [read_link(f"/proc/{pid}/cwd"), *read_words(f"/proc/{pid}/cmdline")]
        if int(pid) != os.getpid() and any((place + b"/").startswith(directory + b"/")
                                           for place in places for directory in directories):
            yield int(pid)


def clear(directories):
    for pid in workers(directories) if directories else ():
        try:
            os.kill(pid, signal.SIGKILL)
        except OSError:
            pass  # it ended by itself
    for path in reversed(directories):
        if os.path.ismount(path):
            subprocess.run(["umount", "--lazy", path], check=False)
        shutil.rmtree(path, ignore_errors=True)


if __name__ == "__main__":
    clear([path for path in sys.stdin.buffer.read().split(b"\n") if os.path.isabs(path) and os.path.isdir(path)])
