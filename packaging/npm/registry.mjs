// Serves archives of a folder as npm packages on loopback, for a try of the installation.
//
//     node packaging/npm/registry.mjs FOLDER
//
// It prints its address. Any other package is unknown.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** Returns the manifest in an archive: its first entry of that name. */
function manifest(archive) {
  const tar = gunzipSync(archive);
  for (let at = 0; at + 512 <= tar.length; ) {
    const entry = tar.toString('utf8', at, at + 100).replace(/\0.*$/s, '');
    const size = parseInt(tar.toString('utf8', at + 124, at + 136), 8) || 0;
    if (entry === 'package/package.json') return JSON.parse(tar.toString('utf8', at + 512, at + 512 + size));
    at += 512 + Math.ceil(size / 512) * 512;
  }
  throw new Error('the archive has no package.json');
}

const [folder, ...rest] = process.argv.slice(2);
if (folder === undefined || rest.length > 0) {
  console.error('usage: packaging/npm/registry.mjs FOLDER');
  process.exit(64);
}
const archives = readdirSync(folder).filter((file) => file.endsWith('.tgz'));
const packages = new Map();
for (const file of archives) {
  const bytes = readFileSync(join(folder, file));
  const own = manifest(bytes);
  const integrity = `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
  packages.set(own.name, { own, file, integrity });
}
const server = createServer((request, response) => {
  const address = `http://127.0.0.1:${server.address().port}`;
  const path = decodeURIComponent(request.url.slice(1));
  const found = packages.get(path);
  if (found) {
    const { own, file, integrity } = found;
    const version = { ...own, dist: { tarball: `${address}/${file}`, integrity } };
    const body = { name: own.name, 'dist-tags': { latest: own.version }, versions: { [own.version]: version } };
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
  } else if (archives.includes(path)) {
    response.end(readFileSync(join(folder, path)));
  } else {
    response.writeHead(404, { 'content-type': 'application/json' }).end('{"error": "not found"}');
  }
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
