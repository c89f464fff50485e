"""DLMS/COSEM: the client's side, without I/O, named by the terms of the standards (IEC 62056; the Green Book and the Blue
Book of the DLMS UA).

    held        an association that is held from one conversation to the next
    client      an association with a meter: opens it, gets, sets, acts, releases it
      xdlms     its questions and answers (APDUs);  acse: those that open and close the association
      security  ciphering of APDUs, and high level security by GMAC
      axdr      the values in them
    link        an APDU over HDLC and back;  hdlc: its frames
    wrapper     an APDU over TCP and back
    search      whether a meter answers at an address
    push        what a meter sends unasked, read only
"""
