import type { Options } from "tsup";

/** How every package is built: ESM from the named entries; declarations come from `tsc`, which is faster. */
export const preset = (entry: string[]): Options => ({
  entry,
  format: "esm",
  target: "es2023",
  platform: "neutral",
  dts: false,
  sourcemap: true,
  clean: true,
  // node:* and peers stay imports; tsup leaves dependencies and peerDependencies alone by itself.
  external: [/^node:/],
  esbuildOptions: (options) => {
    options.conditions = ["import"];
  },
});
