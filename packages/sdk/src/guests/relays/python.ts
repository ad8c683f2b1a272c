import { placeWords, type Relay } from "./relay.js";

/** Python: in every image of a Python plugin. */
export const python: Relay = {
  tool: "python3",
  probe: ["python3", "-c", "import os, socket, stat, sys, threading"],
  connect: (to, atEnd) => ["python3", "-c", common + connect, ...placeWords(to), atEnd],
  forward: (at, to) => ["python3", "-c", common + forward, ...placeWords(at), ...placeWords(to)],
};

const common = `
import os, socket, stat, sys, threading

def dial(kind, host, port):
    if kind == "unix":
        s = socket.socket(socket.AF_UNIX)
        s.connect(host)
    else:
        s = socket.create_connection((host, int(port)))
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s

def start(run, *args):
    t = threading.Thread(target=run, args=args, daemon=True)
    t.start()
    return t
`;

const connect = `
try:
    s = dial(*sys.argv[1:4])
except OSError as e:
    sys.exit("can't connect to %s: %s" % (sys.argv[2], e))

def up():
    try:
        while True:
            b = os.read(0, 65536)
            if not b:
                break
            s.sendall(b)
        s.shutdown(socket.SHUT_WR)
    except OSError:
        os._exit(1)

sending = start(up)
try:
    while True:
        b = s.recv(65536)
        if not b:
            break
        while b:
            b = b[os.write(1, b):]
    if sys.argv[4] == "close stdout":
        # Where stdin and stdout are one socket, closing a copy would tell nobody.
        out, copy = None, os.dup(1)
        try:
            out = socket.socket(fileno=copy)
            out.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        if out:
            out.close()
        else:
            os.close(copy)
        os.close(1)
        sending.join()
except OSError:
    os._exit(1)
os._exit(0)
`;

const forward = `
kind, host, port = sys.argv[1:4]
try:
    if kind == "unix":
        if os.path.exists(host) and stat.S_ISSOCK(os.stat(host).st_mode):
            os.unlink(host)
        l = socket.socket(socket.AF_UNIX)
        l.bind(host)
    else:
        family, _, _, _, address = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)[0]
        l = socket.socket(family)
        l.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        l.bind(address)
    l.listen(128)
except OSError as e:
    sys.exit("can't listen on %s: %s" % (host, e))

def copy(a, b):
    try:
        while True:
            d = a.recv(65536)
            if not d:
                break
            b.sendall(d)
        b.shutdown(socket.SHUT_WR)
    except OSError:
        for s in (a, b):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

def carry(c):
    try:
        s = dial(*sys.argv[4:7])
    except OSError as e:
        print("can't connect to %s: %s" % (sys.argv[5], e), file=sys.stderr)
        c.close()
        return
    t = start(copy, c, s)
    copy(s, c)
    t.join()
    c.close()
    s.close()

def accept():
    while True:
        c, _ = l.accept()
        start(carry, c)

start(accept)
print("ready", flush=True)
while os.read(0, 65536):
    pass
if kind == "unix":
    os.unlink(host)
os._exit(0)
`;
