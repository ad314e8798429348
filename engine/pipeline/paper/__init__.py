"""``cli.py paper``: what its commands read, run, write and say. What trades is in ``engine/paper/``."""
