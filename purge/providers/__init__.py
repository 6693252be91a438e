"""Where purges are sent: one file per vendor, all behind the port in purge/ports.py."""
