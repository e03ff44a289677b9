"""Bundles that come back after a backup was restored: only what the log's own keys vouch for."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

from consent_service.core.errors import InvalidRequestError
from consent_service.core.notes import Verifier, parse_verifier_key
from consent_service.db.engine import Database
from consent_service.evidence import Options, Report, Verdict, Weight, verify_bundle
from consent_service.exports import store_bundle
from consent_service.exports.naming import vkeys_of
from consent_service.ledger.model import FIRST_EPOCH
from consent_service.ledger.service import KnownEpoch
from consent_service.sites.model import Site

_ANY_SIZE = 2**62


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """A whole epoch of the log in a bundle that holds; `size` is how many leaves it has."""

    path: Path
    epoch: int
    size: int

    def leaves(self) -> Iterator[bytes]:
        """Yield the leaves by index, as they were stored."""
        with ZipFile(self.path) as bundle, bundle.open("events.jsonl") as lines:
            yield from lines


def open_returned(db: Database, site: Site, paths: Sequence[Path]) -> list[Returned]:
    """Check bundles by the keys that the log of this database names; return them by epoch.

    Raises:
        InvalidRequestError: one is no whole, sound bundle of an epoch of this log, or two are of
            the same epoch.
    """
    keys = _named_keys(db, site)
    if not keys:
        raise InvalidRequestError.of(
            "site", f"the restored log of {site.key} names no key to check a bundle by"
        )
    found: dict[int, Returned] = {}
    for path in paths:
        each = _checked(site, path, keys)
        if each.epoch in found:
            other = found[each.epoch].path
            raise InvalidRequestError.of(
                "file", f"{path} and {other} are both of epoch {each.epoch}: give the newer one"
            )
        found[each.epoch] = each
    return [found[epoch] for epoch in sorted(found)]


def missing_epochs(known: Sequence[KnownEpoch], given: Sequence[Returned]) -> list[int]:
    """Return the epochs that went on behind the backup, as far as is known, and are not given.

    The anchor says how far an epoch went. One that it does not know counts from the newest one of
    the backup to the newest that is given.
    """
    have = {each.epoch for each in given}
    newest = max(have, default=0)
    restored = max((each.epoch for each in known if each.size), default=FIRST_EPOCH)
    sizes = {each.epoch: each for each in known}
    asked = []
    for epoch in range(FIRST_EPOCH, max(newest, *sizes) + 1):
        each = sizes.get(epoch)
        if each is not None and each.anchored is not None:
            goes_on = each.anchored > each.size
        else:
            goes_on = epoch == restored or restored < epoch <= newest
        if goes_on and epoch not in have:
            asked.append(epoch)
    return asked


def _checked(site: Site, path: Path, keys: Mapping[int, Sequence[Verifier]]) -> Returned:
    """Return a bundle that holds by the keys of its epoch, or of the newest one before it."""
    facts = verify_bundle(path).facts
    origin, _, number = str(facts.get("log", "")).rpartition("/")
    if facts and (origin != site.log_origin or not number.isdecimal()):
        raise InvalidRequestError.of(
            "file", f"{path} is of the log {facts['log']}, which is none of {site.log_origin}"
        )
    epoch = int(number or 0)
    trusted = keys[max((each for each in keys if each <= epoch), default=min(keys))]
    named = [each.under(f"{origin}/{epoch}") for each in trusted]
    report = verify_bundle(path, Options(verifiers=named))
    if report.verdict not in (Verdict.OK, Verdict.WEAK) or not report.facts["trusted"]:
        raise _refused(path, report)
    if not report.facts["range"].get("whole"):
        raise InvalidRequestError.of(
            "file", f"{path} holds a part of the log: export the whole of it"
        )
    return Returned(path=path, epoch=epoch, size=int(report.facts["size"]))


def _refused(path: Path, report: Report) -> InvalidRequestError:
    first = next(iter(report.listed(Weight.ERROR)), None)
    told = f"{first.code}: {first.message}" if first else "no key of the log vouches for it"
    return InvalidRequestError.of("file", f"{path} is no bundle that holds ({told})")


def _named_keys(db: Database, site: Site) -> Mapping[int, Sequence[Verifier]]:
    """Return the checkpoint keys that each epoch named last."""
    found: dict[int, Sequence[Verifier]] = {}
    with db.read() as connection:
        newest = store_bundle.find_log(connection, site.site_id, None)
        for epoch in range(FIRST_EPOCH, newest.epoch + 1 if newest else FIRST_EPOCH):
            log = store_bundle.find_log(connection, site.site_id, epoch)
            if log is None:
                continue
            indexes = store_bundle.list_key_leaves(connection, log, _ANY_SIZE)
            for leaf in store_bundle.list_at(connection, log, indexes[-1:]):
                told = vkeys_of(leaf)
                found[epoch] = [parse_verifier_key(key) for use, key in told if use == "checkpoint"]
    return found
