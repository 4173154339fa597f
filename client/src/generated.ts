// Made from schema/kith.schema.json by `npm run generate`. Do not edit.

/** A comment inside an event. */
export interface CommentTold {
  readonly id: number;
  readonly timestamp: string;
  readonly content: string;
  readonly userId: number | string;
  readonly userName: string;
}

/** One member in `ChatState`. */
export interface Member {
  readonly last_read_message_id: number;
  readonly role: string;
  readonly user_id: number | string;
  readonly user_name: string;
}

/** A post inside an event. */
export interface PostTold {
  readonly id: number;
  readonly timestamp: string;
  readonly attachment: string | null;
  readonly content: string;
  readonly edited_at: string | null;
  readonly userId: number | string;
  readonly userName: string;
}

/** One user in `PresenceState`. `last_seen`: when they were last seen leaving, None: never. */
export interface Presence {
  readonly full_name: string;
  readonly last_seen: string | null;
  readonly status: string;
  readonly user_id: number | string;
}

/**
 * A notification as its recipient sees it. `count`: how many people are behind it, of whom
 * `user_name` is the newest; a null `user_id`: nobody, or nobody that is still here.
 */
export interface Shown {
  readonly type: string;
  readonly id: number;
  readonly timestamp: string;
  readonly chat_id: number | null;
  readonly comment_id: number | null;
  readonly count: number;
  readonly data: Readonly<Record<string, unknown>>;
  readonly post_id: number | null;
  readonly read: boolean;
  readonly text: string;
  readonly user_id: number | string | null;
  readonly user_name: string;
}

/** You read this user's posts from now on: read the feed again. */
export interface AudienceAddedEvent {
  readonly type: "audience_added";
  readonly channel: "feed";
  /** Its place in the log. */
  readonly id: number;
  readonly timestamp: string;
  readonly user_id: number | string;
}

/** You do not read this user's posts any more: drop them. */
export interface AudienceRemovedEvent {
  readonly type: "audience_removed";
  readonly channel: "feed";
  /** Its place in the log. */
  readonly id: number;
  readonly timestamp: string;
  readonly user_id: number | string;
}

/** You blocked somebody, or do not any more. The other one is not told. */
export interface BlockChangedEvent {
  readonly type: "block_changed";
  readonly channel: "connections";
  /** Its place in the log. */
  readonly id: number;
  readonly timestamp: string;
  readonly blocked: boolean;
  readonly user_id: number | string;
  readonly user_name: string;
}

/** You are in this chat now. */
export interface ChatAddedEvent {
  readonly type: "chat_added";
  readonly channel: "messages";
  /** Its place in the log. */
  readonly id: number;
  readonly timestamp: string;
  readonly chat_id: number;
  readonly title: string;
}

/** You are not in this chat any more. */
export interface ChatRemovedEvent {
  readonly type: "chat_removed";
  readonly channel: "messages";
  /** Its place in the log. */
  readonly id: number;
  readonly timestamp: string;
  readonly chat_id: number;
  readonly title: string;
}

/** The state frame of `messages/N`, for the user who opens it: `unread_count` is that user's. */
export interface ChatStateEvent {
  readonly type: "chat_state";
  readonly channel: `messages/${string}`;
  readonly members: ReadonlyArray<Member>;
  readonly unread_count: number;
}

/** The chat has another title, or shows newcomers more or less. */
export interface ChatUpdatedEvent {
  readonly type: "chat_updated";
  readonly channel: `messages/${string}`;
  /** Its place in the log. */
  readonly id: number;
  readonly timestamp: string;
  readonly history: string;
  readonly title: string;
}

/** A comment is gone. */
export interface CommentDeletedEvent {
  readonly type: "comment_deleted";
  readonly channel: "feed";
  /** Its place in the log. */
  readonly id: number;
  readonly timestamp: string;
  readonly comment_count: number;
  readonly comment_id: number;
  readonly post_id: number;
}

/** You are connected with this user. `request_id` is null where no request led to it. */
export interface ConnectionAcceptedEvent {
  readonly type: "connection_accepted";
  readonly channel: "connections";
  /** Its place in the log. */
  readonly id: number;
  readonly timestamp: string;
  readonly request_id: number | null;
  readonly user_id: number | string;
  readonly user_name: string;
}

/** You are not connected with this user any more, whichever of the two ended it. */
export interface ConnectionRemovedEvent {
  readonly type: "connection_removed";
  readonly channel: "connections";
  /** Its place in the log. */
  readonly id: number;
  readonly timestamp: string;
  readonly request_id: number | null;
  readonly user_id: number | string;
  readonly user_name: string;
}

/** Somebody asks to be connected with you. */
export interface ConnectionRequestEvent {
  readonly type: "connection_request";
  readonly channel: "connections";
  /** Its place in the log. */
  readonly id: number;
  readonly timestamp: string;
  readonly from_user_id: number | string;
  readonly from_user_name: string;
  readonly request_id: number;
}

/**
 * Comments and reactions of somebody are hidden now, or are seen again: read the feed again. Names
 * nobody, as one of the two is not told of the block.
 */
export interface FeedChangedEvent {
  readonly type: "feed_changed";
  readonly channel: "feed";
  /** Its place in the log. */
  readonly id: number;
  readonly timestamp: string;
}

/** Somebody is in the chat from here on. */
export interface MemberJoinedEvent {
  readonly type: "member_joined";
  readonly channel: `messages/${string}`;
  /** Its place in the log. */
  readonly id: number;
  readonly timestamp: string;
  readonly role: string;
  readonly user_id: number | string;
  readonly user_name: string;
}

/** Somebody left or was removed, and gets nothing of what follows. */
export interface MemberLeftEvent {
  readonly type: "member_left";
  readonly channel: `messages/${string}`;
  /** Its place in the log. */
  readonly id: number;
  readonly timestamp: string;
  readonly role: string;
  readonly user_id: number | string;
  readonly user_name: string;
}

/** Somebody became owner, or member again. */
export interface MemberRoleEvent {
  readonly type: "member_role";
  readonly channel: `messages/${string}`;
  /** Its place in the log. */
  readonly id: number;
  readonly timestamp: string;
  readonly role: string;
  readonly user_id: number | string;
  readonly user_name: string;
}

/** A message became a tombstone, or its row is gone; its reactions went with it. */
export interface MessageDeletedEvent {
  readonly type: "message_deleted";
  readonly channel: `messages/${string}`;
  /** Its place in the log. */
  readonly id: number;
  readonly timestamp: string;
  readonly message_id: number;
}

/** A message says something else now. */
export interface MessageEditedEvent {
  readonly type: "message_edited";
  readonly channel: `messages/${string}`;
  /** Its place in the log. */
  readonly id: number;
  readonly timestamp: string;
  readonly content: string;
  readonly edited_at: string | null;
  readonly message_id: number;
}

/** Somebody said something under a post. */
export interface NewCommentEvent {
  readonly type: "new_comment";
  readonly channel: "feed";
  /** Its place in the log. */
  readonly id: number;
  readonly timestamp: string;
  readonly comment: CommentTold;
  readonly comment_count: number;
  readonly post_id: number;
}

/** Something was said. By `ref`, the sender's own name for it, a client knows its optimistic row. */
export interface NewMessageEvent {
  readonly type: "new_message";
  readonly channel: `messages/${string}`;
  /** Its place in the log. */
  readonly id: number;
  readonly timestamp: string;
  readonly attachment: string | null;
  readonly content: string;
  readonly message_id: number;
  readonly ref: string | null;
  readonly reply_to: number | null;
  readonly sender_id: number | string;
  readonly sender_name: string;
}

/** Somebody whom you are connected with, or you yourself, posted something. */
export interface NewPostEvent {
  readonly type: "new_post";
  readonly channel: "feed";
  /** Its place in the log. */
  readonly id: number;
  readonly timestamp: string;
  readonly post: PostTold;
}

/** Something to hear of, or more or less of it: a grouped one comes again with the same inner `id`. */
export interface NotificationEvent {
  readonly type: "notification";
  readonly channel: "notifications";
  /** Its place in the log. */
  readonly id: number;
  readonly timestamp: string;
  readonly notification: Shown;
  readonly unread_count: number;
}

/** These (`ids`), or `all`, are read now, on whichever device. */
export interface NotificationsReadEvent {
  readonly type: "notifications_read";
  readonly channel: "notifications";
  /** Its place in the log. */
  readonly id: number;
  readonly timestamp: string;
  readonly all?: boolean;
  readonly ids?: ReadonlyArray<number>;
  readonly unread_count: number;
}

/** These are gone, with what caused them: a reaction taken back, a comment deleted, a block. */
export interface NotificationsRemovedEvent {
  readonly type: "notifications_removed";
  readonly channel: "notifications";
  /** Its place in the log. */
  readonly id: number;
  readonly timestamp: string;
  readonly ids: ReadonlyArray<number>;
  readonly unread_count: number;
}

/** The state frame. */
export interface NotificationsStateEvent {
  readonly type: "notifications_state";
  readonly channel: "notifications";
  readonly unread_count: number;
}

/** A post is gone, and its comments and reactions with it. */
export interface PostDeletedEvent {
  readonly type: "post_deleted";
  readonly channel: "feed";
  /** Its place in the log. */
  readonly id: number;
  readonly timestamp: string;
  readonly post_id: number;
}

/** A post says something else now. */
export interface PostEditedEvent {
  readonly type: "post_edited";
  readonly channel: "feed";
  /** Its place in the log. */
  readonly id: number;
  readonly timestamp: string;
  readonly post: PostTold;
}

/**
 * Somebody reacted to a post (`added`; a former kind of theirs is replaced) or took it back.
 * `counts`: how many of each kind that there are any of.
 */
export interface PostReactionEvent {
  readonly type: "post_reaction";
  readonly channel: "feed";
  /** Its place in the log. */
  readonly id: number;
  readonly timestamp: string;
  readonly added: boolean;
  readonly counts: Readonly<Record<string, number>>;
  readonly kind: string;
  readonly post_id: number;
  readonly user_id: number | string;
}

/** Which types the person wants to hear of. */
export interface PreferencesChangedEvent {
  readonly type: "preferences_changed";
  readonly channel: "notifications";
  /** Its place in the log. */
  readonly id: number;
  readonly timestamp: string;
  readonly preferences: Readonly<Record<string, boolean>>;
}

/** The state frame of `online`: my connections who are online now. */
export interface PresenceStateEvent {
  readonly type: "presence_state";
  readonly channel: "online";
  readonly users: ReadonlyArray<Presence>;
}

/** Somebody put an emoji on a message (`added`) or took it back. */
export interface ReactionEvent {
  readonly type: "reaction";
  readonly channel: `messages/${string}`;
  /** Its place in the log. */
  readonly id: number;
  readonly timestamp: string;
  readonly added: boolean;
  readonly emoji: string;
  readonly message_id: number;
  readonly user_id: number | string;
}

/** Somebody has read all up to this message. */
export interface ReadEvent {
  readonly type: "read";
  readonly channel: `messages/${string}`;
  readonly message_id: number;
  readonly user_id: number | string;
}

/**
 * A request is not open any more. `reason`: `accepted`, `declined` (told to the decliner alone),
 * `withdrawn`, or `blocked` (told to the blocker alone; to the other it looks withdrawn).
 */
export interface RequestClosedEvent {
  readonly type: "request_closed";
  readonly channel: "connections";
  /** Its place in the log. */
  readonly id: number;
  readonly timestamp: string;
  readonly reason: string;
  readonly request_id: number;
}

/** You asked somebody, on this device or another. */
export interface RequestSentEvent {
  readonly type: "request_sent";
  readonly channel: "connections";
  /** Its place in the log. */
  readonly id: number;
  readonly timestamp: string;
  readonly request_id: number;
  readonly to_user_id: number | string;
  readonly to_user_name: string;
}

/** Somebody is typing, or stopped. It ends by itself after 6 s: clients see to that. */
export interface TypingEvent {
  readonly type: "typing";
  readonly channel: `messages/${string}`;
  readonly is_typing: boolean;
  readonly user_id: number | string;
  readonly user_name: string;
}

/** Somebody left, or is not to be seen any more: the two are told alike. */
export interface UserOfflineEvent {
  readonly type: "user_offline";
  readonly channel: "online";
  readonly last_seen: string;
  readonly user_id: number | string;
}

/** Somebody came, or has another status. */
export interface UserOnlineEvent {
  readonly type: "user_online";
  readonly channel: "online";
  readonly full_name: string;
  readonly status: string;
  readonly user_id: number | string;
}

/** Every event by its `type`. */
export interface Events {
  audience_added: AudienceAddedEvent;
  audience_removed: AudienceRemovedEvent;
  block_changed: BlockChangedEvent;
  chat_added: ChatAddedEvent;
  chat_removed: ChatRemovedEvent;
  chat_state: ChatStateEvent;
  chat_updated: ChatUpdatedEvent;
  comment_deleted: CommentDeletedEvent;
  connection_accepted: ConnectionAcceptedEvent;
  connection_removed: ConnectionRemovedEvent;
  connection_request: ConnectionRequestEvent;
  feed_changed: FeedChangedEvent;
  member_joined: MemberJoinedEvent;
  member_left: MemberLeftEvent;
  member_role: MemberRoleEvent;
  message_deleted: MessageDeletedEvent;
  message_edited: MessageEditedEvent;
  new_comment: NewCommentEvent;
  new_message: NewMessageEvent;
  new_post: NewPostEvent;
  notification: NotificationEvent;
  notifications_read: NotificationsReadEvent;
  notifications_removed: NotificationsRemovedEvent;
  notifications_state: NotificationsStateEvent;
  post_deleted: PostDeletedEvent;
  post_edited: PostEditedEvent;
  post_reaction: PostReactionEvent;
  preferences_changed: PreferencesChangedEvent;
  presence_state: PresenceStateEvent;
  reaction: ReactionEvent;
  read: ReadEvent;
  request_closed: RequestClosedEvent;
  request_sent: RequestSentEvent;
  typing: TypingEvent;
  user_offline: UserOfflineEvent;
  user_online: UserOnlineEvent;
}

export type EventType = keyof Events;

export type EventOf<T extends EventType> = Events[T];

export type ServerEvent = Events[EventType];

/** The fields of every command by its `type`; where channels know different commands of one name, of any of them. */
export interface Commands {
  accept: { readonly request_id?: number | null; readonly user_id?: number | string | null };
  block: { readonly user_id: number | string };
  decline: { readonly request_id?: number | null; readonly user_id?: number | string | null };
  delete: { readonly message_id: number };
  edit: { readonly content: string; readonly message_id: number };
  message: { readonly attachment?: string | null; readonly content: string; readonly reply_to?: number | null };
  react: { readonly added: boolean; readonly emoji: string; readonly message_id: number };
  read: { readonly message_id: number } | { readonly all?: boolean; readonly ids?: ReadonlyArray<number> | null };
  remove: { readonly user_id: number | string };
  request: { readonly user_id: number | string };
  status: { readonly status: "away" | "busy" | "invisible" | "online" };
  typing: { readonly is_typing: boolean };
  unblock: { readonly user_id: number | string };
  withdraw: { readonly request_id?: number | null; readonly user_id?: number | string | null };
}

export type CommandName = keyof Commands;

export type FieldsOf<C extends CommandName> = Commands[C];

/** What is heard and said on each channel. */
export interface ChannelTypes {
  "connections": {
    events: "block_changed" | "connection_accepted" | "connection_removed" | "connection_request" | "request_closed" | "request_sent";
    commands: "accept" | "block" | "decline" | "remove" | "request" | "unblock" | "withdraw";
  };
  "feed": {
    events: "audience_added" | "audience_removed" | "comment_deleted" | "feed_changed" | "new_comment" | "new_post" | "post_deleted" | "post_edited" | "post_reaction";
    commands: never;
  };
  "messages": {
    events: "chat_added" | "chat_removed" | "chat_updated" | "member_joined" | "member_left" | "member_role" | "message_deleted" | "message_edited" | "new_message" | "reaction" | "read" | "typing";
    commands: never;
  };
  "messages/<chat_id>": {
    events: "chat_state" | "chat_updated" | "member_joined" | "member_left" | "member_role" | "message_deleted" | "message_edited" | "new_message" | "reaction" | "read" | "typing";
    commands: "delete" | "edit" | "message" | "react" | "read" | "typing";
  };
  "notifications": {
    events: "notification" | "notifications_read" | "notifications_removed" | "notifications_state" | "preferences_changed";
    commands: "read";
  };
  "online": {
    events: "presence_state" | "user_offline" | "user_online";
    commands: "status";
  };
}

/** Channels of one topic: there, and only there, the `id` of an event is a cursor, too. */
export const ONE_TOPIC_CHANNELS: readonly RegExp[] = [/^messages\/[^/]+$/];
