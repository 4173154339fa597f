import type { EventOf } from "kith-client";
import type { Api } from "../api/Api";
import { following } from "../api/pages";
import type { CommentRow, Page } from "../api/rows";

/** The comments of one post. */
export interface Comments {
  /** The oldest first. */
  readonly rows: readonly CommentRow[];
  /** Where older ones are; null: these are all. */
  readonly older: string | null;
  /** False while the first page is on its way: `rows` then has what was told meanwhile. */
  readonly loaded: boolean;
  /** Deleted while somebody looked: an answer that is older than that may still have them. */
  readonly gone: ReadonlySet<number>;
}

export const NO_COMMENTS_YET: Comments = { rows: [], older: null, loaded: false, gone: new Set() };

/** One page of comments, of a post or by the address `older`, put before what is there. */
export async function readComments(api: Api, path: string): Promise<(now: Comments | undefined) => Comments> {
  const page = await api.get<Page<CommentRow>>(path);
  return (now = NO_COMMENTS_YET) => {
    const rows = page.results.reduce(withComment, now.rows).filter((row) => !now.gone.has(row.id));
    return { ...now, rows, older: following(path, page), loaded: true };
  };
}

export function commentsAfter(
  comments: Comments,
  event: EventOf<"new_comment"> | EventOf<"comment_deleted">,
): Comments {
  if (event.type === "new_comment") return { ...comments, rows: withComment(comments.rows, event.comment) };
  return {
    ...comments,
    rows: comments.rows.filter((row) => row.id !== event.comment_id),
    gone: new Set(comments.gone).add(event.comment_id),
  };
}

/** A comment more, at its place by id. */
export function withComment(rows: readonly CommentRow[], comment: CommentRow): readonly CommentRow[] {
  if (rows.some(({ id }) => id === comment.id)) return rows;
  return rows.toSpliced(rows.findLastIndex(({ id }) => id < comment.id) + 1, 0, comment);
}
