"""The same facts by commands alone, for hosts whose kernel cannot be asked directly: nothing is installed there."""
