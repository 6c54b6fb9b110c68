"""Taking traffic down: in this process (`inprocess.py`, with a hook for each library), or between a client and the service
(`proxy.py`). Both relay live, piece by piece, and hand each interaction over as it ends."""
