"""Media: over what a network's packets leave a host (MODEL §9). `overlay/<type>`, `physnet/<name>`, or `routed`."""

from __future__ import annotations

ROUTED = "routed"
"""As they are, by a route to each workload: Project Calico."""
ROUTED_VIF = "tap"
"""Neutron's `binding:vif_type` of a port that a mechanism driver leaves to Felix (networking-calico, `mech_calico`)."""
