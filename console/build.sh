#!/usr/bin/env bash
# build.sh WORK DIST OPENAPI STAMP: builds the console in WORK (a copy of this folder, so that the tree
# stays clean) into DIST. Packages are installed again only when the lock file has changed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$1 dist=$2 openapi=$(realpath "$3") stamp=$4
mkdir -p "$work" "$dist"
work=$(realpath "$work") dist=$(realpath "$dist") stamp=$(realpath "$stamp")

rm -rf "$work/src" "$work/public"
cp -R "$here/src" "$here/public" "$work/"
cp "$here"/{package.json,package-lock.json,.npmrc,tsconfig.json,vite.config.ts,index.html,precompress.mjs} "$work/"
cd "$work"
lock=$(sha256sum package.json package-lock.json | sha256sum)
if [ "$(cat .installed 2>/dev/null)" != "$lock" ]; then
  npm ci --silent --no-fund --no-audit
  echo "$lock" >.installed
fi
npx --no-install openapi-typescript "$openapi" -o src/api/schema.ts >/dev/null
npx --no-install tsc --noEmit
npx --no-install vite build --outDir "$dist.new" --emptyOutDir --logLevel warn
node precompress.mjs "$dist.new"
# The old files stay until the new ones are complete.
rm -rf "$dist"
mv "$dist.new" "$dist"
touch "$stamp"
