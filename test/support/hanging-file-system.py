"""Mounts an empty FUSE file system that takes every request and never answers.

usage: hanging-file-system.py MOUNTPOINT      (as root; prints "mounted", unmounts when killed)
"""

import ctypes
import os
import struct
import sys

OPCODE_INIT = 26
IN_HEADER = struct.Struct("<IIQ")
OUT_HEADER = struct.Struct("<IiQ")
# major, minor, max_readahead, flags, max_background, congestion_threshold, max_write, time_gran,
# max_pages, map_alignment and reserve: struct fuse_init_out of the kernel's fuse.h
INIT_OUT = struct.Struct("<IIIIHHIIHHI28x")

mount_point = sys.argv[1].encode()
device = os.open("/dev/fuse", os.O_RDWR)
options = f"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other".encode()
libc = ctypes.CDLL(None, use_errno=True)
if libc.mount(b"hanging", mount_point, b"fuse.hanging", 0, options) != 0:
    sys.exit(os.strerror(ctypes.get_errno()))
print("mounted", flush=True)

while True:
    try:
        request = os.read(device, 1 << 20)
    except OSError:
        sys.exit(0)
    _, opcode, unique = IN_HEADER.unpack_from(request)
    if opcode == OPCODE_INIT:
        body = INIT_OUT.pack(7, 31, 65536, 0, 12, 9, 65536, 1, 0, 0, 0)
        os.write(device, OUT_HEADER.pack(OUT_HEADER.size + len(body), 0, unique) + body)
