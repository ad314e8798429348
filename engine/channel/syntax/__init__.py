"""From the text of a profile to its syntax tree: ``parser.py`` with ``channel.lark``, the nodes in ``tree.py``.

Whatever is wrong there is explained in ``slips.py``.
"""
