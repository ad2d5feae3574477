#!/usr/bin/python3
"""The vault's formats, written a second time with another library (Debian: apt-get install python3-cryptography).

    check.py          opens and recomputes every vector beside this file; exit 1 and a line for each that differs
    check.py write    makes the vectors anew from fixed inputs; the C# tests then have to agree with them

No input is random and no secret is real: keys, salts and nonces are SHA-256 of a label.
"""
import base64
import hashlib
import hmac
import json
import pathlib
import struct
import sys
import uuid
import zlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

HERE = pathlib.Path(__file__).parent
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def hkdf(key: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA512(), length, salt, info).derive(key)


def fields(*values) -> bytes:
    out = b""
    for value in values:
        if value is None:
            value = b""
        elif isinstance(value, uuid.UUID):
            value = value.bytes
        elif isinstance(value, str):
            value = value.encode()
        out += struct.pack(">I", len(value)) + value
    return out


def base62(number: int, length: int) -> str:
    out = ""
    for _ in range(length):
        number, digit = divmod(number, 62)
        out = DIGITS[digit] + out
    assert number == 0
    return out


# --- envelopes ---------------------------------------------------------------------------------------------------

def binding_bytes(b: dict) -> bytes:
    return fields("keypace/aad/v1", uuid.UUID(b["instance_id"]), uuid.UUID(b["team_id"]), b["purpose"], uuid.UUID(b["api_key_id"]),
                  struct.pack(">Q", b["secret_version"]), b["hub_id"], b["destination"], b["injection"])


def record_keys(data_key: bytes, key_id: int, salt: bytes, purpose: str) -> tuple[bytes, bytes]:
    okm = hkdf(data_key, salt, b"keypace/rec/v1|" + b"\x01" + struct.pack(">I", key_id) + purpose.encode(), 64)
    return okm[:32], okm[32:]


def seal(v: dict) -> bytes:
    salt, nonce, secret = (bytes.fromhex(v[name]) for name in ("salt", "nonce", "secret"))
    key, commitment = record_keys(bytes.fromhex(v["data_key"]), v["key_id"], salt, v["binding"]["purpose"])
    header = b"KP\x01\x01" + struct.pack(">I", v["key_id"]) + salt + commitment + nonce
    assert len(header) == 84
    padded = struct.pack(">I", len(secret)) + secret
    padded += bytes(-len(padded) % 64)
    return header + AESGCM(key).encrypt(nonce, padded, header + binding_bytes(v["binding"]))


def open_envelope(v: dict) -> bytes:
    e = bytes.fromhex(v["envelope"])
    assert e[:4] == b"KP\x01\x01" and (len(e) - 100) % 64 == 0
    header, (key_id,) = e[:84], struct.unpack(">I", e[4:8])
    key, commitment = record_keys(bytes.fromhex(v["data_key"]), key_id, header[8:40], v["binding"]["purpose"])
    assert hmac.compare_digest(commitment, header[40:72])
    padded = AESGCM(key).decrypt(header[72:84], e[84:], header + binding_bytes(v["binding"]))
    (length,) = struct.unpack(">I", padded[:4])
    assert len(padded) - 4 - length < 64 and not any(padded[4 + length:])
    return padded[4:4 + length]


# --- keys of the store -------------------------------------------------------------------------------------------

def wrap(v: dict) -> bytes:
    salt, nonce = bytes.fromhex(v["salt"]), bytes.fromhex(v["nonce"])
    okm = hkdf(bytes.fromhex(v["kek"]), salt, b"keypace/wrap/v1", 64)
    header = b"\x01" + salt + okm[32:] + nonce
    team = uuid.UUID(v["team_id"]) if v["team_id"] else None
    aad = fields("keypace/dek/v1", uuid.UUID(v["instance_id"]), team, v["purpose"], struct.pack(">I", v["key_id"]), v["kek_id"], header)
    return header + AESGCM(okm[:32]).encrypt(nonce, bytes.fromhex(v["key"]), aad)


def kek_text(kek_id: str, kek: bytes) -> str:
    line = f"keypace-kek-1:{kek_id}:{base64.urlsafe_b64encode(kek).decode().rstrip('=')}"
    return f"{line}:{zlib.crc32(line.encode()):08x}"


def digests(v: dict) -> dict:
    instance, team = uuid.UUID(v["instance_id"]), uuid.UUID(v["team_id"])
    key = {use: hkdf(bytes.fromhex(v["instance_key"]), instance.bytes, f"keypace/instance/v1|{use}".encode(), 32)
           for use in ("token-pepper", "fingerprint", "audit-chain", "backup-manifest")}

    def mac(use: str, message: bytes) -> bytes:
        return hmac.new(key[use], message, hashlib.sha256).digest()

    group = bytearray(mac("fingerprint", fields("keypace/rate-group/v1", team, v["destination"], v["secret"]))[:16])
    group[6], group[8] = group[6] & 0x0F | 0x80, group[8] & 0x3F | 0x80
    previous, record = bytes.fromhex(v["previous_mac"]), v["record"].encode()
    return {
        "token_digest": mac("token-pepper", v["token"].encode()).hex(),
        "fingerprint": mac("fingerprint", fields("keypace/fingerprint/v1", team, v["secret"]))[:16].hex(),
        "rate_group_id": str(uuid.UUID(bytes=bytes(group))),
        "audit_mac": mac("audit-chain", fields(previous, record)).hex(),
        "backup_manifest_mac": mac("backup-manifest", record).hex(),
    }


def token_text(v: dict) -> str:
    text = f"kp{v['letter']}_{v['id']}_" + base62(int(v["secret"], 16), 43)
    return text + base62(zlib.crc32(text.encode()), 6)


# --- the vectors -------------------------------------------------------------------------------------------------

def drawn(label: str, length: int) -> bytes:
    out = b""
    while len(out) < length:
        out += hashlib.sha256(f"keypace vector {label} {len(out)}".encode()).digest()
    return out[:length]


def drawn_id(label: str) -> str:
    return str(uuid.UUID(bytes=drawn(label, 16)))


def write() -> None:
    instance, team = drawn_id("instance"), drawn_id("team")
    secrets = [b"", b"x", b"sk-test-not-a-real-key-0001", b"p" * 59, b"p" * 60, b"p" * 61, b"q" * 124, b"q" * 125,
               json.dumps({"type": "service_account", "private_key": "not-a-real-key\n" * 150}).encode(), bytes(64),
               "schl\u00fcssel-\u2713-\U0001f511".encode(), b"r" * 4_097]
    destinations = ["https://api.openai.com:443/v1/", "https://hub.example:8443/prefix/", "", "http://127.0.0.1:5000/v1/",
                    "https://xn--bcher-kva.example:443/", "https://h\u00fcb.example:443/\U0001f511/"]
    injections = ["header:authorization:bearer", "header:x-api-key", "header:api-key", ""]
    hubs = ["openai", "custom", "mistral", "anthropic", ""]
    versions = [1, 2, 3, 2**32, 2**64 - 1]
    envelopes = []
    for n in range(20):
        v = {
            "name": f"envelope {n}",
            "data_key": drawn(f"data key {n % 3}", 32).hex(),
            "key_id": [2, 3, 0, 2**32 - 1][n % 4],
            "salt": drawn(f"salt {n}", 32).hex(),
            "nonce": drawn(f"nonce {n}", 12).hex(),
            "secret": secrets[n % len(secrets)].hex(),
            "binding": {
                "instance_id": instance, "team_id": team if n % 5 else drawn_id("other team"), "purpose": "api-key.secret" if n % 7 else "p",
                "api_key_id": drawn_id(f"api key {n}"), "secret_version": versions[n % len(versions)], "hub_id": hubs[n % len(hubs)],
                "destination": destinations[n % len(destinations)], "injection": injections[n % len(injections)],
            },
        }
        v["binding_bytes"] = binding_bytes(v["binding"]).hex()
        v["envelope"] = seal(v).hex()
        envelopes.append(v)

    wrapped = []
    for n, (team_id, purpose, key_id) in enumerate([(None, "instance", 1), (team, "api-key.secret", 2), (team, "api-key.secret", 2**32 - 1)]):
        v = {"name": f"wrapped {n}", "kek_id": f"vectorKek00{n}", "kek": drawn(f"kek {n}", 32).hex(), "instance_id": instance, "team_id": team_id,
             "purpose": purpose, "key_id": key_id, "key": drawn(f"wrapped key {n}", 32).hex(), "salt": drawn(f"wrap salt {n}", 32).hex(),
             "nonce": drawn(f"wrap nonce {n}", 12).hex()}
        v["kek_text"] = kek_text(v["kek_id"], bytes.fromhex(v["kek"]))
        v["wrapped"] = wrap(v).hex()
        wrapped.append(v)

    tokens = []
    for n, letter in enumerate("aubirs"):
        secret = [bytes(32), b"\xff" * 32][n] if n < 2 else drawn(f"token {n}", 32)
        v = {"letter": letter, "id": base62(int.from_bytes(drawn(f"token id {n}", 8), "big"), 12), "secret": secret.hex()}
        v["token"] = token_text(v)
        tokens.append(v)

    digest = {"instance_id": instance, "team_id": team, "instance_key": drawn("instance key", 32).hex(), "token": tokens[2]["token"],
              "secret": "sk-test-not-a-real-key-0001", "destination": "https://api.openai.com:443/v1/",
              "previous_mac": drawn("previous", 32).hex(), "record": "a record, \u00e4"}
    digest.update(digests(digest))

    for name, value in {"envelopes": envelopes, "keys": {"wrapped": wrapped, "digests": digest}, "tokens": tokens}.items():
        (HERE / f"{name}.json").write_text(json.dumps(value, indent=1, ensure_ascii=True) + "\n")


def check() -> int:
    wrong = []

    def same(what: str, got, expected) -> None:
        if got != expected:
            wrong.append(f"{what}: got {got!r}, the file says {expected!r}")

    envelopes = json.loads((HERE / "envelopes.json").read_text())
    for v in envelopes:
        same(v["name"] + " binding", binding_bytes(v["binding"]).hex(), v["binding_bytes"])
        same(v["name"] + " sealed", seal(v).hex(), v["envelope"])
        same(v["name"] + " opened", open_envelope(v).hex(), v["secret"])
        moved = {**v, "binding": {**v["binding"], "destination": v["binding"]["destination"] + "/"}}
        try:
            wrong.append(f"{v['name']} opened for another destination: {open_envelope(moved)!r}")
        except InvalidTag:
            pass

    keys = json.loads((HERE / "keys.json").read_text())
    for v in keys["wrapped"]:
        same(v["name"], wrap(v).hex(), v["wrapped"])
        same(v["name"] + " text", kek_text(v["kek_id"], bytes.fromhex(v["kek"])), v["kek_text"])
    for name, value in digests(keys["digests"]).items():
        same(name, value, keys["digests"][name])

    tokens = json.loads((HERE / "tokens.json").read_text())
    for v in tokens:
        same(f"token {v['letter']}", token_text(v), v["token"])

    for line in wrong:
        print(line)
    print(f"{len(envelopes)} envelopes, {len(keys['wrapped'])} wrapped keys, 5 digests, {len(tokens)} tokens: {len(wrong)} differ")
    return 1 if wrong or len(envelopes) < 20 else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["write"]:
        write()
    sys.exit(check())
