import { type FormEvent, useId, useState } from "react";
import { messageOf } from "../api/ApiError";
import { Brand } from "../ui/Brand";
import { Notice } from "../ui/Notice";
import { ThemeToggle } from "../ui/ThemeToggle";
import { DemoHint } from "./DemoHint";
import { signIn } from "./signIn";
import type { StoredSession } from "./storedSession";

interface Props {
  /** Why the last sign-in ended, where that was not by wish. */
  readonly notice: string | null;
  readonly onSignedIn: (session: StoredSession) => void;
}

export function SignIn({ notice, onSignedIn }: Props) {
  const id = useId();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setError(null);
    try {
      onSignedIn(await signIn(username.trim(), password));
    } catch (thrown) {
      setError(messageOf(thrown));
      setBusy(false);
    }
  };

  return (
    <main className="sign-in">
      <div className="sign-in-corner">
        <ThemeToggle />
      </div>
      <div className="sign-in-card">
        <Brand large />
        <h1>Welcome back</h1>
        <p className="soft">Your people, as it happens.</p>
        <div role="status">{notice !== null && <Notice>{notice}</Notice>}</div>
        <form onSubmit={submit} aria-label="Sign in">
          <label htmlFor={`${id}-username`}>Username</label>
          <input
            id={`${id}-username`}
            name="username"
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            required
            value={username}
            onChange={(event) => setUsername(event.target.value)}
          />
          <label htmlFor={`${id}-password`}>Password</label>
          <input
            id={`${id}-password`}
            name="password"
            type="password"
            autoComplete="current-password"
            required
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
          <div role="alert">{error !== null && <Notice tone="danger">{error}</Notice>}</div>
          <button type="submit" className="button primary wide" aria-disabled={busy}>
            {busy ? "Signing in…" : "Sign in"}
          </button>
        </form>
        <DemoHint
          onPick={(account) => {
            setUsername(account.username);
            setPassword(account.password);
          }}
        />
      </div>
    </main>
  );
}
