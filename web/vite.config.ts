import { defineConfig } from "vite";
import { viteSingleFile } from "vite-plugin-singlefile";

// One file with everything inside: the report must work offline, and the program embeds this file.
export default defineConfig({
  plugins: [viteSingleFile()],
  build: { target: "es2022", reportCompressedSize: false },
});
