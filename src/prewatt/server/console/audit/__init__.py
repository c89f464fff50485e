"""The page of all changes that people made."""
