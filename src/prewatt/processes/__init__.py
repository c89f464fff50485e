"""The processes of the server: what runs in each, who starts them, and how only one of a kind works at a time."""
