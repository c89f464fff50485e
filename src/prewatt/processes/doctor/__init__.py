"""`prewatt doctor` says what is wrong with a server, and what to do. It changes nothing."""
