"""Settings in, a running origin out: stores, workers, preset files, the print lane."""
