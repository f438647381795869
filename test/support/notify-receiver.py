"""Receives what services tell their manager, as systemd does, and prints each message as a line of JSON."""

import array
import json
import os
import socket
import sys
import time

listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
address = sys.argv[1]
listener.bind("\0" + address[1:] if address.startswith("@") else address)
os.set_inheritable(listener.fileno(), False)
print(json.dumps({"listening": True}), flush=True)
while True:
    data, ancillary, _, _ = listener.recvmsg(65536, socket.CMSG_SPACE(64))
    # A message with BARRIER=1 brings a file descriptor; closing it says that all before it was taken in.
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            descriptors = array.array("i")
            descriptors.frombytes(content[: len(content) - len(content) % descriptors.itemsize])
            for descriptor in descriptors:
                os.close(descriptor)
    lines = data.decode().splitlines()
    if lines != ["BARRIER=1"]:
        print(json.dumps({"at": time.monotonic(), "lines": lines}), flush=True)
