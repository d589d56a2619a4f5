"""Untrusted bytes are read in child processes: limited, reused, and replaced when they die (THREATS F19, D1, D2).

The parent pickles our own dataclasses to a child. What comes back is never unpickled, and checked part by part: a child
that read a hostile document may no longer be ours.
"""
