import { expect, test } from "vitest";
import { Preferences } from "./preferences.ts";

const storageWith = (text: string | null) => {
  let stored = text;
  return { getItem: () => stored, setItem: (_key: string, value: string) => void (stored = value) };
};

test("a choice is kept", () => {
  const storage = storageWith(null);
  new Preferences(storage).set({ theme: "dark", sound: true });
  expect(new Preferences(storage).value).toMatchObject({ theme: "dark", sound: true, notifications: true });
});

test("an invalid text gives the defaults: no sound, and the theme of the system", () => {
  for (const text of [null, "{", "[]", '{"theme":"pink","sound":"yes"}']) {
    expect(new Preferences(storageWith(text)).value).toMatchObject({ theme: "system", sound: false });
  }
});
