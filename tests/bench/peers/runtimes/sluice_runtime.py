"""Sluice itself: measured through graph_worker rather than peer_worker.py, so there is no `load`."""
NAME = "Sluice"
MODEL = "graph.pb"
LAYOUT = "nhwc"
VARIANTS = {"default": {}}
SETTINGS = "one callable of a session with `threads`, everything else at its default"
