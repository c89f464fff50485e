"""A service manager for tests: it starts the program of the release in use, as systemd does with Type=notify."""

import os
import socket
import subprocess
from contextlib import suppress


class TestManager:
    """Waits for the first datagram of the agent, or for its end. `heard`: what the agents have told."""

    __test__ = False

    def __init__(self, folder, program, config, watchdog_s=60.0):
        self.path = folder / "notify"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.path))
        self.words = [str(program), "edge", "run", "--config", str(config)]
        self.environment = {
            **os.environ,
            "NOTIFY_SOCKET": str(self.path),
            "WATCHDOG_USEC": str(int(watchdog_s * 1e6)),
        }
        self.process, self.said = None, ""

    def restart(self):
        self.stop()
        self.process = subprocess.Popen(self.words, env=self.environment, stderr=subprocess.PIPE, text=True)
        self.socket.settimeout(0.1)
        while self.process.poll() is None:
            with suppress(TimeoutError):
                if "READY=1" in self.hear():
                    return ""
        self.said = self.process.stderr.read()
        return f"the agent ended with status {self.process.returncode}"

    def hear(self):
        """The lines of the next datagram."""
        return self.socket.recv(4096).decode().splitlines()

    def stop(self):
        """End the agent, and return what it told last."""
        told = []
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(20)
            self.socket.settimeout(5)
            while "STOPPING=1" not in told:
                told = self.hear()
        if self.process:
            self.process.stderr.close()
            self.process = None
        return told
