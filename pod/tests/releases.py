"""Fake releases over HTTPS on a free port of loopback: releases.py CERTIFICATE KEY FOLDER LOG. Prints the port.

A path is answered with the file of that name in FOLDER (`HOST/PATH`); one whose name ends with `.cut` is sent by half only. LOG gets one
line for each request.
"""
import http.server
import pathlib
import ssl
import sys

certificate, key, folder, log = sys.argv[1:]


class Releases(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        where = self.headers["host"].partition(":")[0] + self.path
        with open(log, "a", encoding="utf8") as file:
            file.write(where + "\n")
        whole, cut = pathlib.Path(folder, where), pathlib.Path(folder, where + ".cut")
        if not whole.is_file() and not cut.is_file():
            return self.send_error(404)
        body = (whole if whole.is_file() else cut).read_bytes()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if whole.is_file() else body[:len(body) // 2])
        self.close_connection = True

    def log_message(self, *_):
        pass


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Releases)
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_port, flush=True)
server.serve_forever()
