"""The origin: previews and prints, made from the untouched upload."""
