"""The story, one file a room: load -> decide -> commit -> act. Read ``poll.py`` first, then triage, digest, deliver.

What the runners know is four functions: ``poll_due``, ``compose_due``, ``deliver_due``, ``maintain``.
"""
