import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

const browsers = ['chrome124', 'firefox128', 'safari18']

export default defineConfig({
  plugins: [react()],
  build: {
    target: browsers,
    cssTarget: browsers,
    // The hub's content security policy allows files of its own origin only, so no data: addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
})
