"""What a labeler's figures rest on: pure parts of the audits."""
