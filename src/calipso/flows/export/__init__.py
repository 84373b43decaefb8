"""Formats in which switches and routers tell what they carry: sFlow, NetFlow and IPFIX, and the way back into IPFIX."""
