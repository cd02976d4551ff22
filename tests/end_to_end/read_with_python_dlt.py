"""Prints the payload of each message of application E2EA, context MAIN, in a .dlt file, as python-dlt decodes it."""
import sys

from dlt import dlt

for message in dlt.load(sys.argv[1]):
    if (message.apid, message.ctid) == ("E2EA", "MAIN"):
        print(message.payload_decoded)
