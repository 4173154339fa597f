import type { Api } from "./Api";
import type { Page } from "./rows";

/** The next page's address on this server, whatever host a proxy made the server believe in. */
export function following(path: string, page: Page<unknown>): string | null {
  if (page.next === null) return null;
  return path.split("?", 1)[0] + new URL(page.next, "http://any").search;
}

/** Every row of a list, and the cursor as of its first page, since which each later one can only be newer. */
export async function allRows<Row>(
  api: Api,
  path: string,
): Promise<{ rows: readonly Row[]; cursor: string }> {
  let page = await api.get<Page<Row>>(path);
  const { cursor } = page;
  const rows = [...page.results];
  for (let next = following(path, page); next !== null; next = following(path, page)) {
    page = await api.get<Page<Row>>(next);
    rows.push(...page.results);
  }
  return { rows, cursor };
}
