"""Forms: calls read by their labels, wherever they stand. Start reading at ``form.py``, then ``read.py``."""
