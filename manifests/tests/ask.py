"""ask.py SERVER NAME: one DNS question over UDP; exits with 0 when an address comes back."""
import socket
import struct
import sys


def main():
    server, name = sys.argv[1:]
    labels = b"".join(bytes([len(l)]) + l.encode() for l in name.split("."))
    question = struct.pack(">HHHHHH", 7, 0x0100, 1, 0, 0, 0) + labels + b"\0\0\1\0\1"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(2)
        s.sendto(question, (server, 53))
        answer = s.recv(4096)
    sys.exit(struct.unpack(">H", answer[6:8])[0] == 0)


main()
