#!/bin/sh
# release.sh PYTHON: wheel, source archive, image and bill of materials of the committed state, into dist/. The version is
# pyproject.toml's. Settings, optional: SOURCE (the repository's address, for the image's labels), PLATFORM (such as
# linux/arm64; default: this machine's).
set -eu
python=$1
say() { echo "release: $*" >&2; }
[ -z "$(git status --porcelain)" ] || { say "there are changes that are not committed: commit or stash them."; exit 1; }
version=$("$python" -c 'from shared.version import program_version; print(program_version())')
revision=$(git rev-parse HEAD)
grep -q "^## .*$version" CHANGELOG.md || say "CHANGELOG.md has no section for $version yet."
rm -rf dist build
mkdir dist

# with the setuptools of the lock, and without a download
"$python" -c 'from setuptools import build_meta as b; b.build_wheel("dist"); b.build_sdist("dist")' >dist/build.log 2>&1 || {
  tail -n 5 dist/build.log >&2
  say "setuptools failed (see above)."
  exit 1
}
rm -rf dist/build.log build ./*.egg-info

docker info >/dev/null 2>&1 || { say "no Docker engine: dist/ has no image and no bill of materials."; exit 1; }
for target in app broker; do
  case $target in app) image=easun-bridge ;; *) image=easun-bridge-$target ;; esac
  docker build --quiet --target "$target" --tag "$image:$version" ${PLATFORM:+--platform "$PLATFORM"} \
    --label org.opencontainers.image.version="$version" --label org.opencontainers.image.revision="$revision" \
    ${SOURCE:+--label org.opencontainers.image.source="$SOURCE"} . >/dev/null
  docker save "$image:$version" | gzip >"dist/$image-$version.image.tar.gz"
done
docker run --rm --interactive --network none "easun-bridge:$version" python - easun-bridge "$version" \
  <tools/sbom.py >"dist/easun-bridge-$version.cdx.json"
(cd dist && sha256sum -- * >SHA256SUMS)
cat dist/SHA256SUMS
