# HAProxy: one address in front of all servers. A user stays on a server by the hint `u`; a poll without it by a cookie.
import os
import shutil

from parts import places
from parts.process import Service

SERVERS = ["parley-1", "parley-2", "parley-3", "parley-4"]


def _command():
    # One that is down for good is found out in 2 s, one that hangs in 8: then its sockets are ended, too, or its clients
    # would wait for their own heartbeat.
    servers = "".join(f"    server {name} {places.address(name)} check inter 500ms fall 4 rise 2 cookie {name} "
                      "on-marked-down shutdown-sessions\n" for name in SERVERS)
    # A server that drains answers 404 to /readyz: it gets nobody new and keeps whom it has.
    check = """    option httpchk
    http-check disable-on-404
    http-check send meth GET uri /readyz
"""
    path = places.write(os.path.join(places.folder("conf", "haproxy"), "haproxy.cfg"), f"""global
    maxconn 8000
defaults
    mode http
    option forwardfor
    option redispatch
    retries 3
    timeout connect 2s
    timeout check 2s
    timeout client 60s
    timeout server 60s
    timeout tunnel 120s
frontend clients
    bind {places.address("haproxy")}
    use_backend by_user if {{ url_param(u) -m found }}
    default_backend by_cookie
backend by_user
    balance url_param u
    hash-type consistent sdbm avalanche
{check}{servers}backend by_cookie
    balance leastconn
    cookie PSRV insert indirect nocache httponly
{check}{servers}""")
    return [shutil.which("haproxy") or "/usr/sbin/haproxy", "-db", "-f", path]


def services():
    return [Service("haproxy", _command)]
