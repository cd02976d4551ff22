#!/usr/bin/env python3
"""check_unit.py ROOT DLT_DAEMON [WITNESS]: judges the units without a running systemd.

- systemd-analyze verify finds nothing in units and drop-ins, systemd-analyze security scores 2.0 at most;
- the daemon makes no system call that the unit's filter would refuse: it is traced while it starts from inherited sockets, serves
  an application and a client, stores, salvages what a killed application had logged (WITNESS is that application), reloads,
  answers --status, ends.
"""
import os, re, shutil, signal, socket, subprocess, sys, tempfile, time

root, daemon = sys.argv[1:3]
witness = sys.argv[3] if len(sys.argv) > 3 else None
units = os.path.join(root, "systemd")
deadline = time.monotonic() + 120


def run(*command, **more):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)


def wait_for(what, condition):
    while not condition():
        if time.monotonic() > deadline:
            sys.exit("no " + what)
        time.sleep(0.01)


def check_files(dir):
    """The units with the path of this program, all drop-ins on top."""
    for name in ("dlt-daemon.service", "dlt-daemon.socket", "dlt-daemon-app.socket"):
        text = open(os.path.join(units, name)).read()
        with open(os.path.join(dir, name), "w") as out:
            out.write(text.replace("/usr/bin/dlt-daemon", daemon))
    for name in os.listdir(os.path.join(units, "examples")):
        unit = "dlt-daemon-app.socket" if name == "everybody.conf" else "dlt-daemon.service"
        os.makedirs(os.path.join(dir, unit + ".d"), exist_ok=True)
        shutil.copy(os.path.join(units, "examples", name), os.path.join(dir, unit + ".d"))
    environment = dict(os.environ, SYSTEMD_UNIT_PATH=dir + ":")
    for name in ("dlt-daemon.service", "dlt-daemon.socket", "dlt-daemon-app.socket"):
        found = run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", os.path.join(dir, name), env=environment)
        ours = [line for line in found.stdout.splitlines() if "dlt-daemon" in line]
        assert found.returncode == 0 and not ours, found.stdout
    score = run("systemd-analyze", "security", "--offline=true", "--threshold=20", os.path.join(units, "dlt-daemon.service"))
    print(score.stdout.strip().splitlines()[-1])
    assert score.returncode == 0, score.stdout


def calls_of(group):
    """The system calls of a name or @group."""
    if not group.startswith("@"):
        return {group}
    calls = set()
    for line in run("systemd-analyze", "syscall-filter", group).stdout.splitlines()[1:]:
        word = line.split("#")[0].strip()
        if word:
            calls |= calls_of(word)
    return calls


def allowed_calls():
    allowed = calls_of("@default")
    for line in open(os.path.join(units, "dlt-daemon.service")):
        match = re.match(r"SystemCallFilter=(~?)(.*)", line)
        if match:
            named = set().union(*(calls_of(g) for g in match[2].split()))
            allowed = allowed - named if match[1] else allowed | named
    return allowed


def start_daemon(dir, trace):
    """Under strace, with sockets by the protocol of sd_listen_fds(3)."""
    app = socket.socket(socket.AF_UNIX)
    app.bind(os.path.join(dir, "app.sock"))
    client = socket.socket()
    client.bind(("127.0.0.1", 0))
    for s in (app, client):
        s.listen(16)
    low = min(app.fileno(), client.fileno())
    line = ("exec 3<&%d 4<&%d; export LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES=app:client; exec \"$@\"" %
            (app.fileno(), client.fileno())) if low > 4 else None
    assert line, "descriptors 3 and 4 are taken"
    command = [daemon, "--config", os.path.join(dir, "dlt.conf"), "--storage-dir", os.path.join(dir, "stored")]
    # strace -D: the daemon is the process that was started, the tracer is its child.
    process = subprocess.Popen(["strace", "-D", "-f", "-qq", "-o", trace, "bash", "-c", line, "bash", *command],
                               pass_fds=(app.fileno(), client.fileno()), stderr=open(os.path.join(dir, "log"), "w"),
                               env=dict(os.environ, NOTIFY_SOCKET=os.path.join(dir, "notify"), WATCHDOG_USEC="100000",
                                        ASAN_OPTIONS="detect_leaks=0"))  # it traces, as strace does
    return process, client.getsockname()[1]


def log_of(dir):
    return open(os.path.join(dir, "log")).read()


def use_daemon(dir, process, port):
    wait_for("daemon", lambda: "serving applications" in log_of(dir))
    viewer = socket.create_connection(("127.0.0.1", port))
    viewer.settimeout(60)
    if witness:
        app = subprocess.Popen([witness, os.path.join(dir, "page"), "WITN", "2", "kill", "0", "0"],
                               env=dict(os.environ, DLT_DAEMON_ADDRESS="unix:" + os.path.join(dir, "app.sock")))
        got = 0
        while got < 200_000:
            got += len(viewer.recv(65536))
        app.kill()
        app.wait()
        stored = os.path.join(dir, "stored")
        wait_for("stored file", lambda: os.path.isdir(stored) and os.listdir(stored))
    viewer.close()
    status = run(daemon, "--status", "--control-socket", os.path.join(dir, "control.sock"))
    assert status.returncode == 0, status.stdout
    with open(os.path.join(dir, "dlt.conf"), "a") as out:
        out.write("ContextLogLevel = 2\n")
    process.send_signal(signal.SIGHUP)
    wait_for("reload", lambda: "configuration applied" in log_of(dir))
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0, log_of(dir)


def check_calls(dir):
    with open(os.path.join(dir, "dlt.conf"), "w") as out:
        out.write("BindAddress = 127.0.0.1\n")
    trace = os.path.join(dir, "trace")
    process, port = start_daemon(dir, trace)
    try:
        use_daemon(dir, process, port)
    finally:
        process.poll() is None and process.kill()
    lines = open(trace).read().splitlines()
    begin = next(i for i, line in enumerate(lines) if 'execve("%s"' % daemon in line)
    made = {m[1] for m in (re.match(r"\d+ +(\w+)\(", line) for line in lines[begin:]) if m} - {"execve"}
    refused = made - allowed_calls()
    print(len(made), "different system calls, refused by the filter:", sorted(refused) or "none")
    # glibc asks for the stack's limit and takes its default when it is not told.
    assert refused <= {"prlimit64", "getrlimit"}, "see above"


# Descriptors 3 and 4 are those that the daemon gets.
for fd in (3, 4):
    try:
        os.fstat(fd)
    except OSError:
        os.dup2(0, fd)
with tempfile.TemporaryDirectory(prefix="dlt-test-") as dir:
    check_files(tempfile.mkdtemp(dir=dir))
    check_calls(dir)
print("the units are good")
