"""Sample photos made by our own code: ``python -m edgeproof.samples FOLDER``.

It imports NumPy, OpenCV and Pillow, so it runs in a process of its own, never in the HTTP process.
"""
