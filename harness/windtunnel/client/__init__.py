"""A client of the Messages API for agents: one interface, four backends, and it survives rough weather.

On the official SDK's own classes, with their retries turned off. It imports nothing else of windtunnel.
"""
