"""Ways to capture: one engine a file, behind `seams.CaptureEngine`. All hand on the records of `flows/record.py`."""
