"""Everything that users write is read here first: text with positions, YAML with spans, JSON Schemas, diagnostics.

Errors are values. A loader returns what it could read together with a list of ``Diagnostic``; nothing is raised
for a user's mistake. Start reading at ``diagnostics.py``.
"""
