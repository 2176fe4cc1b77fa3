"""Data sets: one file per format, faces that mien draws itself, and splits."""
