"""Prints each message of applications as python-dlt sees it: of a file, or live until one whose text is END.

show_with_python_dlt.py file FILE
show_with_python_dlt.py live PORT
"""
import sys

from dlt import dlt


def show(message):
    if message.apid in ("DA1", "DLTD", ""):  # the daemon's own
        return
    print(message.ecuid, message.apid, message.ctid, message.mcnt, message.noar, message.payload_decoded, flush=True)


def live(port):
    client = dlt.DLTClient(servIP="127.0.0.1", port=port)
    if not client.connect(timeout=60):  # without one it does not connect; when nothing comes for so long, it ends
        sys.exit("cannot connect")
    print("connected", flush=True)

    ended = []

    def on_message(message):  # also called with nothing, and twice with a message that it does not want more after
        if message is not None and not ended:
            show(message)
            if "END" in str(message.payload_decoded):
                ended.append(True)
        return not ended

    dlt.py_dlt_client_main_loop(client, callback=on_message)


if sys.argv[1] == "file":
    for one in dlt.load(sys.argv[2]):
        show(one)
else:
    live(int(sys.argv[2]))
