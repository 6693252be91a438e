"""The flows: each arrow of the picture in README is a file here."""
