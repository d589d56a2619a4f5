"""Room 4 for pages: what of a difference is a change, and what only noise. Learned from the pages themselves."""
