import { useEffect, useState } from "react";
import type { Page, Person } from "../api/rows";
import { useSession } from "../session/SessionContext";

const PAUSE_MS = 200; // between keys, before somebody is asked

export interface PeopleSearch {
  /** Who was found for the newest text; null until somebody was asked. */
  readonly people: readonly Person[] | null;
  readonly error: unknown;
}

const NOT_ASKED: PeopleSearch = { people: null, error: null };

/** People whose names begin with this; everybody I may see, where it is blank. */
export function usePeopleSearch(text: string): PeopleSearch {
  const { api } = useSession();
  const [found, setFound] = useState(NOT_ASKED);

  useEffect(() => {
    let current = true;
    const timer = setTimeout(async () => {
      try {
        const page = await api.get<Page<Person>>(`/api/users/?search=${encodeURIComponent(text.trim())}`);
        if (current) setFound({ people: page.results, error: null });
      } catch (error) {
        if (current) setFound({ people: null, error });
      }
    }, PAUSE_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [api, text]);

  return found;
}
