"""The commands, in three files: runs of a config, single files, lakes."""
