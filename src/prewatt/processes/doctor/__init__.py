"""`prewatt doctor`: what is wrong with a server, in words, with what to do. It changes nothing."""
