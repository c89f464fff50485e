"""DL/T 645, the protocol of Chinese meters: the edition of 2007, and reading by that of 1997.

`frame`: bytes and frames. `codes`: functions and errors by name. `bcd`: numbers, addresses and clocks. `items`: what the
standard's data identifiers hold. `exchanges`: questions and answers. `search`: who is on a bus.
"""
