"""Calipso shows, follows, proves and shapes virtual networks."""
