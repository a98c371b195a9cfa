"""Suites of expectations that ship with the package, one YAML file per dataset."""
