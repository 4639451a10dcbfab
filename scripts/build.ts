// Bundles the agent and the command line into one file, dist/pawl.js: one file starts faster than a thousand.

import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};
const outfile = new URL('../dist/pawl.js', import.meta.url).pathname;

// The thread that parses large files (main/parse-aside.ts) is started from its source, so that one file is enough.
const thread = await build({
  entryPoints: [new URL('../src/main/parse-worker.ts', import.meta.url).pathname],
  write: false,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node24',
  minify: true,
  legalComments: 'none',
  logLevel: 'warning',
});

await build({
  entryPoints: [new URL('../src/main.ts', import.meta.url).pathname],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  minifySyntax: true,
  minifyWhitespace: true,
  keepNames: true,
  legalComments: 'external',
  // The demo needs the checkout anyway (main/demo.ts).
  external: ['*/demo/demo.ts'],
  logLevel: 'warning',
  define: {
    PAWL_VERSION: JSON.stringify(version),
    PAWL_PARSE_WORKER: JSON.stringify(thread.outputFiles[0]?.text),
  },
  banner: {
    // Some dependencies are CommonJS and ask for node's own modules by `require`.
    js: "import { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);",
  },
});
// V8 keeps the source as long as the process lives, at two bytes a character where a single one is beyond Latin-1.
const ascii = readFileSync(outfile, 'utf8').replace(
  /[^\0-\x7f]/g,
  (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
);
writeFileSync(outfile, ascii);
chmodSync(outfile, 0o755);
process.stdout.write(`dist/pawl.js: ${(statSync(outfile).size / 1024 / 1024).toFixed(1)} MiB\n`);
