"""The key ring of previews on this host's disk."""
