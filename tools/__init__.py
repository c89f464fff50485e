"""What those who work on prewatt run beside it: nothing of this is installed with the product."""
