"""The function of the two logs: `balance = kernel(credit log, meter journal)`.

Pure: no I/O, no clock, no randomness, integers only. The edge decides with it and the server checks
with it. The one outside fact it uses, the rules of the time zones, comes from the pinned `tzdata`
package and never from the machine, so that both sides know the same clock changes.
"""
