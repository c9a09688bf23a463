"""Another implementation of docs/manifest-format.md, which shares no line with ours: Python, and the system's b3sum.

python3 another.py: builds every vector of this folder from its inputs and says which are not what the files have.
"""

import base64
import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile

here = pathlib.Path(__file__).parent


known = {}


def blake3(data):
    if data not in known:
        ask([data])
    return known[data]


def ask(inputs):
    """Many at once: starting a program takes longer than its work."""
    with tempfile.TemporaryDirectory() as folder:
        for index, data in enumerate(inputs):
            pathlib.Path(folder, str(index)).write_bytes(data)
        names = [str(index) for index in range(len(inputs))]
        done = subprocess.run(["b3sum", "--no-names", *names], cwd=folder, stdout=subprocess.PIPE, check=True)
    for data, line in zip(inputs, done.stdout.decode().split()):
        known[data] = bytes.fromhex(line)


def sha256(data):
    return hashlib.sha256(data).digest()


def number(value):
    if value < 0x80:
        return bytes([value])
    for tag, size in ((0xCC, 1), (0xCD, 2), (0xCE, 4), (0xCF, 8)):
        if value < 1 << (8 * size):
            return bytes([tag]) + value.to_bytes(size, "big")
    raise ValueError(value)


def sized(tags, data):
    for tag, size in zip(tags, (1, 2, 4)):
        if len(data) < 1 << (8 * size):
            return bytes([tag]) + len(data).to_bytes(size, "big") + data
    raise ValueError(len(data))


def pack(value):
    if value is False or value is True:
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, int):
        return number(value)
    if isinstance(value, bytes):
        return sized((0xC4, 0xC5, 0xC6), value)
    if isinstance(value, str):
        data = value.encode()
        return bytes([0xA0 | len(data)]) + data if len(data) < 32 else sized((0xD9, 0xDA, 0xDB), data)
    assert len(value) < 16
    return bytes([0x90 | len(value)]) + b"".join(map(pack, value))


def written(node):
    size, digest = node
    return size.to_bytes(8, "big") + digest


def split(low, high):
    half = 1
    while 2 * half < high - low:
        half *= 2
    return low + half


def tree(leaves, low, high, hash):
    if high - low == 0:
        return 0, hash(b"")
    if high - low == 1:
        return leaves[low]
    middle = split(low, high)
    left, right = tree(leaves, low, middle, hash), tree(leaves, middle, high, hash)
    return left[0] + right[0], hash(written(left) + written(right))


def proof(leaves, low, high, run, hash):
    """Of leaves from run[0] up to, not including, run[1]."""
    if run[0] == run[1] or (low >= run[0] and high <= run[1]):
        return b""
    if high <= run[0] or low >= run[1]:
        return written(tree(leaves, low, high, hash))
    middle = split(low, high)
    return proof(leaves, low, middle, run, hash) + proof(leaves, middle, high, run, hash)


def pattern(length):
    return bytes(i % 251 for i in range(length))


def build(given):
    """All that is in the file for one set, from its inputs."""
    hash = blake3 if given["hash"] == "blake3" else sha256
    content = b"".join(pattern(file["bytes"]) for file in given["files"])
    chunking = given["chunking"]
    ends = given.get("chunkSizes")
    if ends is None:
        size = chunking["chunkBytes"]
        ends = [min(size, len(content) - at) for at in range(0, len(content), size)]
    chunks, at = [], 0
    for size in ends:
        chunks.append(content[at : at + size])
        at += size
    files = [[f["path"], f["bytes"], 1 if f["executable"] else 0] for f in given["files"]]
    entries = sorted(files + [[path, 0, 2] for path in given["emptyFolders"]], key=lambda entry: entry[0].encode())
    ask([*chunks, *map(pack, entries), b""])
    entry_leaves = [(entry[1], hash(pack(entry))) for entry in entries]
    chunk_leaves = [(len(chunk), hash(chunk)) for chunk in chunks]
    entries_root = tree(entry_leaves, 0, len(entry_leaves), hash)[1]
    chunks_root = tree(chunk_leaves, 0, len(chunk_leaves), hash)[1]
    fixed = chunking["kind"] == "fixed"
    cut = [chunking["chunkBytes"]] if fixed else [chunking[key] for key in ("minBytes", "averageBytes", "maxBytes")]
    counts = [len(content), len(chunks), len(entries)]
    head = [1, given["kind"] == "folder", given["name"], given["hash"], cut, *counts, entries_root, chunks_root]
    header = bytes([0x90 | len(head)]) + b"".join(map(pack, head))
    swarm = blake3(header)

    def table(low, high):
        sizes = b"" if fixed else b"".join(len(chunk).to_bytes(4, "big") for chunk in chunks[low:high])
        return sizes + b"".join(leaf[1] for leaf in chunk_leaves[low:high])

    body = pack([swarm, given["name"], len(content), ["192.0.2.1:4000"], ["[2001:db8::1]:5000"]])
    ticket = b"\x01" + len(body).to_bytes(2, "big") + body
    ticket += blake3(ticket)[:4]
    made = {
        "chunkDigests": [leaf[1].hex() for leaf in chunk_leaves],
        "entries": [pack(entry).hex() for entry in entries],
        "entriesRoot": entries_root.hex(),
        "chunksRoot": chunks_root.hex(),
        "header": header.hex(),
        "swarmId": swarm.hex(),
        "part": pack([header, b"".join(map(pack, entries)), table(0, len(chunks))]).hex(),
        "ticket": "shoal:" + base64.urlsafe_b64encode(ticket).decode().rstrip("="),
    }
    if "range" in given:
        asked = given["range"]
        index = next(i for i, entry in enumerate(entries) if entry[0] == asked["path"])
        start = sum(entry[1] for entry in entries[:index])
        offsets = [sum(ends[:i]) for i in range(len(ends) + 1)]
        low = next(i for i in range(len(ends)) if offsets[i + 1] > start + asked["start"])
        high = next(i + 1 for i in range(len(ends)) if offsets[i + 1] >= start + asked["end"])
        entry_run = proof(entry_leaves, 0, len(entries), (index, index + 1), hash) + pack(entries[index])
        chunk_run = proof(chunk_leaves, 0, len(chunks), (low, high), hash) + table(low, high)
        made["range"] = {**asked, "proof": pack([header, index, entry_run, low, high - low, chunk_run]).hex()}
    return made


def noise(length):
    """SHA-256 of "0", of "1" and so on."""
    parts = [sha256(str(i).encode()) for i in range(length // 32 + 1)]
    return b"".join(parts)[:length]


def cuts(given, masks):
    gear = [int.from_bytes(hashlib.md5(bytes([byte]) * 64).digest()[:8], "big") for byte in range(256)]
    data, least, average, most = noise(given["bytes"]), given["minBytes"], given["averageBytes"], given["maxBytes"]
    # The nearest power of two, as rounding the logarithm gives it; half-way cannot be.
    bits = next(n for n in range(64) if average**2 < 2 ** (2 * n + 1))
    strict, loose = (masks[max(0, min(n - 5, len(masks) - 1))] for n in (bits + 2, bits - 2))
    ends, start = [], 0
    while start < len(data):
        size = min(most, len(data) - start)
        end = start + size
        if size > least:
            value, last = 0, size - size % 2
            normal = min(average - average % 2, last)
            for at in range(max(2, least) - max(2, least) % 2, last):
                value = ((value << 1) + gear[data[start + at]]) & (2**64 - 1)
                if value & (strict if at < normal else loose) == 0:
                    end = start + at
                    break
        ends.append(end)
        start = end
    return ends


def main():
    wrong = []
    for given in json.loads((here / "file-sets.json").read_text())["sets"]:
        for key, value in build(given).items():
            if given[key] != value:
                wrong.append(f"{given['description']}: {key} is {value}")
    cut = json.loads((here / "content-defined.json").read_text())
    masks = [int(mask, 16) for mask in cut["masks"]]
    for given in cut["cuts"]:
        made = cuts(given, masks)
        if made != given["ends"]:
            wrong.append(f"{given['description']}: ends are {made}")
    print("\n".join(wrong), end="")
    sys.exit(1 if wrong else 0)


main()
