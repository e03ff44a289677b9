"""An authority that stamps times (RFC 3161), made by OpenSSL for a test."""

import subprocess
from pathlib import Path

# Without `certs`, as OpenSSL sorts that set in another way than the standard asks for.
CONFIGURATION = """
[req]
distinguished_name = name
prompt = no
[name]
CN = {name}
[ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
subjectKeyIdentifier = hash
[tsa]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[stamping]
serial = serial
default_policy = 1.2.3.4
digests = sha256
signer_digest = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
"""


class Authority:
    """A root, and a certificate below it that stamps."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        (folder / "serial").write_text("01\n")
        for name, section in (("ca", "ca"), ("tsa", "tsa")):
            (folder / f"{name}.cnf").write_text(CONFIGURATION.format(name=name))
            self._openssl("ecparam", "-name", "prime256v1", "-genkey", "-out", f"{name}.key")
            request = ["req", "-new", "-key", f"{name}.key", "-config", f"{name}.cnf"]
            self._openssl(*request, "-out", f"{name}.csr")
            signer = ["-signkey", "ca.key"]
            if name == "tsa":
                signer = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"]
            self._openssl(
                *("x509", "-req", "-in", f"{name}.csr", "-days", "30", "-out", f"{name}.pem"),
                *("-extfile", f"{name}.cnf", "-extensions", section),
                *signer,
            )
        self.root = (folder / "ca.pem").read_bytes()
        self.stamper = (folder / "tsa.pem").read_bytes()

    def stamp(self, data: bytes) -> bytes:
        (self._folder / "data").write_bytes(data)
        self._openssl("ts", "-query", "-data", "data", "-sha256", "-cert", "-out", "query")
        return self.reply((self._folder / "query").read_bytes())

    def reply(self, query: bytes) -> bytes:
        """Answer a time stamp query as the authority's own address would."""
        (self._folder / "query").write_bytes(query)
        self._openssl(
            *("ts", "-reply", "-queryfile", "query", "-signer", "tsa.pem", "-inkey", "tsa.key"),
            *("-config", "tsa.cnf", "-section", "stamping", "-out", "reply"),
        )
        return (self._folder / "reply").read_bytes()

    def _openssl(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=self._folder, check=True, capture_output=True)
