import { useSyncExternalStore } from "react";

export type Theme = "light" | "dark";

const KEY = "kith.theme";
const systemDark = matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();

/** What is seen now: the person's choice, else the system's. */
export function currentTheme(): Theme {
  return chosen() ?? systemTheme();
}

/** The system's own theme is no choice: the page then goes on following the system. */
export function chooseTheme(theme: Theme): void {
  if (theme === systemTheme()) localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, theme);
  apply();
}

/** Call it once, before the first paint. Other windows follow a choice, too. */
export function startTheme(): void {
  systemDark.addEventListener("change", apply);
  addEventListener("storage", apply);
  apply();
}

export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, currentTheme);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function apply(): void {
  document.documentElement.dataset.theme = chosen() ?? "system";
  for (const listener of listeners) listener();
}

function chosen(): Theme | null {
  const value = localStorage.getItem(KEY);
  return value === "light" || value === "dark" ? value : null;
}

function systemTheme(): Theme {
  return systemDark.matches ? "dark" : "light";
}
