"""Real peers for the tests and the demonstration: servers, clients and the gateway itself, each in a private directory.

Everything listens on loopback addresses and unix sockets; nothing of the system's own configuration is read or changed.
A peer is started by its constructor (which returns when it answers) and stopped by `stop()`, by process id.
"""
