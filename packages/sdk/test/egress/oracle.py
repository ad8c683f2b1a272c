"""A second opinion on egress policies (EGR-1), with nothing in common with the SDK's own code.

Reads JSON lines {"allowed": [...], "action": "...", "host": "..."} and writes JSON lines: the verdict (allow, deny,
or invalid for what is no host), the host's one spelling, and whether it is an address that no policy opens but by
listing it. Addresses are read by the C library and by ipaddress, names by Python's codec.
"""

import fnmatch
import ipaddress
import json
import re
import socket
import sys
import unicodedata


def address(text):
    try:
        found = ipaddress.ip_address(text)
        return found.ipv4_mapped or found if found.version == 6 else found
    except ValueError:
        return None


def labels(text):
    """The labels of a name in ASCII, an address, or None."""
    if text[:1] == "[":
        inner = text[1:-1] if text[-1:] == "]" else ""
        return address(inner) if ":" in inner and "%" not in inner else None
    if ":" in text:
        return None if "%" in text else address(text)
    if len(text) > 1024 or not all(c.isalnum() or c in "-._" or ord(c) > 127 for c in text):
        return None
    parts = re.split("[.\u3002\uff0e\uff61]", text)
    if parts[-1] == "" and len(parts) > 1:
        parts.pop()
    # Names know four dots; other signs that stand for one belong in no label.
    if any("." in unicodedata.normalize("NFKC", c) for part in parts for c in part):
        return None
    try:
        parts = [p.encode("idna").decode().lower() for p in parts]
    except UnicodeError:
        return None
    if not all(0 < len(p) < 64 and re.fullmatch("[a-z0-9_-]+", p) for p in parts):
        return None
    if re.fullmatch("[0-9]+|0x[0-9a-f]*", parts[-1]):
        # The C library wants digits after 0x, browsers take none for zero.
        spelled = [p + "0" if p == "0x" else p for p in parts]
        try:
            return ipaddress.ip_address(socket.inet_aton(".".join(spelled)))
        except OSError:
            return None
    return parts if len(".".join(parts)) <= 253 else None


def without_port(text):
    found = re.match(r"(\[.*?\]|[^:]*):[0-9]{0,5}\Z", text, re.S)
    return found.group(1) if found else text


def is_closed(host):
    if isinstance(host, list):
        return False
    wrapped = []
    if host.version == 6:
        wrapped += [host.sixtofour] if host.sixtofour else []
        wrapped += host.teredo or []
        if host in ipaddress.ip_network("64:ff9b::/96") or host in ipaddress.ip_network("::/96"):
            wrapped.append(ipaddress.ip_address(int(host) & 0xFFFFFFFF))
    special = host.is_loopback or host.is_link_local or host.is_unspecified or host.is_multicast
    if host.version == 4:
        special = special or host in ipaddress.ip_network("0.0.0.0/8") or int(host) == 0xFFFFFFFF
    return special or any(is_closed(each) for each in wrapped)


def judge(allowed, action, text):
    host = labels(without_port(text))
    if host is None:
        return {"verdict": "invalid", "host": "", "closed": False}
    name = ".".join(host) if isinstance(host, list) else str(host)
    listed, exact = False, False
    for pattern in allowed:
        below = fnmatch.fnmatchcase(pattern, "[*].*")
        wanted = labels(pattern[2:] if below else pattern)
        if wanted is None:
            continue
        if not below and wanted == host:
            listed = exact = True
        if below and isinstance(wanted, list) and isinstance(host, list):
            if len(host) > len(wanted) and host[-len(wanted) :] == wanted:
                listed = True
    is_open = listed if allowed else action != "deny"
    closed = is_closed(host) and not exact
    return {"verdict": "allow" if is_open else "deny", "host": name, "closed": closed}


for line in sys.stdin:
    case = json.loads(line)
    print(json.dumps(judge(case["allowed"], case["action"], case["host"])))
