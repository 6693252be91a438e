"""What a customer should know before a print: one check per file, at print scale."""
