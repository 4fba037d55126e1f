"""Runs a command on a pseudo-terminal: on-pty.py ROWS COLUMNS COMMAND...

What the command prints goes to the output. Orders come as lines: `size ROWS COLUMNS`,
`keys HEX`, `signal NAME`.
The exit code is the command's; terminal modes that it left changed are told at the end.
"""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios


def set_size(terminal, rows, columns):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def obey(terminal, child, line):
    order, _, rest = line.strip().partition(" ")
    if order == "size":
        set_size(terminal, *map(int, rest.split()))
    elif order == "keys":
        os.write(terminal, bytes.fromhex(rest))
    elif order == "signal":
        child.send_signal(signal.Signals[rest])


def modes(terminal):
    return repr(termios.tcgetattr(terminal)[:4])


def main():
    rows, columns, *command = sys.argv[1:]
    master, slave = pty.openpty()
    set_size(master, int(rows), int(columns))
    before = modes(slave)
    child = subprocess.Popen(
        command,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    watched = [master, 0]
    while child.poll() is None:
        ready, _, _ = select.select(watched, [], [], 0.05)
        if master in ready:
            os.write(1, os.read(master, 65536))
        if 0 in ready:
            data = os.read(0, 65536)
            if not data:
                watched.remove(0)
            for line in data.decode().splitlines():
                obey(master, child, line)
    while select.select([master], [], [], 0.1)[0]:
        os.write(1, os.read(master, 65536))
    os.write(1, b"" if modes(slave) == before else b"MODES CHANGED")
    sys.exit(child.returncode if child.returncode >= 0 else 128 - child.returncode)


main()
