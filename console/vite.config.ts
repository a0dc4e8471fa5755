import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// Scripts and styles are files of our own origin: the server's content security policy allows no others.
export default defineConfig({
  plugins: [react()],
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 900,
    rollupOptions: {
      output: { manualChunks: { library: ['react', 'react-dom', 'react-router', '@mantine/core', '@mantine/hooks', '@tanstack/react-query'] } },
    },
  },
  // For `vite` while developing: `PARLEY_ADMIN=http://127.0.0.1:8081 npx vite`.
  server: { proxy: { '/api': { target: process.env.PARLEY_ADMIN ?? 'http://127.0.0.1:8081', ws: true } } },
});
