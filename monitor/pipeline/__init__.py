"""The story, one file a room: load -> decide -> commit -> act. Read ``poll.py`` first, then articles,
triage, digest, deliver.

What the runners know is five functions: ``poll_due``, ``read_articles``, ``compose_due``, ``deliver_due`` and
``maintain``.
"""
