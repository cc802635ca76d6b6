// Builds the page into build/web (or $PARLEY_WEB_OUT): hashed names, everything precompressed, and manifest.json, the
// list from which the server makes its table of files. With --report it also prints the sizes.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const out = process.env.PARLEY_WEB_OUT ?? join(here, '../build/web');

const csp = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "manifest-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types app',
].join('; ');

const types = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  png: 'image/png',
  webmanifest: 'application/manifest+json',
};

const files = [];

function emit(path, file, data, immutable) {
  const bytes = Buffer.from(data);
  const entry = { path, file, type: types[file.split('.').at(-1)], immutable };
  writeFileSync(join(out, file), bytes);
  const gz = gzipSync(bytes, { level: 9 });
  const br = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
  if (gz.length < bytes.length) {
    entry.gz = `${file}.gz`;
    writeFileSync(join(out, entry.gz), gz);
  }
  if (br.length < bytes.length) {
    entry.br = `${file}.br`;
    writeFileSync(join(out, entry.br), br);
  }
  files.push(entry);
  if (process.argv.includes('--report'))
    console.log(`${file}: ${bytes.length} B, gzip ${gz.length}, br ${br.length}`);
}

function hashed(name, data) {
  const hash = createHash('sha256').update(data).digest('hex').slice(0, 10);
  const dot = name.lastIndexOf('.');
  return `${name.slice(0, dot)}-${hash}${name.slice(dot)}`;
}

mkdirSync(out, { recursive: true });
for (const old of readdirSync(out)) rmSync(join(out, old), { recursive: true, force: true });

const result = await build({
  entryPoints: { app: join(here, 'src/main.tsx'), style: join(here, 'src/styles/index.css') },
  bundle: true,
  minify: true,
  format: 'esm',
  target: ['chrome109', 'firefox115', 'safari16.4'],
  // light-dark() is used as it is: the fallback that esbuild would write needs more than it saves.
  supported: { nesting: true, 'color-functions': true },
  jsx: 'automatic',
  jsxImportSource: 'preact',
  conditions: ['source', 'import', 'browser'],
  alias: { '@parley/sdk': join(here, '../sdk/ts/src/index.ts') },
  // A language is a file of its own; its hash is part of the page that names it.
  splitting: true,
  chunkNames: '[name]-[hash]',
  outdir: out,
  write: false,
  metafile: true,
  legalComments: 'none',
  logLevel: 'warning',
});

/** Names of the files without which the page cannot start: what the entry imports, and what those do. */
const needed = new Set();
const outputs = Object.entries(result.metafile.outputs);
const byName = new Map(outputs.map(([path, output]) => [path.split('/').at(-1), output]));
function need(name) {
  for (const { path, kind } of byName.get(name)?.imports ?? []) {
    const part = path.split('/').at(-1);
    if (kind !== 'import-statement' || needed.has(part)) continue;
    needed.add(part);
    need(part);
  }
}
need('app.js');

const names = {};
for (const file of result.outputFiles) {
  const plain = file.path.split('/').at(-1);
  const entry = plain === 'app.js' || plain === 'style.css';
  const name = entry ? hashed(plain, file.contents) : plain;
  if (entry) names[plain] = `/${name}`;
  emit(`/${name}`, name, file.contents, true);
}

/** Puts an icon among the files; returns its address. */
function icon(file) {
  const data = readFileSync(join(here, 'src/icons', file));
  const name = hashed(file, data);
  emit(`/${name}`, name, data, true);
  return `/${name}`;
}

const iconPath = icon('icon.svg');
const apple = icon('icon-apple-180.png');
const png = (file, size, purpose) => ({
  src: icon(file),
  sizes: `${size}x${size}`,
  type: 'image/png',
  purpose,
});

const app = {
  name: 'Parley',
  short_name: 'Parley',
  description: 'A messenger that never loses a message.',
  id: '/',
  start_url: '/',
  scope: '/',
  display: 'standalone',
  background_color: '#F3F5F8',
  theme_color: '#F3F5F8',
  categories: ['social', 'productivity'],
  icons: [
    { src: iconPath, sizes: 'any', type: 'image/svg+xml', purpose: 'any' },
    png('icon-192.png', 192, 'any'),
    png('icon-512.png', 512, 'any'),
    png('icon-maskable-512.png', 512, 'maskable'),
  ],
  shortcuts: [
    { name: 'New chat', url: '/new' },
    { name: 'New group', url: '/new/group' },
  ],
  share_target: {
    action: '/share',
    method: 'GET',
    params: { title: 'title', text: 'text', url: 'url' },
  },
};
emit('/parley.webmanifest', 'parley.webmanifest', JSON.stringify(app), false);

const html = readFileSync(join(here, 'src/index.html'), 'utf8')
  .replace('{{app}}', names['app.js'])
  .replace('{{style}}', names['style.css'])
  .replace('{{needed}}', [...needed].map((n) => `<link rel="modulepreload" href="/${n}">`).join('\n    '))
  .replace('{{icon}}', iconPath)
  .replace('{{apple}}', apple);
emit('/index.html', 'index.html', html, false);

// The service worker: it names what the page consists of, so it is another one whenever any of that is.
// Pictures for the home screen are fetched when it is installed, and never again.
const shell = files.map((f) => f.path).filter((path) => !path.endsWith('.png'));
const version = createHash('sha256').update(html).update(shell.join()).digest('hex').slice(0, 16);
const worker = await build({
  entryPoints: [join(here, 'src/sw.ts')],
  bundle: true,
  minify: true,
  format: 'iife',
  target: ['chrome109', 'firefox115', 'safari16.4'],
  define: { SHELL: JSON.stringify(shell), VERSION: JSON.stringify(`shell-${version}`) },
  write: false,
  logLevel: 'warning',
});
emit('/sw.js', 'sw.js', worker.outputFiles[0].contents, false);

writeFileSync(join(out, 'manifest.json'), `${JSON.stringify({ csp, files }, null, 2)}\n`);
if (!existsSync(join(out, 'index.html'))) process.exit(1);
