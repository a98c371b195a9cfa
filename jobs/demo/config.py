"""Where the demo's config lies."""

from importlib.resources import files
from pathlib import Path


def demo_config() -> Path:
    """The demo's config file, as installed."""
    return Path(str(files("jobs.demo").joinpath("demo.yaml")))
