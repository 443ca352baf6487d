"""Settings of the shop's tests."""

from hypothesis import settings

# By default, Hypothesis tries a hundred sequences. A deadline is meant for one call, but a sequence has fifty.
settings.register_profile("bookshop", max_examples=25, deadline=None)
settings.load_profile("bookshop")
