"""The commands, one file each: options, checks, work."""
