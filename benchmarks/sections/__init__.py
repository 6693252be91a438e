"""One file per section of the page: measure() makes plain figures, page.py shows them."""
