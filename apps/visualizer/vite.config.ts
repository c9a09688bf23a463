// The page as one file that needs no server: dist/index.html.

import { defineConfig } from 'vite';
import { singlePage } from './single-page.ts';

const conditions = ['@shoal/source', 'browser', 'module', 'import', 'default'];

export default defineConfig({
  base: './',
  resolve: { conditions },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    target: 'es2024',
    modulePreload: false,
    cssCodeSplit: false,
    reportCompressedSize: false,
    rollupOptions: { output: { format: 'iife' } },
  },
  plugins: [singlePage()],
});
