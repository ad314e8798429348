"""The characters of a message and what stands in them: folding, words, numbers, and the fields of marks.

``fold.py`` makes the many spellings of one text alike, ``vocabulary.py`` holds the words of a profile, ``numbers.py``
the notations, ``fields.py`` what each mark takes and means. ``names.py`` has the names that the language is made of.
"""
