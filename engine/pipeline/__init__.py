"""The generic interpreter: reads the user's files into a checked workspace and wires the rooms into pipelines.

One module per command of ``cli.py``; each opens with the steps it takes. Start reading at ``workspace.py`` (what the
files say), then ``backtest.py`` (message -> signal -> plan -> path -> trade -> verdict -> report).
"""
