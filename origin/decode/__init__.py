"""Turns untrusted bytes into libvips images: the only place that opens a source."""
