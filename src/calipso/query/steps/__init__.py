"""The steps, one family a file; each file's `SPECS` are its rows of the step table."""
