import { useEffect, useMemo, useRef } from "react";
import { Api } from "../api/Api";
import { StoredFiles } from "../files/StoredFiles";
import { Link } from "../live/Link";
import { SharedStates } from "../live/SharedStates";
import { Shell } from "../shell/Shell";
import { Toasts } from "../ui/Toasts";
import { type Session, SessionContext } from "./SessionContext";
import { type StoredSession, storedSession } from "./storedSession";
import { Tokens } from "./Tokens";

interface Props {
  readonly session: StoredSession;
  /** The server ended it. */
  readonly onEnded: () => void;
  readonly onSignOut: () => void;
}

/** The page of one signed-in person, on one link. */
export function SignedIn({ session, onEnded, onSignOut }: Props) {
  const handlers = useRef({ onEnded, onSignOut });
  useEffect(() => {
    handlers.current = { onEnded, onSignOut };
  });

  const value: Session = useMemo(() => {
    const tokens = new Tokens(
      session.tokens,
      (access) => storedSession.write({ ...session, tokens: { ...session.tokens, access } }),
      () => handlers.current.onEnded(),
    );
    const api = new Api(tokens);
    const files = new StoredFiles(api);
    return { user: session.user, tokens, api, files, signOut: () => handlers.current.onSignOut() };
  }, [session]);
  useEffect(() => () => value.files.dispose(), [value]);

  return (
    <SessionContext value={value}>
      <Link>
        <Toasts>
          <SharedStates>
            <Shell />
          </SharedStates>
        </Toasts>
      </Link>
    </SessionContext>
  );
}
