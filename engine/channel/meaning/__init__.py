"""From values found in a message to a setup or actions, or to the reason why they make none.

``values.py`` collects what the values mean, ``setups.py`` and ``levels.py`` make and judge a call, ``actions.py`` an
update.
"""
