"""One file per version, applied in order, never edited once released."""
