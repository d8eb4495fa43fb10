#!/bin/sh
# Installs the node from the unpacked tarball, as root: the program, its unit, its user, a first
# secret and configuration. What is configured already is left alone, so it upgrades as well.
#
#     sudo ./install.sh               for this machine
#     ./install.sh --root DIRECTORY   into a directory, for a look or a package
set -eu
cd "$(dirname "$0")"

root=
case "${1:-}" in
--root) root=${2:?--root wants a directory} ;;
'') ;;
*) printf 'install.sh: there is no %s; known is --root DIRECTORY\n' "$1" >&2; exit 2 ;;
esac

install -D -m 755 fieldcast-node "$root/usr/bin/fieldcast-node"
install -D -m 644 fieldcast-node.service "$root/lib/systemd/system/fieldcast-node.service"
install -D -m 644 fieldcast-node.socket "$root/lib/systemd/system/fieldcast-node.socket"
install -D -m 644 fieldcast.sysusers "$root/usr/lib/sysusers.d/fieldcast.conf"
for page in doc/*; do
    install -D -m 644 "$page" "$root/usr/share/doc/fieldcast/$(basename "$page")"
done

group=
if [ -z "$root" ]; then
    systemd-sysusers fieldcast.conf
    group="-g fieldcast"
fi
install -d -m 750 $group "$root/etc/fieldcast"
if [ ! -e "$root/etc/fieldcast/fieldcast.toml" ]; then
    install -m 640 $group fieldcast.toml "$root/etc/fieldcast/fieldcast.toml"
fi
if [ ! -e "$root/etc/fieldcast/token.secret" ]; then
    head -c 32 /dev/urandom | base64 > token.secret.tmp
    install -m 640 $group token.secret.tmp "$root/etc/fieldcast/token.secret"
    rm -f token.secret.tmp
fi

if [ -z "$root" ]; then
    systemctl daemon-reload
    printf 'Look at /etc/fieldcast/fieldcast.toml, then: systemctl enable --now fieldcast-node\n'
fi
