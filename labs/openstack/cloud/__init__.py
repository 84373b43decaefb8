"""Programs that speak to the cloud's API. They run with the cloud's own Python, which has its SDK."""
