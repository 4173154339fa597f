import { useInsertionEffect, useRef } from "react";

/**
 * What this render was given, for code that runs later: handlers may be inline functions without anything being
 * subscribed anew. Written before any other effect of the commit runs.
 */
export function useLatest<T>(value: T): { readonly current: T } {
  const latest = useRef(value);
  useInsertionEffect(() => {
    latest.current = value;
  });
  return latest;
}
