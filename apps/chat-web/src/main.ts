import { ApiError, whoAmI } from "./api.ts";
import { ChatPage } from "./chat-page.ts";
import { element } from "./element.ts";
import { catchLostFocus } from "./lost-focus.ts";
import { SignIn } from "./sign-in.ts";

const signIn = new SignIn((name) => {
  signIn.hide();
  page.enter(name);
});
const page = new ChatPage((problem) => signIn.show(problem));
catchLostFocus(element("chat", HTMLDivElement), element("text", HTMLTextAreaElement));

try {
  const name = await whoAmI();
  if (name === null) {
    signIn.show();
  } else {
    page.enter(name);
  }
} catch (error) {
  if (!(error instanceof ApiError)) throw error;
  signIn.show(`${error.message} Please try again in a moment.`);
}
