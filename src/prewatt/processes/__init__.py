"""The processes of the server's side: what runs in each, who starts them, and that only one of a kind is at work."""
