"""The marts, one file each: what a table over the labels holds, its formula, its source."""
