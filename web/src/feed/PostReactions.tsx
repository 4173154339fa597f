import { type PostRow, REACTION_KINDS, type ReactionKind } from "../api/rows";
import { useSession } from "../session/SessionContext";
import { EmojiRow } from "../ui/EmojiRow";
import { Icon } from "../ui/Icon";
import { Popover } from "../ui/Popover";
import { useAttempt } from "../ui/toast";
import { walkMenu } from "../ui/walkMenu";
import { useFeed } from "./FeedContext";
import { changedPost } from "./feedState";
import { KINDS } from "./kinds";

interface Reacted {
  readonly kind: ReactionKind | null;
  readonly counts: Readonly<Record<string, number>>;
}

/** How people feel about a post; each has one feeling, and may change it. */
export function PostReactions({ post }: { readonly post: PostRow }) {
  const { api } = useSession();
  const { change } = useFeed();
  const attempt = useAttempt();
  const path = `/api/posts/${post.id}/reactions/`;

  const react = async (kind: ReactionKind) => {
    const doing =
      post.my_reaction === kind
        ? api.delete(path).then(() => change((feed) => changedPost(feed, post.id, { my_reaction: null })))
        : api
            .post<Reacted>(path, { kind })
            .then(({ kind: mine, counts }) =>
              change((feed) => changedPost(feed, post.id, { my_reaction: mine, counts })),
            );
    await attempt("Your reaction was not sent", doing);
  };

  return (
    <div className="post-reactions">
      {REACTION_KINDS.filter((kind) => (post.counts[kind] ?? 0) > 0).map((kind) => (
        <button
          key={kind}
          type="button"
          className="reaction"
          aria-pressed={post.my_reaction === kind}
          aria-label={`${KINDS[kind].name}, ${post.counts[kind]}`}
          title={KINDS[kind].name}
          onClick={() => void react(kind)}
        >
          <span aria-hidden="true">{KINDS[kind].emoji}</span>{" "}
          <span className="reaction-count">{post.counts[kind]}</span>
        </button>
      ))}
      <Popover
        label="React"
        className="reaction add"
        button={<Icon name="smile" size={18} />}
        kind="menu"
        panelLabel="React with"
        panelClassName="emoji-menu"
        onKeyDown={walkMenu}
      >
        {(close) => (
          <EmojiRow
            choices={REACTION_KINDS.map((kind) => KINDS[kind])}
            chosen={post.my_reaction === null ? null : KINDS[post.my_reaction].emoji}
            onChoose={(emoji) => {
              close();
              const kind = REACTION_KINDS.find((one) => KINDS[one].emoji === emoji);
              if (kind !== undefined) void react(kind);
            }}
          />
        )}
      </Popover>
    </div>
  );
}
