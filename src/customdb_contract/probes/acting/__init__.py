"""Probes of Actions: the log-ins for which a check runs one, and the responses of the legacy system meanwhile."""

from customdb_contract.probes.acting._events import EMAIL, LEGACY_ID
from customdb_contract.probes.acting._scenes import play_scenes
from customdb_contract.probes.acting._stage import RUN_SECONDS, ActionStage, Equipment

__all__ = ["EMAIL", "LEGACY_ID", "RUN_SECONDS", "ActionStage", "Equipment", "play_scenes"]
