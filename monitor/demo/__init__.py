"""The recorded newsroom: loopback servers that replay a story, receivers, and a scripted editor."""
