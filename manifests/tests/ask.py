"""ask.py SERVER NAME [tcp]: one DNS question; exits with 0 when an address comes back."""
import socket
import struct
import sys


def main():
    server, name, *how = sys.argv[1:]
    labels = b"".join(bytes([len(l)]) + l.encode() for l in name.split("."))
    question = struct.pack(">HHHHHH", 7, 0x0100, 1, 0, 0, 0) + labels + b"\0\0\1\0\1"
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM if how else socket.SOCK_DGRAM) as s:
        s.settimeout(2)
        s.connect((server, 53))
        s.sendall(struct.pack(">H", len(question)) + question if how else question)
        answer = s.recv(4096)[2 * len(how):]
    sys.exit(struct.unpack(">H", answer[6:8])[0] == 0)


main()
