/** The accounts that the server names in the page where it runs with demo data; null elsewhere. */
export interface DemoAccounts {
  readonly usernames: readonly string[];
  readonly password: string;
}

export function demoAccounts(): DemoAccounts | null {
  const meta = document.querySelector<HTMLMetaElement>('meta[name="kith-demo-accounts"]');
  if (meta === null) return null;
  return { usernames: meta.content.split(" "), password: meta.dataset.password ?? "" };
}
