"""The banner's built files, and what is composed of them for a site."""

import hashlib
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field

_INLINED = "document.currentScript.consentNotice="


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """Code of the banner, without a notice. Answers name it by its digest.

    The digest is the SHA-256 of the code with the digest's own 64 characters read as zeros.
    """

    digest: str
    code: str = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """The built files of one release: the whole code, and by name what it imports when needed.

    `name` changes with any of them; it stands in the addresses of the parts.
    """

    name: str
    whole: Build
    parts: Mapping[str, str] = field(repr=False)

    @property
    def integrity(self) -> str:
        """The whole code's hash for a tag (Subresource Integrity)."""
        return f"sha384-{b64encode(hashlib.sha384(self.whole.code.encode()).digest()).decode()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A build with the brief of a variant before it, which is all that a page asks for.

    `sha256` is that of its bytes, `brief` the JSON of what the build needs of the variant.
    """

    sha256: str
    build: Build
    brief: str = field(repr=False, compare=False)
    code: str = field(repr=False, compare=False)


def script_of(brief: str, build: Build) -> Script:
    """Return the script of a build and a brief."""
    code = joined(brief, build.code)
    sha256 = hashlib.sha256(code.encode()).hexdigest()
    return Script(sha256=sha256, build=build, brief=brief, code=code)


def joined(brief: str, code: str) -> str:
    """Return a build's code with a brief before it, as the code expects it."""
    return f"{_INLINED}{brief};\n{code}"
