"""What all pages share: who may see what, forms, live parts, layout, style."""
