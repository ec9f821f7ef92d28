"""Profiles of hypothesis: a modest default, and MINIGRAD_PROFILE=thorough for many more examples."""

import os

from hypothesis import HealthCheck, settings

SLOW_IS_FINE = [HealthCheck.too_slow, HealthCheck.data_too_large]  # drawing the inputs of an op takes its time

# In CI the examples are the same each time: a commit is not red for what another one did.
settings.register_profile(
    "default", max_examples=10, deadline=None, derandomize="CI" in os.environ, suppress_health_check=SLOW_IS_FINE
)
settings.register_profile("thorough", max_examples=1000, deadline=None, suppress_health_check=SLOW_IS_FINE)
settings.load_profile(os.environ.get("MINIGRAD_PROFILE", "default"))
