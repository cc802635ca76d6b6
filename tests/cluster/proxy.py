# A proxy between one server and an engine: a process that passes bytes on. Paused it is a network that swallows them.
import selectors
import signal
import socket
import subprocess
import sys

OFFSET = 1000  # to ports that nobody else has (deploy/local/parts/places.py)


def _serve(ports):
    selector = selectors.DefaultSelector()
    for port in ports:
        listener = socket.create_server(("127.0.0.1", port + OFFSET))
        listener.setblocking(False)
        selector.register(listener, selectors.EVENT_READ, port)
    peers = {}
    print("ready", flush=True)
    while True:
        for key, _ in selector.select():
            if isinstance(key.data, int):
                _accept(selector, key.fileobj, key.data, peers)
            elif key.fileobj in peers:
                _pass_on(selector, key.fileobj, peers)


def _accept(selector, listener, port, peers):
    client, _ = listener.accept()
    server = socket.socket()
    try:
        server.connect(("127.0.0.1", port))
    except OSError:
        client.close()
        return
    for one, other in ((client, server), (server, client)):
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        peers[one] = other
        selector.register(one, selectors.EVENT_READ, None)


def _pass_on(selector, one, peers):
    other = peers[one]
    try:
        data = one.recv(65536)
        if data:
            other.sendall(data)
            return
    except OSError:
        pass
    for end in (one, other):
        selector.unregister(end)
        del peers[end]
        end.close()


class Proxy:
    """Stands in front of these ports of this machine, each at the port OFFSET above it."""

    def __init__(self, ports):
        self.process = subprocess.Popen([sys.executable, __file__, *map(str, ports)], stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline() != "ready\n":
            raise RuntimeError("the proxy does not start")

    def cut(self):
        self.process.send_signal(signal.SIGSTOP)

    def join(self):
        self.process.send_signal(signal.SIGCONT)

    def end(self):
        self.process.kill()
        self.process.wait()


if __name__ == "__main__":
    _serve([int(word) for word in sys.argv[1:]])
