"""The programs that edgeproof is compared with, each with the least that runs it."""
