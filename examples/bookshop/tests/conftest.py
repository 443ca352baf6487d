"""How the shop's tests run."""

from hypothesis import settings

# Hypothesis would try a hundred sequences; the deadline is for one call of a function, and a sequence has fifty.
settings.register_profile("bookshop", max_examples=25, deadline=None)
settings.load_profile("bookshop")
