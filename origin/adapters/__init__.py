"""What the ports are made of: files, SQL, processes, locks; and the same in memory."""
