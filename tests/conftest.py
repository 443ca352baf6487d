"""What holds for all tests."""

from hypothesis import settings

pytest_plugins = ["pytester"]

# A busy machine is no failure, and a script may have to run out of time.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
