"""The query language: Skydive's Gremlin dialect, widened by the standard spelling of the same steps.

A text becomes a tree (`grammar`), the tree a plan (`plan`, by the step table), and the plan runs lazily on any
`GraphReader` (`evaluate`). No clock, no store: moments, time limits and histories are arguments.
"""
