/** What REST answers; see `/api/docs/`. */

export type UserId = number | string;

export interface Person {
  readonly id: UserId;
  readonly username: string;
  readonly name: string;
}

export interface Page<Row> {
  readonly results: readonly Row[];
  /** The address of the next page; null on the last. */
  readonly next: string | null;
  /** Where to go on from on the list's channel. */
  readonly cursor: string;
}

export interface MessageRow {
  readonly message_id: number;
  readonly sender_id: UserId;
  readonly sender_name: string;
  readonly content: string;
  readonly attachment: string | null;
  readonly timestamp: string;
  readonly reply_to: number | null;
  readonly edited_at: string | null;
  readonly deleted: boolean;
  /** Who reacted, by emoji. */
  readonly reactions: Readonly<Record<string, readonly UserId[]>>;
}

export interface MemberRow {
  readonly user_id: UserId;
  readonly user_name: string;
  readonly role: string;
  readonly last_read_message_id: number;
}

export interface ChatRow {
  readonly chat_id: number;
  readonly kind: "group" | "direct";
  readonly title: string;
  readonly role: string;
  readonly unread_count: number;
  readonly last_message: MessageRow | null;
  /** Of a direct chat: the other one. */
  readonly peer: { readonly user_id: UserId; readonly user_name: string } | null;
}

export interface ChatDetail extends ChatRow {
  readonly members: readonly MemberRow[];
}

export const REACTION_KINDS = ["like", "love", "laugh", "wow", "sad", "celebrate"] as const;
export type ReactionKind = (typeof REACTION_KINDS)[number];

export interface PostRow {
  readonly id: number;
  readonly userId: UserId;
  readonly userName: string;
  readonly content: string;
  readonly attachment: string | null;
  readonly timestamp: string;
  readonly edited_at: string | null;
  readonly comment_count: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly my_reaction: ReactionKind | null;
}

export interface CommentRow {
  readonly id: number;
  readonly userId: UserId;
  readonly userName: string;
  readonly content: string;
  readonly timestamp: string;
}

export interface ConnectionRow {
  readonly user_id: UserId;
  readonly user_name: string;
  readonly timestamp: string;
}

export interface RequestRow {
  readonly request_id: number;
  readonly from_user_id: UserId;
  readonly from_user_name: string;
  readonly to_user_id: UserId;
  readonly to_user_name: string;
  readonly timestamp: string;
}

export interface BlockRow {
  readonly user_id: UserId;
  readonly user_name: string;
}

export interface NotificationRow {
  readonly id: number;
  readonly type: string;
  readonly user_id: UserId | null;
  readonly user_name: string;
  /** How many people are behind it, of whom `user_name` is the newest. */
  readonly count: number;
  readonly post_id: number | null;
  readonly comment_id: number | null;
  readonly chat_id: number | null;
  readonly text: string;
  readonly read: boolean;
  readonly timestamp: string;
}
