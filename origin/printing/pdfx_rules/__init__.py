"""What a PDF/X-4 file must be: rules as data, one file per subject, run on every file made."""
