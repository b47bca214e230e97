#!/bin/sh
# addon.sh: makes dist/easun_bridge, the folder of the Home Assistant add-on, from the last commit: the sources with the
# add-on's files at their root, for Home Assistant builds it there. How to install it: deploy/homeassistant/addon/DOCS.md.
set -eu
cd "$(dirname "$0")/.."
folder=dist/easun_bridge
rm -rf "$folder"
mkdir -p "$folder"
git archive HEAD Dockerfile LICENSE pyproject.toml requirements.lock requirements-demo.lock .env.example \
  .dockerignore configure mosquitto services shared simulators supervisor | tar -x -C "$folder"
git archive HEAD:deploy/homeassistant/addon | tar -x -C "$folder"
echo "$folder"
