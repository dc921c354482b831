# Sourced by the tests of downloads: fake releases over HTTPS on loopback (releases.py), to which curl's own configuration leads every
# host name, so that what downloads is not told of the test.
serve_releases() { # serve_releases FOLDER: serves FOLDER/releases and notes requests in FOLDER/log; FOLDER/.curlrc leads there
  local folder=$1 tries
  openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test -addext 'subjectAltName=DNS:github.com,DNS:npm-cdn.vibekanban.com' \
    -keyout "$folder/key" -out "$folder/certificate" 2>/dev/null
  python3 pod/tests/releases.py "$folder/certificate" "$folder/key" "$folder/releases" "$folder/log" >"$folder/port" 2>"$folder/server.log" 3>&- 4>&- &
  echo $! >"$folder/pid"
  for ((tries = 0; tries < 100; tries++)); do [[ -s $folder/port ]] && break; sleep 0.1; done
  printf 'connect-to = "::127.0.0.1:%s"\ncacert = "%s/certificate"\nnoproxy = "*"\n' "$(<"$folder/port")" "${2:-$folder}" >"$folder/.curlrc"
}
