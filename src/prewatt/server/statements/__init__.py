"""What a tenancy cost: statements and bills, as pages, files and paper."""
