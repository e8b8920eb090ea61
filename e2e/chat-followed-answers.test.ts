import { chat, UNCHANGED, type AnswerState, type Message } from "@tidings-apps/chat-contract";
import { StreamError } from "@tidings/client";
import { memoryLog } from "@tidings/log";
import { createTestKit } from "@tidings/testing";
import { expect, onTestFinished, test } from "vitest";
import { FollowedAnswers } from "../apps/chat-web/src/followed-answers.ts";

const address = chat.answer({ answerId: "a" });
const message = (state: AnswerState): Message => {
  return {
    id: "a",
    number: 1,
    author: "Tea",
    text: "",
    mentions: [],
    sentAt: new Date(0),
    ...UNCHANGED,
    answer: state,
  };
};
const writing = message({ state: "writing" });

/** A hub whose log keeps so many events, and the answers that a page follows. */
async function open(entries = 1_000) {
  const kit = await createTestKit(chat, { authorize: () => true, log: memoryLog({ keep: { entries }, burst: 0 }) });
  onTestFinished(() => kit[Symbol.asyncDispose]());
  /** The text after each word that the page has seen. */
  const seen: (string | null)[] = [];
  const ended: Message[] = [];
  const network: { failure: Error | null } = { failure: null };
  const problems: unknown[] = [];
  let number = 0;
  const answers = new FollowedAnswers({
    client: {
      subscribe: (...subscription) => kit.client.subscribe(...subscription),
      history: async (...request) => {
        if (network.failure !== null) throw network.failure;
        return kit.client.history(...request);
      },
    },
    onWord: () => void seen.push(answers.textOf("a")),
    onEnd: (each) => void ended.push(each),
    onProblem: (error) => void problems.push(error),
  });
  const say = async (...words: string[]): Promise<void> => {
    for (const text of words) await kit.hub.publish(address, "word", { text, number: ++number });
    await kit.clock.advance(0);
  };
  return { kit, network, answers, seen, ended, problems, say };
}

test("the words so far come at once, then each as it is written; afterwards the answer is not followed", async () => {
  const { kit, answers, seen, ended, say } = await open();
  await say("one ", "two ");
  answers.follow([writing]);
  await kit.clock.advance(0);
  await say("three ");
  answers.follow([writing]);
  await say("four ");
  expect(seen).toEqual(["one two ", "one two three ", "one two three four "]);
  const done = message({ state: "done" });
  answers.follow([done]);
  answers.follow([done]);
  expect(ended).toEqual([done]);
  expect(answers.textOf("a")).toBe(null);
  await say("five ");
  expect(seen).toHaveLength(3);
});

test.for([
  ["there is no connection, which the page shows anyway", new StreamError("network", "no connection"), false],
  ["the server refuses it, which is said", new StreamError("refused", "503"), true],
] as const)("an answer that cannot be read is read later: %s", async ([, failure, isSaid]) => {
  const { network, answers, seen, problems, say } = await open();
  network.failure = failure;
  answers.follow([writing]);
  await say("one ");
  expect(answers.textOf("a")).toBe("");
  expect(problems).toEqual(isSaid ? [failure] : []);
  network.failure = null;
  answers.retry();
  answers.retry();
  await say("two ");
  expect(seen).toEqual(["one ", "one two "]);
});

test("when words are gone, an ellipsis and what the server still has take the place of the text", async () => {
  const { kit, answers, say } = await open(2);
  await say("one ");
  answers.follow([writing]);
  await kit.clock.advance(0);
  kit.network.swallow();
  await say("two ", "three ", "four ", "five ");
  await kit.clock.advance(10_000);
  await kit.restartServer();
  await kit.clock.advance(120_000);
  expect(answers.textOf("a")).toBe("…four five ");
});

test("a page that comes when the first words are gone shows an ellipsis in their place", async () => {
  const { kit, answers, say } = await open(2);
  await say("one ", "two ", "three ");
  await kit.restartServer();
  answers.follow([writing]);
  await kit.clock.advance(1_000);
  await say("four ");
  await kit.clock.advance(1_000);
  expect(answers.textOf("a")).toBe("…two three four ");
});
