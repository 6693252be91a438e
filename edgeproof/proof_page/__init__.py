"""The proof page: what a print will look like, what is wrong with it, and the order."""
