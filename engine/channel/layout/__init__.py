"""Layouts: templates compiled into lines of anchored patterns, and the order in which the lines may come.

``compiler.py`` turns the tree of a layout into ``layout.py``, by way of ``template.py`` (lines and blocks),
``items.py`` (what a line is made of) and ``pattern.py`` (the chain that walks along a line of a message).
"""
