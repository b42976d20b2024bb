"""What `/sla` says: the verdict with rules and reasons, how it stands now, limits, the alert."""

from __future__ import annotations

import msgspec

from ari_tui.analysis.sla_profiles import Profile
from ari_tui.engine.alerts import AlertStanding
from ari_tui.snapshot import model


class SlaPage(model.Sla, frozen=True, kw_only=True):
    """The document's `sla`, and what belongs to it."""

    time: str
    session: str
    calls: int
    """Calls up."""
    limits: Profile
    alert: AlertStanding


def sla_page(document: model.Document, profile: Profile, alert: AlertStanding) -> SlaPage:
    """Return the page of a document."""
    return SlaPage(
        **msgspec.structs.asdict(document.sla),
        time=document.time,
        session=document.session.id,
        calls=document.totals.calls.active,
        limits=profile,
        alert=alert,
    )
