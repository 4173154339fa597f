import { useState } from "react";
import { SignedIn } from "./session/SignedIn";
import { SignIn } from "./session/SignIn";
import { signOut } from "./session/signIn";
import { type StoredSession, storedSession } from "./session/storedSession";
import { goTo } from "./shell/route";

export function App() {
  const [session, setSession] = useState<StoredSession | null>(() => storedSession.read());
  const [notice, setNotice] = useState<string | null>(null);

  const end = (why: string | null) => {
    storedSession.clear();
    setNotice(why);
    setSession(null);
  };

  if (session === null) {
    return (
      <SignIn
        notice={notice}
        onSignedIn={(made) => {
          storedSession.write(made);
          setNotice(null);
          setSession(made);
        }}
      />
    );
  }
  return (
    <SignedIn
      key={session.tokens.refresh}
      session={session}
      onEnded={() => end("You have been signed out. Sign in again to go on.")}
      onSignOut={() => {
        void signOut(session);
        goTo({ page: "chats", chatId: null });
        end(null);
      }}
    />
  );
}
