import msgspec
class HostRecord(msgspec.Struct, frozen=True):
    said: str
    source: str
    attributes: dict
def canonical_names(records, configured): return {}
