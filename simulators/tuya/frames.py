"""The frames between a plug and its client: 55AA (3.1 to 3.4) and 6699 (3.5), with their encryption."""

import binascii
import hashlib
import hmac
import json
import os
import struct
from base64 import b64decode
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES

SESSION_START, SESSION_ANSWER, SESSION_FINISH = 3, 4, 5
CONTROL, STATUS, HEARTBEAT, QUERY, CONTROL_NEW, QUERY_NEW, REFRESH = 7, 8, 9, 10, 13, 16, 18
ANNOUNCE = 19
ANNOUNCE_KEY = hashlib.md5(b"yGAdlopoPVldABfn").digest()  # noqa: S324 - Tuya's protocol
BARE = {SESSION_START, SESSION_ANSWER, SESSION_FINISH, HEARTBEAT, QUERY, QUERY_NEW, ANNOUNCE}
"""Commands without the version in front."""
OLD, NEW = 0x55AA, 0x6699
OLD_END, NEW_END = 0xAA55, 0x9966
LONGEST = 4096
BLOCK = 16
MD5_LENGTH = 16
ENCRYPTS_THE_VERSION = "3.4"


class WrongKeyError(Exception):
    """The frame cannot be decrypted with our key."""


@dataclass(frozen=True)
class Frame:
    """One frame, its payload still encrypted (3.1 to 3.4) or already decrypted (3.5)."""

    command: int
    number: int
    payload: bytes


def header_length(start: bytes) -> int:
    """Return the length of a header by its first bytes."""
    return 18 if int.from_bytes(start, "big") == NEW else 16


def rest_length(header: bytes) -> int:
    """Return the length of the rest after a header, or raise WrongKeyError if it is malformed."""
    length = int.from_bytes(header[-4:], "big") + (4 if len(header) == 18 else 0)
    if int.from_bytes(header[:4], "big") not in (OLD, NEW) or length > LONGEST:
        raise WrongKeyError("no frame")
    return length


def parse(header: bytes, rest: bytes, key: bytes, version: str) -> Frame:
    """Return a frame of a client, or raise WrongKeyError if its checksum fails."""
    if len(header) == 18:
        number, command = struct.unpack(">II", header[6:14])
        try:
            return Frame(command, number, AESGCM(key).decrypt(rest[:12], rest[12:-4], header[4:]))
        except InvalidTag:
            raise WrongKeyError("tag") from None
    number, command = struct.unpack(">II", header[4:12])
    check_length = 32 if version == ENCRYPTS_THE_VERSION else 4
    payload, check = rest[: -check_length - 4], rest[-check_length - 4 : -4]
    if not hmac.compare_digest(check, _check(header + payload, key, version)):
        raise WrongKeyError("check")
    return Frame(command, number, payload)


def pack(command: int, number: int, content: bytes, key: bytes, version: str, *, code: int = 0) -> bytes:
    """Return a frame of a plug, with the return code that every answer and every report carries."""
    if version == "3.5":
        text = struct.pack(">I", code) + (b"" if command in BARE or not content else _version(version)) + content
        head = struct.pack(">IHIII", NEW, 0, number, command, len(text) + 28)
        nonce = os.urandom(12)
        return head + nonce + AESGCM(key).encrypt(nonce, text, head[4:]) + struct.pack(">I", NEW_END)
    payload = struct.pack(">I", code) + _encrypt_payload(command, content, key, version)
    check_length = 32 if version == ENCRYPTS_THE_VERSION else 4
    data = struct.pack(">IIII", OLD, number, command, len(payload) + check_length + 4) + payload
    return data + _check(data, key, version) + struct.pack(">I", OLD_END)


def announcement(id_: str, host: str, version: str) -> bytes:
    """Return the UDP announcement of a plug: plain in 3.1, a frame 6699 from 3.5 on, all with one well-known key."""
    said = {"ip": host, "gwId": id_, "active": 2, "ability": 0, "encrypt": True, "productKey": "x", "version": version}
    content = json.dumps(said).encode()
    if version == "3.5":
        return pack(ANNOUNCE, 0, content, ANNOUNCE_KEY, version)
    encrypted = content if version == "3.1" else encrypt(content, ANNOUNCE_KEY)
    data = struct.pack(">IIIII", OLD, 0, ANNOUNCE, len(encrypted) + 12, 0) + encrypted
    return data + struct.pack(">II", binascii.crc32(data), OLD_END)


def decrypt_payload(frame: Frame, key: bytes, version: str) -> bytes:
    """Return the content of a client's frame."""
    payload = frame.payload
    if version == "3.1":
        return _decrypt_payload_31(payload, key)
    if version in ("3.2", "3.3"):
        return decrypt(payload.removeprefix(_version(version)), key)
    if version == ENCRYPTS_THE_VERSION:
        payload = decrypt(payload, key)
    return payload.removeprefix(_version(version))


def encrypt(text: bytes, key: bytes, *, pad: bool = True) -> bytes:
    """Encrypt as plugs do up to 3.4."""
    missing = BLOCK - len(text) % BLOCK
    text += bytes([missing]) * missing if pad else b""
    encryptor = Cipher(AES(key), modes.ECB()).encryptor()  # noqa: S305 - Tuya's protocol
    return encryptor.update(text) + encryptor.finalize()


def decrypt(encrypted: bytes, key: bytes) -> bytes:
    """Decrypt, or raise WrongKeyError."""
    if not encrypted or len(encrypted) % BLOCK:
        raise WrongKeyError("length")
    decryptor = Cipher(AES(key), modes.ECB()).decryptor()  # noqa: S305 - Tuya's protocol
    text = decryptor.update(encrypted) + decryptor.finalize()
    if not 1 <= text[-1] <= BLOCK:
        raise WrongKeyError("padding")
    return text[: -text[-1]]


def session_key(real: bytes, client: bytes, ours: bytes, version: str) -> bytes:
    """Return the key of a session, agreed from both nonces."""
    mixed = bytes(one ^ other for one, other in zip(client, ours, strict=True))
    if version == ENCRYPTS_THE_VERSION:
        return encrypt(mixed, real, pad=False)
    return AESGCM(real).encrypt(client[:12], mixed, None)[:BLOCK]


def proof(key: bytes, nonce: bytes) -> bytes:
    """Return the HMAC of a nonce, which proves knowledge of the key."""
    return hmac.new(key, nonce, hashlib.sha256).digest()


def _version(version: str) -> bytes:
    return version.encode() + bytes(12)


def _check(data: bytes, key: bytes, version: str) -> bytes:
    if version == ENCRYPTS_THE_VERSION:
        return proof(key, data)
    return struct.pack(">I", binascii.crc32(data))


def _encrypt_payload(command: int, content: bytes, key: bytes, version: str) -> bytes:
    if not content or version == "3.1":
        return content
    if version == ENCRYPTS_THE_VERSION:
        return encrypt(content if command in BARE else _version(version) + content, key)
    encrypted = encrypt(content, key)
    return encrypted if command in BARE else _version(version) + encrypted


def _decrypt_payload_31(payload: bytes, key: bytes) -> bytes:
    """Queries are plain in 3.1; commands are encrypted, with half an MD5 over text and key in front."""
    if not payload.startswith(b"3.1"):
        return payload
    told, encrypted = payload[3 : 3 + MD5_LENGTH], payload[3 + MD5_LENGTH :]
    text = b"data=" + encrypted + b"||lpv=3.1||" + key
    if hashlib.md5(text).hexdigest()[8:24].encode() != told:  # noqa: S324 - Tuya's protocol
        raise WrongKeyError("md5")
    return decrypt(b64decode(encrypted), key)
