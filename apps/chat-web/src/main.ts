import { ApiError, whoAmI } from "./api.ts";
import { ChatPage } from "./chat-page.ts";
import { SignIn } from "./sign-in.ts";

const signIn = new SignIn((name) => {
  signIn.hide();
  page.enter(name);
});
const page = new ChatPage((problem) => signIn.show(problem));

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
