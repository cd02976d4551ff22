#!/usr/bin/env python3
"""Makes text.txt: frames, and the line that COVESA's dlt-convert -a (Debian 12: 2.18.8) prints for each.

Needs dlt-tools, libdlt-dev and a C compiler; the tests need none of them, they read text.txt.
The frames are built here and by libdlt_writer.c (linked with the incumbent's library), not by this project's code.

    python3 make_text_golden.py > text.txt
"""
import os
import struct
import subprocess
import sys
import tempfile

P = struct.pack
HERE = os.path.dirname(os.path.abspath(__file__))
cases = []  # (name, frame with storage header, what we print instead or None)


def frame(payload, noar=1, msin=0x41, htyp=0x3D, apid=b"APPA", ctid=b"CTX", ecu=b"ECU1", mcnt=7, tmsp=123456,
          secs=1700000000, us=123456):
    extra = b""
    if htyp & 4: extra += ecu.ljust(4, b"\0")
    if htyp & 8: extra += P(">I", 42)
    if htyp & 16: extra += P(">I", tmsp)
    if htyp & 1: extra += bytes([msin, noar]) + apid.ljust(4, b"\0") + ctid.ljust(4, b"\0")
    return (b"DLT\x01" + P("<Ii", secs, us) + b"STOR" + bytes([htyp, mcnt]) +
            P(">H", 4 + len(extra) + len(payload)) + extra + payload)


def add(name, *args, ours=None, **kw):
    cases.append((name, frame(*args, **kw), ours))


def t(v): return P("<I", v)
def s(b): return P("<H", len(b) + 1) + b + b"\0"
def nu(name, unit): return P("<HH", len(name) + 1, len(unit) + 1) + name + b"\0" + unit + b"\0"


Z = t(0x200) + s(b"Z")  # a second argument shows where the first one ended
NU = nu(b"name", b"sec")


def two(name, first, **kw): add(name, first + Z, noar=2, **kw)


def numbers():
    two("bool 1", t(0x11) + b"\1")
    two("bool 0", t(0x11) + b"\0")
    two("bool, length 32 in the type, one byte there", t(0x13) + b"\1")
    two("bool without a length", t(0x10) + b"\1")
    two("bool with a name", t(0x811) + s(b"flag") + b"\1")
    for code, f, v in ((1, "b", -128), (2, "h", -32768), (3, "i", -2147483648), (4, "q", -2**63)):
        two("sint %d" % 2**(code + 2), t(0x20 | code) + P("<" + f, v))
        add("sint %d big endian" % 2**(code + 2), P(">I", 0x20 | code) + P(">" + f, v), htyp=0x3F)
        two("sint %d with name and unit" % 2**(code + 2), t(0x820 | code) + NU + P("<" + f, -9))
    for code, f, v in ((1, "B", 255), (2, "H", 65535), (3, "I", 2**32 - 1), (4, "Q", 2**64 - 1)):
        two("uint %d" % 2**(code + 2), t(0x40 | code) + P("<" + f, v))
        add("uint %d big endian" % 2**(code + 2), P(">I", 0x40 | code) + P(">" + f, v), htyp=0x3F)
        two("uint %d with name and unit" % 2**(code + 2), t(0x840 | code) + NU + P("<" + f, 99))
        two("uint %d hex" % 2**(code + 2), t(0x10040 | code) + P("<" + f, 200))
        two("sint %d with a hex hint" % 2**(code + 2), t(0x10020 | code) + P("<" + f, 5))
    two("uint 8 bin", t(0x18041) + P("<B", 200))
    two("uint 16 bin", t(0x18042) + P("<H", 60000))
    two("name of length 0", t(0x843) + P("<HH", 0, 4) + b"sec\0" + P("<I", 99))
    two("unit of length 0", t(0x843) + P("<HH", 5, 0) + b"name\0" + P("<I", 99))
    two("name and unit of length 0", t(0x843) + P("<HH", 0, 0) + P("<I", 99))
    two("name of one NUL", t(0x843) + P("<HH", 1, 1) + b"\0\0" + P("<I", 99))
    for v in (0.0, -0.0, 1.5, 1e20, 1e-20, 3.14159265, float("inf"), float("-inf"), float("nan"), 123456789.0, 0.1, 100000.0,
              1000000.0, 0.0001, 0.00001):
        two("float 32 %r" % v, t(0x83) + P("<f", v))
        two("float 64 %r" % v, t(0x84) + P("<d", v))
    two("float 64 -nan", t(0x84) + bytes.fromhex("000000000000f8ff"))
    add("float 32 big endian", P(">I", 0x83) + P(">f", 2.5), htyp=0x3F)
    add("float 64 big endian", P(">I", 0x84) + P(">d", 2.5), htyp=0x3F)
    two("float 32 with name and unit", t(0x883) + NU + P("<f", 1.5))
    two("float 64 with name and unit", t(0x884) + NU + P("<d", 1.5))
    two("float 8", t(0x81) + b"\1")
    two("float 16", t(0x82) + P("<e", 1.5))
    add("float 16 big endian", P(">I", 0x82) + P(">e", 1.5), htyp=0x3F)
    two("float 128", t(0x85) + bytes(range(16)))
    two("sint 128", t(0x25) + bytes(range(16)))
    two("uint 128", t(0x45) + bytes(range(16)))
    two("uint 128 with name and unit", t(0x845) + NU + bytes(range(16)))
    add("uint 128 big endian", P(">I", 0x45) + bytes(range(16)), htyp=0x3F)
    two("fixed point uint 8", t(0x1041) + P("<fi", 0.5, 10) + b"\7")
    two("fixed point sint 16", t(0x1022) + P("<fi", 0.5, 10) + P("<h", -9))
    two("fixed point uint 32", t(0x1043) + P("<fi", 0.5, 10) + P("<I", 99))
    two("fixed point uint 64", t(0x1044) + P("<fq", 0.5, 10) + P("<Q", 99))
    two("fixed point uint 128", t(0x1045) + P("<f", 0.5) + bytes(16) + bytes(range(16)))
    two("fixed point uint 32 with name and unit", t(0x1843) + NU + P("<fi", 0.5, 10) + P("<I", 99))
    add("fixed point sint 64 big endian", P(">I", 0x1024) + P(">fqq", 2, 1, -4660), htyp=0x3F)
    two("sint and uint bits", t(0x63) + P("<i", -1))
    two("string and uint bits", t(0x243) + s(b"abc"))
    two("raw and uint bits", t(0x443) + P("<I", 3))
    two("array bit on nothing else", t(0x4000 >> 6))
    for code in (0, 6, 7, 15):
        two("sint of no length %d" % code, t(0x20 | code))
        two("uint of no length %d" % code, t(0x40 | code))
        two("float of no length %d" % code, t(0x80 | code))


def texts():
    two("string", t(0x200) + s(b"hello"))
    two("string UTF-8", t(0x8200) + s("grüß".encode()))
    two("string without NUL", t(0x200) + P("<H", 5) + b"hello")
    two("string of one NUL", t(0x200) + P("<H", 1) + b"\0")
    two("string with a NUL inside", t(0x200) + P("<H", 6) + b"he\0lo\0")
    two("string with a name", t(0xA00) + P("<HH", 6, 5) + b"name\0hello\0")
    two("string with a name of length 0", t(0xA00) + P("<HH", 6, 0) + b"hello\0")
    two("every byte in a string", t(0x200) + s(bytes(c for c in range(1, 256))))
    two("string of another coding", t(0x10200) + s(b"hello"))
    two("string of a reserved coding", t(0x38200) + s(b"hello"))
    add("string big endian", P(">I", 0x200) + P(">H", 3) + b"ab\0", htyp=0x3F)
    two("long string", t(0x200) + s(b"x" * 3000))
    two("raw", t(0x400) + P("<H", 5) + b"hello")
    two("raw of length 0", t(0x400) + P("<H", 0))
    two("raw with a name", t(0xC00) + P("<HH", 3, 5) + b"name\0\1\2\3")
    for kind in (0x10401, 0x10402, 0x10403, 0x10404, 0x18401, 0x18402, 0x10400):
        two("raw %x" % kind, t(kind) + P("<H", 8) + bytes(range(8)))
    two("trace info", t(0x2000) + s(b"trace"))
    two("trace info with a line break", t(0x2000) + s(b"tr\nace"))
    two("trace info with a NUL inside", t(0x2000) + P("<H", 6) + b"he\0lo\0")
    two("trace info without NUL", t(0x2000) + P("<H", 3) + b"abc")
    add("three empty strings", (t(0x200) + s(b"")) * 3, noar=3)
    add("255 arguments", (t(0x200) + s(b"abcdefghi")) * 255, noar=255)
    add("three types big endian", P(">I", 0x23) + P(">i", -77) + P(">I", 0x200) + P(">H", 3) + b"ab\0" + P(">I", 0x84) +
        P(">d", 2.5), noar=3, htyp=0x3F)


def broken():
    two("no type at all", t(0))
    two("a length and no type", t(3) + P("<I", 1))
    add("no arguments", b"", noar=0)
    add("no arguments, payload nevertheless", t(0x23) + P("<i", 1), noar=0)
    add("more arguments announced than there", t(0x23) + P("<i", 1), noar=2)
    add("two more arguments announced than there", t(0x23) + P("<i", 1), noar=3)
    add("fewer arguments announced than there", t(0x23) + P("<i", 1) + t(0x23) + P("<i", 2))
    for name, cut in (("type info", b"\1\2"), ("int", t(0x23) + b"\1\2"), ("string", t(0x200) + P("<H", 10) + b"abc"),
                      ("string length", t(0x200) + b"\1"), ("raw", t(0x400) + P("<H", 8) + b"\1\2\3"),
                      ("raw length", t(0x400) + b"\1"), ("bool", t(0x11)), ("uint 64", t(0x44) + b"\1" * 7),
                      ("names", t(0x843) + P("<HH", 5, 4) + b"na"), ("string name", t(0xA00) + P("<HH", 6, 50) + b"na"),
                      ("fixed point", t(0x1043) + P("<f", 1)), ("hex", t(0x10043) + b"\1"), ("bin", t(0x18042) + b"\1"),
                      ("uint 128", t(0x45) + b"\1" * 15), ("trace info", t(0x2000) + P("<H", 10) + b"abc")):
        add("cut in " + name, cut)
        add("second argument cut in " + name, Z + cut, noar=2)


def headers():
    hi = t(0x200) + s(b"hi")
    for h in range(0x20, 0x40):
        order = ">" if h & 2 else "<"
        if h & 1: add("htyp %02x" % h, P(order + "IH", 0x200, 3) + b"hi\0", htyp=h)
        else: add("htyp %02x" % h, P(order + "I", 77) + b"abc", htyp=h)
    for m in range(0, 256):
        add("msin %02x" % m, hi if m & 1 else t(0x13) + b"\0ab\x00\xff", msin=m)
    for n in (b"", b"A", b"AB", b"ABC", b"ABCD", b"A\0CD", b"\xff\xfe", b"A B"):
        add("ids %s" % n.hex(), hi, apid=n, ctid=n, ecu=n)
    add("time stamp at its end", hi, tmsp=0xFFFFFFFF)
    add("time stamp 0", hi, tmsp=0)
    add("counter 255", hi, mcnt=255)
    add("7 microseconds", hi, us=7)
    add("-7 microseconds", hi, us=-7)
    add("too many microseconds", hi, us=1234567)
    add("seconds 0", hi, secs=0)
    add("seconds at their end", hi, secs=0xFFFFFFFF)
    add("29 February", hi, secs=1709164800)
    add("last second of a leap year", hi, secs=1735689599)


def control():
    for i in list(range(0, 0x17)) + [0xF01, 0xF02, 0xF03, 0xF04, 0xF05, 0xF06, 0xF07, 0xF08, 0xF09, 0xFFF, 0x1000, 0xFFFFFFFF]:
        add("request %x" % i, t(i) + b"ab", msin=0x16, htyp=0x35)
        add("response %x" % i, t(i) + b"\0ab", msin=0x26, htyp=0x35)
    for status in range(0, 12): add("status %d" % status, t(3) + bytes([status]) + b"ab", msin=0x26)
    add("response without status", t(3), msin=0x26)
    add("response of a status only", t(3) + b"\0", msin=0x26)
    add("response of 3 bytes", b"\1\2\3", msin=0x26)
    add("response of nothing", b"", msin=0x26)
    add("request of nothing", b"", msin=0x16)
    add("request of an id", t(3), msin=0x16)
    add("time", b"", noar=0, msin=0x36, htyp=0x35, apid=b"", ctid=b"")
    add("time with an id", t(3) + b"ab", msin=0x36)
    add("time with an unknown id", t(0x1000) + b"ab", msin=0x36)
    add("request big endian", P(">I", 0x1000) + b"ab", msin=0x16, htyp=0x37)
    for n in (0, 3, 4, 5): add("not verbose, %d bytes" % n, (t(5) + b"a")[:n], msin=0x40)
    add("not verbose big endian", P(">I", 5) + b"ab\xff\0", msin=0x40, htyp=0x3F)
    add("no extended header big endian", P(">I", 5) + b"ab\xff\0", htyp=0x3E)
    add("no extended header, 2 bytes", b"ab", htyp=0x3C)
    add("long, not verbose", t(5) + bytes(range(256)) * 4, msin=0x40)


def deviations():
    """Where the incumbent prints rubbish, nothing, or stops: ours is what the bytes say."""
    two("bool 2", t(0x11) + b"\2", ours="1 Z")
    two("hex with a name", t(0x10843) + NU + P("<I", 99), ours="0x00000063 Z")
    two("bin with a name", t(0x18841) + NU + P("<B", 99), ours="0b0110 0011 Z")
    two("hex and fixed point", t(0x11043) + P("<fi", 0.5, 10) + P("<I", 99), ours="0x00000063 Z")
    add("hex big endian", P(">I", 0x10042) + P(">H", 0x1234), htyp=0x3F, ours="0x1234")
    add("bin big endian", P(">I", 0x18042) + P(">H", 0x1234), htyp=0x3F, ours="0b0001 0010 0011 0100")
    two("bin 32", t(0x18043) + P("<I", 7), ours="0b0000 0000 0000 0000 0000 0000 0000 0111 Z")
    two("fixed point float", t(0x1083) + P("<fi", 0.5, 10) + P("<f", 99), ours="99 Z")
    two("array of uint 32", t(0x143) + P("<HH", 1, 2) + P("<II", 1, 2), ours="[1 2] Z")
    two("array of 2 x 2 named sint 16", t(0x922) + P("<HHH", 2, 2, 2) + NU + P("<hhhh", 1, -2, 3, -4), ours="[1 -2 3 -4] Z")
    two("structure", t(0x4000) + P("<H", 2) + t(0x11) + b"\1" + t(0x200) + s(b"in"), ours="{1 in} Z")
    two("named structure", t(0x4800) + P("<HH", 1, 5) + b"name\0" + t(0x23) + P("<i", -5), ours="{-5} Z")
    two("trace info with a name", t(0x2800) + P("<HH", 6, 5) + b"name\0hello\0", ours="hello Z")
    two("string of length 0", t(0x200) + P("<H", 0), ours=" Z")
    two("trace info of length 0", t(0x2000) + P("<H", 0), ours=" Z")
    two("text beyond 10 KB", t(0x200) + s(b"x" * 11000), ours="x" * 11000 + " Z")


def from_libdlt(folder):
    writer, out = os.path.join(folder, "writer"), os.path.join(folder, "libdlt.dlt")
    subprocess.run(["cc", os.path.join(HERE, "libdlt_writer.c"), "-o", writer, "-ldlt"], check=True)
    subprocess.run([writer, out], check=True, timeout=20, env={**os.environ, "DLT_PIPE_DIR": folder},
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    data, n = open(out, "rb").read(), 0
    while data:
        size = 16 + struct.unpack(">H", data[18:20])[0]
        cases.append(("libdlt message %d" % n, data[:size], None))
        data, n = data[size:], n + 1


def escape(b):
    return "".join(chr(c) if 0x20 <= c < 0x7F and chr(c) not in "\\;" else "\\x%02x" % c for c in b)


def main():
    for part in (numbers, texts, broken, headers, control, deviations): part()
    with tempfile.TemporaryDirectory() as folder:
        from_libdlt(folder)
        path = os.path.join(folder, "all.dlt")
        with open(path, "wb") as f: f.write(b"".join(c[1] for c in cases))
        printed = subprocess.run(["dlt-convert", "-a", path], capture_output=True, timeout=60,
                                 env={**os.environ, "TZ": "UTC"}).stdout
    lines = printed.split(b"\n")[:-1]
    assert len(lines) == len(cases), (len(lines), len(cases))
    print("# Frames and the lines that COVESA dlt-convert -a (2.18.8, Debian 12) prints for them with TZ=UTC, as made by")
    print("# make_text_golden.py. Neither the frames nor the lines were made by this project's code.")
    print("#")
    print("#   name ; storage header and frame ; line (\\xNN: a byte) ; payload that this project prints instead, if any")
    print("")
    for n, ((name, data, ours), line) in enumerate(zip(cases, lines)):
        prefix = b"%d " % n
        assert line.startswith(prefix), line
        fields = [name, data.hex(" "), escape(line[len(prefix):])]
        if ours is not None: fields.append("=" + escape(ours.encode()))
        print(" ; ".join(fields))


if __name__ == "__main__":
    sys.exit(main())
