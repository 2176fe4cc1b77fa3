"""Numbers: no files, no drawing."""
