import { expect, test } from "vitest";

interface Manifest {
  readonly private?: boolean;
  readonly version: string;
  readonly scripts: Readonly<Record<string, string>>;
  readonly exports: object;
  readonly publishConfig: { readonly exports: object };
}
const manifests = Object.entries(
  import.meta.glob<Manifest>("../{packages/*,apps/*,benchmarks,docs,e2e,examples}/package.json", {
    eager: true,
    import: "default",
  }),
);
const published = manifests.filter(([path]) => path.startsWith("../packages/"));

test.for(manifests)("%s has a types script, so that no type error goes unseen", ([, { scripts }]) => {
  expect(scripts["types"]).toContain("tsc");
});

test("the folders of packages/ are published, and no other; they have one version", () => {
  expect(manifests.filter(([, manifest]) => manifest.private !== true)).toEqual(published);
  expect(new Set(published.map(([, { version }]) => version)).size).toBe(1);
});

test.for(published)("%s offers its sources to the workspace only", ([, { exports, publishConfig }]) => {
  expect(Object.keys(publishConfig.exports)).toEqual(Object.keys(exports));
  expect(JSON.stringify(exports)).toContain("@tidings/source");
  expect(JSON.stringify(publishConfig)).not.toContain("@tidings/source");
});
