/** Every text in Markdown, by its path from this folder. */
export const documents = import.meta.glob<string>(["../**/*.md", "!**/{node_modules,dist,coverage,data}/**"], {
  eager: true,
  query: "?raw",
  import: "default",
});
