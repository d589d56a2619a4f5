"""The demonstration's workspace: its configuration with the loopback addresses filled in, and its tracked policies."""

from __future__ import annotations

import base64
from pathlib import Path

from monitor.demo.story import data_text

# Made from words: it protects nothing, it shows how an endpoint with a secret of its own is configured.
NEWSROOM_SECRET = "whsec_" + base64.b64encode(b"policy-monitor demo only").decode()
NEWSROOM_HOOK = "/newsroom"
ICE_WATCH_HOOK = "/ice-watch"  # signed with the secret that the workspace's key gives the subscription ICE_WATCH
ICE_WATCH = "ice-watch"
POLICY_FILES = ("policy_page.txt", "policies.jsonl")


def sources_yaml(feeds: str) -> str:
    """``sources.yaml`` for a newsroom at ``feeds`` (``http://127.0.0.1:PORT``)."""
    return data_text("sources.yaml").replace("{feeds}", feeds)


def subscriptions_yaml(hooks: str) -> str:
    """``subscriptions.yaml`` for a webhook receiver at ``hooks`` (``http://127.0.0.1:PORT``)."""
    return data_text("subscriptions.yaml").replace("{hooks}", hooks).replace("{newsroom_secret}", NEWSROOM_SECRET)


def lay_out(folder: Path, *, feeds: str, hooks: str) -> tuple[Path, ...]:
    """Writes both files and the policies into ``folder`` (it exists); the files to import, page first."""
    (folder / "sources.yaml").write_text(sources_yaml(feeds), encoding="utf-8")
    (folder / "subscriptions.yaml").write_text(subscriptions_yaml(hooks), encoding="utf-8")
    policies = tuple(folder / name for name in POLICY_FILES)
    for path in policies:
        path.write_text(data_text(path.name), encoding="utf-8")
    return policies
