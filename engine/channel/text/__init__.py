"""The characters of a message and what stands in them: folding, words, numbers, and the fields of marks.

``fold.py`` makes the many spellings of one text alike, ``vocabulary.py`` holds the words of a profile, ``numbers.py``
the notations; ``patterns.py`` says what each mark takes, ``fields.py`` what it means. ``names.py`` has the names that
the language is made of.
"""
