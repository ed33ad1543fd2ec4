"""
Compare
=======

Text.
"""

print(1)
