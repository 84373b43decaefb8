"""Flows: frames decoded, counted by conversation, kept in a table, told apart where they were captured."""
