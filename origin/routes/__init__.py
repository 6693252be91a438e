"""HTTP in and out: the public listener, the private API."""
