"""Prints for the commands: orders, the archive, every decision in words."""
