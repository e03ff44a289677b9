"""Why a site is not published, beside errors in its folder."""

from consent_service.core.errors import InvalidRequestError, NotFoundError, ServiceError


class PublishedMeanwhileError(ServiceError):
    """Another publication took the numbers that this one had planned."""

    code = "published_meanwhile"
    title = "Somebody published this site at the same time"
    status = 409


class ManagedElsewhereError(ServiceError):
    """The other side manages the site: the folder, or the console with its interface."""

    code = "managed_elsewhere"
    title = "This site is managed elsewhere"
    status = 409


class DraftOutdatedError(ServiceError):
    """A draft would undo what was published of its file after it was written."""

    code = "draft_outdated"
    title = "A file was published after its draft was written"
    status = 409


class HeadMovedError(ServiceError):
    """The site is not in the state that the caller has seen."""

    code = "head_moved"
    title = "The site has changed since it was looked at"
    status = 409


class LintFailedError(InvalidRequestError):
    """The linter found errors that nobody answers for."""

    code = "lint_failed"
    title = "The linter keeps this site from being published"


class DraftUnknownError(NotFoundError):
    """No draft of that file waits."""

    code = "draft_unknown"
    title = "There is no such draft"


class FileUnknownError(NotFoundError):
    """The site's folder has no such file."""

    code = "file_unknown"
    title = "There is no such file"
