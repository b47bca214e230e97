#!/bin/sh
# release.sh: builds the images, a source archive and a bill of materials of the last commit into dist/.
# The version comes from pyproject.toml. Optional settings: SOURCE (the repository's address, for the image labels),
# PLATFORM (such as linux/arm64; default: this machine's).
set -eu
say() { echo "release: $*" >&2; }
[ -z "$(git status --porcelain)" ] || { say "there are uncommitted changes: commit or stash them."; exit 1; }
version=$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
revision=$(git rev-parse HEAD)
grep -q "^## .*$version" CHANGELOG.md || say "CHANGELOG.md has no section for $version yet."
rm -rf dist
mkdir dist
git archive --prefix="easun-bridge-$version/" --output="dist/easun-bridge-$version.tar.gz" HEAD

docker info >/dev/null 2>&1 || { say "no Docker engine: dist/ has no images and no bill of materials."; exit 1; }
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
