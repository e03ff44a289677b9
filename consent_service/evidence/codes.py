"""What a check can find: a stable code each, what it means, and how much it weighs."""

from enum import StrEnum


class Weight(StrEnum):
    """What a finding does to the verdict."""

    ERROR = "error"
    """The evidence is bad."""

    WEAK = "weak"
    """Nothing is wrong with the evidence, but less is proved than could be."""

    WARNING = "warning"
    """Worth knowing; the verdict stays as it is."""


ERRORS = {
    "ZIP": "The file is no bundle that can be read safely: damaged, encrypted, or made to harm.",
    "MANIFEST": "manifest.json is absent, is not what a manifest holds, or contradicts the bundle.",
    "MANIFEST_SIGNATURE": "manifest.note is not the export key's signature over manifest.json.",
    "FILE_MISSING": "A file that the manifest names, or that every bundle has, is absent.",
    "EXTRA_FILE": "The bundle holds a file that has no place in it.",
    "FILE_HASH": "A file's size or SHA-256 is not what the manifest says.",
    "CHECKPOINT": "A checkpoint cannot be read, or is of another log than the bundle.",
    "CHECKPOINT_SIGNATURE": "No accepted key of the log signed a checkpoint, or its signature "
    "does not fit.",
    "KEYS": "The leaves that name the log's keys are absent or contradict the checkpoint.",
    "LEAF_COUNT": "The bundle has more or fewer leaves than it says.",
    "ROOT_MISMATCH": "The leaves do not give the root of the checkpoint: one was changed, moved, "
    "dropped or added.",
    "FORK": "The log has shown somebody another history than this one.",
    "ROLLBACK": "The log is shorter than it has been before.",
    "CONSISTENCY": "An earlier checkpoint is not the beginning of a later one.",
    "PROOF": "An inclusion proof does not lead from its leaf to the root of its checkpoint.",
    "LEAF_NOT_CANONICAL": "A leaf is not the one canonical spelling (RFC 8785) of its content.",
    "LEAF_DUPLICATE_KEY": "A leaf has a key twice in one object.",
    "LEAF_SCHEMA": "A leaf is not what a leaf holds.",
    "LEAF_WRONG_LOG": "A leaf names another log than the one it stands in.",
    "LEAF_DUPLICATE": "The same leaf stands in the bundle twice.",
    "EVENT_ID_DUPLICATE": "Two leaves have the same id.",
    "LINE_TOO_LONG": "A line is longer than 64 KiB.",
    "LINE_END": "The last line of a file does not end with a newline.",
    "OPENING_SYNTAX": "A line of openings.jsonl is not what it should be, or out of order.",
    "OPENING_MISMATCH": "An opening opens no commitment of its leaf.",
    "OPENING_FIELD": "An opening names another field than the commitment that it opens.",
    "OPENING_MISSING_WITHOUT_ERASURE": "An opening is absent, and no leaf of the log says that "
    "it was erased or restricted.",
    "REDACTED_WITHOUT_RECORD": "A leaf's text is absent, and no leaf of the log says that it was "
    "redacted.",
    "DOCUMENT_HASH": "A notice or document is not the one whose hash it is named by.",
    "DOCUMENT_MISSING": "A notice or document that a leaf names is absent.",
    "DOCUMENT_MISMATCH": "A variant that a leaf says was shown is none of the notice it names.",
    "BANNER_HASH": "Code of a banner is not that whose digest it is named by.",
    "CSV_MISMATCH": "A derived file is not what follows from the leaves.",
    "COSIGNATURE_QUORUM": "Fewer witnesses signed the checkpoint than the policy asks for.",
    "TIMESTAMP": "The time stamp of the checkpoint does not hold.",
    "ANCHOR": "What was given as an anchor cannot be used as one.",
    "RECEIPT": "A receipt cannot be read, or contradicts itself.",
    "RECEIPT_ALG": "A receipt is signed in a way that is not accepted.",
    "RECEIPT_SIGNATURE": "No accepted key of the log signed a receipt, or its signature does not "
    "fit.",
    "RECEIPT_NOT_INCLUDED": "The log does not hold the event of a receipt, though it had promised "
    "to by then.",
}

WEAKNESSES = {
    "NO_TRUSTED_KEY": "No key was given, so the bundle or proof vouches for its own keys.",
    "NO_ANCHOR": "Nothing from outside was given to compare with: a history that was rewritten "
    "as a whole would not show.",
    "ANCHOR_NOT_COVERED": "An anchor lies where this bundle proves nothing.",
    "NO_TIME": "No clock key signed the checkpoint, so nothing says how old it is.",
    "STALE": "The checkpoint is older than was asked for.",
    "NOT_SEALED_YET": "There is no proof that the event of a receipt is in the log.",
    "RECEIPT_NOT_COVERED": "This bundle leaves out the part of the log that would show a receipt.",
}

WARNINGS = {
    "TIME_OUT_OF_ORDER": "A leaf stands behind one that is later by more than the log's promised "
    "delay.",
    "BANNER_MISSING": "The code of a banner that a leaf names is not in the bundle.",
    "TIMESTAMP_UNCHECKED": "The bundle has a time stamp, but no authority was named to check it.",
    "OPENING_UNKNOWN": "An opening of a receipt's file could not be used.",
}

CODES = ERRORS | WEAKNESSES | WARNINGS


def weight_of(code: str) -> Weight:
    """Return how much a code weighs."""
    if code in ERRORS:
        return Weight.ERROR
    return Weight.WEAK if code in WEAKNESSES else Weight.WARNING
