// Puts script and style into the page itself, so that it opens from a folder without any server (browsers load no module
// from file://), and says in a Content-Security-Policy that these very texts run and nothing else is loaded.

import { createHash } from 'node:crypto';
import type { Plugin, Rollup } from 'vite';

export function singlePage(): Plugin {
  return {
    name: 'single-page',
    apply: 'build',
    enforce: 'post',
    generateBundle(_, bundle) {
      const page = Object.values(bundle).find((file) => file.fileName.endsWith('.html')) as Rollup.OutputAsset;
      const { code } = take(bundle, '.js') as Rollup.OutputChunk;
      const { source } = take(bundle, '.css') as Rollup.OutputAsset;
      const script = code.replaceAll('</script', String.raw`<\/script`).replaceAll('<!--', String.raw`<\!--`);
      const left = Object.keys(bundle).filter((name) => name !== page.fileName);
      if (left.length > 0) this.error(`the page would load ${left.join(', ')}`);
      page.source = withTexts(String(page.source), script, String(source));
    },
  };
}

/** The one file of that kind, which is no longer written. */
function take(bundle: Rollup.OutputBundle, kind: string): Rollup.OutputChunk | Rollup.OutputAsset {
  const name = Object.keys(bundle).find((file) => file.endsWith(kind))!;
  const file = bundle[name]!;
  delete bundle[name];
  return file;
}

function withTexts(page: string, script: string, style: string): string {
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(script)} 'wasm-unsafe-eval'`, // WebAssembly: the hashes
    `style-src ${hashOf(style)}`,
    'img-src data: blob:',
    'worker-src blob:', // the simulation runs beside the page
    "connect-src 'self'", // the page that shoal serves tells what happens
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return page
    .replace(/<script type="module"[^>]*><\/script>|<link rel="stylesheet"[^>]*>/g, '')
    .replace(
      '<meta charset="utf-8" />',
      (first) => `${first}\n    <meta http-equiv="Content-Security-Policy" content="${policy}" />`,
    )
    .replace('</head>', () => `<style>${style}</style>\n  </head>`)
    .replace('</body>', () => `<script>${script}</script>\n  </body>`);
}

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
