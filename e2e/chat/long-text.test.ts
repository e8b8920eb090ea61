import { expect, test } from "vitest";
import { composerOf, enterAs, expectTexts, openChat, until } from "./stage.ts";

test("a pasted text that is much too long is refused in a sentence, and the draft stays", async () => {
  const { url } = await openChat();
  const ada = await enterAs("ada", url);
  await ada.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  const paste = async (text: string): Promise<void> => {
    await ada.evaluate((each) => navigator.clipboard.writeText(each), text);
    await composerOf(ada).press("Control+V");
  };
  const problem = () => ada.locator("#composer-problem").textContent();
  await composerOf(ada).fill("look: ");
  await paste("w".repeat(1_000_000));
  await until(problem, "Not inserted: the text has 1000000 characters, a message at most 2000.");
  expect(await composerOf(ada).inputValue()).toBe("look: ");
  // What can be cut down to a message is inserted.
  await paste("w".repeat(3_000));
  await until(problem, "1006 characters too long.");
  await composerOf(ada).press("Enter");
  expect(await composerOf(ada).inputValue()).toHaveLength(3_006);
  await composerOf(ada).fill("hi");
  await composerOf(ada).press("Enter");
  await expectTexts(ada, ["hi"]);
});

test("a text that a chosen name makes too long says so when one sends it", async () => {
  const { url } = await openChat();
  const ada = await enterAs("ada", url);
  await composerOf(ada).fill(`${"x".repeat(1_996)} @T`);
  await ada.locator("#names [aria-selected=true]").waitFor();
  await composerOf(ada).press("Enter");
  await composerOf(ada).press("Enter");
  await until(() => ada.locator("#composer-problem").textContent(), "1 character too long.");
  expect(await composerOf(ada).inputValue()).toHaveLength(2_002);
});

test("a dropped file and a pasted picture are refused in a sentence, and a dropped text is not", async () => {
  const { url } = await openChat();
  const ada = await enterAs("ada", url);
  /** Whether the browser goes on as it likes: it would open a dropped file. */
  const goesOn = (event: "dragover" | "drop" | "paste", kind: "file" | "text") =>
    composerOf(ada).evaluate(
      (field, [type, what]) => {
        const data = new DataTransfer();
        if (what === "file") data.items.add(new File(["hi"], "hi.txt"));
        else data.setData("text/plain", "hi");
        const options = { bubbles: true, cancelable: true };
        return field.dispatchEvent(
          type === "paste"
            ? new ClipboardEvent(type, { ...options, clipboardData: data })
            : new DragEvent(type, { ...options, dataTransfer: data }),
        );
      },
      [event, kind] as const,
    );
  const problem = () => ada.locator("#composer-problem").textContent();
  expect([await goesOn("dragover", "text"), await goesOn("drop", "text"), await problem()]).toEqual([true, true, ""]);
  expect([await goesOn("dragover", "file"), await goesOn("drop", "file")]).toEqual([false, false]);
  await until(problem, "Files cannot be sent. Write where the file can be found.");
  await composerOf(ada).fill("hi");
  await until(problem, "");
  await goesOn("paste", "file");
  await until(problem, "Files cannot be sent. Write where the file can be found.");
});
