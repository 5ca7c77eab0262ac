#!/usr/bin/env bash
# Makes the certificates beside this file: an authority whose key is thrown away, and a certificate of it for
# localhost, 127.0.0.1 and ::1. They are valid from 2020 until 2120 and protect nothing.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat >openssl.cnf <<'CONFIG'
[ca]
default_ca = tests
[tests]
database = index.txt
serial = serial
new_certs_dir = .
default_md = sha256
policy = any
[any]
commonName = supplied
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[localhost]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth, clientAuth
subjectAltName = DNS:localhost, IP:127.0.0.1, IP:::1
CONFIG
touch index.txt
echo 01 >serial

request() {
  openssl req -config /dev/null -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
    -subj "/CN=$2" -keyout "$1-key.pem" -out "$1.csr"
}
sign() {
  openssl ca -batch -config openssl.cnf -startdate 20200101000000Z -enddate 21200101000000Z -notext "$@"
}
request ca "ttstream test CA"
sign -selfsign -keyfile ca-key.pem -extensions authority -in ca.csr -out ca.pem
request localhost localhost
sign -cert ca.pem -keyfile ca-key.pem -extensions localhost -in localhost.csr -out localhost.pem
cp ca.pem localhost.pem localhost-key.pem "$here"
