import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import ts from "typescript-5";
import type { Editor } from "./editor.ts";

/** The oldest supported compiler, which has its language service as an API. */
export function languageService(config: string): Editor {
  const { config: json } = ts.readConfigFile(config, (file) => ts.sys.readFile(file)) as { config: unknown };
  const { options, fileNames } = ts.parseJsonConfigFileContent(json, ts.sys, dirname(config));
  const service = ts.createLanguageService({
    ...ts.sys,
    useCaseSensitiveFileNames: () => ts.sys.useCaseSensitiveFileNames,
    getCompilationSettings: () => options,
    getScriptFileNames: () => fileNames,
    getScriptVersion: () => "1",
    getScriptSnapshot: (file) => {
      const text = ts.sys.readFile(file);
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
    },
    getCurrentDirectory: () => dirname(config),
    getDefaultLibFileName: ts.getDefaultLibFilePath,
  });
  const lineAt = (file: string, offset: number): number =>
    readFileSync(file, "utf8").slice(0, offset).split("\n").length;

  return {
    async errors(file) {
      return service.getSemanticDiagnostics(file).map(({ start = 0, messageText }) => ({
        line: lineAt(file, start),
        text: ts.flattenDiagnosticMessageText(messageText, "\n").replaceAll(/\n +/g, "\n"),
      }));
    },
    async hover(file, offset) {
      return ts.displayPartsToString(service.getQuickInfoAtPosition(file, offset)?.displayParts);
    },
    async definition(file, offset) {
      const found = service.getDefinitionAtPosition(file, offset) ?? [];
      return found.map(({ fileName, textSpan }) => ({ file: fileName, line: lineAt(fileName, textSpan.start) }));
    },
    async close() {
      service.dispose();
    },
  };
}
