"""The product definition documents that come with edgeproof: one JSON file per version."""
