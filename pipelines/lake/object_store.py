"""Object stores by fsspec (s3fs for s3://, gcsfs for gs://): one client a process, and what their errors mean.

Assumptions: the store reads what was last written (strong consistency) and keeps `If-None-Match: *`; credentials and
endpoint come from the environment that the store's own tools use (AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL …).
Semantics: what may succeed later (throttling, 5xx, time-outs, broken connections) is asked again with growing, random
pauses, for half a minute to two minutes; then it is a TransientError. What needs a person (no such bucket, no rights)
is a ConfigError.
"""

import contextlib
import errno
import os
import random
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Final

from schemas.errors import AffectmineError, ConfigError, MissingExtraError, TransientError

SCHEMES: Final = ("s3", "gs")
BLOCK: Final = 8 << 20
"""Bytes that are fetched at once where a file is read in order."""

_CONFLICTS: Final = 8
_ATTEMPTS: Final = 6  # of one request, by botocore: up to 15 s
_ROUNDS: Final = 4  # of these, by s3fs: also for what breaks while a body is read
_CREDENTIALS: Final = frozenset(
    {
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
        "ExpiredToken",
        "InvalidToken",
        "TokenRefreshRequired",
    }
)
_ELSEWHERE: Final = frozenset({"PermanentRedirect", "Redirect", "TemporaryRedirect", "301", "307"})
_NO_SENSE: Final = frozenset(
    {
        "InvalidBucketName",
        "InvalidRequest",
        "InvalidArgument",
        "KeyTooLongError",
        "EntityTooLarge",
        "400",
    }
)


def scheme_of(url: str) -> str:
    """The scheme of a URL. Raises ConfigError for one that no lake lies at."""
    scheme, separator, _ = url.partition("://")
    if not separator or scheme not in SCHEMES:
        raise ConfigError(
            f"A lake cannot lie at {url}.",
            remedy="Name a local folder, or a prefix of an object store: s3://bucket/prefix",
        )
    return scheme


def filesystem(scheme: str) -> Any:
    """The fsspec filesystem of this process for a scheme. Raises MissingExtraError without its library."""
    # Its connections and its thread do not survive a fork.
    return _filesystem(scheme, os.getpid())


@lru_cache(maxsize=8)
def _filesystem(scheme: str, _process: int) -> Any:
    if scheme == "gs":
        try:
            import gcsfs
        except ImportError:
            raise ConfigError(
                "A lake at gs:// needs gcsfs, which is not installed.",
                remedy="Install it: pip install gcsfs",
            ) from None
        return gcsfs.GCSFileSystem(
            use_listings_cache=False, skip_instance_cache=True, default_block_size=BLOCK
        )
    try:
        import s3fs
    except ImportError:
        raise MissingExtraError("s3", "A lake at s3://") from None
    found = s3fs.S3FileSystem(
        use_listings_cache=False,
        skip_instance_cache=True,
        default_block_size=BLOCK,
        config_kwargs={
            "retries": {"mode": "standard", "max_attempts": _ATTEMPTS},
            "connect_timeout": 10,
            "read_timeout": 60,
        },
    )
    found.retries = _ROUNDS
    return found


@contextmanager
def answering(url: str) -> Iterator[None]:
    """Turns what a store's client raises into our errors; FileNotFoundError and FileExistsError stay."""
    try:
        yield
    except (AffectmineError, FileExistsError):
        raise
    except FileNotFoundError as error:
        if _code(error) == "NoSuchBucket":
            raise _no_bucket(url) from None
        raise FileNotFoundError(errno.ENOENT, "No such object", url) from None
    except Exception as error:
        told = _told(url, error)
        if told is None:
            raise
        _note(told)
        raise told from None


_last: AffectmineError | None = None


def _note(error: AffectmineError) -> None:
    global _last
    _last = error


def raise_store_trouble(error: Exception) -> None:
    """Raises the trouble with a store that DuckDB made this error of; does nothing where it is about something else.

    What a filesystem raises comes back from DuckDB as a text, which no longer says whether to try again.
    """
    if _last is not None and _last.message in str(error):
        raise _last from None


def put_if_absent(url: str, content: bytes) -> bool:
    """Puts an object if there is none of this name; says whether it is ours.

    An answer may be lost on its way and the request sent again: then the store says that the object exists, and the
    same bytes mean that it was us who made it. So `content` must hold something that no other writer would write.
    """
    store = filesystem(scheme_of(url))
    for number in range(_CONFLICTS):
        try:
            with answering(url):
                try:
                    store.pipe_file(url, content, mode="create")
                except OSError as error:
                    if not _exists(error):
                        raise
                else:
                    return True
                # What was there may be gone again: then it is put once more.
                return bytes(store.cat_file(url)) == content
        except FileNotFoundError:
            continue
        except _ConflictError:
            time.sleep(min(5.0, 0.1 * 2**number) * random.uniform(0.5, 1.5))
    raise TransientError(
        f"Others write {url} all the time.", remedy="Run again: finished shards are kept."
    )


def refuse_without_conditions(prefix: str) -> None:
    """Raises ConfigError where the store overwrites what it was told to create: a lake there would lose work.

    Asked once, when a lake is made: by a probe object, which is gone afterwards.
    """
    probe = f"{prefix}/probe-{secrets.token_hex(4)}"
    with answering(probe):
        try:
            kept = put_if_absent(probe, b"first") and not put_if_absent(probe, b"second")
        finally:
            filesystem(scheme_of(probe)).rm_file(probe)
    if not kept:
        raise ConfigError(
            f"The object store of {prefix} does not keep If-None-Match: *, without which two writers would "
            "overwrite each other.",
            remedy="Use a store or a newer version that does (docs/object-stores.md), or a local folder.",
        )


def abandon_uploads(prefix: str, before: float, *, dry_run: bool) -> int:
    """Gives up the multipart uploads below a prefix that began before a time (s since 1970); returns how many.

    What a killed writer had sent of a large file is no object, and is paid for until somebody does this.
    """
    if scheme_of(prefix) != "s3":
        return 0  # other stores drop them by themselves
    store, (bucket, _, inside) = filesystem("s3"), prefix[len("s3://") :].partition("/")
    below = f"{inside}/" if inside else ""
    found: list[dict[str, Any]] = []
    following: dict[str, str] = {}
    with answering(prefix):
        while True:
            page = store.call_s3("list_multipart_uploads", Bucket=bucket, Prefix=below, **following)
            found += page.get("Uploads", [])
            if not page.get("IsTruncated"):
                break
            following = {
                "KeyMarker": page["NextKeyMarker"],
                "UploadIdMarker": page["NextUploadIdMarker"],
            }
    old = [
        each
        for each in found
        if each["Key"].startswith(below) and each["Initiated"].timestamp() <= before
    ]
    for each in () if dry_run else old:
        # Completed or given up by somebody else meanwhile.
        with contextlib.suppress(FileNotFoundError), answering(prefix):
            store.call_s3(
                "abort_multipart_upload",
                Bucket=bucket,
                Key=each["Key"],
                UploadId=each["UploadId"],
            )
    return len(old)


class _ConflictError(TransientError):
    """Another conditional put of the same name was under way (409): it says nothing of who won."""


def _exists(error: OSError) -> bool:
    # Stores that leave out which condition failed are told by the code alone.
    return isinstance(error, FileExistsError) or _code(error) in {"PreconditionFailed", "412"}


def _code(error: BaseException) -> str:
    for each in (error, error.__cause__):
        response = getattr(each, "response", None)
        if isinstance(response, dict):
            return str(response.get("Error", {}).get("Code", ""))
    return ""


def _told(url: str, error: Exception) -> AffectmineError | None:
    code, kind = _code(error), type(error).__name__
    bucket = "/".join(url.split("/", 3)[:3])
    if kind in {"NoCredentialsError", "PartialCredentialsError", "ProfileNotFound"}:
        return ConfigError(
            f"There are no credentials for {bucket}.",
            remedy="Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE.",
        )
    if kind == "ParamValidationError" or code in _NO_SENSE:
        return ConfigError(
            f"The object store does not understand {url} ({code or kind}).",
            remedy="Look at the bucket's name, at AWS_ENDPOINT_URL and at docs/object-stores.md.",
        )
    if code == "ConditionalRequestConflict" or code == "409":
        return _ConflictError(f"{url} is being written by somebody else.", remedy="Run again.")
    if code == "NoSuchBucket":
        return _no_bucket(url)
    if code in _CREDENTIALS:
        return ConfigError(
            f"{bucket} does not accept the credentials ({code}).",
            remedy="Renew them: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN or AWS_PROFILE.",
        )
    if code == "RequestTimeTooSkewed":
        return ConfigError(
            f"{bucket} says that this machine's clock is wrong.", remedy="Set it, then run again."
        )
    if isinstance(error, PermissionError):
        return ConfigError(
            f"{bucket} refuses this ({code or 'no rights'}): {url}.",
            remedy="The credentials need s3:ListBucket, GetObject, PutObject, DeleteObject, "
            "ListBucketMultipartUploads and AbortMultipartUpload there.",
        )
    if code in _ELSEWHERE:
        return ConfigError(
            f"{bucket} is in another region.", remedy="Set AWS_REGION to the bucket's region."
        )
    if code in {"NotImplemented", "501", "MethodNotAllowed"}:
        return ConfigError(
            f"The object store does not offer what a lake needs ({code}).",
            remedy="docs/object-stores.md says what that is.",
        )
    if isinstance(error, OSError) or _is_of_client(error):
        return TransientError(
            f"The object store did not answer for {url} ({code or kind}).",
            remedy="Run again: finished shards are kept. If it goes on, look at AWS_ENDPOINT_URL and the network.",
        )
    return None


def _no_bucket(url: str) -> ConfigError:
    bucket = "/".join(url.split("/", 3)[:3])
    return ConfigError(
        f"There is no bucket {bucket}.",
        remedy="Make it with the store's own tools, or look at its name and at AWS_ENDPOINT_URL.",
    )


def _is_of_client(error: Exception) -> bool:
    rooms = {each.__module__.partition(".")[0] for each in type(error).__mro__}
    return bool(
        rooms & {"botocore", "aiobotocore", "aiohttp", "urllib3", "fsspec", "gcsfs", "google"}
    )
