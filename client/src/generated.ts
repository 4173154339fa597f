// Made from client/schema/kith.schema.json by `npm run generate`. Do not edit.

export interface Member {
  readonly user_id: number | string;
  readonly user_name: string;
  readonly role: string;
  readonly last_read_message_id: number;
}

export interface Shown {
  readonly id: number;
  readonly type: string;
  readonly user_id: number | string | null;
  readonly user_name: string;
  readonly count: number;
  readonly post_id: number | null;
  readonly comment_id: number | null;
  readonly chat_id: number | null;
  readonly text: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly read: boolean;
  readonly timestamp: string;
}

export interface PostTold {
  readonly id: number;
  readonly userId: number | string;
  readonly userName: string;
  readonly content: string;
  readonly attachment: string | null;
  readonly timestamp: string;
  readonly edited_at: string | null;
}

export interface CommentTold {
  readonly id: number;
  readonly userId: number | string;
  readonly userName: string;
  readonly content: string;
  readonly timestamp: string;
}

export interface Presence {
  readonly user_id: number | string;
  readonly full_name: string;
  readonly status: string;
  readonly last_seen: string | null;
}

/** On `messages/<chat_id>`. */
export interface NewMessageEvent {
  readonly type: "new_message";
  readonly channel: string;
  readonly id: number;
  readonly timestamp: string;
  readonly message_id: number;
  readonly sender_id: number | string;
  readonly sender_name: string;
  readonly content: string;
  readonly attachment: string | null;
  readonly reply_to: number | null;
  readonly ref: string | null;
}

/** On `messages/<chat_id>`. */
export interface MessageEditedEvent {
  readonly type: "message_edited";
  readonly channel: string;
  readonly id: number;
  readonly timestamp: string;
  readonly message_id: number;
  readonly content: string;
  readonly edited_at: string | null;
}

/** On `messages/<chat_id>`. */
export interface MessageDeletedEvent {
  readonly type: "message_deleted";
  readonly channel: string;
  readonly id: number;
  readonly timestamp: string;
  readonly message_id: number;
}

/** On `messages/<chat_id>`. */
export interface ReactionEvent {
  readonly type: "reaction";
  readonly channel: string;
  readonly id: number;
  readonly timestamp: string;
  readonly message_id: number;
  readonly user_id: number | string;
  readonly emoji: string;
  readonly added: boolean;
}

/** On `messages/<chat_id>`. */
export interface MemberJoinedEvent {
  readonly type: "member_joined";
  readonly channel: string;
  readonly id: number;
  readonly timestamp: string;
  readonly user_id: number | string;
  readonly user_name: string;
  readonly role: string;
}

/** On `messages/<chat_id>`. */
export interface MemberLeftEvent {
  readonly type: "member_left";
  readonly channel: string;
  readonly id: number;
  readonly timestamp: string;
  readonly user_id: number | string;
  readonly user_name: string;
  readonly role: string;
}

/** On `messages/<chat_id>`. */
export interface MemberRoleEvent {
  readonly type: "member_role";
  readonly channel: string;
  readonly id: number;
  readonly timestamp: string;
  readonly user_id: number | string;
  readonly user_name: string;
  readonly role: string;
}

/** On `messages/<chat_id>`. */
export interface ChatUpdatedEvent {
  readonly type: "chat_updated";
  readonly channel: string;
  readonly id: number;
  readonly timestamp: string;
  readonly title: string;
  readonly history: string;
}

/** On `messages/<chat_id>`. */
export interface ChatStateEvent {
  readonly type: "chat_state";
  readonly channel: string;
  readonly members: readonly Member[];
  readonly unread_count: number;
}

/** On `messages/<chat_id>`. */
export interface ReadEvent {
  readonly type: "read";
  readonly channel: string;
  readonly user_id: number | string;
  readonly message_id: number;
}

/** On `messages/<chat_id>`. */
export interface TypingEvent {
  readonly type: "typing";
  readonly channel: string;
  readonly user_id: number | string;
  readonly user_name: string;
  readonly is_typing: boolean;
}

/** On `messages`. */
export interface ChatAddedEvent {
  readonly type: "chat_added";
  readonly channel: string;
  readonly id: number;
  readonly timestamp: string;
  readonly chat_id: number;
  readonly title: string;
}

/** On `messages`. */
export interface ChatRemovedEvent {
  readonly type: "chat_removed";
  readonly channel: string;
  readonly id: number;
  readonly timestamp: string;
  readonly chat_id: number;
  readonly title: string;
}

/** On `connections`. */
export interface ConnectionRequestEvent {
  readonly type: "connection_request";
  readonly channel: string;
  readonly id: number;
  readonly timestamp: string;
  readonly request_id: number;
  readonly from_user_id: number | string;
  readonly from_user_name: string;
}

/** On `connections`. */
export interface RequestSentEvent {
  readonly type: "request_sent";
  readonly channel: string;
  readonly id: number;
  readonly timestamp: string;
  readonly request_id: number;
  readonly to_user_id: number | string;
  readonly to_user_name: string;
}

/** On `connections`. */
export interface RequestClosedEvent {
  readonly type: "request_closed";
  readonly channel: string;
  readonly id: number;
  readonly timestamp: string;
  readonly request_id: number;
  readonly reason: string;
}

/** On `connections`. */
export interface ConnectionAcceptedEvent {
  readonly type: "connection_accepted";
  readonly channel: string;
  readonly id: number;
  readonly timestamp: string;
  readonly request_id: number | null;
  readonly user_id: number | string;
  readonly user_name: string;
}

/** On `connections`. */
export interface ConnectionRemovedEvent {
  readonly type: "connection_removed";
  readonly channel: string;
  readonly id: number;
  readonly timestamp: string;
  readonly request_id: number | null;
  readonly user_id: number | string;
  readonly user_name: string;
}

/** On `connections`. */
export interface BlockChangedEvent {
  readonly type: "block_changed";
  readonly channel: string;
  readonly id: number;
  readonly timestamp: string;
  readonly user_id: number | string;
  readonly user_name: string;
  readonly blocked: boolean;
}

/** On `notifications`. */
export interface NotificationEvent {
  readonly type: "notification";
  readonly channel: string;
  readonly id: number;
  readonly timestamp: string;
  readonly notification: Shown;
  readonly unread_count: number;
}

/** On `notifications`. */
export interface NotificationsReadEvent {
  readonly type: "notifications_read";
  readonly channel: string;
  readonly id: number;
  readonly timestamp: string;
  readonly ids: readonly number[];
  readonly all: boolean;
  readonly unread_count: number;
}

/** On `notifications`. */
export interface NotificationsRemovedEvent {
  readonly type: "notifications_removed";
  readonly channel: string;
  readonly id: number;
  readonly timestamp: string;
  readonly ids: readonly number[];
  readonly unread_count: number;
}

/** On `notifications`. */
export interface PreferencesChangedEvent {
  readonly type: "preferences_changed";
  readonly channel: string;
  readonly id: number;
  readonly timestamp: string;
  readonly preferences: Readonly<Record<string, boolean>>;
}

/** On `notifications`. */
export interface NotificationsStateEvent {
  readonly type: "notifications_state";
  readonly channel: string;
  readonly unread_count: number;
}

/** On `feed`. */
export interface NewPostEvent {
  readonly type: "new_post";
  readonly channel: string;
  readonly id: number;
  readonly timestamp: string;
  readonly post: PostTold;
}

/** On `feed`. */
export interface PostEditedEvent {
  readonly type: "post_edited";
  readonly channel: string;
  readonly id: number;
  readonly timestamp: string;
  readonly post: PostTold;
}

/** On `feed`. */
export interface PostDeletedEvent {
  readonly type: "post_deleted";
  readonly channel: string;
  readonly id: number;
  readonly timestamp: string;
  readonly post_id: number;
}

/** On `feed`. */
export interface NewCommentEvent {
  readonly type: "new_comment";
  readonly channel: string;
  readonly id: number;
  readonly timestamp: string;
  readonly post_id: number;
  readonly comment: CommentTold;
  readonly comment_count: number;
}

/** On `feed`. */
export interface CommentDeletedEvent {
  readonly type: "comment_deleted";
  readonly channel: string;
  readonly id: number;
  readonly timestamp: string;
  readonly post_id: number;
  readonly comment_id: number;
  readonly comment_count: number;
}

/** On `feed`. */
export interface PostReactionEvent {
  readonly type: "post_reaction";
  readonly channel: string;
  readonly id: number;
  readonly timestamp: string;
  readonly post_id: number;
  readonly user_id: number | string;
  readonly kind: string;
  readonly added: boolean;
  readonly counts: Readonly<Record<string, number>>;
}

/** On `feed`. */
export interface AudienceAddedEvent {
  readonly type: "audience_added";
  readonly channel: string;
  readonly id: number;
  readonly timestamp: string;
  readonly user_id: number | string;
}

/** On `feed`. */
export interface AudienceRemovedEvent {
  readonly type: "audience_removed";
  readonly channel: string;
  readonly id: number;
  readonly timestamp: string;
  readonly user_id: number | string;
}

/** On `online`. */
export interface PresenceStateEvent {
  readonly type: "presence_state";
  readonly channel: string;
  readonly users: readonly Presence[];
}

/** On `online`. */
export interface UserOnlineEvent {
  readonly type: "user_online";
  readonly channel: string;
  readonly user_id: number | string;
  readonly full_name: string;
  readonly status: string;
}

/** On `online`. */
export interface UserOfflineEvent {
  readonly type: "user_offline";
  readonly channel: string;
  readonly user_id: number | string;
  readonly last_seen: string;
}

/** Every event by its `type`. */
export interface Events {
  new_message: NewMessageEvent;
  message_edited: MessageEditedEvent;
  message_deleted: MessageDeletedEvent;
  reaction: ReactionEvent;
  member_joined: MemberJoinedEvent;
  member_left: MemberLeftEvent;
  member_role: MemberRoleEvent;
  chat_updated: ChatUpdatedEvent;
  chat_state: ChatStateEvent;
  read: ReadEvent;
  typing: TypingEvent;
  chat_added: ChatAddedEvent;
  chat_removed: ChatRemovedEvent;
  connection_request: ConnectionRequestEvent;
  request_sent: RequestSentEvent;
  request_closed: RequestClosedEvent;
  connection_accepted: ConnectionAcceptedEvent;
  connection_removed: ConnectionRemovedEvent;
  block_changed: BlockChangedEvent;
  notification: NotificationEvent;
  notifications_read: NotificationsReadEvent;
  notifications_removed: NotificationsRemovedEvent;
  preferences_changed: PreferencesChangedEvent;
  notifications_state: NotificationsStateEvent;
  new_post: NewPostEvent;
  post_edited: PostEditedEvent;
  post_deleted: PostDeletedEvent;
  new_comment: NewCommentEvent;
  comment_deleted: CommentDeletedEvent;
  post_reaction: PostReactionEvent;
  audience_added: AudienceAddedEvent;
  audience_removed: AudienceRemovedEvent;
  presence_state: PresenceStateEvent;
  user_online: UserOnlineEvent;
  user_offline: UserOfflineEvent;
}

export type EventType = keyof Events;
export type EventOf<T extends EventType> = Events[T];
export type ServerEvent = Events[EventType];

/** The fields of every command by its `type`. Where channels know different commands of one name: either's. */
export interface Commands {
  message: {
    readonly content: string;
    readonly attachment?: string | null;
    readonly reply_to?: number | null;
  };
  edit: { readonly message_id: number; readonly content: string };
  delete: { readonly message_id: number };
  react: { readonly message_id: number; readonly emoji: string; readonly added: boolean };
  typing: { readonly is_typing: boolean };
  request: { readonly user_id: number | string };
  withdraw: { readonly request_id?: number | null; readonly user_id?: number | string | null };
  accept: { readonly request_id?: number | null; readonly user_id?: number | string | null };
  decline: { readonly request_id?: number | null; readonly user_id?: number | string | null };
  remove: { readonly user_id: number | string };
  block: { readonly user_id: number | string };
  unblock: { readonly user_id: number | string };
  status: { readonly status: "online" | "away" | "busy" | "invisible" };
  read: { readonly message_id: number } | { readonly ids?: readonly number[] | null; readonly all?: boolean };
}

export type CommandName = keyof Commands;
export type FieldsOf<C extends CommandName> = Commands[C];

/** Channels of one topic: there, and only there, the id of an event is a cursor as well. */
export const ONE_TOPIC_CHANNELS: readonly RegExp[] = [/^messages\/[^/]+$/];
