"""The listeners: their HTTP protocol, their processes."""
