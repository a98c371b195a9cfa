"""Lists of words that ship with the package, one YAML file each."""
