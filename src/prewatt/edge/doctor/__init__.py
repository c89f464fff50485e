"""`prewatt edge doctor`: what is wrong with a gateway, in words, with what to do. It changes nothing."""
