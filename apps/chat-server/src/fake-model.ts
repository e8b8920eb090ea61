import { sleep } from "@tidings/log/engine";
import { systemClock, type Clock } from "@tidings/server";
import type { Model } from "./model.ts";

/** Something that the model knows. */
interface Topic {
  /** Words of a question that is about it, in lower case. */
  readonly about: RegExp;
  readonly answer: string;
}

/** The first one that fits a question answers it. So what is special comes before what is general. */
const TOPICS: readonly Topic[] = [
  {
    about: /\b(who are you|what are you|model|llm|ai|network|fake)\b/,
    answer:
      "I am a fake model: a list of sentences in the server of this chat. I use no network and I learn nothing. I " +
      "am here to show how an answer comes word by word, and how it survives what goes wrong on its way.",
  },
  {
    about: /\b(reload|restart|kill|crash|die|dies|deploy)/,
    answer:
      "Try it while I write. Reload the page: my words are in a log, so you get those that you have missed, and " +
      "then the rest. Kill the server: within a few seconds another one, or the same one after its start, notices " +
      "that I am gone. My message then keeps the words up to there, and says that it was interrupted.",
  },
  {
    about: /\b(stop|lease|writer)/,
    answer:
      "Everybody in this room has a button beside my answer that stops it, whichever server writes it. I hold a " +
      "lease while I write, so nobody else writes the same answer. When I am stopped, what I have said so far stays.",
  },
  {
    about: /\bgaps?\b/,
    answer:
      "A gap says that some events are gone: you were away for longer than the log keeps them. Tidings tells you " +
      "that before anything newer comes, and this page then loads the room again. Nobody is moved on in silence.",
  },
  {
    about: /\b(cursor|log|offline|lost|lose|tidings|sse|works?)\b/,
    answer:
      "Every stream is a log, and every connection is a cursor over it. A reader that was offline, asleep or slow " +
      "goes on from its own cursor. So nothing is lost in between, and nothing comes twice.",
  },
  {
    about: /\b(online|here now|presence|away)\b/,
    answer:
      "The list *Here now* has everybody with an open page, each once, however many tabs they have. A person who " +
      "closes the last one is gone three seconds later. A reload is not long enough for that.",
  },
  {
    about: /\b(chat|room|edit|delete|react|emoji|mention|markdown|keys?|help|topic)/,
    answer:
      "In this chat:\n- write @ and a name to mention somebody\n- press the up arrow in an empty field to edit your " +
      "last message\n- point at a message to react to it\n- use **bold**, *italics* and `code`\n- write while you " +
      "are offline: it is sent when you are back",
  },
  { about: /\bgreen\b/, answer: "Green tea: water of 70 to 80 degrees, two minutes. Boiling water makes it bitter." },
  {
    about: /\b(darjeeling|assam|black)\b/,
    answer:
      "Black tea: boiling water, three to four minutes. Assam is strong and takes milk well. Darjeeling is light, " +
      "so try it without milk first, and after three minutes.",
  },
  { about: /\bmilk\b/, answer: "Milk goes well with Assam. People do not agree whether it comes first, and nor do I." },
  {
    about: /\b(tea|steep|brew|kettle|cups?|leaves|water)\b/,
    answer:
      "A good cup: fresh water, a warm pot, a teaspoon of leaves for each cup. Boiling water and four minutes for " +
      "black tea, 75 degrees and two minutes for green tea. Then give it a moment. So do I.",
  },
  { about: /\b(thanks|thank you|cheers)\b/, answer: "You are welcome. Ask me again whenever you like." },
  { about: /\b(hi|hello|hey|good morning|good evening)\b/, answer: "Hello! What would you like to know?" },
];

const NO_TOPIC =
  "About that I know nothing. I am a fake model without network: I know a little about Tidings, about this chat, " +
  "and about tea. Ask me how to brew a cup, or what happens if you reload the page now.";

/** The most characters of a question that the answer quotes. */
const MAX_QUOTED = 60;
/** Milliseconds between two words, and after the end of a sentence. */
const PACE = 70;
const PAUSE = 280;

/** Creates the model of the chat: a fake that knows a few sentences. The same question always has the same answer. */
export function createFakeModel(clock: Pick<Clock, "setTimeout"> = systemClock): Model {
  return async function* ({ text }, signal) {
    const words = answerTo(text).match(/\S+\s*/gu) ?? [];
    for (const word of words) {
      await sleep(clock, /[.:?!]\s*$/u.test(word) ? PAUSE : PACE, signal);
      if (signal.aborted) return;
      yield word;
    }
  };
}

function answerTo(text: string): string {
  const question = text
    .replaceAll(/[,;]?\s*@tea\b[,:]?/giu, "")
    .replaceAll(/\s+/gu, " ")
    .trim();
  if (question === "") return "Yes? Ask me something: about Tidings, about this chat, or about tea.";
  const asked = question.toLowerCase();
  const { answer } = TOPICS.find(({ about }) => about.test(asked)) ?? { answer: NO_TOPIC };
  return `“${shorten(question)}” ${answer}`;
}

function shorten(question: string): string {
  const characters = Array.from(new Intl.Segmenter().segment(question), ({ segment }) => segment);
  return characters.length <= MAX_QUOTED
    ? question
    : `${characters
        .slice(0, MAX_QUOTED - 1)
        .join("")
        .trim()}…`;
}
