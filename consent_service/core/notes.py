"""Keys of signed notes (C2SP signed-note)."""

import base64
import hashlib

ED25519 = 0x01
COSIGNATURE = 0x04


def verifier_key(name: str, public: bytes, kind: int = ED25519) -> str:
    """Return a verifier key: `NAME+ID+base64(type || public)`, where ID is the key id in hex."""
    typed = bytes([kind]) + public
    key_id = hashlib.sha256(name.encode() + b"\n" + typed).digest()[:4]
    return f"{name}+{key_id.hex()}+{base64.b64encode(typed).decode()}"
