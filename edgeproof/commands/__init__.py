"""The commands of edgeproof, one file each."""
