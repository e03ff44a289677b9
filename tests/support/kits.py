"""Small kits of the banner, with the shape of built ones."""

import hashlib
from pathlib import Path

from consent_service.banners.kit import read_kit
from consent_service.banners.model import Kit

PARTS = {"c": "export const centre = 1;\n", "h": "window.siteConsent = {head: CONFIG};\n"}
CODE = (
    '(()=>{var BANNER_DIGEST="DIGEST",KIT="NAME",LAYOUTS={'
    '/*{bar*/bar:".bar{}",/*}*//*{box*/box:".box{}",/*}*//*{dialog*/dialog:".dialog{}",/*}*/'
    '/*{optout*/optout:".optout{}",/*}*/},'
    "SIGNALS={},HOOKS={};"
    "/*{google*/(()=>{SIGNALS.google=1})();\n/*}*//*{matomo*/SIGNALS.matomo=2;/*}*/"
    "/*{fetch*/HOOKS.fetch=1;/*}*//*{signal*/HOOKS.signal=1;/*}*/"
    "/*{close*/HOOKS.addClose=1;/*}*//*{objections*/HOOKS.isQuiet=1;/*}*/"
    "/*{agreements*/HOOKS.agreements=1;/*}*/"
    "console.log('RELEASE ü')})();\n"
)


def files(release: str = "one") -> dict[str, str]:
    """Return the files of a kit by their paths, as the banner's build writes them."""
    code = CODE.replace("RELEASE", release).replace('="DIGEST"', f'="{"0" * 64}"')
    parts = {name: text.replace("1", release) for name, text in PARTS.items()}
    named = b"".join(
        b"%s.js\0%d\0%s" % (name.encode(), len(text.encode()), text.encode())
        for name, text in sorted(parts.items())
    )
    blank = code.replace("NAME", "0" * 32)
    name = hashlib.sha256(named + blank.encode()).hexdigest()[:32]
    whole = code.replace("NAME", name)
    digest = hashlib.sha256(whole.encode()).hexdigest()
    return {
        "consent-banner.js": whole.replace("0" * 64, digest),
        **{f"b/{part}.js": text for part, text in parts.items()},
    }


def write(folder: Path, built: dict[str, str]) -> Path:
    """Write a kit's files and return their folder."""
    for name, text in built.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return folder


def kit(folder: Path, release: str = "one") -> Kit:
    """Return a kit of its own for each release."""
    return read_kit(write(folder / release, files(release)))
