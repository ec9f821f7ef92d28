"""Profiles of hypothesis: the default, and MINIGRAD_PROFILE=thorough for many more examples."""

import os

from hypothesis import HealthCheck, settings

slow_is_fine = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile("default", max_examples=10, deadline=None, suppress_health_check=slow_is_fine)
settings.register_profile("thorough", max_examples=1000, deadline=None, suppress_health_check=slow_is_fine)
settings.load_profile(os.environ.get("MINIGRAD_PROFILE", "default"))
