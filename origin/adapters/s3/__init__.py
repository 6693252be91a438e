"""Objects and sources in one S3 bucket, shared by any number of origins."""
