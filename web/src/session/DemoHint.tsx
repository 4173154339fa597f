import { demoAccounts } from "./demoAccounts";

interface Props {
  readonly onPick: (account: { username: string; password: string }) => void;
}

/** Whom one can be on a server with demo data: a click fills the form in. */
export function DemoHint({ onPick }: Props) {
  const demo = demoAccounts();
  if (demo === null) return null;
  return (
    <section className="demo-hint" aria-label="Demo accounts">
      <p>
        This is a demo. Sign in as one of these, password <code>{demo.password}</code>:
      </p>
      <div className="demo-accounts">
        {demo.usernames.map((username) => (
          <button
            key={username}
            type="button"
            className="button small"
            onClick={() => onPick({ username, password: demo.password })}
          >
            {username}
          </button>
        ))}
      </div>
      <p className="soft">Open a second window as somebody else, and watch both.</p>
    </section>
  );
}
