"""The layouts of protocol numbers that are known."""

from services.poller.registers import Layout, layout_for


def known_layout(protocol: int) -> Layout:
    """Return the layout of a protocol number that has one."""
    layout = layout_for(protocol)
    assert layout
    return layout
