"""The audits: what figures and labels rest on, one file each."""
