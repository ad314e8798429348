"""Is a channel's record skill, luck or loss: what its trades came to, and how sure that is.

Everything here works on plain arrays, one element for each filled trade of one channel: R multiples net of costs,
times, distances. Start reading at ``verdict.py`` (the word and why), then ``bootstrap.py`` (the interval behind it),
``sample.py`` (how many trades it takes) and ``metrics.py`` (the figures around it), and
``robust.py`` (whether a few trades or one stretch of time made them).
"""
