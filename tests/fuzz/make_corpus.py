#!/usr/bin/env python3
"""Makes the seeds of corpus/ that come from tests/golden: bytes of the incumbent, cut to what each target reads.

    python3 make_corpus.py          writes those corpus/<target>/seed-*; the others, and what fuzzing added, stay
"""
import os

HERE = os.path.dirname(os.path.abspath(__file__))
GOLDEN = os.path.join(HERE, "..", "golden")


def fields(name):
    for line in open(os.path.join(GOLDEN, name)):
        if line.strip() and line[0] != "#": yield [f.strip() for f in line.rstrip("\n").split(" ;")]


def write(target, name, data):
    folder = os.path.join(HERE, "corpus", target)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "seed-" + name), "wb") as f: f.write(data)


frames = [bytes.fromhex(f[1]) for f in fields("text.txt") if not f[0].startswith("msin") and len(f[1]) < 1500]
session = list(fields("control-session.txt"))
requests = [bytes.fromhex("010000004150504143545842" "05" "72656d6f"), bytes.fromhex("0300000007" "00000000" "00000000" "72656d6f"),
            bytes.fromhex("00100000" "05000000" "68656c6c6f"), bytes.fromhex("13000000"), bytes.fromhex("0b00000001"),
            bytes.fromhex("060f000001000000" "45435532"), bytes.fromhex("110000000672656d6f")]
splits = bytes([3, 0, 40, 7])

for n, f in enumerate(frames[::6]): write("message", "%03d" % n, f[16:])
for n in range(0, len(frames), 60): write("storage", "%03d" % n, splits + b"".join(frames[n:n + 12]))
for n in range(0, len(frames), 60): write("framer", "%03d" % n, splits + b"".join(f[16:] for f in frames[n:n + 12]))
write("framer", "serial", splits + b"".join(b"DLS\x01" + f[16:] for f in frames[:5]))
write("framer", "rubbish", splits + frames[0][16:] + b"GET / HTTP/1.1\r\n\r\n" + b"".join(f[16:] for f in frames[:6]))
payloads = sorted({f[6] for f in session if f[0] == "client" and f[2] == "26"})
for n, p in enumerate(payloads): write("control", "response-%02d" % n, b"\0" + bytes.fromhex(p))
for n, p in enumerate(requests): write("control", "request-%02d" % n, b"\0" + p)
to_app = b"".join(bytes.fromhex(f[2]) for f in session if f[0] == "app" and len(f) > 2)
write("local", "to-app", splits + to_app)
write("local", "log", splits + b"".join(b"DUH\x01\x01\0\0\0" + f[16:] for f in frames[:8]))
u32 = lambda v: v.to_bytes(4, "little")
duh = lambda kind, body: b"DUH\x01" + u32(kind) + body
some = b"".join(f[16:] for f in frames[:4])
for kind, body in ((2, b"APPA" + u32(77) + u32(4) + b"text"), (3, b"APPA" + u32(77)),
                   (4, b"APPACTXB" + u32(1) + b"\xfe\xfe" + u32(77) + u32(4) + b"text"), (5, b"APPACTXB" + u32(77)),
                   (8, u32(9) + b"APPA"), (9, b"APPA\x04\x01"), (11, b"\3"), (13, b"\0"), (14, u32(1) + b"CTXB" + u32(1) + u32(2)),
                   (0x100, u32(1) + u32(31) + u32(77) + b"ECU1" + u32(3600) + u32(4) + b"name"),
                   (0x101, u32(len(some)) + u32(1) + u32(2) + u32(0) + some), (0x102, u32(1) + u32(65536) + u32(1 << 20) + u32(0)),
                   (0x103, b"APPA" + u32(1) + bytes([0, 1, 0, 0]) + u32(5) + u32(0)), (0x104, b"APPA" + u32(1) + bytes(100)),
                   (0x105, bytes([255, 2, 0, 0]) + u32(100)), (0x106, b"")):
    write("local", "%03x" % kind, splits + duh(kind, body) + duh(6, bytes([4, 0, 0, 0, 0, 0])))

# The incumbent's FIFO: whole messages, one torn, one that holds others.
log = lambda f: duh(1, f)
large = lambda n: log(b"\x3d\0" + (26 + n).to_bytes(2, "big") + frames[0][20:42] + b"x" * n)
register = duh(2, b"APPA" + u32(77) + u32(4) + b"text") + duh(4, b"APPACTXB" + u32(1) + b"\xfe\xfe" + u32(77) + u32(4) + b"text")
plain = register + b"".join(log(f[16:]) for f in frames[:3]) + duh(13, b"") + duh(8, u32(9) + b"APPA")
write("fifo", "plain", splits + plain)
write("fifo", "torn", bytes([1, 199]) + plain + log(frames[0][16:])[:30] + plain)
write("fifo", "torn-large", bytes([0]) + large(6000)[:4096] + plain)
write("fifo", "lined-up", bytes([0]) + large(4096 + len(plain) - 34)[:4096] + plain + plain)
write("fifo", "nested", bytes([0]) + log(b"\x3d\0" + (26 + len(plain)).to_bytes(2, "big") + frames[0][20:42] + plain) + plain)

# arena_fuzz.cpp says where the parts of an input go: the front, three slots, three chunk headers, frames.
u64 = lambda v: v.to_bytes(8, "little")
put = lambda at, data, room: bytes(at) + data + bytes(room - at - len(data))
front = b"DLTARENA" + u32(2) + u32(77) + u32(16384) + u32(16) + u64(0x18000 + 3 * 16384) + u64(80 * 1024) + u64(0x18000) + bytes(16)
slot = u32(1) + u32(2) + bytes(96) + u64(9) + bytes(144)
few = b"".join(f[16:] for f in frames[:3] if len(f) < 400)[:300]
n = len(frames[0]) - 16
def chunk(number, slot, data, count, sent, sent_frames, state):
    return put(0, u32(len(data)) + u32(count) + u32(number) + u32(slot) + u32(16384) + bytes(44) + u32(sent) + u32(sent_frames) + u32(state)
               + bytes(52) + data[:64], 192)
one = frames[0][16:]
for name, carry, states, changes in (("plain", bytes(64), (0, 0, 0), 0), ("reclaimed", bytes(64), (2, 3, 1), 0),
                                     ("carry", u32(n) + u32(0) + u32(1) + u32(1) + u32(0) + bytes(44), (0, 0, 0), 0), ("changing", bytes(64), (0, 0, 0), 200)):
    chunks = b"".join(chunk(i + 1, 1, one, 1, 0, 0, state) for i, state in enumerate(states))
    write("arena", name, bytes([changes]) + front + carry + bytes(64) + slot + slot + bytes(256) + chunks + one[:256].ljust(256, b"\0") + one)
